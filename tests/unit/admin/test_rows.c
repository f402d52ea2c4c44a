/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_rows.c - what `rollcode-admin check` reads in a file of pam.d(5).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/check/rows.h"
#include "tests/support/cases.h"

static struct row row;
static unsigned int line;

static FILE *
file_of(const char *text, size_t len)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, len, "r");

	ck_assert_ptr_nonnull(in);
	line = 0;
	return in;
}

static const struct {
	const char *text, *control, *module;
	enum row_type type;
	int includes, faulty;
} cases[] = {
    {"auth required pam_unix.so", "required", "pam_unix.so", ROW_AUTH, 0, 0},
    {"-AUTH [a=1 b=ok] /x/pam_y.so z", "a=1 b=ok", "pam_y.so", ROW_AUTH, 0, 0},
    {"@include common-auth", "", "common-auth", ROW_ANY, 1, 0},
    {"auth substack other", "substack", "other", ROW_AUTH, 1, 0},
    {"account Include other", "Include", "other", ROW_ACCOUNT, 1, 0},
    {"auth \\\n required \\\n x.so", "required", "x.so", ROW_AUTH, 0, 0},
    {"auth [a=\\] b] x.so", "a=] b", "x.so", ROW_AUTH, 0, 0},
    {"authx required x.so", "required", "x.so", ROW_UNKNOWN, 0, 1},
    {"auth requiredx x.so", "requiredx", "x.so", ROW_AUTH, 0, 1},
    {"auth required x.so # y \\", "required", "x.so", ROW_AUTH, 0, 0},
    {"auht required x.so", "required", "x.so", ROW_UNKNOWN, 0, 1},
    {"auth requird x.so", "requird", "x.so", ROW_AUTH, 0, 1},
    {"auth required", "required", "", ROW_AUTH, 0, 1},
    {"auth", "", "", ROW_AUTH, 0, 1},
    {"auth required x.so \\", "required", "x.so", ROW_AUTH, 0, 1},
};

START_TEST(a_line_is_read_as_pam_reads_it)
{
	const char *text = cases[_i].text;
	FILE *in = file_of(text, strlen(text));

	ck_assert(row_read(in, &line, &row));
	ck_assert_int_eq(row.type, cases[_i].type);
	ck_assert_str_eq(row_control(&row), cases[_i].control);
	ck_assert_str_eq(row_module(&row), cases[_i].module);
	ck_assert_int_eq(row.includes, cases[_i].includes);
	ck_assert_int_eq(row.fault != NULL, cases[_i].faulty);
	ck_assert(!row_read(in, &line, &row));
	fclose(in);
}
END_TEST

START_TEST(a_row_knows_its_line_and_where_its_module_begins)
{
	static const char text[] = "# a\n\nauth [default=ok] \\\n x.so y\n";
	FILE *in = file_of(text, strlen(text));

	ck_assert(row_read(in, &line, &row));
	ck_assert_uint_eq(row.first, 3);
	ck_assert_str_eq(row.line + row.head, "x.so y ");
	ck_assert_str_eq(row_word(&row, 1), "y");
	fclose(in);
}
END_TEST

START_TEST(a_line_too_long_is_a_fault_and_the_next_is_read)
{
	char *text = malloc(2 * ROW_TEXT_MAX);
	FILE *in;

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', 2 * ROW_TEXT_MAX);
	memcpy(text + ROW_TEXT_MAX + 8, "\nauth required y.so\n", 20);
	in = file_of(text, ROW_TEXT_MAX + 28);
	ck_assert(row_read(in, &line, &row));
	ck_assert_ptr_nonnull(row.fault);
	ck_assert(row_read(in, &line, &row));
	ck_assert_str_eq(row_module(&row), "y.so");
	fclose(in);
	free(text);
}
END_TEST

/* The longest has a blank behind it, and its NUL. */
START_TEST(a_line_is_as_long_as_there_is_room)
{
	char text[ROW_TEXT_MAX] = "auth required ";
	FILE *in;

	memset(text + 14, 'x', sizeof(text) - 14);
	in = file_of(text, ROW_TEXT_MAX - 2);
	ck_assert(row_read(in, &line, &row));
	ck_assert_ptr_null(row.fault);
	ck_assert_uint_eq(strlen(row.line), ROW_TEXT_MAX - 1);
	fclose(in);
	in = file_of(text, ROW_TEXT_MAX - 1);
	ck_assert(row_read(in, &line, &row));
	ck_assert_ptr_nonnull(row.fault);
	fclose(in);
}
END_TEST

static const struct {
	const char *text;
	bool ours;
} modules[] = {
    {"auth required pam_rollcode.so", true},
    {"auth required /lib/security/pam_rollcode.so", true},
    {"account required pam_rollcode.so", true},
    {"auth required pam_rollcode.so.1", false},
    {"auth required my_pam_rollcode.so", false},
    {"auth include pam_rollcode.so", false},
    {"auht required pam_rollcode.so", false},
};

START_TEST(our_module_is_known_by_its_whole_name)
{
	FILE *in = file_of(modules[_i].text, strlen(modules[_i].text));

	ck_assert(row_read(in, &line, &row));
	ck_assert_int_eq(row_is_ours(&row), modules[_i].ours);
	fclose(in);
}
END_TEST

START_TEST(whatever_the_bytes_it_comes_to_an_end)
{
	char text[4096];
	unsigned int seed = (unsigned int)_i + 1, rows = 0;
	FILE *in;

	for (size_t i = 0; i < sizeof(text); i++) {
		seed = seed * 1103515245 + 12345;
		text[i] = "auth[]=\\ \t\n#@-\0\xff/x"[seed >> 16 & 15];
	}
	in = file_of(text, sizeof(text));
	while (row_read(in, &line, &row))
		ck_assert_uint_lt(rows++, sizeof(text));
	fclose(in);
}
END_TEST

int
main(void)
{
	TCase *t = test_case("rows", 0);

	tcase_add_loop_test(t, a_line_is_read_as_pam_reads_it, 0, COUNT(cases));
	tcase_add_test(t, a_row_knows_its_line_and_where_its_module_begins);
	tcase_add_test(t, a_line_too_long_is_a_fault_and_the_next_is_read);
	tcase_add_test(t, a_line_is_as_long_as_there_is_room);
	tcase_add_loop_test(
	    t, our_module_is_known_by_its_whole_name, 0, COUNT(modules));
	tcase_add_loop_test(t, whatever_the_bytes_it_comes_to_an_end, 0, 50);
	return test_run();
}
