/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libfault.so, put before the C library by LD_PRELOAD: allocations that fail,
 * and another time of day.  Neither is a system call, so strace cannot change
 * it; and it is the installed program that is tried, from its start, so no
 * linker's --wrap can.
 *
 *	FAULT_ALLOC=N	the N-th allocation of the process fails
 *	FAULT_FROM=N	so does every one behind it
 *	FAULT_COUNT=F	how many there were, into the file F at the end
 *	FAULT_TIME=T	the time of day is T, seconds since 1970
 */
#include <dlfcn.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
} next;

static unsigned long fail_at, fail_from;
static unsigned long count;
static const char *count_file;
static int watching, has_time;
static time_t the_time;

static unsigned long
number(const char *name)
{
	const char *text = getenv(name);

	return text == NULL ? 0 : strtoul(text, NULL, 10);
}

/* dlsym gives an object pointer, which is a function here. */
static void
find(const char *name, void *out)
{
	if (*(void **)out == NULL)
		*(void **)out = dlsym(RTLD_NEXT, name);
	if (*(void **)out == NULL)
		abort();
}

static void __attribute__((constructor)) begin(void)
{
	const char *text = getenv("FAULT_TIME");

	if (text != NULL) {
		the_time = (time_t)strtoll(text, NULL, 10);
		has_time = 1;
	}
	/* glibc crashes where its first look-up lacks memory. */
	(void)!getpwnam("root");
	fail_at = number("FAULT_ALLOC");
	fail_from = number("FAULT_FROM");
	count_file = getenv("FAULT_COUNT");
	count = 0;
	watching = 1;
}

static void __attribute__((destructor)) end(void)
{
	FILE *file;

	watching = 0;
	if (count_file == NULL || (file = fopen(count_file, "w")) == NULL)
		return;
	fprintf(file, "%lu\n", count);
	fclose(file);
}

static int
fails(void)
{
	unsigned long n;

	if (!watching)
		return 0;
	n = __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED);
	if (n != fail_at && (fail_from == 0 || n < fail_from))
		return 0;
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t size)
{
	find("malloc", &next.malloc);
	return fails() ? NULL : next.malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	find("calloc", &next.calloc);
	return fails() ? NULL : next.calloc(n, size);
}

void *
realloc(void *p, size_t size)
{
	find("realloc", &next.realloc);
	return fails() ? NULL : next.realloc(p, size);
}

time_t
time(time_t *out)
{
	struct timespec now;

	if (has_time)
		now.tv_sec = the_time;
	else
		clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}
