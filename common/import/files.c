/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common/base/replace.h"
#include "common/import/files.h"

#define FILE_LEN_MAX ((size_t)16 << 20)
#define NAME_SHOWN 200 /* of a file's name in a sentence */

static enum rollcode_err
choose_format(const struct import_source *source, const struct cli_bytes *bytes,
    enum import_format *format, struct error *error)
{
	*format = import_guess(bytes->text, bytes->len);
	if (source->format[0] == '\0')
		return ROLLCODE_OK;
	*format = import_format_from_name(source->format);
	if (*format != IMPORT_NONE)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_USAGE,
	    "--format is otpauth, oath, google, demo, pskc, csv, migration, "
	    "json or sealed");
}

static enum rollcode_err
file_bytes(const struct import_file *file, struct cli_bytes *bytes,
    struct error *error)
{
	struct error what = {0};
	enum rollcode_err err;

	err = cli_read_all(file->fd, FILE_LEN_MAX, bytes, &what);
	if (err == ROLLCODE_OK)
		return ROLLCODE_OK;
	return error_pass(error, err, &what, "%.*s", NAME_SHOWN, file->name);
}

static enum rollcode_err
read_sealed(struct import_list *list, const struct import_source *source,
    const struct cli_bytes *bytes, struct error *error)
{
	WIPED(cli_passphrase_wipe) struct cli_passphrase asked = {""};
	WIPED(cli_bytes_free) struct cli_bytes open = {NULL, 0, 0};
	const char *passphrase = source->passphrase;
	struct error what = {0};
	enum rollcode_err err;

	if (passphrase == NULL) {
		if ((err = cli_passphrase("", "--seal-file",
			 "Passphrase of the export", false, &asked, error)) !=
		    ROLLCODE_OK)
			return err;
		passphrase = asked.text;
	}
	if ((err = export_open(passphrase, bytes->text, bytes->len, &open,
		 &what)) != ROLLCODE_OK)
		return error_pass(
		    error, err, &what, "%.*s", NAME_SHOWN, list->file);
	return import_read(
	    list, IMPORT_OTPAUTH, source->user, open.text, open.len, error);
}

static enum rollcode_err
read_demo(struct import_list *list, const struct import_source *source,
    const struct cli_bytes *env, const struct import_file *file,
    struct error *error)
{
	WIPED(cli_bytes_free) struct cli_bytes database = {NULL, 0, 0};
	enum rollcode_err err;

	if (file->journal)
		return import_refuse(list,
		    "there is a journal beside the database; end the demo, and "
		    "open the database once with sqlite3",
		    error);
	if ((err = file_bytes(file, &database, error)) != ROLLCODE_OK)
		return err;
	return import_demo(list, source->user, env->text, env->len,
	    database.text, database.len, error);
}

/* What the next file is, or the next two together. */
static enum rollcode_err
read_import_file(struct import_list *list, const struct import_source *source,
    const struct import_opened *opened, size_t *at, struct error *error)
{
	WIPED(cli_bytes_free) struct cli_bytes raw = {NULL, 0, 0};
	WIPED(cli_bytes_free) struct cli_bytes bytes = {NULL, 0, 0};
	const struct import_file *file = &opened->files[(*at)++];
	import_reader *pskc = source->pskc;
	enum import_format format;
	struct error why = {0};
	enum rollcode_err err;

	list->file = file->name;
	if ((err = file_bytes(file, &raw, error)) != ROLLCODE_OK)
		return err;
	if ((err = import_unmark(&raw, &bytes, &why)) != ROLLCODE_OK)
		return err == ROLLCODE_ERR_INPUT
			   ? import_refuse(list, why.text, error)
			   : error_pass(error, err, &why, NULL);
	if ((err = choose_format(source, &bytes, &format, error)) !=
	    ROLLCODE_OK)
		return err;
	if (format == IMPORT_SEALED)
		return read_sealed(list, source, &bytes, error);
	if (format == IMPORT_DEMO && *at == opened->count)
		return import_refuse(list,
		    "the demo's counter is in a database, opener.db or "
		    "remote.db; name it after the .env",
		    error);
	if (format == IMPORT_DEMO)
		return read_demo(
		    list, source, &bytes, &opened->files[(*at)++], error);
	if (format == IMPORT_PSKC && pskc == NULL)
		return import_refuse(list,
		    "PSKC is for servers; rollcode-admin import reads it",
		    error);
	if (format == IMPORT_PSKC)
		/* XML says itself how it is encoded. */
		return pskc(list, source, raw.text, raw.len, error);
	return import_read(
	    list, format, source->user, bytes.text, bytes.len, error);
}

enum rollcode_err
import_files(struct import_list *list, const struct import_source *source,
    const struct import_opened *opened, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;
	size_t at = 0;

	while (at < opened->count && err == ROLLCODE_OK && !import_full(list))
		err = read_import_file(list, source, opened, &at, error);
	if (err == ROLLCODE_OK)
		list->unread_files = opened->count - at;
	return err;
}

void
import_tell(
    const struct import_entry *entry, const char *program, const char *what)
{
	char place[IMPORT_PLACE_MAX];

	import_place(entry, place);
	plain_line(stderr, "%s: %s: %s", program, place, what);
}

void
import_tell_refused(const struct import_list *list, const char *program)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->entries[i].refused != NULL)
			import_tell(&list->entries[i], program,
			    list->entries[i].refused);
}

void
import_summary(const size_t merged[MERGE_KINDS], size_t refused)
{
	static const char *const kinds[MERGE_KINDS] = {
	    [MERGE_RAISED] = "moved forward",
	    [MERGE_SAME] = "already there",
	    [MERGE_KEPT] = "there with a higher counter",
	    [MERGE_LOWERED] = "moved back by force",
	};

	printf("%zu token%s added", merged[MERGE_ADDED],
	    PLURAL(merged[MERGE_ADDED]));
	for (int i = 0; i < MERGE_KINDS; i++)
		if (kinds[i] != NULL && merged[i] > 0)
			printf(", %zu %s", merged[i], kinds[i]);
	if (refused > 0)
		printf(", %zu refused", refused);
	printf("\n");
}

enum rollcode_err
export_line(struct cli_bytes *bytes, const struct provision *p, bool disabled,
    struct error *error)
{
	WIPED(provision_line_wipe) struct provision_line line = {""};
	const char *end = disabled ? " disabled\n" : "\n";
	enum rollcode_err err;

	if ((err = provision_format(p, &line, error)) == ROLLCODE_OK &&
	    (err = cli_bytes_add(bytes, line.text, strlen(line.text), error)) ==
		ROLLCODE_OK)
		err = cli_bytes_add(bytes, end, strlen(end), error);
	return err;
}

enum rollcode_err
export_prepare(const char *passphrase, const struct cli_bytes **bytes,
    struct cli_bytes *sealed, struct error *error)
{
	const struct cli_bytes *plain = *bytes;

	if (passphrase == NULL)
		return ROLLCODE_OK;
	*bytes = sealed;
	return export_seal(
	    passphrase, EXPORT_LOG_N, plain->text, plain->len, sealed, error);
}

enum rollcode_err
export_write(const struct cli_bytes *bytes, const char *passphrase,
    const char *path, struct error *error)
{
	WIPED(cli_bytes_free) struct cli_bytes sealed = {NULL, 0, 0};
	enum rollcode_err err;

	if ((err = export_prepare(passphrase, &bytes, &sealed, error)) !=
	    ROLLCODE_OK)
		return err;
	if (*path == '\0')
		return cli_write(bytes->text, bytes->len, error);
	if ((err = cli_write_new(path, bytes->text, bytes->len, error)) !=
	    ROLLCODE_OK)
		return err;
	return replace_sync_directory(path, error);
}
