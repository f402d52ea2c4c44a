/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rollcode-admin - the administrator's tool.
 *
 *  1. The env file is read as root; a store, and whatever else somebody else
 *     made, only as the account and in bounded memory.
 *  2. A secret comes by file or standard input, and goes out only where the
 *     command's name says so: enroll, uri, qr and recovery.
 *  3. What a command announces is on disk.
 */
#include "admin/admin.h"

#define FIELD(member) offsetof(struct admin_options, member)
#define WINDOW_MAX 1000000
#define FILES_MAX 10000

/* clang-format off */
static const struct keyword options_all[] = {
	{ "conf", KEYWORD_TEXT, FIELD(conf), 1, PATH_MAX - 1, 0,
	    "FILE", "configuration file, instead of " ROLLCODE_CONF },
	{ .name = NULL },
};

#define LABEL \
	{ "label", KEYWORD_TEXT, FIELD(label), 1, ROLLCODE_LABEL_MAX, 0, \
	    "LABEL", "the token with that label" }
#define JSON \
	{ "json", KEYWORD_FLAG, FIELD(json), 0, 0, 0, NULL, "print JSON" }

static const struct keyword options_enroll[] = {
	{ "label", KEYWORD_TEXT, FIELD(label), 1, ROLLCODE_LABEL_MAX, 0,
	    "LABEL", "the name of the new token" },
	{ "phone", KEYWORD_FLAG, FIELD(phone), 0, 0, 0,
	    NULL, "for authenticator apps: SHA1, 6 digits, 20 bytes" },
	{ "form", KEYWORD_TEXT, FIELD(form), 1, 7, 0,
	    "hotp|hash|hex", "default hotp" },
	{ "digits", KEYWORD_NUMBER, FIELD(digits), ROLLCODE_DIGITS_MIN,
	    ROLLCODE_DIGITS_MAX, 0, "6|7|8", "digits of a code, default 8" },
	{ "algorithm", KEYWORD_TEXT, FIELD(algorithm), 1, 15, 0,
	    "SHA1|SHA256|SHA512", "default SHA256" },
	{ "counter", KEYWORD_NUMBER, FIELD(counter), 0, INT64_MAX, 0,
	    "N", "the next counter of a token that was used before" },
	{ "secret-file", KEYWORD_TEXT, FIELD(secret_file), 1, PATH_MAX - 1, 0,
	    "FILE", "read the secret, - is stdin; default: a new one" },
	{ "qr", KEYWORD_FLAG, FIELD(qr), 0, 0, 0,
	    NULL, "draw the URI as a QR code" },
	{ "confirm", KEYWORD_FLAG, FIELD(confirm), 0, 0, 0,
	    NULL, "enrol only after a code of the token was typed" },
	{ "replace", KEYWORD_FLAG, FIELD(replace), 0, 0, 0,
	    NULL, "first remove all tokens of an enrolled user" },
	{ "no-account", KEYWORD_FLAG, FIELD(no_account), 0, 0, 0,
	    NULL, "a name that only PAM knows" },
	{ .name = NULL },
};

static const struct keyword options_json[] = { JSON, { .name = NULL } };
static const struct keyword options_label[] = { LABEL, { .name = NULL } };

static const struct keyword options_remove[] = {
	LABEL,
	{ "force", KEYWORD_FLAG, FIELD(force), 0, 0, 'f',
	    NULL, "do not ask" },
	{ .name = NULL },
};

static const struct keyword options_resync[] = {
	LABEL,
	{ "window", KEYWORD_NUMBER, FIELD(window), 1, WINDOW_MAX, 0,
	    "N", "how far ahead to search, default 100000" },
	{ .name = NULL },
};

static const struct keyword options_recovery[] = {
	{ "once", KEYWORD_FLAG, FIELD(once), 0, 0, 0,
	    NULL, "issue a single code that expires" },
	{ "expires", KEYWORD_TEXT, FIELD(expires), 1, ADMIN_DURATION_MAX, 0,
	    "DURATION", "when it expires: 15m, 2h, 1d; default 1h" },
	{ "void", KEYWORD_FLAG, FIELD(take_back), 0, 0, 0,
	    NULL, "make every code void and issue none" },
	{ .name = NULL },
};

static const struct keyword options_log[] = {
	{ "follow", KEYWORD_FLAG, FIELD(follow), 0, 0, 'f',
	    NULL, "continue with new events" },
	{ "number", KEYWORD_NUMBER, FIELD(number), 1, 10000, 'n',
	    "N", "only the last N" },
	JSON,
	{ .name = NULL },
};

static const struct keyword options_import[] = {
	{ "from", KEYWORD_TEXT, FIELD(from), 1, PATH_MAX - 1, 0,
	    "STORE", "import every user from another store, not from files" },
	{ "format", KEYWORD_TEXT, FIELD(format), 1, 15, 0,
	    "otpauth|oath|google|demo|pskc|sealed", "default: guess" },
	{ "user", KEYWORD_TEXT, FIELD(user), 1, ROLLCODE_USER_MAX, 0,
	    "USER", "the owner of all tokens; refuse other names" },
	{ "add", KEYWORD_FLAG, FIELD(add), 0, 0, 0,
	    NULL, "add tokens to users who are already enrolled" },
	{ "no-account", KEYWORD_FLAG, FIELD(no_account), 0, 0, 0,
	    NULL, "names that only PAM knows" },
	{ "force", KEYWORD_FLAG, FIELD(force), 0, 0, 'f',
	    NULL, "also lower counters: used codes work again" },
	{ "seal-file", KEYWORD_TEXT, FIELD(seal_file), 1, PATH_MAX - 1, 0,
	    "FILE", "read the passphrase of an encrypted export" },
	{ .name = NULL },
};

static const struct keyword options_export[] = {
	{ "plain", KEYWORD_FLAG, FIELD(plain), 0, 0, 0,
	    NULL, "do not encrypt: otpauth URIs with the secrets" },
	{ "seal-file", KEYWORD_TEXT, FIELD(seal_file), 1, PATH_MAX - 1, 0,
	    "FILE", "read the passphrase to encrypt with" },
	{ "output", KEYWORD_TEXT, FIELD(output), 1, PATH_MAX - 1, 'o',
	    "FILE", "write to a new file that only you can read" },
	{ .name = NULL },
};

static const struct keyword options_rekey[] = {
	{ "wait", KEYWORD_NUMBER, FIELD(wait), 0, 3600, 0,
	    "N", "seconds to wait for the old key's users, default 60" },
	{ "everywhere", KEYWORD_FLAG, FIELD(everywhere), 0, 0, 0,
	    NULL, "all hosts that share the store have both keys" },
	{ .name = NULL },
};

static const struct keyword options_check[] = {
	{ "service", KEYWORD_TEXT, FIELD(service), 1, 63, 0,
	    "SERVICE", "this service alone, and what each outcome does" },
	JSON,
	{ .name = NULL },
};

static const struct cli_command commands[] = {
	{ "init", admin_init, "",
	    "make the key and an empty store", 0, 0, NULL },
	{ "enroll", admin_enroll, "USER",
	    "enrol a token and print its URI with the secret",
	    1, 1, options_enroll },
	{ "list", admin_list, "",
	    "list the users and their state", 0, 0, options_json },
	{ "show", admin_show, "USER",
	    "show a user's tokens, without secrets", 1, 1, options_json },
	{ "uri", admin_uri, "USER",
	    "print the URI of a token again, with the secret",
	    1, 1, options_label },
	{ "qr", admin_qr, "USER",
	    "draw the URI as a QR code for an app", 1, 1, options_label },
	{ "remove", admin_remove, "USER",
	    "remove a user, or one token, for good",
	    1, 1, options_remove },
	{ "disable", admin_disable, "USER",
	    "refuse a user's tokens from now on", 1, 1, options_label },
	{ "enable", admin_enable, "USER",
	    "accept a user's tokens again", 1, 1, options_label },
	{ "unlock", admin_unlock, "USER",
	    "reset the counts of failures and guesses", 1, 1, NULL },
	{ "verify", admin_verify, "USER",
	    "check a code like a login does; the code is used up", 1, 1, NULL },
	{ "resync", admin_resync, "USER",
	    "move a counter up to two or three consecutive codes",
	    1, 1, options_resync },
	{ "recovery", admin_recovery, "USER",
	    "issue ten codes for a lost token",
	    1, 1, options_recovery },
	{ "import", admin_import, "[FILE]...",
	    "import tokens from files of other programs, with counters",
	    0, FILES_MAX, options_import },
	{ "export", admin_export, "[USER]...",
	    "print tokens with counters, encrypted with a passphrase",
	    0, FILES_MAX, options_export },
	{ "log", admin_log, "[USER]",
	    "print events, the oldest first", 0, 1, options_log },
	{ "rekey", admin_rekey, "",
	    "make a new key and re-encrypt every secret", 0, 0, options_rekey },
	{ "backup", admin_backup, "DIRECTORY",
	    "copy the store while logins continue", 1, 1, NULL },
	{ "check", admin_check, "[USER]",
	    "print what is wrong and how to fix it", 0, 1, options_check },
	{ .name = NULL },
};
/* clang-format on */

static const struct cli_program program = {
    .name = "rollcode-admin",
    .about = "Administers users and tokens of pam_rollcode.",
    .commands = commands,
    .options = options_all,
    .see = "rollcode-admin(8)",
};

int
main(int argc, char **argv)
{
	struct admin_options options = {.counter = -1, .wait = ADMIN_WAIT};

	cli_begin();
	memcpy(options.conf, ROLLCODE_CONF, sizeof(ROLLCODE_CONF));
	return cli_main(&program, &options, argc, argv);
}
