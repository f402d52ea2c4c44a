/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sshd.c - sshd's effective settings: does it ask PAM, and does
 * PAM reach the person?
 */
#include <stdio.h>

#include "admin/check/lines.h"
#include "admin/check/run.h"

#define CONFIG "/etc/ssh/sshd_config"
#define OUTPUT_MAX 65536
#define METHODS "publickey,keyboard-interactive:pam"

/* --- its settings ------------------------------------------------------- */

static void
take(struct sshd_settings *s, const char *key, const char *value)
{
	const struct {
		const char *key;
		bool *flag;
		char *text;
		size_t size;
	} all[] = {
	    {.key = "usepam", .flag = &s->pam},
	    {.key = "kbdinteractiveauthentication", .flag = &s->asks},
	    {.key = "challengeresponseauthentication", .flag = &s->asks},
	    {.key = "passwordauthentication", .flag = &s->password},
	    {.key = "pubkeyauthentication", .flag = &s->key},
	    {"permitrootlogin", NULL, s->root, sizeof(s->root)},
	    {"authenticationmethods", NULL, s->methods, sizeof(s->methods)},
	    {"pamservicename", NULL, s->service, sizeof(s->service)},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(key, all[i].key) != 0)
			continue;
		if (all[i].flag != NULL)
			*all[i].flag = strcmp(value, "yes") == 0;
		else
			check_cut(all[i].text, all[i].size, "%s", value);
	}
}

void
sshd_parse(char *text, struct sshd_settings *s)
{
	char *line, *value;

	while ((line = strsep(&text, "\n")) != NULL) {
		if ((value = strchr(line, ' ')) == NULL)
			continue;
		*value++ = '\0';
		s->known |= strcmp(line, "usepam") == 0;
		take(s, line, value);
	}
}

/* Where it does not run its folder may be missing; the rest is a mistake. */
static void
cannot_read(struct check *check, const char *program, char *output)
{
	static const char missing[] = "separation directory: ";
	const char *line = strtok(output, "\r\n"), *directory;
	enum finding_kind kind = FOUND_SSHD_CONFIG;
	char mend[CHECK_TEXT_MAX];

	check_command(mend, sizeof(mend),
	    "edit %s until this says nothing: "
	    "%s -t",
	    CONFIG, CHECK_WORD(program));
	if (line != NULL && (directory = strstr(line, missing)) != NULL) {
		kind = FOUND_SSHD;
		check_command(mend, sizeof(mend), "mkdir %s",
		    CHECK_WORD(directory + strlen(missing)));
	}
	check_found(check, kind, CONFIG, 0, mend,
	    "the settings of sshd cannot be read: %s",
	    line == NULL ? "it says nothing" : line);
}

void
check_sshd_read(struct check *check)
{
	static char output[OUTPUT_MAX];
	char program[PATH_MAX], test[] = "-T", with[] = "-C";
	char who[ROLLCODE_USER_MAX + 64];
	char *argv[] = {program, test, NULL, NULL, NULL};
	struct sshd_settings all = {.service = "sshd"};

	if (check->sshd.service[0] != '\0')
		return;
	check_cut(check->sshd.service, sizeof(check->sshd.service), "sshd");
	if (check_find(check, "sshd", program) == NULL)
		return;
	if (check->user != NULL && strchr(check->user, ',') == NULL) {
		check_cut(who, sizeof(who),
		    "user=%s,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,"
		    "lport=22",
		    check->user);
		argv[2] = with;
		argv[3] = who;
	}
	if (check_run(argv, output, sizeof(output)) != 0) {
		cannot_read(check, program, output);
		return;
	}
	sshd_parse(output, &check->sshd);
	argv[2] = NULL;
	if (argv[3] != NULL && check_run(argv, output, sizeof(output)) == 0)
		sshd_parse(output, &all);
	check->sshd.matched =
	    all.known && memcmp(&all, &check->sshd, sizeof(all)) != 0;
}

/* --- what is wrong with them -------------------------------------------- */

/* The first value counts, but for those in a Match block. */
static void
say_setting(struct check *check, enum finding_kind kind, const char *setting,
    const char *what)
{
	char mend[CHECK_TEXT_MAX];

	if (check->sshd.matched)
		check_command(mend, sizeof(mend),
		    "edit %s: %s, where a Match block for %s decides", CONFIG,
		    setting, CHECK_WORD(check->user));
	else
		check_command(
		    mend, sizeof(mend), "sed -i '1i %s' %s", setting, CONFIG);
	check_found(check, kind, CONFIG, 0, mend, "%s", what);
}

/* Each of the lists, parted by spaces, has a method of that name. */
bool
check_lists_have(const char *methods, const char *name)
{
	char copy[sizeof(((struct sshd_settings *)0)->methods)];
	char *rest = copy, *methods_of, *method;
	bool has = false;

	check_cut(copy, sizeof(copy), "%s", methods);
	while ((methods_of = strsep(&rest, " ")) != NULL) {
		has = false;
		while ((method = strsep(&methods_of, ",")) != NULL)
			has |= strncmp(method, name, strlen(name)) == 0;
		if (!has)
			return false;
	}
	return has;
}

/* With a password sshd answers each prompt, so one has to be enough. */
static bool
one_prompt_is_enough(const struct service *s)
{
	struct options options;

	for (size_t i = 0; i < s->auth.count; i++)
		if (check_own_options(s->auth.rows[i], &options) &&
		    (options.forward_pass || options.use_first_pass ||
			options.try_first_pass))
			return true;
	return false;
}

static void
check_methods(struct check *check, const struct sshd_settings *sshd)
{
	char what[CHECK_TEXT_MAX];

	if (strcmp(sshd->methods, "any") == 0 || sshd->methods[0] == '\0') {
		if (sshd->key)
			say_setting(check, FOUND_SSHD_KEY,
			    "AuthenticationMethods " METHODS,
			    "a key alone lets in, for PAM is not asked about "
			    "it");
		return;
	}
	if (check_lists_have(sshd->methods, "keyboard-interactive") ||
	    check_lists_have(sshd->methods, "password"))
		return;
	check_cut(what, sizeof(what),
	    "AuthenticationMethods %s: there is a way in without a code",
	    sshd->methods);
	say_setting(
	    check, FOUND_SSHD_METHODS, "AuthenticationMethods " METHODS, what);
}

void
check_sshd(struct check *check, const struct service *s)
{
	const struct sshd_settings *sshd = &check->sshd;
	bool enough = one_prompt_is_enough(s);

	if (!sshd->known)
		return;
	if (!sshd->pam) {
		say_setting(check, FOUND_SSHD_PAM, "UsePAM yes",
		    "UsePAM no: sshd does not ask PAM");
		return;
	}
	if (!sshd->asks && !(sshd->password && enough))
		say_setting(check, FOUND_SSHD_ASKS,
		    "KbdInteractiveAuthentication yes",
		    "KbdInteractiveAuthentication no: nobody is asked for a "
		    "code");
	if (sshd->asks && sshd->password && !enough)
		say_setting(check, FOUND_SSHD_PASSWORD,
		    "PasswordAuthentication no",
		    "PasswordAuthentication yes: the password answers every "
		    "prompt, also that for the code, and is refused");
	check_methods(check, sshd);
}
