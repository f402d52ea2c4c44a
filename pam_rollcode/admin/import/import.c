/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import.c - tokens of other programs become ours.
 *
 *  1. All of a user's lines are taken over, in one durable step, or none is.
 *  2. No counter is lowered, unless by force.
 *  3. Run again, after a kill too, it finishes what is missing and doubles
 *     nothing.
 *  4. Root opens the files and reads nothing of them: somebody else may have
 *     made them.  They are parsed as the account, in bounded memory.
 */
#include <stdio.h>
#include <stdlib.h>

#include "admin/import/import.h"
#include "common/token/codec.h"
#include "common/token/token.h"

#define OWNERS_LEN_MAX ((size_t)16 << 20)

static void
importing_end(struct importing *im)
{
	admin_close(&im->admin);
	import_close(&im->opened);
	import_close(&im->owners_file);
	import_free(&im->list);
	owners_free(&im->owners);
	free(im->order);
}

/* The lines of a user stand together, in the order of the files. */
static int
compare_entries(const void *a, const void *b)
{
	const struct import_entry *x = *(struct import_entry *const *)a;
	const struct import_entry *y = *(struct import_entry *const *)b;
	int order = strcmp(x->user, y->user);

	if (order != 0)
		return order;
	return (x > y) - (x < y);
}

static enum rollcode_err
sort_entries(struct importing *im, struct error *error)
{
	size_t count = im->list.count;

	im->order = calloc(count + 1, sizeof(struct import_entry *));
	if (im->order == NULL)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < count; i++)
		im->order[i] = &im->list.entries[i];
	qsort(im->order, count, sizeof(struct import_entry *), compare_entries);
	return ROLLCODE_OK;
}

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

/* So many users at once; *at is behind them. */
static enum rollcode_err
next_users(struct importing *im, size_t *at, struct error *error)
{
	struct import_group groups[STORE_AT_ONCE] = {{.lines = NULL}};
	enum rollcode_err err = ROLLCODE_OK;
	size_t count = 0;

	for (; *at < im->list.count && count < STORE_AT_ONCE; count++) {
		groups[count].lines = im->order + *at;
		groups[count].count = group_size(im, *at);
		*at += groups[count].count;
	}
	import_together(im, groups, count);
	for (size_t i = 0; i < count && err == ROLLCODE_OK; i++) {
		err = import_user(im, &groups[i], error);
		for (size_t n = 0; n < groups[i].count; n++)
			progress_step(&im->progress);
	}
	return err;
}

static enum rollcode_err
each_user(struct importing *im, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;

	progress_begin(&im->progress, "importing", (int64_t)im->list.count);
	for (size_t i = 0; i < im->list.count && err == ROLLCODE_OK;)
		err = next_users(im, &i, error);
	progress_clear(&im->progress);
	return err;
}

/* What is given is for encrypted key containers, and for nothing else. */
static bool
for_container(const struct admin_options *o)
{
	return o->key_file[0] != '\0' || o->passphrase_file[0] != '\0';
}

/* Nothing is passed over that somebody gave. */
static enum rollcode_err
from_store(
    const struct admin_options *options, char **argv, struct error *error)
{
	if (*argv != NULL || options->format[0] != '\0' ||
	    options->user[0] != '\0' || options->seal_file[0] != '\0' ||
	    for_container(options) || options->serial[0] != '\0' ||
	    options->owners[0] != '\0' || options->no_account ||
	    options->force || options->add)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--from imports a whole store; give no file and no other "
		    "option with it");
	return import_store(options, error);
}

/* The passphrase or the key of an encrypted file, if one is given. */
static enum rollcode_err
read_key(struct importing *im, struct import_source *source,
    struct provision_line *line, struct secret *key, struct error *error)
{
	const struct admin_options *o = im->options;
	bool given = o->seal_file[0] != '\0' || o->passphrase_file[0] != '\0';
	enum rollcode_err err;

	if (!given && o->key_file[0] == '\0')
		return ROLLCODE_OK;
	if ((err = admin_read_secret(&im->admin, line->text,
		 given ? CLI_PASSPHRASE_MAX + 1 : sizeof(line->text), error)) !=
	    ROLLCODE_OK)
		return err;
	if (given) {
		source->passphrase = line->text;
		return ROLLCODE_OK;
	}
	source->key = key;
	key->len = strlen(line->text) / 2;
	/* No key of AES has these lengths in base32. */
	if ((key->len == 16 || key->len == 24 || key->len == 32) &&
	    hex_decode(line->text, key->bytes, key->len))
		return ROLLCODE_OK;
	return token_parse_secret(line->text, key, error);
}

/* Which tokens are wanted, if not all; the list is a file of somebody else. */
static enum rollcode_err
read_owners(struct importing *im, struct error *error)
{
	WIPED(cli_bytes_free) struct cli_bytes raw = {NULL, 0, 0};
	WIPED(cli_bytes_free) struct cli_bytes text = {NULL, 0, 0};
	const struct admin_options *o = im->options;
	struct error why = {0};
	enum rollcode_err err;

	if (o->serial[0] != '\0')
		return owners_add(&im->owners, o->serial, "", error);
	if (o->owners[0] == '\0')
		return ROLLCODE_OK;
	if ((err = cli_read_all(im->owners_file.files[0].fd, OWNERS_LEN_MAX,
		 &raw, &why)) != ROLLCODE_OK ||
	    (err = import_unmark(&raw, &text, &why)) != ROLLCODE_OK ||
	    (err = owners_read(&im->owners, text.text, text.len, &why)) !=
		ROLLCODE_OK)
		return error_pass(error, err, &why, "%.200s", o->owners);
	if (im->owners.count > 0)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "%.200s: there is no serial number in it", o->owners);
}

static enum rollcode_err
read_files(struct importing *im, struct error *error)
{
	WIPED(provision_line_wipe) struct provision_line line = {""};
	WIPED(secret_wipe) struct secret key = {0};
	struct import_source source = {
	    .format = for_container(im->options) ? "pskc" : im->options->format,
	    .user = im->options->user,
	    .encrypted = for_container(im->options),
	    .pskc = pskc_read,
	};
	enum rollcode_err err;

	if ((err = admin_open(&im->admin, im->options, NULL, error)) !=
		ROLLCODE_OK ||
	    (err = read_key(im, &source, &line, &key, error)) != ROLLCODE_OK ||
	    (err = read_owners(im, error)) != ROLLCODE_OK)
		return err;
	if (im->owners.count > 0)
		im->list.owners = &im->owners;
	if ((err = import_files(&im->list, &source, &im->opened, error)) !=
		ROLLCODE_OK ||
	    (err = import_unseen(&im->list, error)) != ROLLCODE_OK)
		return err;
	import_close(&im->opened);
	if ((err = import_all_read(&im->list, error)) != ROLLCODE_OK)
		import_tell_refused(&im->list, "rollcode-admin");
	return err;
}

static enum rollcode_err
tell_summary(struct importing *im, struct error *error)
{
	size_t refused = im->list.refused;

	printf("%zu user%s, ", im->users, PLURAL(im->users));
	import_summary(im->merged, refused);
	if (refused == 0)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "%zu of %zu entries were refused; correct them and run the command "
	    "again, nothing is imported twice",
	    refused, im->list.count);
}

/* One of them at most, and each for its format. */
static enum rollcode_err
check_keys(const struct admin_options *o, struct error *error)
{
	if ((o->seal_file[0] != '\0') + (o->passphrase_file[0] != '\0') +
		(o->key_file[0] != '\0') >
	    1)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--seal-file, --passphrase-file and --key-file: give one "
		    "of them; import the files that need them one by one");
	if (!for_container(o) || o->format[0] == '\0' ||
	    strcmp(o->format, "pskc") == 0)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_USAGE,
	    "--passphrase-file and --key-file are for the format pskc alone");
}

enum rollcode_err
admin_import(void *base, char **argv, struct error *error)
{
	WIPED(importing_end) struct importing im = {.options = base};
	struct admin_options *o = base;
	char *owners[] = {o->owners, NULL};
	enum rollcode_err err;

	if (o->from[0] != '\0')
		return from_store(o, argv, error);
	if (o->serial[0] != '\0' && o->owners[0] != '\0')
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--serial and --owners: give one of them");
	if ((err = check_keys(o, error)) != ROLLCODE_OK)
		return err;
	if ((err = import_open(&im.opened, argv, error)) != ROLLCODE_OK ||
	    (o->owners[0] != '\0' && (err = import_open(&im.owners_file, owners,
					  error)) != ROLLCODE_OK) ||
	    (err = read_files(&im, error)) != ROLLCODE_OK ||
	    (err = sort_entries(&im, error)) != ROLLCODE_OK ||
	    (err = each_user(&im, error)) != ROLLCODE_OK)
		return err;
	return tell_summary(&im, error);
}
