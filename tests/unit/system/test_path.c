/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path that nobody else can change, a descriptor of its own, and root's
 * rights given up.  What only root can try is left out where nobody is root.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pam_rollcode/system/fd.h"
#include "pam_rollcode/system/limits.h"
#include "pam_rollcode/system/path.h"
#include "pam_rollcode/system/privileges.h"
#include "tests/support/cases.h"
#include "tests/support/folder.h"

#define SOMEBODY 54321 /* who owns nothing here */

static char folder[64], file[PATH_MAX];
static struct error error;

static void
setup(void)
{
	int fd;

	ck_assert(folder_make(folder));
	snprintf(file, sizeof(file), "%s/file", folder);
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void
teardown(void)
{
	folder_remove(folder);
}

static enum rollcode_err
check(const char *path, uid_t owner)
{
	memset(&error, 0, sizeof(error));
	return path_check(path, owner, &error);
}

/* --- paths ---------------------------------------------------------------- */

START_TEST(ones_own_path_is_right)
{
	ck_assert_int_eq(check(file, geteuid()), ROLLCODE_OK);
	ck_assert_int_eq(check(folder, geteuid()), ROLLCODE_OK);
	ck_assert_int_eq(check("/", geteuid()), ROLLCODE_OK);
	ck_assert_int_eq(check("//", geteuid()), ROLLCODE_OK);
	strcat(file, "s");
	ck_assert_int_eq(check(file, geteuid()), ROLLCODE_ERR_UNAVAIL);
	ck_assert_int_eq(check("file", geteuid()), ROLLCODE_ERR_STORE);
}
END_TEST

START_TEST(a_link_is_refused_wherever_it_stands)
{
	char link[PATH_MAX], below[PATH_MAX];

	snprintf(link, sizeof(link), "%s/link", folder);
	snprintf(below, sizeof(below), "%.80s/file", link);
	ck_assert_int_eq(symlink(folder, link), 0);

	ck_assert_int_eq(check(link, geteuid()), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(error.text, "symbolic link"));
	ck_assert_int_eq(check(below, geteuid()), ROLLCODE_ERR_STORE);
}
END_TEST

/* Group or others; a sticky bit counts at a directory alone. */
static const struct {
	mode_t file, folder;
	enum rollcode_err err;
} modes[] = {
    {0600, 0700, ROLLCODE_OK},
    {0755, 0755, ROLLCODE_OK},
    {0620, 0700, ROLLCODE_ERR_STORE},
    {0602, 0700, ROLLCODE_ERR_STORE},
    {0600, 0770, ROLLCODE_ERR_STORE},
    {0600, 0707, ROLLCODE_ERR_STORE},
    {0600, 01777, ROLLCODE_OK},
    {01666, 0700, ROLLCODE_ERR_STORE},
};

START_TEST(what_others_can_write_is_refused)
{
	ck_assert_int_eq(chmod(file, modes[_i].file), 0);
	ck_assert_int_eq(chmod(folder, modes[_i].folder), 0);

	ck_assert_int_eq(check(file, geteuid()), modes[_i].err);
}
END_TEST

START_TEST(each_component_is_roots_or_the_owners)
{
	if (geteuid() != 0) {
		ck_assert_int_eq(check(file, SOMEBODY), ROLLCODE_ERR_STORE);
		return;
	}
	ck_assert_int_eq(check(file, SOMEBODY), ROLLCODE_OK);
	ck_assert_int_eq(chown(file, SOMEBODY, 0), 0);
	ck_assert_int_eq(check(file, SOMEBODY), ROLLCODE_OK);
	ck_assert_int_eq(check(file, SOMEBODY + 1), ROLLCODE_ERR_STORE);
	ck_assert_int_eq(check(file, 0), ROLLCODE_ERR_STORE);
	ck_assert_int_eq(chown(file, 0, 0), 0);
	ck_assert_int_eq(chown(folder, SOMEBODY, 0), 0);
	ck_assert_int_eq(check(file, 0), ROLLCODE_ERR_STORE);
}
END_TEST

/* What everybody reads stays root's, what nobody does goes to the owner. */
START_TEST(the_remedy_names_who_has_to_own_it)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(file, SOMEBODY + 1, 0), 0);
	ck_assert_int_eq(check(file, SOMEBODY), ROLLCODE_ERR_STORE);
	ck_assert_uint_eq(error.reason, REASON_OWNER);
	ck_assert_ptr_nonnull(strstr(error.fix, "chown -h 54321 "));
	ck_assert_int_eq(chmod(file, 0644), 0);
	ck_assert_int_eq(check(file, SOMEBODY), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(error.fix, "chown -h root "));
}
END_TEST

/* Two of one directory; a name that begins like another is another. */
START_TEST(what_a_checked_path_shares_is_not_looked_at_again)
{
	static const struct {
		const char *more;
		enum rollcode_err err;
	} others[] = {
	    {"/other", ROLLCODE_OK},
	    {"/file", ROLLCODE_OK},
	    {"/file/more", ROLLCODE_OK},
	    {"", ROLLCODE_ERR_STORE},
	    {"2/file", ROLLCODE_ERR_STORE},
	};
	char checked[PATH_MAX];
	struct stat st;

	ck_assert_int_eq(chmod(folder, 0777), 0);
	for (size_t i = 0; i < COUNT(others); i++) {
		snprintf(checked, sizeof(checked), "%.80s%s", folder,
		    others[i].more);
		ck_assert_int_eq(
		    path_check_beside(file, checked, geteuid(), &st, &error),
		    others[i].err);
	}
}
END_TEST

START_TEST(the_last_of_a_path_is_always_looked_at)
{
	static const char *ends[] = {"", "/", "//"};
	char path[PATH_MAX], longer[PATH_MAX];
	struct stat st;

	ck_assert_int_eq(chmod(file, 0606), 0);
	for (size_t i = 0; i < COUNT(ends); i++) {
		snprintf(path, sizeof(path), "%s%s", file, ends[i]);
		snprintf(longer, sizeof(longer), "%.80s//more", file);
		memset(&st, 0, sizeof(st));
		ck_assert_int_eq(
		    path_check_beside(path, longer, geteuid(), &st, &error),
		    ROLLCODE_ERR_STORE);
		ck_assert_uint_eq(st.st_mode & 07777, 0606);
		ck_assert_int_eq(
		    path_check_beside(path, path, geteuid(), &st, &error),
		    ROLLCODE_ERR_STORE);
	}
}
END_TEST

START_TEST(a_path_has_as_many_bytes_as_there_is_room_for)
{
	static char path[PATH_MAX + 1];

	memset(path, '/', PATH_MAX);
	ck_assert_int_eq(check(path, 0), ROLLCODE_ERR_STORE);
	ck_assert_ptr_nonnull(strstr(error.text, "not an absolute path"));
	path[PATH_MAX - 1] = '\0';
	ck_assert_int_eq(check(path, 0), ROLLCODE_OK);
}
END_TEST

/* --- descriptors ---------------------------------------------------------- */

START_TEST(a_descriptor_moves_up_and_leaves_nothing)
{
	int fd;

	close(STDIN_FILENO);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(fd, STDIN_FILENO);

	fd = fd_move_up(fd);

	ck_assert_int_ge(fd, FD_FIRST_FREE);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(STDIN_FILENO, F_GETFD), -1);
	ck_assert_int_eq(fd_move_up(fd), fd);
	ck_assert_int_eq(fd_move_up(-1), -1);
	close(fd);
}
END_TEST

START_TEST(all_descriptors_from_one_on_are_closed)
{
	int first = fcntl(STDERR_FILENO, F_DUPFD, 100);

	ck_assert_int_eq(first, 100);
	ck_assert_int_eq(fcntl(STDERR_FILENO, F_DUPFD, 101), 101);
	ck_assert_int_eq(fcntl(STDERR_FILENO, F_DUPFD, 99), 99);
	fd_close_from(first);

	ck_assert_int_eq(fcntl(99, F_GETFD), 0);
	ck_assert_int_eq(fcntl(100, F_GETFD), -1);
	ck_assert_int_eq(fcntl(101, F_GETFD), -1);
}
END_TEST

START_TEST(at_the_other_end_is_somebody_or_nobody)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_uint_eq(fd_peer(fds[0]), geteuid());
	ck_assert_uint_eq(fd_peer(STDIN_FILENO), FD_NO_PEER);
	ck_assert_uint_eq(fd_peer(-1), FD_NO_PEER);
	ck_assert_int_eq(fd_option(fds[0], SO_TYPE), SOCK_STREAM);
	ck_assert_int_eq(fd_option(-1, SO_TYPE), -1);
}
END_TEST

START_TEST(a_limit_of_memory_is_never_raised)
{
	struct rlimit limit;
	rlim_t used = limit_used();

	ck_assert_uint_gt(used, 0);
	ck_assert(limit_memory(64 << 20));
	ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
	ck_assert_uint_ge(limit.rlim_max, used + (64 << 20));
	ck_assert_uint_lt(limit.rlim_max, used + (96 << 20));
	used = limit.rlim_max;
	ck_assert(limit_memory(512 << 20));
	ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
	ck_assert_uint_eq(limit.rlim_max, used);
	ck_assert_uint_eq(limit.rlim_cur, used);
}
END_TEST

/* --- rights --------------------------------------------------------------- */

/* In a process of its own; the number of the first thing that is wrong. */
static int
drop_rights(uid_t uid, gid_t gid)
{
	char directory[8] = "";

	gid_t group = SOMEBODY + 7;

	umask(0);
	if (geteuid() == 0 && setgroups(1, &group) != 0)
		return 8;
	if (chdir(folder) != 0 || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0)
		return 1;
	if (privileges_drop(uid, gid, "somebody", &error) != ROLLCODE_OK)
		return 2;
	if (getuid() != uid || geteuid() != uid || getegid() != gid)
		return 3;
	if (umask(0) != 077)
		return 4;
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 5;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 6;
	if (getcwd(directory, sizeof(directory)) == NULL ||
	    strcmp(directory, "/") != 0)
		return 7;
	if (uid == SOMEBODY && getgroups(0, NULL) != 0)
		return 9;
	return 0;
}

/* With capabilities that a securebit keeps. */
static int
drop_kept(void)
{
	char text[4096] = "";
	FILE *status;

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
		return 1;
	if (privileges_drop(SOMEBODY, SOMEBODY, "somebody", &error) !=
	    ROLLCODE_OK)
		return 2;
	if ((status = fopen("/proc/self/status", "r")) == NULL ||
	    fread(text, 1, sizeof(text) - 1, status) == 0)
		return 3;
	fclose(status);
	return strstr(text, "CapPrm:\t0000000000000000") == NULL ? 4 : 0;
}

START_TEST(a_capability_that_would_be_kept_is_gone)
{
	pid_t child;
	int status;

	if (geteuid() != 0)
		return;
	if ((child = fork()) == 0)
		_exit(drop_kept());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(only_root_becomes_somebody_else)
{
	if (geteuid() == 0)
		ck_assert_int_eq(setresuid(SOMEBODY, SOMEBODY, SOMEBODY), 0);

	ck_assert_int_eq(
	    privileges_drop(SOMEBODY + 1, SOMEBODY + 1, "another", &error),
	    ROLLCODE_ERR_PRIVILEGE);
}
END_TEST

/* Root becomes somebody, and stays who it is, like anybody else. */
START_TEST(who_gave_up_privileges_has_kept_none)
{
	bool somebody = _i == 1 && geteuid() == 0;
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(somebody ? drop_rights(SOMEBODY, SOMEBODY)
			       : drop_rights(geteuid(), getegid()));
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

int
main(void)
{
	TCase *tcase = test_case("the system", 0);

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, ones_own_path_is_right);
	tcase_add_test(tcase, a_link_is_refused_wherever_it_stands);
	tcase_add_loop_test(
	    tcase, what_others_can_write_is_refused, 0, COUNT(modes));
	tcase_add_test(tcase, each_component_is_roots_or_the_owners);
	tcase_add_test(tcase, the_remedy_names_who_has_to_own_it);
	tcase_add_test(
	    tcase, what_a_checked_path_shares_is_not_looked_at_again);
	tcase_add_test(tcase, the_last_of_a_path_is_always_looked_at);
	tcase_add_test(tcase, a_path_has_as_many_bytes_as_there_is_room_for);
	tcase_add_test(tcase, a_descriptor_moves_up_and_leaves_nothing);
	tcase_add_test(tcase, all_descriptors_from_one_on_are_closed);
	tcase_add_test(tcase, at_the_other_end_is_somebody_or_nobody);
	tcase_add_test(tcase, a_limit_of_memory_is_never_raised);
	tcase_add_test(tcase, a_capability_that_would_be_kept_is_gone);
	tcase_add_test(tcase, only_root_becomes_somebody_else);
	tcase_add_loop_test(tcase, who_gave_up_privileges_has_kept_none, 0, 2);
	/* A test here may leave its process in any state. */
	return test_run_apart();
}
