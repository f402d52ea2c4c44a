/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"
#include "common/import/files.h"

/* Every line that is refused is named, not the first alone. */
static enum rollcode_err
name_refused(const struct import_list *list, struct error *error)
{
	enum rollcode_err err;

	import_tell_refused(list, "rollcode-token");
	if ((err = import_all_read(list, error)) != ROLLCODE_OK)
		return err;
	if (list->refused == 0)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "nothing was imported, because %zu of %zu entries were refused; "
	    "correct them and run the command again",
	    list->refused, list->count);
}

enum rollcode_err
cmd_import(void *base, char **argv, struct error *error)
{
	WIPED(wallet_close) struct wallet *wallet = NULL;
	WIPED(import_free) struct import_list list = {.entries = NULL};
	WIPED(import_close) struct import_opened opened = {NULL, 0};
	WIPED(cli_passphrase_wipe) struct cli_passphrase passphrase = {""};
	const struct options *options = base;
	bool given = options->seal_file[0] != '\0';
	struct import_source source = {
	    .format = options->format,
	    .user = "",
	    .passphrase = given ? passphrase.text : NULL,
	};
	size_t merged[MERGE_KINDS];
	enum rollcode_err err;

	if ((err = cmd_check_words(argv, error)) != ROLLCODE_OK ||
	    (given && (err = cli_passphrase(options->seal_file, "", "", false,
			   &passphrase, error)) != ROLLCODE_OK) ||
	    (err = import_open(&opened, argv, error)) != ROLLCODE_OK ||
	    (err = import_files(&list, &source, &opened, error)) !=
		ROLLCODE_OK ||
	    (err = name_refused(&list, error)) != ROLLCODE_OK ||
	    (err = cmd_create(options, error)) != ROLLCODE_OK ||
	    (err = cmd_unlock(options, argv, &wallet, error)) != ROLLCODE_OK ||
	    (err = wallet_import(
		 wallet, &list, options->force, merged, error)) != ROLLCODE_OK)
		return err;
	import_summary(merged, 0);
	return ROLLCODE_OK;
}

/*
 * A server takes a name before a line, or a line's account, for a user: what
 * the owner calls the token stands in neither.
 */
static enum rollcode_err
add_line(struct wallet *wallet, const char *name, struct cli_bytes *lines,
    struct error *error)
{
	WIPED(wallet_entry_wipe) struct wallet_entry entry = {0};
	enum rollcode_err err;

	if ((err = wallet_reveal(wallet, name, &entry, error)) != ROLLCODE_OK)
		return err;
	memcpy(entry.provision.name, entry.name, sizeof(entry.name));
	return export_line(lines, &entry.provision, false, error);
}

static enum rollcode_err
add_all(struct wallet *wallet, struct cli_bytes *lines, struct error *error)
{
	struct wallet_entry entry = {0};
	enum rollcode_err err;

	while (wallet_each(wallet, &entry, &err, error))
		if ((err = add_line(wallet, entry.name, lines, error)) !=
		    ROLLCODE_OK)
			break;
	return err;
}

enum rollcode_err
cmd_export(void *base, char **argv, struct error *error)
{
	WIPED(wallet_close) struct wallet *wallet = NULL;
	WIPED(cli_bytes_free) struct cli_bytes lines = {NULL, 0, 0};
	WIPED(cli_passphrase_wipe) struct cli_passphrase passphrase = {""};
	const struct options *options = base;
	const char *seal = options->plain ? NULL : passphrase.text;
	enum rollcode_err err;

	if ((err = cmd_unlock(options, argv, &wallet, error)) != ROLLCODE_OK)
		return err;
	if (*argv == NULL)
		err = add_all(wallet, &lines, error);
	for (; *argv != NULL && err == ROLLCODE_OK; argv++)
		err = add_line(wallet, *argv, &lines, error);
	if (err == ROLLCODE_OK && seal != NULL)
		err = cli_passphrase(options->seal_file, "--seal-file",
		    "Passphrase for the export", true, &passphrase, error);
	if (err != ROLLCODE_OK || (err = export_write(&lines, seal,
				       options->output, error)) != ROLLCODE_OK)
		return err;
	fprintf(stderr, "exported; use a token in one place only: remove it "
			"here after it was added there\n");
	return ROLLCODE_OK;
}
