/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spend.c - move a counter forward: the codes that it passes are used.
 *
 *  1. wallet_end has committed the new counter before anybody sees the entry.
 */
#include <sys/stat.h>
#include <time.h>

#include "wallet/row.h"

/* A copied file is another inode: the person then has two tokens. */
static enum rollcode_err
note_inode(struct wallet *w, struct error *error)
{
	struct stat st;
	int64_t here;

	if (stat(w->path, &st) != 0)
		return ROLLCODE_OK;
	here = (int64_t)(st.st_ino & INT64_MAX);
	if (here == w->head.inode)
		return ROLLCODE_OK;
	w->copied = w->head.inode != 0;
	return sqlite_change(
	    w->db, error, 1, "UPDATE wallet SET place = ?1", "i", here);
}

static enum rollcode_err
check_codes_left(
    const struct wallet_entry *e, int64_t count, struct error *error)
{
	uint64_t left = ROLLCODE_COUNTER_END - e->provision.token.counter;

	if (left == 0)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "the token %s is exhausted: its counter is at its end; "
		    "remove it and enrol a new one",
		    e->name);
	if (count < 1 || (uint64_t)count > left)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "the token %s has only %llu codes left; ask for fewer, "
		    "and enrol a new token",
		    e->name, (unsigned long long)left);
	return ROLLCODE_OK;
}

enum rollcode_err
wallet_row_spend(struct wallet *w, const char *name, int64_t count,
    struct wallet_entry *e, struct error *error)
{
	uint64_t *counter = &e->provision.token.counter;
	int64_t now;
	enum rollcode_err err;

	if ((err = wallet_row_named(w, name, e, error)) != ROLLCODE_OK ||
	    (err = wallet_row_open(w, e, error)) != ROLLCODE_OK ||
	    (err = check_codes_left(e, count, error)) != ROLLCODE_OK ||
	    (err = note_inode(w, error)) != ROLLCODE_OK)
		return err;
	now = (int64_t)time(NULL);
	w->clock_back = e->provision.token.form == FORM_TIMED &&
			now < e->used - ROLLCODE_STEP;
	e->used = now;
	*counter += (uint64_t)count;
	err = wallet_row_write(w, e, WALLET_COUNTER, error);
	*counter -= (uint64_t)count;
	return err;
}

enum rollcode_err
wallet_spend(struct wallet *w, const char *name, int64_t count,
    struct wallet_entry *e, struct error *error)
{
	enum rollcode_err err;

	wallet_entry_wipe(e);
	if ((err = wallet_begin_spend(w, error)) == ROLLCODE_OK)
		err = wallet_row_spend(w, name, count, e, error);
	if ((err = wallet_end(w, err, error)) != ROLLCODE_OK)
		wallet_entry_wipe(e);
	return err;
}

enum rollcode_err
wallet_skip(struct wallet *w, const char *name, int64_t count,
    struct wallet_entry *e, struct error *error)
{
	enum rollcode_err err;

	wallet_entry_wipe(e);
	if ((err = wallet_begin(w, error)) == ROLLCODE_OK &&
	    (err = wallet_row_named(w, name, e, error)) == ROLLCODE_OK &&
	    (err = check_codes_left(e, count, error)) == ROLLCODE_OK) {
		e->provision.token.counter += (uint64_t)count;
		err = wallet_row_write(w, e, 0, error);
	}
	return wallet_end(w, err, error);
}
