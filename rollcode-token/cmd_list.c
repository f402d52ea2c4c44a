/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"
#include "common/token/token.h"

#define COUNTER_WIDTH 7

static void
put_json(struct json *json, const struct wallet_entry *entry)
{
	const struct provision *p = &entry->provision;

	json_open(json, NULL, '{');
	json_text(json, "name", entry->name);
	json_bool(json, "default", entry->preferred);
	json_text(json, "issuer", p->issuer);
	json_text(json, "account", p->account);
	json_text(json, "label", p->token.label);
	if (entry->binding[0] == '\0')
		json_null(json, "binding");
	else
		json_text(json, "binding", entry->binding);
	json_text(json, "form", form_name(p->token.form));
	json_text(json, "algorithm", algorithm_name(p->token.algorithm));
	json_number(json, "digits", p->token.digits);
	json_number(json, "counter", (int64_t)p->token.counter);
	json_number(json, "created", entry->created);
	json_time(json, "used", entry->used);
	json_close(json, '}');
}

static enum rollcode_err
widest_name(struct wallet *wallet, int *width, struct error *error)
{
	struct wallet_entry entry = {0};
	enum rollcode_err err;
	int n;

	*width = (int)strlen("NAME");
	while (wallet_each(wallet, &entry, &err, error))
		if ((n = plain_width(entry.name, PLAIN_TEXT)) > *width)
			*width = n;
	return err;
}

static void
put_line(const struct wallet_entry *entry, int width)
{
	const struct provision *p = &entry->provision;
	char date[CLI_DATE_MAX];

	cli_date(entry->used, date);
	printf("%c ", entry->preferred ? '*' : ' ');
	plain_pad(stdout, entry->name, PLAIN_TEXT, width);
	printf("  %-5s  %-6s  %6u  %*llu  %-25s  ", form_name(p->token.form),
	    algorithm_name(p->token.algorithm), p->token.digits, COUNTER_WIDTH,
	    (unsigned long long)p->token.counter, date);
	plain_line(stdout, "%s%s%s%s%s", p->issuer,
	    p->issuer[0] == '\0' || p->account[0] == '\0' ? "" : ":",
	    p->account, entry->binding[0] == '\0' ? "" : ", bound to ",
	    entry->binding);
}

static enum rollcode_err
list_lines(struct wallet *wallet, struct error *error)
{
	struct wallet_entry entry = {0};
	enum rollcode_err err;
	int width;

	if ((err = widest_name(wallet, &width, error)) != ROLLCODE_OK)
		return err;
	printf("  %-*s  %-5s  %-6s  %6s  %*s  %-25s  %s\n", width, "NAME",
	    "FORM", "HASH", "DIGITS", COUNTER_WIDTH, "COUNTER", "LAST USED",
	    "FOR");
	while (wallet_each(wallet, &entry, &err, error))
		put_line(&entry, width);
	return err;
}

enum rollcode_err
cmd_list(void *base, char **argv, struct error *error)
{
	WIPED(wallet_close) struct wallet *wallet = NULL;
	struct wallet_entry entry = {0};
	const struct options *options = base;
	struct json json = {.out = stdout};
	enum rollcode_err err;

	if ((err = cmd_open(options, argv, &wallet, error)) != ROLLCODE_OK)
		return err;
	if (!options->json)
		return list_lines(wallet, error);
	json_open(&json, NULL, '[');
	while (wallet_each(wallet, &entry, &err, error))
		put_json(&json, &entry);
	json_close(&json, ']');
	return err;
}

static void
show_lines(const struct wallet_entry *entry, bool protected)
{
	const struct provision *p = &entry->provision;
	char created[CLI_DATE_MAX], used[CLI_DATE_MAX];

	cli_date(entry->created, created);
	cli_date(entry->used, used);
	plain_line(stdout, "name        %s%s", entry->name,
	    entry->preferred ? " (default)" : "");
	plain_line(stdout, "issuer      %s", p->issuer);
	plain_line(stdout, "account     %s", p->account);
	if (p->token.label[0] != '\0')
		plain_line(stdout, "label       %s", p->token.label);
	if (entry->binding[0] != '\0')
		plain_line(stdout, "binding     %s", entry->binding);
	printf("form        %s, %s, %u digits\n", form_name(p->token.form),
	    algorithm_name(p->token.algorithm), p->token.digits);
	if (p->token.form == FORM_TIMED)
		printf("codes       " CLI_TIMED_CODES "\n");
	printf("counter     %llu\n", (unsigned long long)p->token.counter);
	printf("added       %s\n", created);
	printf("last used   %s\n", used);
	printf("passphrase  %s\n", protected ? "yes" : "no");
}

enum rollcode_err
cmd_show(void *base, char **argv, struct error *error)
{
	WIPED(wallet_close) struct wallet *wallet = NULL;
	struct wallet_entry entry = {0};
	const struct options *options = base;
	struct json json = {.out = stdout};
	enum rollcode_err err;

	if ((err = cmd_open(options, argv, &wallet, error)) != ROLLCODE_OK ||
	    (err = wallet_find(wallet, argv[0], &entry, error)) != ROLLCODE_OK)
		return err;
	if (options->json)
		put_json(&json, &entry);
	else
		show_lines(&entry, wallet_protected(wallet));
	return ROLLCODE_OK;
}
