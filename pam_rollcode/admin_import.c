/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_import.c - tokens of other programs become ours.
 *
 *  1. All of a user's lines are taken over, in one durable step, or none is.
 *  2. No counter is lowered, unless by force.
 *  3. Run again, after a kill too, it finishes what is missing and doubles
 *     nothing.
 *  4. Root opens the files and reads nothing of them: somebody else may have
 *     made them.  They are parsed as the account, in bounded memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "admin_import.h"
#include "pskc.h"

#define MEMORY_MAX ((rlim_t)768 << 20) /* 262,144 tokens, or scrypt's 2^19 */

static void
importing_end(struct importing *im)
{
	admin_close(&im->admin);
	import_close(&im->opened);
	import_free(&im->list);
	free(im->order);
	free(im->group);
}

/* The lines of a user stand together, in the order of the files. */
static int
compare(const void *a, const void *b)
{
	const struct import_entry *x = *(struct import_entry *const *)a;
	const struct import_entry *y = *(struct import_entry *const *)b;
	int order = strcmp(x->user, y->user);

	if (order != 0)
		return order;
	return (x > y) - (x < y);
}

static enum rollcode_err
sort(struct importing *im, struct error *error)
{
	size_t count = im->list.count;

	im->order = calloc(count + 1, sizeof(struct import_entry *));
	im->group = calloc(count + 1, sizeof(struct import_outcome));
	if (im->order == NULL || im->group == NULL)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < count; i++)
		im->order[i] = &im->list.entries[i];
	qsort(im->order, count, sizeof(struct import_entry *), compare);
	return ROLLCODE_OK;
}

/* --- all of them ---------------------------------------------------------- */

/* How many from here on are of one user; those of nobody are one each. */
static size_t
group_size(const struct importing *im, size_t at)
{
	size_t n = 1;

	while (im->order[at]->user[0] != '\0' && at + n < im->list.count &&
	       strcmp(im->order[at]->user, im->order[at + n]->user) == 0)
		n++;
	return n;
}

static enum rollcode_err
each_user(struct importing *im, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;
	size_t n;

	progress_begin(&im->progress, "importing", (int64_t)im->list.count);
	for (size_t i = 0; i < im->list.count && err == ROLLCODE_OK; i += n) {
		n = group_size(im, i);
		err = import_user(im, im->order + i, n, error);
		for (size_t k = 0; k < n; k++)
			progress_step(&im->progress);
	}
	progress_clear(&im->progress);
	return err;
}

/* Nothing is passed over that somebody gave. */
static enum rollcode_err
from_store(const struct admin_options *options, int argc, struct error *error)
{
	if (argc > 0 || options->format[0] != '\0' ||
	    options->user[0] != '\0' || options->seal_file[0] != '\0' ||
	    options->no_account || options->force || options->add)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--from takes a whole store over: there is no file and no "
		    "other option beside it");
	return import_store(options, error);
}

/* Address space in use, which sanitizers make large. */
static rlim_t
used_memory(void)
{
	char text[32] = "";
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	return (rlim_t)strtoull(text, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* A bug in a parser must not take the machine's memory either. */
static enum rollcode_err
limit_memory(struct error *error)
{
	rlim_t max = used_memory() + MEMORY_MAX;
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_max <= max)
		max = limit.rlim_max;
	limit.rlim_cur = limit.rlim_max = max;
	if (setrlimit(RLIMIT_AS, &limit) == 0)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_SYS,
	    "cannot limit memory for reading the files: %s", strerror(errno));
}

static enum rollcode_err
read_files(
    struct importing *im, struct import_source *source, struct error *error)
{
	enum rollcode_err err;

	if ((err = admin_open(&im->admin, im->options, error)) != ROLLCODE_OK ||
	    (err = limit_memory(error)) != ROLLCODE_OK ||
	    (err = import_files(&im->list, source, &im->opened, error)) !=
		ROLLCODE_OK)
		return err;
	import_close(&im->opened);
	if ((err = import_all_read(&im->list, error)) != ROLLCODE_OK)
		import_tell_refused(&im->list, "rollcode-admin");
	return err;
}

static enum rollcode_err
tell_summary(struct importing *im, struct error *error)
{
	size_t refused = import_refused(&im->list);

	printf("%zu users, ", im->users);
	import_summary(im->merged, refused);
	if (refused == 0)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "%zu of %zu were refused; mend them and run it again, which "
	    "doubles nothing",
	    refused, im->list.count);
}

enum rollcode_err
admin_import(void *base, int argc, char **argv, struct error *error)
{
	WIPED(importing_end) struct importing im = {.options = base};
	WIPED(cli_passphrase_wipe) struct cli_passphrase passphrase = {""};
	struct import_source source = {
	    .format = im.options->format,
	    .user = im.options->user,
	    .pskc = pskc_read,
	};
	enum rollcode_err err;

	if (im.options->from[0] != '\0')
		return from_store(im.options, argc, error);
	if ((err = import_passphrase(&source, im.options->seal_file,
		 &passphrase, error)) != ROLLCODE_OK ||
	    (err = import_open(&im.opened, argc, argv, error)) != ROLLCODE_OK ||
	    (err = read_files(&im, &source, error)) != ROLLCODE_OK ||
	    (err = sort(&im, error)) != ROLLCODE_OK ||
	    (err = each_user(&im, error)) != ROLLCODE_OK)
		return err;
	return tell_summary(&im, error);
}
