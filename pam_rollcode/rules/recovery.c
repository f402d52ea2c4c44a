/* SPDX-License-Identifier: Apache-2.0 */
#include "common/token/codec.h"
#include "common/token/seal.h"
#include "rules/recovery.h"

#define NOT_ISSUED "a recovery code cannot be made"
#define RECOVERY_BYTES 10 /* RECOVERY_DIGITS in base32 */

struct recovery_bytes {
	uint8_t bytes[RECOVERY_BYTES];
	char digits[RECOVERY_DIGITS + 1];
};
WIPABLE(recovery_bytes);

/* Without a letter it would have the shape of a pair. */
static enum rollcode_err
make_random_code(struct recovery_bytes *code)
{
	enum rollcode_err err;

	do {
		err = seal_random(code->bytes, sizeof(code->bytes));
		if (err != ROLLCODE_OK)
			return err;
		base32_encode(code->bytes, sizeof(code->bytes), code->digits);
	} while (strspn(code->digits, "234567") == RECOVERY_DIGITS);
	return ROLLCODE_OK;
}

static void
write_groups(const char *digits, struct recovery_text *text)
{
	char *out = text->text;

	for (size_t i = 0; i < RECOVERY_DIGITS; i++) {
		if (i > 0 && i % RECOVERY_GROUP == 0)
			*out++ = '-';
		*out++ = digits[i];
	}
	*out = '\0';
}

static enum rollcode_err
add_code(struct account *account, int64_t now, int64_t expires,
    struct recovery_text *text)
{
	WIPED(recovery_bytes_wipe) struct recovery_bytes code = {{0}, ""};
	struct account_recovery *row =
	    &account->recovery[account->recovery_count];
	enum rollcode_err err;

	*row = (struct account_recovery){.issued = now, .expires = expires};
	if ((err = make_random_code(&code)) != ROLLCODE_OK ||
	    (err = seal_mac(&account->recovery_key, code.digits, row->mac)) !=
		ROLLCODE_OK)
		return err;
	account->recovery_count++;
	write_groups(code.digits, text);
	return ROLLCODE_OK;
}

static enum rollcode_err
make_recovery_key(struct account *account)
{
	account->recovery_key_set = true;
	return seal_random(
	    account->recovery_key.bytes, sizeof(account->recovery_key.bytes));
}

enum rollcode_err
recovery_issue(struct account *account, int64_t now,
    struct recovery_sheet *sheet, struct error *error)
{
	enum rollcode_err err;

	recovery_void(account);
	err = make_recovery_key(account);
	for (size_t i = 0; i < ACCOUNT_RECOVERY_CODES && err == ROLLCODE_OK;
	     i++)
		err = add_code(account, now, 0, &sheet->codes[i]);
	return error_named(error, err, NOT_ISSUED);
}

enum rollcode_err
recovery_issue_once(struct account *account, int64_t now, int64_t seconds,
    struct recovery_text *text, struct error *error)
{
	enum rollcode_err err = ROLLCODE_OK;
	size_t kept = 0;

	if (now < 0)
		return error_set(error, ROLLCODE_ERR_SYS,
		    "the clock is before 1970; set it first");
	for (size_t i = 0; i < account->recovery_count; i++)
		if (account->recovery[i].expires == 0)
			account->recovery[kept++] = account->recovery[i];
	account->recovery_count = kept;
	if (!account->recovery_key_set)
		err = make_recovery_key(account);
	if (err == ROLLCODE_OK)
		err = add_code(account, now, now + seconds, text);
	return error_named(error, err, NOT_ISSUED);
}

/* What marks a code as spent is never 0, whatever the clock says. */
static void
mark_used(struct account_recovery *code, int64_t now)
{
	code->used = now != 0 ? now : 1;
}

enum rollcode_err
recovery_use(
    struct account *account, const char *text, int64_t now, bool *found)
{
	uint8_t mac[ACCOUNT_MAC_LEN];
	enum rollcode_err err;

	*found = false;
	if ((err = seal_mac(&account->recovery_key, text, mac)) != ROLLCODE_OK)
		return err;
	for (size_t i = 0; i < account->recovery_count; i++) {
		struct account_recovery *r = &account->recovery[i];

		if (!secret_equal(r->mac, mac, sizeof(mac)) ||
		    !account_recovery_good(r, now))
			continue;
		mark_used(r, now);
		*found = true;
	}
	return ROLLCODE_OK;
}

bool
recovery_write_off(struct account *account, int64_t now)
{
	bool any = false;

	for (size_t i = 0; i < account->recovery_count; i++) {
		struct account_recovery *r = &account->recovery[i];

		if (r->used != 0 || r->expires == 0 || now < r->expires)
			continue;
		mark_used(r, now);
		any = true;
	}
	return any;
}

void
recovery_void(struct account *account)
{
	account->recovery_count = 0;
	account->recovery_key_set = false;
	secret_key_wipe(&account->recovery_key);
}
