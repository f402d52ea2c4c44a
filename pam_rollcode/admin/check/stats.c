/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats.c - figures for a program that watches over many machines.
 *
 * They have no names: what is public there tells nobody who has a token.
 */
#include <time.h>
#include <unistd.h>

#include "admin/admin.h"
#include "ask/ask.h"

#define UNKNOWN (-1)

struct stats {
	int64_t users, guarded, disabled, unusable, stale, missing;
	int64_t tokens, tokens_disabled, no_recovery;
	int64_t failures, replays, late, last_success, last_failure;
	int64_t store, restored, verifier, service;
};

enum figure_kind {
	FIGURE_COUNT = 1,
	FIGURE_YES_NO,
	FIGURE_TIME, /* 0 is never */
};

/* In Prometheus its name has the program's before it. */
static const struct figure {
	const char *name, *about;
	size_t at;
	enum figure_kind kind;
} figures[] = {
#define FIGURE(name, field, kind, about)                         \
	{                                                        \
		name, about, offsetof(struct stats, field), kind \
	}
    FIGURE("store_up", store, FIGURE_YES_NO, "store can be read"),
    FIGURE("store_restored", restored, FIGURE_YES_NO,
	"store was restored, and timed tokens log in alone"),
    FIGURE("verifier_up", verifier, FIGURE_YES_NO,
	"verifier answers when a login asks it"),
    FIGURE("service_up", service, FIGURE_YES_NO,
	"service answers, where there is one"),
    FIGURE("users", users, FIGURE_COUNT, "users with a token"),
    FIGURE("users_guarded", guarded, FIGURE_COUNT, "users who are guarded"),
    FIGURE("users_disabled", disabled, FIGURE_COUNT,
	"users without an enabled token"),
    FIGURE("users_unusable", unusable, FIGURE_COUNT,
	"users whose file is unusable"),
    FIGURE("users_stale", stale, FIGURE_COUNT, "users without an account"),
    FIGURE("users_without_recovery", no_recovery, FIGURE_COUNT,
	"users without an unused recovery code"),
    FIGURE("accounts_missing", missing, FIGURE_COUNT,
	"accounts that can log in and have no token"),
    FIGURE("tokens", tokens, FIGURE_COUNT, "tokens"),
    FIGURE("tokens_disabled", tokens_disabled, FIGURE_COUNT,
	"tokens that are disabled"),
    FIGURE("failures", failures, FIGURE_COUNT,
	"wrong codes since the last login of each user"),
    FIGURE("replays", replays, FIGURE_COUNT,
	"used codes tried again since the last login of each user"),
    FIGURE("late_codes", late, FIGURE_COUNT,
	"codes that came too late since the last login of each user"),
    FIGURE("last_success_timestamp_seconds", last_success, FIGURE_TIME,
	"last login of anybody"),
    FIGURE("last_failure_timestamp_seconds", last_failure, FIGURE_TIME,
	"last wrong code of anybody"),
#undef FIGURE
};

static int64_t
figure_value(const struct stats *stats, const struct figure *f)
{
	int64_t value;

	memcpy(&value, (const char *)stats + f->at, sizeof(value));
	return value;
}

static void
stats_prometheus(const struct stats *stats)
{
	int64_t value;

	for (size_t i = 0; i < COUNT(figures); i++) {
		const struct figure *f = &figures[i];

		value = figure_value(stats, f);
		if (value == UNKNOWN || (f->kind == FIGURE_TIME && value == 0))
			continue;
		printf("# HELP rollcode_%s %s\n# TYPE rollcode_%s gauge\n"
		       "rollcode_%s %" PRId64 "\n",
		    f->name, f->about, f->name, f->name, value);
	}
}

static void
stats_json(const struct stats *stats)
{
	struct json json = {.out = stdout};
	int64_t value;

	json_open(&json, NULL, '{');
	for (size_t i = 0; i < COUNT(figures); i++) {
		const struct figure *f = &figures[i];

		value = figure_value(stats, f);
		if (value == UNKNOWN)
			json_null(&json, f->name);
		else if (f->kind == FIGURE_YES_NO)
			json_bool(&json, f->name, value != 0);
		else if (f->kind == FIGURE_TIME)
			json_time(&json, f->name, value);
		else
			json_number(&json, f->name, value);
	}
	json_close(&json, '}');
}

static void
stats_text(const struct stats *stats)
{
	char text[CLI_DATE_MAX];
	int64_t value;

	for (size_t i = 0; i < COUNT(figures); i++) {
		const struct figure *f = &figures[i];

		value = figure_value(stats, f);
		if (value == UNKNOWN)
			snprintf(text, sizeof(text), "-");
		else if (f->kind == FIGURE_YES_NO)
			snprintf(text, sizeof(text), value ? "yes" : "no");
		else if (f->kind == FIGURE_TIME)
			cli_date(value, text);
		else
			snprintf(text, sizeof(text), "%" PRId64, value);
		printf("%-58s %s\n", f->about, text);
	}
}

struct counting {
	struct admin *admin;
	struct stats *stats;
};

static void
later_of(int64_t *last, int64_t when)
{
	if (when > *last)
		*last = when;
}

static void
count_account(const struct admin *admin, struct stats *s)
{
	const struct account *a = &admin->account;
	int64_t since;

	s->tokens += (int64_t)a->token_count;
	s->tokens_disabled += (int64_t)a->token_count - account_enabled(a);
	s->disabled += account_enabled(a) == 0;
	s->guarded += admin_guarded(admin, &since);
	s->no_recovery += account_recovery_left(a) == 0;
	s->failures += a->failed;
	s->replays += a->replayed;
	s->late += a->late;
	later_of(&s->last_success, a->last_success);
	later_of(&s->last_failure, a->last_failure);
}

static enum rollcode_err
count_enrolled(void *context, const char *user, struct error *error)
{
	struct counting *c = context;
	struct admin *admin = c->admin;
	struct error why = {0};
	bool enrolled;
	enum rollcode_err err;

	err = admin_look(admin, user, &enrolled, &why);
	if (err == ROLLCODE_OK && enrolled)
		count_account(admin, c->stats);
	account_wipe(&admin->account);
	if (err == ROLLCODE_ERR_NOMEM)
		return error_pass(error, err, &why, NULL);
	c->stats->unusable += err != ROLLCODE_OK;
	c->stats->users += err != ROLLCODE_OK || enrolled;
	return ROLLCODE_OK;
}

static enum rollcode_err
count_store(struct admin *admin, struct stats *s, struct error *error)
{
	struct stats counted = {
	    .store = 1,
	    .restored = admin->ops->restored(admin->store)->is,
	    .verifier = s->verifier,
	    .service = s->service,
	};
	struct counting counting = {admin, &counted};
	enum rollcode_err err;

	if ((err = admin->ops->each(admin->store, count_enrolled, &counting,
		 error)) != ROLLCODE_OK ||
	    (err = accounts_missing(admin, admin_count_user, &counted.missing,
		 error)) != ROLLCODE_OK ||
	    (err = accounts_stale(admin, admin_count_user, &counted.stale,
		 error)) != ROLLCODE_OK)
		return err;
	*s = counted;
	return ROLLCODE_OK;
}

/* As a login asks, for something that changes nothing. */
static int64_t
ask_health(const struct ask_where *where)
{
	WIPED(request_wipe)
	struct request request = {
	    .kind = REQUEST_ENROLLED, .user = "root", .service = ADMIN_SERVICE};
	struct answer answer;
	struct error why = {0};

	return ask_verifier(where, &request, &answer, &why) == ROLLCODE_OK;
}

/* While this is root. */
static void
ask_verifiers(const char *conf, struct stats *s)
{
	bool usual = strcmp(conf, ROLLCODE_CONF) == 0;

	if (geteuid() != 0)
		return;
	s->verifier = ask_health(&(struct ask_where){
	    NULL, usual ? "" : conf, ROLLCODE_HELPER, true});
	if (usual && access(ROLLCODE_ROOT_SOCKET, F_OK) == 0)
		s->service =
		    ask_health(
			&(struct ask_where){.service = ROLLCODE_SOCKET}) &&
		    ask_health(
			&(struct ask_where){.service = ROLLCODE_ROOT_SOCKET});
}

enum rollcode_err
admin_stats(void *base, char **argv, struct error *error)
{
	WIPED(admin_close) struct admin admin = {0};
	const struct admin_options *options = base;
	struct stats stats;
	enum rollcode_err err;

	(void)argv;
	if (options->json && options->prometheus)
		return error_set(error, ROLLCODE_ERR_USAGE,
		    "--prometheus and --json: give one of them");
	memset(&stats, 0xff, sizeof(stats)); /* UNKNOWN */
	stats.store = 0;
	ask_verifiers(options->conf, &stats);
	if ((err = admin_open(&admin, options, NULL, error)) == ROLLCODE_OK)
		err = count_store(&admin, &stats, error);
	if (options->prometheus)
		stats_prometheus(&stats);
	else if (options->json)
		stats_json(&stats);
	else
		stats_text(&stats);
	return err;
}
