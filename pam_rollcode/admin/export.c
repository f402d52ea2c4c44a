/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "admin/admin.h"
#include "admin/handout.h"
#include "common/import/files.h"
#include "common/token/provision.h"

struct exporting {
	struct admin *admin;
	struct cli_bytes *lines;
	struct progress progress;
	char issuer[PROVISION_NAME_MAX + 1];
	int64_t users, tokens;
	bool named; /* who is not enrolled is missed */
};

static enum rollcode_err
add_tokens(struct exporting *ex, struct error *error)
{
	const struct account *account = &ex->admin->account;
	enum rollcode_err err = ROLLCODE_OK;

	for (size_t i = 0; i < account->token_count && err == ROLLCODE_OK;
	     i++) {
		const struct account_token *t = &account->tokens[i];
		WIPED(provision_wipe)
		struct provision p = {.token = t->token};

		if (strcmp(p.token.label, ACCOUNT_LABEL_DEFAULT) == 0)
			p.token.label[0] = '\0';
		memcpy(p.issuer, ex->issuer, sizeof(p.issuer));
		memcpy(p.account, account->user, sizeof(account->user));
		err = export_line(ex->lines, &p, !t->enabled, error);
		ex->tokens++;
	}
	return err;
}

static enum rollcode_err
export_user(void *context, const char *user, struct error *error)
{
	struct exporting *ex = context;
	struct admin *admin = ex->admin;
	bool enrolled;
	enum rollcode_err err;

	if ((err = admin_look(admin, user, &enrolled, error)) != ROLLCODE_OK)
		return err;
	if (!enrolled && ex->named)
		return error_set(error, ROLLCODE_ERR_ABSENT,
		    "%s is not enrolled; rollcode-admin list shows the users",
		    user);
	if (enrolled)
		err = add_tokens(ex, error);
	account_wipe(&admin->account);
	ex->users++;
	progress_step(&ex->progress);
	return err;
}

static enum rollcode_err
export_all(struct exporting *ex, struct error *error)
{
	struct admin *admin = ex->admin;
	enum rollcode_err err;

	progress_begin(&ex->progress, "exporting", 0);
	if ((err = admin->ops->each(admin->store, admin_count_user,
		 &ex->progress.total, error)) != ROLLCODE_OK)
		return err;
	err = admin->ops->each(admin->store, export_user, ex, error);
	progress_clear(&ex->progress);
	return err;
}

static enum rollcode_err
read_passphrase(const struct admin *admin, struct cli_passphrase *passphrase,
    struct error *error)
{
	if (admin->options->seal_file[0] != '\0')
		return admin_read_secret(
		    admin, passphrase->text, sizeof(passphrase->text), error);
	return cli_passphrase("", "--seal-file", "Passphrase for the export",
	    true, passphrase, error);
}

/* Where root may write, and not where the store's account may. */
static enum rollcode_err
write_export(const struct admin *admin, const struct cli_bytes *lines,
    const char *seal, struct error *error)
{
	WIPED(cli_bytes_free) struct cli_bytes sealed = {NULL, 0, 0};
	enum rollcode_err err;

	if ((err = export_prepare(seal, &lines, &sealed, error)) != ROLLCODE_OK)
		return err;
	return admin->handout == 0 ? cli_write(lines->text, lines->len, error)
				   : handout_send(admin->handout, lines, error);
}

enum rollcode_err
admin_export(void *base, char **argv, struct error *error)
{
	WIPED(admin_close) struct admin admin = {0};
	WIPED(cli_bytes_free) struct cli_bytes lines = {NULL, 0, 0};
	WIPED(cli_passphrase_wipe) struct cli_passphrase passphrase = {""};
	const struct admin_options *options = base;
	const char *seal = options->plain ? NULL : passphrase.text;
	struct exporting ex = {
	    .admin = &admin,
	    .lines = &lines,
	    .named = *argv != NULL,
	};
	enum rollcode_err err;
	int file = 0;

	if (options->output[0] != '\0' &&
	    (err = handout_file(options->output, &file, error)) != ROLLCODE_OK)
		return err;
	err = admin_open(&admin, options, NULL, error);
	admin.handout = file; /* closed with it */
	if (err != ROLLCODE_OK ||
	    (seal != NULL && (err = read_passphrase(
				  &admin, &passphrase, error)) != ROLLCODE_OK))
		return err;
	if (gethostname(ex.issuer, sizeof(ex.issuer) - 1) != 0)
		ex.issuer[0] = '\0';
	if (!ex.named)
		err = export_all(&ex, error);
	for (; *argv != NULL && err == ROLLCODE_OK; argv++)
		err = export_user(&ex, *argv, error);
	if (err != ROLLCODE_OK ||
	    (err = write_export(&admin, &lines, seal, error)) != ROLLCODE_OK)
		return err;
	fprintf(stderr,
	    "exported %" PRId64 " token%s of %" PRId64
	    " user%s; the export does not know about codes used from now on\n",
	    ex.tokens, PLURAL(ex.tokens), ex.users, PLURAL(ex.users));
	return ROLLCODE_OK;
}
