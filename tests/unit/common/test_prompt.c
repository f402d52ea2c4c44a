/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person is asked at a terminal, and how the terminal is left.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cli/cli.h"
#include "tests/support/cases.h"
#include "tests/support/terminal.h"

#define LONG 10000 /* ms that a slow machine may take */

static int
read_word(void)
{
	char line[16];

	return cli_read_terminal("word: ", false, line, sizeof(line), NULL) ==
			   ROLLCODE_OK &&
		       strcmp(line, "horse") == 0
		   ? 0
		   : 1;
}

static int
read_shown_word(void)
{
	char line[16];

	return cli_read_terminal("word: ", true, line, sizeof(line), NULL) ==
			   ROLLCODE_OK &&
		       strcmp(line, "horse") == 0
		   ? 0
		   : 1;
}

START_TEST(what_is_typed_without_echo_is_not_shown)
{
	terminal_run(read_word);
	ck_assert(terminal_shows("word: ", 1, LONG));

	ck_assert(!terminal_echoes());
	terminal_type("horse\n");

	ck_assert_int_eq(terminal_end(), 0);
	ck_assert(terminal_echoes());
	ck_assert_ptr_null(strstr(terminal_screen, "horse"));
}
END_TEST

START_TEST(what_is_typed_with_echo_is_shown)
{
	terminal_run(read_shown_word);
	ck_assert(terminal_shows("word: ", 1, LONG));

	ck_assert(terminal_echoes());
	terminal_type("horse\n");

	ck_assert_int_eq(terminal_end(), 0);
	ck_assert(terminal_shows("horse", 1, LONG));
}
END_TEST

START_TEST(a_line_that_is_too_long_leaves_the_terminal_as_it_was)
{
	terminal_run(read_word);
	ck_assert(terminal_shows("word: ", 1, LONG));

	terminal_type("horsehorsehorsehorse\n");

	ck_assert_int_eq(WEXITSTATUS(terminal_end()), 1);
	ck_assert(terminal_echoes());
}
END_TEST

static int
read_and_die(void)
{
	signal(SIGTERM, SIG_DFL);
	if (read_word() != 0)
		return 1;
	raise(SIGTERM);
	return 2;
}

START_TEST(behind_a_prompt_signals_act_as_before)
{
	terminal_run(read_and_die);
	ck_assert(terminal_shows("word: ", 1, LONG));

	terminal_type("horse\n");

	ck_assert_int_eq(WTERMSIG(terminal_end()), SIGTERM);
}
END_TEST

static int
read_and_ignore(void)
{
	signal(SIGUSR1, SIG_IGN);
	return read_word();
}

START_TEST(a_signal_that_is_ignored_interrupts_no_prompt)
{
	pid_t child = terminal_run(read_and_ignore);

	ck_assert(terminal_shows("word: ", 1, LONG));

	ck_assert_int_eq(kill(child, SIGUSR1), 0);

	ck_assert(!terminal_shows("word: ", 2, 200));
	terminal_type("horse\n");
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

static void
note_signal(int number)
{
	(void)number;
}

static int
read_and_handle(void)
{
	signal(SIGUSR1, note_signal);
	return read_word();
}

START_TEST(behind_a_signal_that_does_not_end_it_the_prompt_comes_again)
{
	pid_t child = terminal_run(read_and_handle);

	ck_assert(terminal_shows("word: ", 1, LONG));

	ck_assert_int_eq(kill(child, SIGUSR1), 0);

	ck_assert(terminal_shows("word: ", 2, LONG));
	ck_assert(!terminal_echoes());
	terminal_type("horse\n");
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

static int
ask_oddly(void)
{
	char line[16];

	return cli_read_terminal("a\x1b[31m\x07 word: ", false, line,
		   sizeof(line), NULL) == ROLLCODE_OK
		   ? 0
		   : 1;
}

START_TEST(a_prompt_of_somebody_else_does_not_steer_the_terminal)
{
	terminal_run(ask_oddly);
	ck_assert(terminal_shows("word: ", 1, LONG));
	terminal_type("horse\n");

	ck_assert_int_eq(terminal_end(), 0);
	ck_assert_ptr_nonnull(
	    strstr(terminal_screen, "a\\x1b[31m\\x07 word: "));
}
END_TEST

static int
choose_passphrase(void)
{
	struct cli_passphrase passphrase;

	return cli_passphrase("", "--new-file", "New", true, &passphrase,
		   NULL) == ROLLCODE_OK &&
		       strcmp(passphrase.text, "correct horse") == 0
		   ? 0
		   : 1;
}

static const struct {
	const char *again;
	int status;
} repeated[] = {
    {"correct horse\n", 0},
    {"correct\n", 1},
    {"correct horses\n", 1},
    {"\n", 1},
};

START_TEST(a_new_passphrase_is_typed_twice_and_whole)
{
	terminal_run(choose_passphrase);
	ck_assert(terminal_shows("New (at least 8 characters): ", 1, LONG));
	terminal_type("correct horse\n");
	ck_assert(terminal_shows("Repeat the passphrase: ", 1, LONG));
	terminal_type(repeated[_i].again);

	ck_assert_int_eq(WEXITSTATUS(terminal_end()), repeated[_i].status);
	ck_assert_ptr_null(strstr(terminal_screen, "horse"));
}
END_TEST

/* Standard input says yes, whoever is at the terminal. */
static int
confirm_there(void)
{
	int ends[2];

	if (pipe(ends) != 0 || write(ends[1], "yes\n", 4) != 4)
		return 2;
	dup2(ends[0], STDIN_FILENO);
	return cli_confirm("Sure?", true) ? 0 : 1;
}

static const struct {
	const char *answer;
	int status;
} answers[] = {
    {"yes\n", 0},
    {"no\n", 1},
    {"ye\n", 1},
    {"yess\n", 1},
};

START_TEST(who_is_at_the_terminal_confirms_and_no_pipe)
{
	terminal_run(confirm_there);
	ck_assert(terminal_shows("Sure? Type yes: ", 1, LONG));
	terminal_type(answers[_i].answer);

	ck_assert_int_eq(WEXITSTATUS(terminal_end()), answers[_i].status);
}
END_TEST

static int
read_without_terminal(void)
{
	char line[16];

	setsid();
	close(STDIN_FILENO);
	return cli_read_terminal("word: ", false, line, sizeof(line), NULL) ==
		       ROLLCODE_ERR_UNAVAIL
		   ? 0
		   : 1;
}

START_TEST(without_a_terminal_there_is_nobody_to_ask)
{
	int status;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0)
		_exit(read_without_terminal());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

int
main(void)
{
	TCase *tc = test_case("prompt", 30);

	tcase_add_test(tc, what_is_typed_without_echo_is_not_shown);
	tcase_add_test(tc, what_is_typed_with_echo_is_shown);
	tcase_add_test(
	    tc, a_line_that_is_too_long_leaves_the_terminal_as_it_was);
	tcase_add_test(tc, behind_a_prompt_signals_act_as_before);
	tcase_add_test(tc, a_signal_that_is_ignored_interrupts_no_prompt);
	tcase_add_test(
	    tc, behind_a_signal_that_does_not_end_it_the_prompt_comes_again);
	tcase_add_test(
	    tc, a_prompt_of_somebody_else_does_not_steer_the_terminal);
	tcase_add_loop_test(
	    tc, a_new_passphrase_is_typed_twice_and_whole, 0, COUNT(repeated));
	tcase_add_loop_test(
	    tc, who_is_at_the_terminal_confirms_and_no_pipe, 0, COUNT(answers));
	tcase_add_test(tc, without_a_terminal_there_is_nobody_to_ask);
	return test_run_apart();
}
