/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <sys/stat.h>

#include "import_files.h"
#include "parcel.h"

#define FILE_LEN_MAX ((size_t)256 << 20)
#define PATH_SHOWN 200 /* of a path in a sentence */

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
	    "--format is otpauth, oath, google, demo, pskc or sealed");
}

static enum rollcode_err
refuse_file(struct import_list *list, const char *what, struct error *error)
{
	struct error why;

	error_set(&why, ROLLCODE_ERR_INPUT, "%s", what);
	return import_refuse(list, 0, "", &why, error);
}

static enum rollcode_err
read_sealed(struct import_list *list, const struct import_source *source,
    const struct cli_bytes *bytes, struct error *error)
{
	WIPED(cli_passphrase_wipe) struct cli_passphrase passphrase = {""};
	WIPED(parcel_free) struct parcel open = {NULL, 0, 0};
	struct error what = {""};
	enum rollcode_err err;

	if ((err = cli_passphrase(source->seal_file,
		 "Passphrase of the export: ", false, &passphrase, error)) !=
	    ROLLCODE_OK)
		return err;
	if ((err = parcel_open(passphrase.text, bytes->text, bytes->len, &open,
		 &what)) != ROLLCODE_OK)
		return error_set(
		    error, err, "%.*s: %s", PATH_SHOWN, list->file, what.text);
	return import_read(
	    list, IMPORT_OTPAUTH, source->user, open.text, open.len, error);
}

/* A journal beside a database has a part of it. */
static bool
has_journal(const char *path)
{
	static const char *const endings[] = {"-journal", "-wal"};
	char beside[4096];
	struct stat st;

	for (size_t i = 0; i < 2; i++) {
		snprintf(beside, sizeof(beside), "%s%s", path, endings[i]);
		if (stat(beside, &st) == 0 && st.st_size > 0)
			return true;
	}
	return false;
}

static enum rollcode_err
read_demo(struct import_list *list, const struct import_source *source,
    const struct cli_bytes *env, const char *path, struct error *error)
{
	WIPED(cli_bytes_free) struct cli_bytes database = {NULL, 0, 0};
	enum rollcode_err err;

	if (has_journal(path))
		return refuse_file(list,
		    "a journal lies beside the database; end the demo, and "
		    "let sqlite3 read it once",
		    error);
	if ((err = cli_read_all(path, FILE_LEN_MAX, &database, error)) !=
	    ROLLCODE_OK)
		return err;
	return import_demo(list, source->user, env->text, env->len,
	    database.text, database.len, error);
}

static enum rollcode_err
read_file(struct import_list *list, const struct import_source *source,
    const char *path, const char **second, struct error *error)
{
	WIPED(cli_bytes_free) struct cli_bytes bytes = {NULL, 0, 0};
	const char *next = *second;
	enum import_format format;
	enum rollcode_err err;

	*second = NULL;
	list->file = strcmp(path, "-") == 0 ? "standard input" : path;
	if ((err = cli_read_all(path, FILE_LEN_MAX, &bytes, error)) !=
		ROLLCODE_OK ||
	    (err = choose_format(source, &bytes, &format, error)) !=
		ROLLCODE_OK)
		return err;
	if (format == IMPORT_SEALED)
		return read_sealed(list, source, &bytes, error);
	if (format == IMPORT_DEMO && next != NULL) {
		*second = next;
		return read_demo(list, source, &bytes, next, error);
	}
	if (format == IMPORT_DEMO)
		return refuse_file(list,
		    "the demo's counter is in a database, opener.db or "
		    "remote.db; name it behind the .env",
		    error);
	if (format != IMPORT_PSKC)
		return import_read(
		    list, format, source->user, bytes.text, bytes.len, error);
	if (source->pskc == NULL)
		return refuse_file(list,
		    "PSKC is for servers; rollcode-admin import reads it",
		    error);
	return source->pskc(list, source->user, bytes.text, bytes.len, error);
}

enum rollcode_err
import_files(struct import_list *list, const struct import_source *source,
    int argc, char **argv, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;
	const char *second = NULL;

	if (argc == 0)
		return read_file(list, source, "-", &second, error);
	for (int i = 0; i < argc && err == ROLLCODE_OK; i++) {
		second = i + 1 < argc ? argv[i + 1] : NULL;
		err = read_file(list, source, argv[i], &second, error);
		i += second != NULL;
	}
	return err;
}

void
import_summary(const size_t merged[MERGE_KINDS], size_t refused)
{
	static const char *const kinds[MERGE_KINDS] = {
	    [MERGE_RAISED] = "moved forward",
	    [MERGE_SAME] = "here already",
	    [MERGE_KEPT] = "here with a higher counter",
	    [MERGE_LOWERED] = "moved back by force",
	};

	printf("%zu tokens added", merged[MERGE_ADDED]);
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
export_write(
    const struct cli_bytes *bytes, const char *passphrase, struct error *error)
{
	WIPED(parcel_free) struct parcel sealed = {NULL, 0, 0};
	enum rollcode_err err;

	if (passphrase == NULL)
		return cli_write(bytes->text, bytes->len, error);
	if ((err = parcel_seal(passphrase, PARCEL_LOG_N, bytes->text,
		 bytes->len, &sealed, error)) != ROLLCODE_OK)
		return err;
	return cli_write(sealed.text, sealed.len, error);
}
