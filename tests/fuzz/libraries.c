/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libraries.c - SQLite and the crypto library, led to the same failing calls.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <sqlite3.h>

#include "calls.h"

/* They come before the C library's, in SQLite too; nothing waits for a disk. */
int
fdatasync(int fd)
{
	(void)fd;
	return calls_fail(CALL_WRITE) ? -1 : 0;
}

int
fsync(int fd)
{
	(void)fd;
	return calls_fail(CALL_WRITE) ? -1 : 0;
}

static int
sqlite_open_call(const char *path, int flags, int mode)
{
	return calls_fail(CALL_OTHER) ? -1
				      : openat(AT_FDCWD, path, flags, mode);
}

#define REPLACE(kind, name, parameters, arguments, call)            \
	static int replaced_##name parameters                       \
	{                                                           \
		return calls_fail(kind) ? -1 : (int)call arguments; \
	}

/* clang-format off */
REPLACE(CALL_OTHER, pread, (int fd, void *to, size_t n, off_t at),
    (fd, to, n, at), pread)
REPLACE(CALL_WRITE, pwrite, (int fd, const void *from, size_t n, off_t at),
    (fd, from, n, at), pwrite)
REPLACE(CALL_WRITE, ftruncate, (int fd, off_t len), (fd, len), ftruncate)
REPLACE(CALL_WRITE, fallocate, (int fd, off_t from, off_t len), (fd, from, len),
    posix_fallocate)
REPLACE(CALL_WRITE, unlink, (const char *path), (path), unlink)
/* clang-format on */

static int
replaced_fcntl(int fd, int command, void *argument)
{
	return calls_fail(CALL_OTHER) ? -1 : fcntl(fd, command, argument);
}

/* fstat and read are wrapped already. */
static void
replace_calls(sqlite3_vfs *vfs)
{
	const struct {
		const char *name;
		sqlite3_syscall_ptr call;
	} table[] = {
	    {"open", (sqlite3_syscall_ptr)sqlite_open_call},
	    {"fstat", (sqlite3_syscall_ptr)fstat},
	    {"fcntl", (sqlite3_syscall_ptr)replaced_fcntl},
	    {"read", (sqlite3_syscall_ptr)read},
	    {"pread", (sqlite3_syscall_ptr)replaced_pread},
	    {"pread64", (sqlite3_syscall_ptr)replaced_pread},
	    {"pwrite", (sqlite3_syscall_ptr)replaced_pwrite},
	    {"pwrite64", (sqlite3_syscall_ptr)replaced_pwrite},
	    {"ftruncate", (sqlite3_syscall_ptr)replaced_ftruncate},
	    {"fallocate", (sqlite3_syscall_ptr)replaced_fallocate},
	    {"unlink", (sqlite3_syscall_ptr)replaced_unlink},
	};

	for (size_t i = 0; i < COUNT(table); i++)
		(void)!vfs->xSetSystemCall(vfs, table[i].name, table[i].call);
}

static sqlite3_mem_methods memory;

static void *
sqlite_malloc(int n)
{
	return calls_fail(CALL_MEMORY) ? NULL : memory.xMalloc(n);
}

static void *
sqlite_realloc(void *old, int n)
{
	return calls_fail(CALL_MEMORY) ? NULL : memory.xRealloc(old, n);
}

static void *
crypto_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return calls_fail(CALL_MEMORY) ? NULL : malloc(n);
}

static void *
crypto_realloc(void *old, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return calls_fail(CALL_MEMORY) ? NULL : realloc(old, n);
}

static void
crypto_free(void *old, const char *file, int line)
{
	(void)file;
	(void)line;
	free(old);
}

void
calls_open(void)
{
	sqlite3_mem_methods replaced;

	promise(
	    CRYPTO_set_mem_functions(
		crypto_malloc, crypto_realloc, crypto_free) == 1 &&
		sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory) == SQLITE_OK,
	    "the libraries' memory is ours");
	replaced = memory;
	replaced.xMalloc = sqlite_malloc;
	replaced.xRealloc = sqlite_realloc;
	promise(sqlite3_config(SQLITE_CONFIG_MALLOC, &replaced) == SQLITE_OK &&
		    sqlite3_initialize() == SQLITE_OK,
	    "SQLite takes it");
	replace_calls(sqlite3_vfs_find("unix-excl"));
	calls_reset();
}
