/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "admin/admin.h"
#include "common/base/utf8.h"
#include "system/limits.h"

#define MEMORY_MAX ((rlim_t)768 << 20) /* 262,144 tokens, or scrypt's 2^19 */

enum rollcode_err
admin_drop(const struct config *config, struct error *error)
{
	enum rollcode_err err;

	if ((err = config_drop(config, error)) != ROLLCODE_OK)
		return err;
	if (config->uid != 0 && !admin_forbid_typing())
		return error_set(error, ROLLCODE_ERR_PRIVILEGE,
		    "cannot be kept from typing at the terminal: %s",
		    strerror(errno));
	/* A bug in a parser must not take the machine's memory either. */
	if (limit_memory(MEMORY_MAX))
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_SYS,
	    "cannot limit the memory of the process that reads the store: %s",
	    strerror(errno));
}

/* No command takes two of them. */
static const char *
secret_path(const struct admin_options *o)
{
	if (o->log_file[0] != '\0')
		return o->log_file;
	if (o->secret_file[0] != '\0')
		return o->secret_file;
	if (o->key_file[0] != '\0')
		return o->key_file;
	return o->passphrase_file[0] != '\0' ? o->passphrase_file
					     : o->seal_file;
}

enum rollcode_err
admin_read_secret(
    const struct admin *admin, char *line, size_t size, struct error *error)
{
	return cli_read_secret(
	    admin->secret, secret_path(admin->options), line, size, error);
}

enum rollcode_err
admin_open(struct admin *admin, const struct admin_options *options,
    const char *user, struct error *error)
{
	enum rollcode_err err;

	memset(admin, 0, sizeof(*admin));
	admin->options = options;
	admin->now = time(NULL);
	if ((err = config_load(options->conf, true, &admin->config, error)) !=
		ROLLCODE_OK ||
	    (secret_path(options)[0] != '\0' &&
		(err = cli_open_secret(secret_path(options), &admin->secret,
		     error)) != ROLLCODE_OK) ||
	    (err = admin_drop(&admin->config, error)) != ROLLCODE_OK)
		return err;
	admin->config.administers = true;
	if ((err = store_find(&admin->config, &admin->ops, error)) !=
		ROLLCODE_OK ||
	    (err = admin->ops->open(&admin->store, &admin->config, error)) !=
		ROLLCODE_OK ||
	    user == NULL)
		return err;
	return admin_begin(admin, user, error);
}

bool
admin_look_up(const char *user, const struct passwd **pw)
{
	errno = 0;
	*pw = getpwnam(user);
	return *pw != NULL || errno == 0 || errno == ENOENT || errno == ESRCH;
}

enum rollcode_err
admin_check_user(
    const struct admin_options *o, const char *user, struct error *error)
{
	const struct passwd *pw;

	if (!utf8_printable(user) || strlen(user) > ROLLCODE_USER_MAX)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "a user's name has at most %d bytes of UTF-8 and no "
		    "control characters",
		    ROLLCODE_USER_MAX);
	if (!admin_look_up(user, &pw))
		return error_set(error, ROLLCODE_ERR_UNAVAIL,
		    "the account %s cannot be looked up: %s", user,
		    strerror(errno));
	if (pw != NULL && strcmp(pw->pw_name, user) != 0)
		return error_set(error, ROLLCODE_ERR_INPUT,
		    "the name of the account %s is %s; enrol it by that name",
		    user, pw->pw_name);
	if (pw == NULL && !o->no_account)
		return error_set(error, ROLLCODE_ERR_ABSENT,
		    "account %s does not exist: check the name; --no-account "
		    "enrols one that only PAM knows",
		    user);
	return ROLLCODE_OK;
}

enum rollcode_err
admin_look(
    struct admin *admin, const char *user, bool *enrolled, struct error *error)
{
	enum rollcode_err err;

	*enrolled = false;
	err = admin->ops->look(
	    admin->store, user, enrolled, &admin->account, error);
	admin->ops->end(admin->store);
	return err;
}

enum rollcode_err
admin_begin(struct admin *admin, const char *user, struct error *error)
{
	enum rollcode_err err;
	bool enrolled = false;

	admin->now = time(NULL);
	if ((err = admin->ops->begin(admin->store, user, &enrolled,
		 &admin->account, error)) != ROLLCODE_OK)
		return err;
	if (!enrolled)
		return error_set(error, ROLLCODE_ERR_ABSENT,
		    "%s is not enrolled; rollcode-admin list shows the users, "
		    "rollcode-admin enroll %s adds a token",
		    user, user);
	return ROLLCODE_OK;
}

void
admin_close(struct admin *admin)
{
	if (admin->ops != NULL)
		admin->ops->close(admin->store);
	if (admin->secret > STDIN_FILENO)
		close(admin->secret);
	if (admin->handout > STDIN_FILENO)
		close(admin->handout);
	config_wipe(&admin->config);
	explicit_bzero(admin, sizeof(*admin));
}

enum rollcode_err
admin_count_user(void *count, const char *user, struct error *error)
{
	(void)user;
	(void)error;
	++*(int64_t *)count;
	return ROLLCODE_OK;
}

void
admin_event(const struct admin *admin, enum act act, const char *label,
    struct event *event)
{
	event_fill(event, admin->now, ADMIN_SERVICE, NULL, act_name(act));
	if (label != NULL)
		snprintf(event->token, sizeof(event->token), "%s", label);
}

enum rollcode_err
admin_commit(
    struct admin *admin, enum act act, const char *label, struct error *error)
{
	struct event event;

	admin_event(admin, act, label, &event);
	return admin->ops->commit(admin->store, &admin->account, &event, error);
}

enum rollcode_err
admin_create(struct admin *admin, enum act act, const char *label, bool replace,
    struct error *error)
{
	struct event event;

	admin_event(admin, act, label, &event);
	return admin->ops->create(
	    admin->store, &admin->account, &event, replace, error);
}

void
admin_new_account(struct admin *admin, const char *user)
{
	account_wipe(&admin->account);
	memcpy(admin->account.user, user, strlen(user) + 1);
	admin->account.created = admin->now;
}

struct account_token *
admin_token(struct admin *admin, enum rollcode_err *err, struct error *error)
{
	const char *label = admin->options->label;
	struct account *account = &admin->account;
	struct account_token *token;

	*err = ROLLCODE_OK;
	if (label[0] != '\0') {
		if ((token = account_find(account, label)) == NULL)
			*err = error_set(error, ROLLCODE_ERR_ABSENT,
			    "%s has no token \"%s\"; rollcode-admin show %s "
			    "lists them",
			    account->user, label, account->user);
		return token;
	}
	if (account->token_count == 1)
		return &account->tokens[0];
	*err = account->token_count == 0
		   ? error_set(error, ROLLCODE_ERR_ABSENT,
			 "%s has no token; rollcode-admin enroll %s adds one",
			 account->user, account->user)
		   : error_set(error, ROLLCODE_ERR_USAGE,
			 "%s has %zu tokens; name one with --label",
			 account->user, account->token_count);
	return NULL;
}
