/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The person is asked: by a program of theirs, else at the terminal.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "rollcode-token/askpass/person.h"
#include "tests/support/cases.h"
#include "tests/support/descriptors.h"
#include "tests/support/folder.h"
#include "tests/support/terminal.h"

#define LONG 10000 /* ms that a slow machine may take */

static char folder[64], program[96], line[16];
static struct error error;

/* The person's program is this script. */
static void
person_is(const char *script)
{
	FILE *file;

	ck_assert(folder_make(folder));
	snprintf(program, sizeof(program), "%s/person", folder);
	file = fopen(program, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "#!/bin/sh\n%s\n", script);
	fclose(file);
	ck_assert_int_eq(chmod(program, 0700), 0);
	setenv(PERSON_ASKPASS, program, 1);
	memset(line, 'w', sizeof(line));
}

static void
teardown(void)
{
	folder_remove(folder);
}

/* What a program does, and the line that is taken, or NULL. */
static const struct {
	const char *script, *line;
} programs[] = {
    {"echo horse", "horse"},
    {"echo \"$1\"", "word: "},
    {"echo horse; echo more", "horse"},
    {"echo", ""},
    {"echo horse; exit 1", NULL},
    {"echo horse; kill -9 $$", NULL},
    {"printf horse", NULL},
    {"echo horsehorsehorsehorse", NULL},
    {"exit 0", NULL},
    {"kill -PIPE $$; echo horse", NULL},
    {"echo \"$" PERSON_ASKPASS "\"", ""},
};

START_TEST(a_program_of_the_person_gives_a_line_or_nothing)
{
	static const char nothing[sizeof(line)];

	person_is(programs[_i].script);
	signal(SIGPIPE, SIG_IGN);

	ck_assert_int_eq(person_ask("word: ", line, sizeof(line), &error),
	    programs[_i].line != NULL ? ROLLCODE_OK : ROLLCODE_ERR_INPUT);

	if (programs[_i].line != NULL)
		ck_assert_str_eq(line, programs[_i].line);
	else
		ck_assert_mem_eq(line, nothing, sizeof(line));
	ck_assert_ptr_null(strstr(error.text, "horse"));
}
END_TEST

START_TEST(a_program_that_was_asked_leaves_no_child_and_no_descriptor)
{
	int next = next_descriptor();

	person_is(programs[_i].script);

	(void)!person_ask("word: ", line, sizeof(line), &error);

	ck_assert_int_eq(next_descriptor(), next);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(a_program_that_cannot_be_run_is_named)
{
	person_is("");
	setenv(PERSON_ASKPASS, "/nonexistent/person", 1);

	ck_assert_int_eq(person_ask("word: ", line, sizeof(line), &error),
	    ROLLCODE_ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(error.text, PERSON_ASKPASS));
	ck_assert_int_eq(person_answer("word: ", &error), ROLLCODE_ERR_UNAVAIL);
	ck_assert_ptr_nonnull(strstr(error.text, "/nonexistent/person"));
}
END_TEST

static int
answer_prompt(void)
{
	unsetenv(PERSON_ASKPASS);
	return (int)person_answer("word: ", &error);
}

static int
ask_passphrase(void)
{
	unsetenv(PERSON_ASKPASS);
	return (int)person_ask("word: ", line, sizeof(line), &error);
}

START_TEST(at_a_terminal_a_passphrase_is_not_shown)
{
	terminal_run(ask_passphrase);
	ck_assert(terminal_shows("word: ", 1, LONG));
	terminal_type("horse\n");

	ck_assert_int_eq(terminal_end(), 0);
	ck_assert_ptr_null(strstr(terminal_screen, "horse"));
}
END_TEST

START_TEST(at_a_terminal_an_answer_is_shown_by_being_printed_alone)
{
	unsetenv("SSH_ASKPASS_PROMPT");
	terminal_run(answer_prompt);
	ck_assert(terminal_shows("word: ", 1, LONG));
	ck_assert(!terminal_echoes());
	terminal_type("horse\n");

	ck_assert_int_eq(terminal_end(), 0);
	ck_assert_ptr_nonnull(strstr(terminal_screen, "horse"));
	ck_assert_ptr_null(strstr(
	    strstr(terminal_screen, "horse") + strlen("horse"), "horse"));
}
END_TEST

static const struct {
	const char *typed;
	enum rollcode_err err;
} confirmed[] = {
    {"yes\n", ROLLCODE_OK},
    {"no\n", ROLLCODE_ERR_INPUT},
    {"y\n", ROLLCODE_ERR_INPUT},
    {"yesterday\n", ROLLCODE_ERR_INPUT},
    {"\n", ROLLCODE_ERR_INPUT},
};

START_TEST(only_the_whole_word_yes_confirms)
{
	setenv("SSH_ASKPASS_PROMPT", "confirm", 1);
	terminal_run(answer_prompt);
	ck_assert(terminal_shows("word: ", 1, LONG));
	ck_assert(terminal_echoes());
	terminal_type(confirmed[_i].typed);

	ck_assert_int_eq(WEXITSTATUS(terminal_end()), (int)confirmed[_i].err);
}
END_TEST

START_TEST(where_nothing_is_asked_nobody_has_to_answer)
{
	setenv("SSH_ASKPASS_PROMPT", "none", 1);
	terminal_run(answer_prompt);

	ck_assert(!terminal_shows("word: ", 1, LONG));
	ck_assert_int_eq(terminal_end(), 0);
	ck_assert_str_eq(terminal_screen, "");
}
END_TEST

int
main(void)
{
	TCase *asked = test_case("program", 30);
	TCase *typed = test_case("terminal", 30);

	tcase_add_checked_fixture(asked, NULL, teardown);
	tcase_add_loop_test(asked,
	    a_program_of_the_person_gives_a_line_or_nothing, 0,
	    COUNT(programs));
	tcase_add_loop_test(asked,
	    a_program_that_was_asked_leaves_no_child_and_no_descriptor, 0,
	    COUNT(programs));
	tcase_add_test(asked, a_program_that_cannot_be_run_is_named);
	tcase_add_test(typed, at_a_terminal_a_passphrase_is_not_shown);
	tcase_add_test(
	    typed, at_a_terminal_an_answer_is_shown_by_being_printed_alone);
	tcase_add_loop_test(
	    typed, only_the_whole_word_yes_confirms, 0, COUNT(confirmed));
	tcase_add_test(typed, where_nothing_is_asked_nobody_has_to_answer);
	return test_run_apart();
}
