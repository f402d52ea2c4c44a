/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "common/sqlite/parts.h"
#include "common/sqlite/sqlite.h"

#define STEPS_MAX 1000000 /* of the virtual machine, for any statement */
#define NAME_MAX_SQL 64	  /* bytes of a table's name */

static int
too_many(void *unused)
{
	(void)unused;
	return 1;
}

/* Nothing that a hostile schema could do is left: no view, no trigger. */
static enum rollcode_err
connect_image(const void *image, size_t len, sqlite3 **db, struct error *error)
{
	unsigned char *copy;
	int rc, on;

	rc = sqlite3_open_v2(":memory:", db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_PRIVATECACHE, NULL);
	if (rc == SQLITE_OK && (copy = sqlite3_malloc64(len + 1)) != NULL) {
		memcpy(copy, image, len);
		rc = sqlite3_deserialize(*db, "main", copy, (sqlite3_int64)len,
		    (sqlite3_int64)len,
		    SQLITE_DESERIALIZE_READONLY |
			SQLITE_DESERIALIZE_FREEONCLOSE);
	} else if (rc == SQLITE_OK) {
		rc = SQLITE_NOMEM;
	}
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(
		    *db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, &on);
	if (rc == SQLITE_OK)
		rc =
		    sqlite3_db_config(*db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, &on);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(*db, SQLITE_DBCONFIG_DEFENSIVE, 1, &on);
	if (rc == SQLITE_OK)
		sqlite3_progress_handler(*db, STEPS_MAX, too_many, NULL);
	return rc == SQLITE_OK ? ROLLCODE_OK
			       : error_set(error, sqlite_result(rc), "%s",
				     sqlite3_errstr(rc));
}

/* The single value of a statement; NULL and *many unless there is just one. */
static enum rollcode_err
query_single(sqlite3 *db, sqlite3_stmt **st, const char *sql, bool *one)
{
	int rc;

	*one = false;
	if ((rc = sqlite3_prepare_v2(db, sql, -1, st, NULL)) != SQLITE_OK)
		return sqlite_result(rc);
	if ((rc = sqlite3_step(*st)) == SQLITE_DONE)
		return ROLLCODE_OK;
	*one = rc == SQLITE_ROW;
	return rc == SQLITE_ROW ? ROLLCODE_OK : sqlite_result(rc);
}

static enum rollcode_err
find_table(sqlite3 *db, char name[NAME_MAX_SQL], struct error *error)
{
	static const char sql[] =
	    "SELECT max(t.name) FROM sqlite_schema AS t, "
	    "pragma_table_info(t.name) AS c WHERE t.type='table' "
	    "AND c.name='counter' HAVING count(*)=1";
	sqlite3_stmt *st = NULL;
	const char *text = NULL;
	enum rollcode_err err;
	bool one;

	*name = '\0';
	err = query_single(db, &st, sql, &one);
	if (err == ROLLCODE_OK && one)
		text = (const char *)sqlite3_column_text(st, 0);
	if (text != NULL && strlen(text) < NAME_MAX_SQL &&
	    strchr(text, '"') == NULL)
		memcpy(name, text, strlen(text) + 1);
	sqlite3_finalize(st);
	if (err != ROLLCODE_OK)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "it is not an SQLite database that can be read by itself");
	return *name != '\0' ? ROLLCODE_OK
			     : error_set(error, ROLLCODE_ERR_INPUT,
				   "it does not have just one table with a "
				   "column \"counter\"");
}

static enum rollcode_err
read_counter(
    sqlite3 *db, const char *name, int64_t *counter, struct error *error)
{
	char sql[NAME_MAX_SQL + 128];
	sqlite3_stmt *st = NULL;
	enum rollcode_err err;
	bool one;

	sqlite3_snprintf(sizeof(sql), sql,
	    "SELECT max(counter) FROM \"%s\" HAVING count(*)=1 AND "
	    "typeof(max(counter))='integer'",
	    name);
	if ((err = query_single(db, &st, sql, &one)) == ROLLCODE_OK && one)
		*counter = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	if (err == ROLLCODE_OK && one)
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_INPUT,
	    "its table \"%s\" does not have just one row with a whole number",
	    name);
}

enum rollcode_err
sqlite_image_counter(
    const void *image, size_t len, int64_t *counter, struct error *error)
{
	char name[NAME_MAX_SQL];
	sqlite3 *db = NULL;
	enum rollcode_err err;

	if ((err = connect_image(image, len, &db, error)) == ROLLCODE_OK &&
	    (err = find_table(db, name, error)) == ROLLCODE_OK)
		err = read_counter(db, name, counter, error);
	sqlite3_close(db);
	return err;
}
