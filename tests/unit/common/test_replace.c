/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that are replaced whole, and a directory that one command has.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/lock.h"
#include "common/base/replace.h"
#include "tests/support/cases.h"
#include "tests/support/descriptors.h"
#include "tests/support/folder.h"

static char folder[64], file[PATH_MAX], fresh[PATH_MAX];

/* What was synced, and whether the name was there at that time. */
static struct {
	int files, directories;
	bool named, fails;
	off_t size;
} synced;

/* In place of the C library's. */
int
fsync(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	synced.files += S_ISREG(st.st_mode);
	synced.directories += S_ISDIR(st.st_mode);
	synced.named |= access(file, F_OK) == 0;
	synced.size = st.st_size;
	errno = EIO;
	return synced.fails ? -1 : 0;
}

static void
setup(void)
{
	ck_assert(folder_make(folder));
	snprintf(file, sizeof(file), "%s/file", folder);
	snprintf(fresh, sizeof(fresh), "%s/file.new", folder);
}

static void
teardown(void)
{
	folder_remove(folder);
}

static void
assert_content(const char *want)
{
	char text[16] = "";
	FILE *in = fopen(file, "r");

	ck_assert_ptr_nonnull(in);
	ck_assert_uint_eq(fread(text, 1, sizeof(text) - 1, in), strlen(want));
	fclose(in);
	ck_assert_str_eq(text, want);
}

START_TEST(a_file_is_replaced_and_is_ones_own)
{
	struct stat st;

	umask(0);
	ck_assert_int_eq(replace_file(file, "old", 3, false), 0);
	ck_assert_int_eq(replace_file(file, "newer", 5, true), 0);

	assert_content("newer");
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(access(fresh, F_OK), -1);
}
END_TEST

START_TEST(a_file_is_on_disk_before_it_has_its_name)
{
	struct error error;

	ck_assert_int_eq(replace_file(file, "new", 3, false), 0);
	ck_assert_int_eq(synced.files, 1);
	ck_assert_int_eq(synced.size, 3);
	ck_assert(!synced.named);

	ck_assert_int_eq(replace_sync_directory(file, &error), ROLLCODE_OK);
	ck_assert_int_eq(synced.directories, 1);
	ck_assert_int_eq(replace_sync_file(file, &error), ROLLCODE_OK);
	ck_assert_int_eq(synced.files, 2);
}
END_TEST

START_TEST(a_file_that_is_not_to_be_replaced_stays)
{
	ck_assert_int_eq(replace_file(file, "old", 3, false), 0);

	ck_assert_int_eq(replace_file(file, "newer", 5, false), EEXIST);

	assert_content("old");
	ck_assert_int_eq(access(fresh, F_OK), -1);
}
END_TEST

START_TEST(a_link_beside_it_is_not_followed)
{
	char other[PATH_MAX];

	snprintf(other, sizeof(other), "%s/other", folder);
	ck_assert_int_eq(symlink(other, fresh), 0);

	ck_assert_int_eq(replace_file(file, "new", 3, false), 0);

	assert_content("new");
	ck_assert_int_eq(access(other, F_OK), -1);
}
END_TEST

START_TEST(what_cannot_be_synced_is_not_there)
{
	struct error error;

	ck_assert_int_eq(replace_file(file, "old", 3, false), 0);
	synced.fails = true;

	ck_assert_int_eq(replace_file(file, "new", 3, true), EIO);
	assert_content("old");
	ck_assert_int_eq(access(fresh, F_OK), -1);
	ck_assert_int_eq(replace_sync_file(file, &error), ROLLCODE_ERR_UNAVAIL);
	ck_assert_int_eq(replace_sync_file(fresh, &error), ROLLCODE_OK);
	ck_assert_int_eq(
	    replace_sync_directory(file, &error), ROLLCODE_ERR_UNAVAIL);
}
END_TEST

/* Three of five bytes have room. */
START_TEST(what_is_written_in_part_is_not_there)
{
	const struct rlimit three = {3, 3};

	ck_assert_int_eq(replace_file(file, "old", 3, false), 0);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &three), 0);

	ck_assert_int_ne(replace_file(file, "newer", 5, true), 0);

	assert_content("old");
	ck_assert_int_eq(access(fresh, F_OK), -1);
}
END_TEST

START_TEST(a_name_without_room_for_the_one_beside_it_is_refused)
{
	size_t len = strlen(folder), wanted = PATH_MAX - strlen(".new") - 1;

	memset(file, '/', sizeof(file));
	memcpy(file, folder, len);
	strcpy(file + wanted - 4, "file");
	ck_assert_int_eq(replace_file(file, "new", 3, false), 0);
	strcpy(file + wanted - 3, "file");
	ck_assert_int_eq(replace_file(file, "new", 3, true), ENAMETOOLONG);
}
END_TEST

START_TEST(a_lock_that_is_busy_costs_no_descriptor)
{
	struct error error;
	int one, two, next;

	ck_assert_int_eq(lock_directory(folder, 0, &one, &error), ROLLCODE_OK);
	next = next_descriptor();

	ck_assert_int_eq(
	    lock_directory(folder, 20, &two, &error), ROLLCODE_ERR_UNAVAIL);

	ck_assert_int_eq(two, -1);
	ck_assert_int_eq(next_descriptor(), next);
	close(one);
	ck_assert_int_eq(lock_directory(folder, 0, &two, &error), ROLLCODE_OK);
	close(two);
}
END_TEST

START_TEST(a_lock_is_of_the_directory_itself_and_ends_with_the_program)
{
	struct error error;
	int lock;

	ck_assert_int_eq(lock_directory(folder, 0, &lock, &error), ROLLCODE_OK);
	ck_assert_int_eq(fcntl(lock, F_GETFD), FD_CLOEXEC);
	close(lock);
	ck_assert_int_eq(symlink(folder, file), 0);
	ck_assert_int_ne(lock_directory(file, 0, &lock, &error), ROLLCODE_OK);
	ck_assert_int_eq(lock, -1);
}
END_TEST

int
main(void)
{
	TCase *tcase = test_case("files", 0);

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_file_is_replaced_and_is_ones_own);
	tcase_add_test(tcase, a_file_is_on_disk_before_it_has_its_name);
	tcase_add_test(tcase, a_file_that_is_not_to_be_replaced_stays);
	tcase_add_test(tcase, a_link_beside_it_is_not_followed);
	tcase_add_test(tcase, what_cannot_be_synced_is_not_there);
	tcase_add_test(tcase, what_is_written_in_part_is_not_there);
	tcase_add_test(
	    tcase, a_name_without_room_for_the_one_beside_it_is_refused);
	tcase_add_test(tcase, a_lock_that_is_busy_costs_no_descriptor);
	tcase_add_test(
	    tcase, a_lock_is_of_the_directory_itself_and_ends_with_the_program);
	return test_run_apart();
}
