/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/admin.h"
#include "common/token/token.h"

bool
admin_guarded(const struct admin *admin, int64_t *since)
{
	const struct account *a = &admin->account;

	*since = 0;
	if (account_enabled(a) == 0 ||
	    !verify_is_guarded(a, &admin->config.policy, admin->now))
		return false;
	*since = a->last_failure;
	return true;
}

const char *
admin_state(const struct admin *admin)
{
	int64_t since;

	if (account_enabled(&admin->account) == 0)
		return "disabled";
	return admin_guarded(admin, &since) ? "guarded" : "normal";
}

static void
show_token_json(struct json *json, const struct account_token *t)
{
	json_open(json, NULL, '{');
	json_text(json, "label", t->token.label);
	json_text(json, "form", form_name(t->token.form));
	json_text(json, "algorithm", algorithm_name(t->token.algorithm));
	json_number(json, "digits", t->token.digits);
	json_number(json, "counter", (int64_t)t->token.counter);
	json_bool(json, "enabled", t->enabled);
	json_time(json, "created", t->created);
	json_time(json, "used", t->used);
	json_close(json, '}');
}

/* When the codes of the sheet were, 0 if there is none. */
static int64_t
recovery_issued(const struct account *a)
{
	for (size_t i = 0; i < a->recovery_count; i++)
		if (a->recovery[i].expires == 0)
			return a->recovery[i].issued;
	return 0;
}

/* Until when a one-time code is good, 0 if there is none. */
static int64_t
once_expires(const struct admin *admin)
{
	const struct account *a = &admin->account;

	for (size_t i = 0; i < a->recovery_count; i++)
		if (a->recovery[i].expires != 0 &&
		    account_recovery_good(&a->recovery[i], admin->now))
			return a->recovery[i].expires;
	return 0;
}

void
admin_opens(const struct admin *admin, char opens[ADMIN_OPENS_MAX])
{
	bool codes = account_recovery_left(&admin->account) > 0 ||
		     once_expires(admin) != 0;

	snprintf(opens, ADMIN_OPENS_MAX,
	    "three consecutive codes on one line, %srollcode-admin unlock %s",
	    codes ? "a recovery code, " : "", admin->account.user);
}

/* Nothing is written while it is guarded, so the log has nothing of it. */
static void
show_state(const struct admin *admin)
{
	char date[CLI_DATE_MAX], opens[ADMIN_OPENS_MAX];
	int64_t since;

	if (!admin_guarded(admin, &since)) {
		printf("%-16s %s\n", "state", admin_state(admin));
		return;
	}
	cli_date(since, date);
	admin_opens(admin, opens);
	printf("%-16s guarded since %s\n", "state", date);
	plain_line(stdout, "%-16s %s", "opened by", opens);
	printf("%-16s since then only in the system log: journalctl -g "
	       "reason=\n",
	    "refusals");
}

static void
show_past(const struct admin *admin)
{
	char past[RESTORED_PAST_MAX];

	restored_past(admin->ops->restored(admin->store), past);
	if (past[0] != '\0')
		printf("%-16s %s: only timed tokens can log in\n", "the store",
		    past);
}

static void
show_recovery(const struct admin *admin)
{
	int64_t issued = recovery_issued(&admin->account);
	int64_t expires = once_expires(admin);
	char date[CLI_DATE_MAX];

	printf("%-16s %u left", "recovery codes",
	    account_recovery_left(&admin->account));
	if (issued != 0) {
		cli_date(issued, date);
		printf(", issued %s", date);
	}
	putchar('\n');
	if (expires == 0)
		return;
	cli_date(expires, date);
	printf("%-16s valid until %s\n", "one-time code", date);
}

static void
show_json(const struct admin *admin)
{
	const struct account *a = &admin->account;
	struct json json = {.out = stdout};
	int64_t since;

	(void)admin_guarded(admin, &since);
	json_open(&json, NULL, '{');
	json_text(&json, "user", a->user);
	json_text(&json, "state", admin_state(admin));
	json_time(&json, "guarded_since", since);
	json_number(&json, "failures", a->failures);
	json_number(&json, "spent", a->spent);
	json_number(&json, "failed", a->failed);
	json_number(&json, "replayed", a->replayed);
	json_number(&json, "late", a->late);
	json_bool(&json, "restored", admin->ops->restored(admin->store)->is);
	json_time(&json, "created", a->created);
	json_time(&json, "last_success", a->last_success);
	json_time(&json, "last_failure", a->last_failure);
	json_number(&json, "recovery_left", account_recovery_left(a));
	json_time(&json, "recovery_issued", recovery_issued(a));
	json_time(&json, "once_expires", once_expires(admin));
	json_open(&json, "tokens", '[');
	for (size_t i = 0; i < a->token_count; i++)
		show_token_json(&json, &a->tokens[i]);
	json_close(&json, ']');
	json_close(&json, '}');
}

static void
show_token_text(const struct account_token *t)
{
	char created[CLI_DATE_MAX], used[CLI_DATE_MAX];

	cli_date(t->created, created);
	cli_date(t->used, used);
	putchar('\n');
	plain_line(stdout, "token %s%s", t->token.label,
	    t->enabled ? "" : " (disabled)");
	printf("  %-14s %s %s, %u digits\n", "kind", form_name(t->token.form),
	    algorithm_name(t->token.algorithm), t->token.digits);
	if (t->token.form == FORM_TIMED)
		printf("  %-14s " CLI_TIMED_CODES "\n", "codes");
	printf("  %-14s %" PRIu64 "%s\n", "next counter", t->token.counter,
	    t->token.counter >= ROLLCODE_COUNTER_END
		? " (exhausted: enrol a new token)"
		: "");
	printf("  %-14s %s\n", "enrolled", created);
	printf("  %-14s %s\n", "last used", used);
}

static void
show_text(const struct admin *admin)
{
	const struct account *a = &admin->account;
	const struct policy *policy = &admin->config.policy;
	char date[CLI_DATE_MAX];

	plain_line(stdout, "%-16s %s", "user", a->user);
	show_state(admin);
	show_past(admin);
	printf("%-16s %u in a row, guarded at %" PRId64 "\n", "failures",
	    a->failures, policy->guard_after);
	printf("%-16s %u, guarded at %" PRId64 ", one is forgiven per day\n",
	    "guesses counted", a->spent, policy->guesses);
	printf("%-16s %u\n", "used codes tried", a->replayed);
	if (a->late > 0)
		printf("%-16s %u\n", "came too late", a->late);
	cli_date(a->last_success, date);
	printf("%-16s %s\n", "last login", date);
	cli_date(a->last_failure, date);
	printf("%-16s %s\n", "last failure", date);
	show_recovery(admin);
	for (size_t i = 0; i < a->token_count; i++)
		show_token_text(&a->tokens[i]);
}

enum rollcode_err
admin_show(void *base, char **argv, struct error *error)
{
	WIPED(admin_close) struct admin admin = {0};
	const struct admin_options *options = base;
	enum rollcode_err err;

	if ((err = admin_open(&admin, options, argv[0], error)) != ROLLCODE_OK)
		return err;
	admin.ops->end(admin.store);
	if (options->json)
		show_json(&admin);
	else
		show_text(&admin);
	return ROLLCODE_OK;
}
