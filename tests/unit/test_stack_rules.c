/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_stack_rules.c - what `rollcode-admin check` reads in a PAM stack, and
 * what it says becomes of it; against tables, and against libpam itself.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include "pam_rollcode/admin/check/stack.h"

#define COUNT(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

static struct stack_row rows[STACK_ROWS_MAX];
static size_t row_count;
static struct stack stack;

/* From the heap and without a NUL, so that a sanitizer sees an overrun. */
static void
read_bytes(const char *text, size_t len, unsigned int level)
{
	char *copy = malloc(len == 0 ? 1 : len);
	struct stack_reader r = {.text = copy, .len = len};

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, len);
	while (row_count < STACK_ROWS_MAX && stack_read(&r, &rows[row_count]))
		rows[row_count++].level = level;
	free(copy);
}

static void
read_text(const char *text)
{
	row_count = 0;
	stack.count = 0;
	read_bytes(text, strlen(text), 0);
	for (size_t i = 0; i < row_count; i++)
		if (rows[i].type == STACK_AUTH)
			stack.rows[stack.count++] = &rows[i];
}

/* --- lines -------------------------------------------------------------- */

#define M "pam_rollcode.so"

/* clang-format off */
static const struct {
	const char	*text;
	enum stack_kind	 kind;
	enum stack_type	 type;
	bool		 dash;
	const char	*control;
	const char	*first, *second;	/* words */
	const char	*fault;			/* a part of it */
} lines[] = {
	{ "auth required " M "\n", ROW_MODULE, STACK_AUTH, false, "required",
	  M, "", NULL },
	{ "auth required " M, ROW_MODULE, STACK_AUTH, false, "required",
	  M, "", NULL },
	{ "\t-AUTH   Required\t/lib/" M "  debug\n", ROW_MODULE, STACK_AUTH,
	  true, "Required", "/lib/" M, "debug", NULL },
	{ "\n# auth sufficient x\n  \n session optional a b # c\n",
	  ROW_MODULE, STACK_SESSION, false, "optional", "a", "b", NULL },
	{ "auth required \\\n  " M " \\\n nullok\n", ROW_MODULE, STACK_AUTH,
	  false, "required", M, "nullok", NULL },
	{ "auth required \\  \n# no\n\n" M "\n", ROW_MODULE, STACK_AUTH, false,
	  "required", M, "", NULL },
	{ "auth [success=1 default=ignore] a.so [prompt=a \\] b] c\n",
	  ROW_MODULE, STACK_AUTH, false, "success=1 default=ignore", "a.so",
	  "prompt=a ] b", NULL },
	{ "auth [ success = ok  default=die ]a.so b\n", ROW_MODULE, STACK_AUTH,
	  false, " success = ok  default=die ", "a.so", "b", NULL },
	{ "@include common-auth\n", ROW_INCLUDE, STACK_ANY, false, "",
	  "common-auth", "", NULL },
	{ "auth include system-auth\n", ROW_INCLUDE, STACK_AUTH, false,
	  "include", "system-auth", "", NULL },
	{ "account substack x\n", ROW_SUBSTACK, STACK_ACCOUNT, false,
	  "substack", "x", "", NULL },
	{ "password requisite a\n", ROW_MODULE, STACK_PASSWORD, false,
	  "requisite", "a", "", NULL },
	{ "auth\n", ROW_FAIL, STACK_AUTH, false, "", "", "", "no control" },
	{ "auth required\n", ROW_FAIL, STACK_AUTH, false, "required", "", "",
	  "no module" },
	{ "auht required a\n", ROW_FAIL, STACK_AUTH, false, "required", "a",
	  "", "type that PAM does not know" },
	{ "auth requird a\n", ROW_MODULE, STACK_AUTH, false, "requird", "a",
	  "", "control that PAM does not know" },
	{ "auth [success=0] a\n", ROW_MODULE, STACK_AUTH, false, "success=0",
	  "a", "", "control that PAM does not know" },
	{ "auth [success] a\n", ROW_MODULE, STACK_AUTH, false, "success",
	  "a", "", "control that PAM does not know" },
	{ "auth [success=ok default] a\n", ROW_MODULE, STACK_AUTH, false,
	  "success=ok default", "a", "", "control that PAM does not know" },
	{ "@include\n", ROW_FAIL, STACK_ANY, false, "", "", "", "no module" },
	{ "auth required a \\", ROW_FAIL, STACK_AUTH, false, "required", "a",
	  "", "backslash" },
};
/* clang-format on */

START_TEST(a_line_is_read_as_pam_reads_it)
{
	const struct stack_row *row = &rows[0];

	read_text(lines[_i].text);

	ck_assert_uint_eq(row_count, 1);
	ck_assert_int_eq(row->kind, lines[_i].kind);
	ck_assert_int_eq(row->type, lines[_i].type);
	ck_assert_int_eq(row->dash, lines[_i].dash);
	ck_assert_str_eq(stack_control(row), lines[_i].control);
	ck_assert_str_eq(stack_word(row, 0), lines[_i].first);
	ck_assert_str_eq(stack_word(row, 1), lines[_i].second);
	ck_assert_int_eq(row->fault != NULL, lines[_i].fault != NULL);
	if (row->fault != NULL)
		ck_assert_ptr_nonnull(strstr(row->fault, lines[_i].fault));
}
END_TEST

START_TEST(a_row_knows_its_lines)
{
	read_text("\n# 2\nauth required a\nauth \\\n# 5\nrequired \\\nb\n"
		  "auth required c\n");

	ck_assert_uint_eq(row_count, 3);
	ck_assert_uint_eq(rows[0].first, 3);
	ck_assert_uint_eq(rows[0].last, 3);
	ck_assert_uint_eq(rows[1].first, 4);
	ck_assert_uint_eq(rows[1].last, 7);
	ck_assert_uint_eq(rows[2].first, 8);
}
END_TEST

START_TEST(a_line_of_pam_conf_begins_with_its_service)
{
	static const char text[] = "sudo auth required " M "\n";
	struct stack_reader r = {
	    .text = text, .len = sizeof(text) - 1, .services = true};

	ck_assert(stack_read(&r, &rows[0]));
	ck_assert_str_eq(rows[0].service, "sudo");
	ck_assert_int_eq(rows[0].type, STACK_AUTH);
	ck_assert(stack_is_ours(&rows[0]));
	ck_assert(!stack_read(&r, &rows[0]));
}
END_TEST

START_TEST(only_the_module_itself_is_ours)
{
	read_text("auth required " M "\nauth required /x/" M "\n"
		  "auth required pam_rollcode\nauth required x" M "\n"
		  "auth required " M "x\nauth include " M "\n");

	ck_assert(stack_is_ours(&rows[0]));
	ck_assert(stack_is_ours(&rows[1]));
	for (size_t i = 2; i < row_count; i++)
		ck_assert(!stack_is_ours(&rows[i]));
}
END_TEST

/* Every word lies in its row, whatever was read. */
static void
whole(void)
{
	for (size_t i = 0; i < row_count; i++) {
		ck_assert_uint_le(rows[i].count, STACK_WORDS_MAX);
		ck_assert_uint_le(rows[i].first, rows[i].last);
		ck_assert_ptr_nonnull(
		    memchr(rows[i].text, '\0', sizeof(rows[i].text)));
		for (size_t w = 0; w < rows[i].count; w++)
			ck_assert_uint_lt(
			    rows[i].words[w], sizeof(rows[i].text));
	}
}

START_TEST(a_line_too_long_fails_and_the_next_is_read)
{
	char text[3 * STACK_TEXT_MAX];
	int n = snprintf(text, sizeof(text), "auth required a ");

	memset(text + n, 'x', 2 * STACK_TEXT_MAX);
	n += 2 * STACK_TEXT_MAX;
	snprintf(text + n, sizeof(text) - (size_t)n, "\nauth required b\n");
	read_text(text);

	ck_assert_uint_eq(row_count, 2);
	ck_assert_int_eq(rows[0].kind, ROW_FAIL);
	ck_assert_str_eq(rows[0].fault, "is too long");
	ck_assert_str_eq(stack_word(&rows[1], 0), "b");
}
END_TEST

START_TEST(a_mebibyte_of_anything_is_read_to_its_end)
{
	static const char *const pieces[] = {"\\\n", "[", "]", "a", " ", "#",
	    "=", "\n", "auth ", "required ", "[success=1] ", "\xff",
	    "@include "};
	char *text = malloc(1 << 20);
	size_t len, used;

	ck_assert_ptr_nonnull(text);
	srand(7);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		len = strlen(pieces[i]);
		for (used = 0; used + len <= 1 << 20; used += len)
			memcpy(text + used, pieces[i], len);
		row_count = 0;
		read_bytes(text, used, 0);
		whole();
	}
	for (used = 0; used < 1 << 20; used++)
		text[used] = (char)(rand() >> 8);
	row_count = 0;
	read_bytes(text, used, 0);
	whole();
	free(text);
}
END_TEST

START_TEST(odd_bytes_harm_nothing)
{
	static const char alphabet[] =
	    "auth required[=]1\\#@-includesk \t\n\0x";
	char text[200];

	srand((unsigned int)_i);
	for (int round = 0; round < 500; round++) {
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = alphabet[(size_t)rand() % sizeof(alphabet)];
		row_count = 0;
		read_bytes(text, (size_t)rand() % sizeof(text), 0);
		whole();
		stack.count = 0;
		for (size_t i = 0; i < row_count; i++)
			stack.rows[stack.count++] = &rows[i];
		(void)!stack_admits(&stack, RESULT_AUTH_ERR, false);
		if (stack.count > 0)
			(void)!stack_reaches(&stack, stack.count - 1);
	}
}
END_TEST

/* --- what becomes of a stack -------------------------------------------- */

#define OURS "auth required " M "\n"
#define UNIX "auth required pam_unix.so\n"
#define DEBIAN                                          \
	"auth [success=1 default=ignore] pam_unix.so\n" \
	"auth requisite pam_deny.so\nauth required pam_permit.so\n"

/* clang-format off */
static const struct {
	const char *text;
	bool accepted, refused, unavailable;	/* each result lets in */
	bool ignored, unproven;			/* for nullok */
	int bypass;				/* the row, -1 for none */
} stacks[] = {
	{ OURS, true, false, false, false, false, -1 },
	{ UNIX OURS, true, false, false, true, false, -1 },
	{ DEBIAN OURS, true, false, false, true, false, -1 },
	{ OURS "auth required pam_permit.so\n",
	  true, false, false, true, true, -1 },
	{ "auth sufficient " M "\n" UNIX, true, true, true, true, false, -1 },
	{ "auth sufficient " M "\n" DEBIAN,
	  true, true, true, true, false, -1 },
	{ "auth sufficient " M "\nauth required pam_deny.so\n",
	  true, false, false, false, false, -1 },
	{ "auth optional " M "\n", true, false, false, false, false, -1 },
	{ UNIX "auth optional " M "\n", true, true, true, true, false, -1 },
	{ UNIX "auth [default=ignore] " M "\n",
	  true, true, true, true, false, -1 },
	{ UNIX "auth [success=ok authinfo_unavail=ignore default=die] " M "\n",
	  true, false, true, true && false, false, -1 },
	{ UNIX "auth [success=ok ignore=ignore default=bad] " M "\n",
	  true, false, false, true, false, -1 },
	{ UNIX "auth [success=ok] " M "\n",
	  true, false, false, false, false, -1 },
	{ UNIX "auth [success=ok default=reset] " M "\n"
	  "auth required pam_permit.so\n",
	  true, true, true, true, true, -1 },
	{ "auth sufficient pam_unix.so\n" OURS,
	  true, false, false, false, false, 0 },
	{ "auth [success=2 default=ignore] pam_unix.so\n"
	  "auth requisite pam_deny.so\n" OURS "auth required pam_permit.so\n",
	  false, false, false, false, false, 0 },
	{ "auth [success=1 default=ignore] pam_succeed_if.so user ingroup x\n"
	  OURS "auth required pam_permit.so\n",
	  true, false, false, true, true, 0 },
	{ "auth sufficient pam_permit.so\n" OURS,
	  false, false, false, false, false, 0 },
	{ "auth requisite pam_deny.so\n" OURS,
	  false, false, false, false, false, -1 },
	{ OURS "auth required pam_deny.so\n",
	  false, false, false, false, false, -1 },
	{ "auth [success=1 default=bad] " M "\n" UNIX
	  "auth required pam_permit.so\n",
	  true, false, false, false, false, -1 },
	{ "auth [success=2 default=ignore] " M "\n"
	  "auth [success=1 default=ignore] pam_unix.so\n"
	  "auth requisite pam_deny.so\nauth required pam_permit.so\n",
	  true, true, true, true, false, -1 },
	{ OURS "auth sufficient pam_unix.so\n",
	  true, false, false, true, false, -1 },
	{ OURS "auth required\n", false, false, false, false, false, -1 },
	{ "auth sufficient pam_rootok.so\n" OURS,
	  true, false, false, false, false, 0 },
	{ "auth required pam_env.so\nauth requisite pam_nologin.so\n" OURS,
	  true, false, false, false, false, -1 },
	{ OURS "auth optional pam_gnome_keyring.so\n",
	  true, false, false, true, true, -1 },
	{ "auth [success=9 default=ignore] pam_unix.so\n" OURS,
	  true, false, false, false, false, -1 },
};
/* clang-format on */

START_TEST(a_stack_does_on_each_result_what_it_says)
{
	enum stack_result result;
	size_t at = 0;
	bool found;

	read_text(stacks[_i].text);
	found = stack_bypass(&stack, &at, &result);

	ck_assert_int_eq(
	    stack_admits(&stack, RESULT_SUCCESS, false), stacks[_i].accepted);
	ck_assert_int_eq(
	    stack_admits(&stack, RESULT_AUTH_ERR, false), stacks[_i].refused);
	ck_assert_int_eq(stack_admits(&stack, RESULT_AUTHINFO_UNAVAIL, false),
	    stacks[_i].unavailable);
	ck_assert_int_eq(
	    stack_admits(&stack, RESULT_IGNORE, false), stacks[_i].ignored);
	ck_assert_int_eq(
	    stack_admits(&stack, RESULT_IGNORE, true), stacks[_i].unproven);
	ck_assert_int_eq(found ? (int)at : -1, stacks[_i].bypass);
}
END_TEST

START_TEST(what_is_never_reached_is_known)
{
	read_text("auth requisite pam_deny.so\n" OURS);
	ck_assert(!stack_reaches(&stack, 1));
	read_text("auth [default=1] pam_permit.so\n" OURS UNIX);
	ck_assert(!stack_reaches(&stack, 1));
	ck_assert(stack_reaches(&stack, 2));
	read_text(UNIX OURS);
	ck_assert(stack_reaches(&stack, 1));
}
END_TEST

START_TEST(root_alone_is_no_way_for_others)
{
	read_text("auth sufficient pam_rootok.so\n" OURS);
	ck_assert(!stack_admits_unasked(&stack));
	read_text("auth sufficient pam_unix.so\n" OURS);
	ck_assert(stack_admits_unasked(&stack));
	read_text("auth [success=1 default=ignore] pam_succeed_if.so\n" OURS
		  "auth required pam_permit.so\n");
	ck_assert(stack_admits_unasked(&stack));
	read_text("auth sufficient pam_env.so\n" OURS);
	ck_assert(!stack_admits_unasked(&stack));
}
END_TEST

/* --- libpam itself ------------------------------------------------------ */

#define FILES 3
#define LINES_MAX 6
#define ROUNDS 800

static char directory[] = "/tmp/test_stack_rules.XXXXXX";
static char texts[FILES][2048];

static const char *const results[] = {"success", "success", "success",
    "success", "success", "success", "auth_err", "ignore", "user_unknown",
    "perm_denied", "new_authtok_reqd", "authinfo_unavail", "maxtries"};
static const char *const actions[] = {
    "ok", "done", "ignore", "bad", "die", "reset", "1", "2", "3"};
static const char *const words[] = {
    "required", "requisite", "sufficient", "optional"};

#define PICK(list) (list)[(size_t)rand() % (sizeof(list) / sizeof((list)[0]))]

static void
random_control(char *out, size_t size)
{
	if (rand() % 2 == 0)
		snprintf(out, size, "%s", PICK(words));
	else
		snprintf(out, size, "[success=%s %s=%s%s%s]", PICK(actions),
		    PICK(results), PICK(actions),
		    rand() % 4 == 0 ? "" : " default=",
		    rand() % 4 == 0 ? "" : "");
}

/* A file may name later ones only, so that there is no cycle. */
static void
random_file(int number)
{
	char control[128];
	char *out = texts[number];
	size_t used = 0, size = sizeof(texts[0]);
	int count = 1 + rand() % LINES_MAX;

	for (int i = 0; i < count; i++) {
		random_control(control, sizeof(control));
		if (strstr(control, "default=]") != NULL)
			memcpy(strstr(control, " default=]"), "]", 2);
		if (number < FILES - 1 && rand() % 4 == 0)
			used += (size_t)snprintf(out + used, size - used,
			    "auth %s %s/file%d\n",
			    rand() % 2 == 0 ? "include" : "substack", directory,
			    number + 1);
		else if (rand() % 32 == 0)
			used += (size_t)snprintf(
			    out + used, size - used, "auth %s\n", PICK(words));
		else
			used += (size_t)snprintf(out + used, size - used,
			    "auth %s pam_debug.so auth=%s\n", control,
			    PICK(results));
	}
}

static void
write_files(void)
{
	char path[64];
	FILE *file;

	for (int i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "%s/file%d", directory, i);
		file = fopen(path, "w");
		ck_assert_ptr_nonnull(file);
		fputs(texts[i], file);
		fclose(file);
	}
}

/* As the files are read by whoever reads files. */
static void
flatten(int number, unsigned int level)
{
	struct stack_reader r = {
	    .text = texts[number], .len = strlen(texts[number])};
	struct stack_row row;

	while (stack_read(&r, &row)) {
		row.level = level;
		if (row.kind != ROW_INCLUDE)
			rows[row_count++] = row;
		if (row.kind == ROW_INCLUDE || row.kind == ROW_SUBSTACK)
			flatten(number + 1, level + (row.kind == ROW_SUBSTACK));
	}
}

static int
result_of(const struct stack_row *row)
{
	for (int r = 0; r < STACK_RESULTS; r++)
		if (row->count == 2 &&
		    strcmp(stack_word(row, 1) + 5,
			stack_result_name((enum stack_result)r)) == 0)
			return r;
	return RESULT_PERM_DENIED;
}

static int
say_nothing(int count, const struct pam_message **messages,
    struct pam_response **answers, void *context)
{
	(void)messages;
	(void)context;
	*answers = calloc((size_t)count, sizeof(**answers));
	return *answers == NULL ? PAM_BUF_ERR : PAM_SUCCESS;
}

static bool
libpam_admits(void)
{
	const struct pam_conv conv = {.conv = say_nothing};
	pam_handle_t *pamh = NULL;
	int result;

	if (pam_start_confdir("file0", "root", &conv, directory, &pamh) !=
	    PAM_SUCCESS)
		return false;
	result = pam_authenticate(pamh, 0);
	pam_end(pamh, result);
	return result == PAM_SUCCESS;
}

START_TEST(libpam_does_the_same_with_random_stacks)
{
	int given[STACK_ROWS_MAX], admitted = 0;
	bool wanted;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	srand(1);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < FILES; i++)
			random_file(i);
		write_files();
		row_count = 0;
		flatten(0, 0);
		stack.count = row_count;
		for (size_t i = 0; i < row_count; i++) {
			stack.rows[i] = &rows[i];
			given[i] = result_of(&rows[i]);
		}
		wanted = libpam_admits();
		admitted += wanted;
		ck_assert_msg(stack_run(&stack, given) == wanted,
		    "libpam %s:\n%s--- file1\n%s--- file2\n%s",
		    wanted ? "admits" : "denies", texts[0], texts[1], texts[2]);
	}
	/* Neither answer alone would prove anything. */
	ck_assert_int_gt(admitted, ROUNDS / 8);
	ck_assert_int_lt(admitted, ROUNDS / 2);
	for (int i = 0; i < FILES; i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/file%d", directory, i);
		unlink(path);
	}
	rmdir(directory);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("stack_rules");
	TCase *tc = tcase_create("stack_rules");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(
	    tc, a_line_is_read_as_pam_reads_it, 0, COUNT(lines));
	tcase_add_test(tc, a_row_knows_its_lines);
	tcase_add_test(tc, a_line_of_pam_conf_begins_with_its_service);
	tcase_add_test(tc, only_the_module_itself_is_ours);
	tcase_add_test(tc, a_line_too_long_fails_and_the_next_is_read);
	tcase_add_test(tc, a_mebibyte_of_anything_is_read_to_its_end);
	tcase_add_loop_test(tc, odd_bytes_harm_nothing, 0, 8);
	tcase_add_loop_test(
	    tc, a_stack_does_on_each_result_what_it_says, 0, COUNT(stacks));
	tcase_add_test(tc, what_is_never_reached_is_known);
	tcase_add_test(tc, root_alone_is_no_way_for_others);
	tcase_add_test(tc, libpam_does_the_same_with_random_stacks);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
