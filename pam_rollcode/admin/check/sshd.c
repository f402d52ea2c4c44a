/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sshd.c - sshd's effective settings: does it ask PAM, and does
 * PAM reach the person?
 */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "admin/check/check.h"

#define CONFIG "/etc/ssh/sshd_config"
#define KEY_AND_CODE "AuthenticationMethods publickey,keyboard-interactive:pam"
#define METHODS KEY_AND_CODE " keyboard-interactive:pam"
#define ROOT_BY_KEY                                           \
	"at the end: Match User root, and in the next line: " \
	"AuthenticationMethods publickey"

/* The last line of that key, "" if there is none. */
static const char *
setting_of(const struct settings *settings, const char *key)
{
	const char *value = "", *line = settings->text;
	size_t len = strlen(key);

	for (; line < settings->text + settings->len; line += strlen(line) + 1)
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			value = line + len + 1;
	return value;
}

static const char *
sshd_setting(const struct check *check, const char *key)
{
	return setting_of(&check->sshd, key);
}

bool
sshd_is(const struct check *check, const char *key, const char *value)
{
	return strcmp(sshd_setting(check, key), value) == 0;
}

bool
sshd_asks_as(const struct check *check, const char *service)
{
	const char *name = sshd_setting(check, "pamservicename");

	return strcmp(name[0] == '\0' ? "sshd" : name, service) == 0;
}

/* Older versions have another name for it. */
static bool
sshd_prompts(const struct check *check)
{
	return sshd_is(check, "kbdinteractiveauthentication", "yes") ||
	       sshd_is(check, "challengeresponseauthentication", "yes");
}

static unsigned int
line_number(const char *digits)
{
	return (unsigned int)strtoul(digits, NULL, 10);
}

/* Where it does not run its folder may be missing; the rest is a mistake. */
static void
cannot_read(struct check *check, const char *program, char *output)
{
	static const char missing[] = "separation directory: ";
	const char *line = strtok(output, "\r\n"), *directory;
	char file[CHECK_FILE_MAX], at[16] = "0";
	struct finding *f;

	if (line != NULL && (directory = strstr(line, missing)) != NULL) {
		f = check_found(check, IS_NOTE, "sshd", CONFIG, 0, NULL,
		    "sshd cannot print its settings: %s", line);
		check_command(f, "mkdir", directory + strlen(missing), NULL);
		return;
	}
	/* "FILE: line 3: ...", or without the first colon. */
	if (line == NULL ||
	    sscanf(line, "%511[^: ]%*[: ]line %15[0-9]", file, at) != 2)
		check_cut(file, sizeof(file), CONFIG);
	f = check_found(check, IS_WARNING, "sshd-config", file, line_number(at),
	    NULL, "sshd cannot print its settings, and would not start: %s",
	    line == NULL ? "it says nothing" : line);
	check_command(f, program, "-t", NULL);
}

/* Its settings, those of a user if there is one; verbose, with their lines. */
static int
ask_sshd(char *program, const char *user, bool verbose, char *out)
{
	char test[] = "-T", with[] = "-C", more[] = "-ddd";
	char who[ROLLCODE_USER_MAX + 64];
	char *argv[] = {program, test, NULL, NULL, NULL, NULL};
	size_t n = 2;

	if (verbose)
		argv[n++] = more;
	if (user != NULL && strchr(user, ',') == NULL) {
		check_cut(who, sizeof(who),
		    "user=%s,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,"
		    "lport=22",
		    user);
		argv[n++] = with;
		argv[n] = who;
	}
	return check_run(argv, out, CHECK_SSHD_MAX);
}

static void
end_lines(struct settings *settings)
{
	settings->len = strlen(settings->text);
	for (char *at = settings->text; (at = strchr(at, '\n')) != NULL;)
		*at++ = '\0';
}

void
check_sshd_read(struct check *check)
{
	char program[PATH_MAX], *text = check->sshd.text;

	if (check->sshd_read)
		return;
	check->sshd_read = true;
	if (check_find(check, "sshd", program) == NULL)
		return;
	if (ask_sshd(program, check->user, false, text) != 0 &&
	    ask_sshd(program, NULL, false, text) != 0) {
		cannot_read(check, program, text);
		text[0] = '\0';
		return;
	}
	if (ask_sshd(program, "root", false, check->sshd_root.text) != 0)
		check->sshd_root.text[0] = '\0';
	end_lines(&check->sshd);
	end_lines(&check->sshd_root);
}

/* A line of sshd_config sets what "KEY VALUE" sets. */
static bool
same_key(const char *key, const char *setting)
{
	size_t len = strlen(key);

	/* The older name of one of them. */
	if (strcasecmp(key, "ChallengeResponseAuthentication") == 0)
		return strncmp(setting, "KbdInteractive", 14) == 0;
	return strncasecmp(setting, key, len) == 0 && setting[len] == ' ';
}

/*
 * The file and the line where it is set.  sshd -T -ddd prints each line that it
 * reads: at first those outside of Match blocks, then those of the Match blocks
 * that are for this user, which win.  Of both the first one counts.
 */
static unsigned int
setting_line(
    struct check *check, const char *setting, char file[CHECK_FILE_MAX])
{
	static char said[CHECK_SSHD_MAX];
	char program[PATH_MAX], name[CHECK_FILE_MAX], at[16], key[64];
	char *rest = said, *line;
	unsigned int found = 0;
	bool counted = false;

	check_cut(file, CHECK_FILE_MAX, CONFIG);
	if (check_find(check, "sshd", program) == NULL ||
	    ask_sshd(program, check->user, true, said) != 0)
		return 0;
	while ((line = strsep(&rest, "\r\n")) != NULL) {
		counted &= strstr(line, "config reprocess config") == NULL;
		if (sscanf(line, "debug3: %511[^:]:%15[0-9] setting %63s", name,
			at, key) != 3 ||
		    !same_key(key, setting) || counted)
			continue;
		counted = true;
		found = line_number(at);
		/* What it has read is no file for it. */
		check_cut(
		    file, CHECK_FILE_MAX, "%s", name[0] == '/' ? name : CONFIG);
	}
	return found;
}

static void
found_setting(struct check *check, unsigned int severity, const char *name,
    const char *setting, const char *what)
{
	char fix[CHECK_TEXT_MAX], file[CHECK_FILE_MAX];
	unsigned int line = setting_line(check, setting, file);

	check_cut(fix, sizeof(fix),
	    "write %s: %s, then \"sshd -t\" before you reload sshd",
	    line == 0 ? "at the beginning of this file"
		      : "in place of this line",
	    setting);
	check_found(check, severity, name, file, line, fix, "%s", what);
}

/* Its lists are separated by spaces; "any" has none. */
static bool
lists_have(const struct settings *settings, const char *name)
{
	char methods[CHECK_TEXT_MAX], *rest = methods, *list, *method;
	bool has = false;

	check_cut(methods, sizeof(methods), "%s",
	    setting_of(settings, "authenticationmethods"));
	while ((list = strsep(&rest, " ")) != NULL) {
		has = false;
		while ((method = strsep(&list, ",")) != NULL)
			has |= strncmp(method, name, strlen(name)) == 0;
		if (!has)
			return false;
	}
	return has;
}

bool
sshd_lists_have(const struct check *check, const char *name)
{
	return lists_have(&check->sshd, name);
}

/* Whether a file of keys is there: PATH may be of the home, with %h and %u. */
static bool
has_keys(const struct passwd *pw, const char *pattern)
{
	char path[PATH_MAX] = "", piece[2] = "";
	struct stat st;
	size_t used;

	if (pattern[0] != '/' && strncmp(pattern, "%h", 2) != 0)
		check_cut(path, sizeof(path), "%s/", pw->pw_dir);
	for (const char *p = pattern; *p != '\0'; p++) {
		const char *text = piece;

		used = strlen(path);
		piece[0] = *p;
		if (*p == '%' && p[1] != '\0')
			text = *++p == 'h' ? pw->pw_dir
			       : *p == 'u' ? pw->pw_name
					   : "%";
		check_cut(path + used, sizeof(path) - used, "%s", text);
	}
	return stat(path, &st) == 0 ? st.st_size > 0 : errno != ENOENT;
}

/* Every list of methods wants a key: has this user one in a file? */
static void
check_user_key(struct check *check, const char *methods, bool more)
{
	char files[CHECK_TEXT_MAX], *rest = files, *file;
	const struct passwd *pw;

	if (check->user == NULL || (pw = getpwnam(check->user)) == NULL ||
	    !sshd_lists_have(check, "publickey") ||
	    !sshd_is(check, "authorizedkeyscommand", "none") ||
	    !sshd_is(check, "trustedusercakeys", "none"))
		return;
	check_cut(files, sizeof(files), "%s",
	    sshd_setting(check, "authorizedkeysfile"));
	while ((file = strsep(&rest, " ")) != NULL)
		if (has_keys(pw, file))
			return;
	check_found(check, IS_WARNING, "sshd-no-key", CONFIG, 0,
	    more ? "install a key of this user (ssh-copy-id), or allow a way "
		   "without one: " METHODS
		 : "install a key of this user (ssh-copy-id)",
	    "AuthenticationMethods %s requires a key, and %s has none: every "
	    "login by ssh is refused",
	    methods, check->user);
}

static const char *
permit_root(const struct check *check)
{
	return setting_of(&check->sshd_root, "permitrootlogin");
}

/* PermitRootLogin no says that root is meant to stay out. */
static bool
root_has_key_only(const struct check *check)
{
	const char *root = permit_root(check);

	return root[0] != '\0' && strcmp(root, "yes") != 0 &&
	       strcmp(root, "no") != 0;
}

static void
check_root_methods(struct check *check)
{
	if (root_has_key_only(check) &&
	    lists_have(&check->sshd_root, "keyboard-interactive"))
		check_found(check, IS_WARNING, "sshd-root", CONFIG, 0,
		    "to let root in with a key and a code: PermitRootLogin "
		    "yes; with a key alone, " ROOT_BY_KEY "; not at all: "
		    "PermitRootLogin no",
		    "AuthenticationMethods asks root for a code, which "
		    "PermitRootLogin %s does not allow: every login of root's "
		    "by ssh is refused",
		    permit_root(check));
}

/* What asks everybody for a code must not shut root out. */
static void
note_key_alone(struct check *check, bool more)
{
	char fix[CHECK_TEXT_MAX];

	check_cut(fix, sizeof(fix), "%s%s",
	    more ? "to require a code after a key, and a password and a code "
		   "without one: " METHODS
		 : "to require a key and then a code: " KEY_AND_CODE,
	    root_has_key_only(check)
		? "; and for root, who has a key alone, " ROOT_BY_KEY
		: "");
	check_found(check, IS_NOTE, "sshd-key", CONFIG, 0, fix,
	    "a login by key needs no code, because sshd does not ask PAM then");
}

static void
check_methods(struct check *check, bool more)
{
	const char *methods = sshd_setting(check, "authenticationmethods");
	char what[CHECK_TEXT_MAX];

	if (methods[0] == '\0' || strcmp(methods, "any") == 0) {
		if (sshd_is(check, "pubkeyauthentication", "yes"))
			note_key_alone(check, more);
		return;
	}
	check_user_key(check, methods, more);
	if (sshd_lists_have(check, "keyboard-interactive") ||
	    sshd_lists_have(check, "password"))
		return;
	check_cut(what, sizeof(what),
	    "AuthenticationMethods %s: one of these ways needs no code",
	    methods);
	found_setting(check, IS_WARNING, "sshd-methods",
	    more ? METHODS : KEY_AND_CODE, what);
}

void
check_sshd(struct check *check, const struct service *s)
{
	bool password = sshd_is(check, "passwordauthentication", "yes");
	/* With a password sshd answers each prompt, so one has to do. */
	bool enough = s->hands_on;

	if (check->sshd.len == 0)
		return;
	if (!sshd_is(check, "usepam", "yes")) {
		found_setting(check, IS_ERROR, "sshd-pam", "UsePAM yes",
		    "UsePAM no: sshd does not ask PAM, and nobody is asked "
		    "for a code");
		return;
	}
	if (!sshd_prompts(check) && !(password && enough))
		found_setting(check, IS_ERROR, "sshd-asks",
		    "KbdInteractiveAuthentication yes",
		    "KbdInteractiveAuthentication no: nobody is asked for a "
		    "code, so logins without a key are refused");
	if (sshd_prompts(check) && password && !enough)
		found_setting(check, IS_WARNING, "sshd-password",
		    "PasswordAuthentication no",
		    "PasswordAuthentication yes: sshd answers every prompt "
		    "with the password, so such a login is always refused");
	/* Without a key a code alone would do, unless a module asks more. */
	check_methods(check, s->proves);
	check_root_methods(check);
}
