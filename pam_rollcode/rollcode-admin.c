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
	    "FILE", "the env file, instead of " ROLLCODE_CONF },
	{ .name = NULL },
};

#define LABEL \
	{ "label", KEYWORD_TEXT, FIELD(label), 1, ROLLCODE_LABEL_MAX, 0, \
	    "LABEL", "the token of that label" }
#define JSON \
	{ "json", KEYWORD_FLAG, FIELD(json), 0, 0, 0, NULL, "for programs" }

static const struct keyword options_enroll[] = {
	{ "label", KEYWORD_TEXT, FIELD(label), 1, ROLLCODE_LABEL_MAX, 0,
	    "LABEL", "what to call the new token" },
	{ "phone", KEYWORD_FLAG, FIELD(phone), 0, 0, 0,
	    NULL, "for authenticator apps: SHA1, 6 digits, 20 bytes" },
	{ "form", KEYWORD_TEXT, FIELD(form), 1, 7, 0,
	    "hotp|hash|hex", "hotp if not given" },
	{ "digits", KEYWORD_NUMBER, FIELD(digits), ROLLCODE_DIGITS_MIN,
	    ROLLCODE_DIGITS_MAX, 0, "6|7|8", "of a code, 8 if not given" },
	{ "algorithm", KEYWORD_TEXT, FIELD(algorithm), 1, 15, 0,
	    "SHA1|SHA256|SHA512", "SHA256 if not given" },
	{ "counter", KEYWORD_NUMBER, FIELD(counter), 0, INT64_MAX, 0,
	    "N", "the next counter of a token that was used before" },
	{ "secret-file", KEYWORD_TEXT, FIELD(secret_file), 1, PATH_MAX - 1, 0,
	    "FILE", "its secret, - is standard input; else a new one" },
	{ "qr", KEYWORD_FLAG, FIELD(qr), 0, 0, 0,
	    NULL, "draw the line as a QR code" },
	{ "confirm", KEYWORD_FLAG, FIELD(confirm), 0, 0, 0,
	    NULL, "enrol only if a code of the token is read then" },
	{ "replace", KEYWORD_FLAG, FIELD(replace), 0, 0, 0,
	    NULL, "take all tokens of an enrolled user away" },
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
	    "N", "how far to look ahead, 100000 if not given" },
	{ .name = NULL },
};

static const struct keyword options_recovery[] = {
	{ "once", KEYWORD_FLAG, FIELD(once), 0, 0, 0,
	    NULL, "one code that expires, to read to somebody" },
	{ "expires", KEYWORD_TEXT, FIELD(expires), 1, ADMIN_DURATION_MAX, 0,
	    "DURATION", "when: 15m, 2h, 1d; 1h if not given" },
	{ "void", KEYWORD_FLAG, FIELD(take_back), 0, 0, 0,
	    NULL, "take every code back, and issue none" },
	{ .name = NULL },
};

static const struct keyword options_log[] = {
	{ "follow", KEYWORD_FLAG, FIELD(follow), 0, 0, 'f',
	    NULL, "go on with what happens from now on" },
	{ "number", KEYWORD_NUMBER, FIELD(number), 1, 10000, 'n',
	    "N", "only the last N" },
	JSON,
	{ .name = NULL },
};

static const struct keyword options_import[] = {
	{ "from", KEYWORD_TEXT, FIELD(from), 1, PATH_MAX - 1, 0,
	    "STORE", "take every user over from another store, no file" },
	{ "format", KEYWORD_TEXT, FIELD(format), 1, 15, 0,
	    "otpauth|oath|google|demo|pskc|sealed", "guessed if not given" },
	{ "user", KEYWORD_TEXT, FIELD(user), 1, ROLLCODE_USER_MAX, 0,
	    "USER", "the owner of all the tokens; other names are refused" },
	{ "add", KEYWORD_FLAG, FIELD(add), 0, 0, 0,
	    NULL, "add tokens to users that are enrolled already" },
	{ "no-account", KEYWORD_FLAG, FIELD(no_account), 0, 0, 0,
	    NULL, "names that only PAM knows" },
	{ "force", KEYWORD_FLAG, FIELD(force), 0, 0, 'f',
	    NULL, "lower counters too: spent codes work again" },
	{ "seal-file", KEYWORD_TEXT, FIELD(seal_file), 1, PATH_MAX - 1, 0,
	    "FILE", "the passphrase of a sealed export" },
	{ .name = NULL },
};

static const struct keyword options_export[] = {
	{ "plain", KEYWORD_FLAG, FIELD(plain), 0, 0, 0,
	    NULL, "otpauth lines, which hold the secrets, unsealed" },
	{ "seal-file", KEYWORD_TEXT, FIELD(seal_file), 1, PATH_MAX - 1, 0,
	    "FILE", "the passphrase to seal them with" },
	{ "output", KEYWORD_TEXT, FIELD(output), 1, PATH_MAX - 1, 'o',
	    "FILE", "to a new file that only you can read" },
	{ .name = NULL },
};

static const struct keyword options_rekey[] = {
	{ "wait", KEYWORD_NUMBER, FIELD(wait), 0, 3600, 0,
	    "N", "seconds, 60 if not given, for who uses the old key" },
	{ "everywhere", KEYWORD_FLAG, FIELD(everywhere), 0, 0, 0,
	    NULL, "every host that shares the store has both keys" },
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
	    "make the key in the env file and an empty store", 0, 0, NULL },
	{ "enroll", admin_enroll, "USER",
	    "enrol a token and print its line, which holds the secret",
	    1, 1, options_enroll },
	{ "list", admin_list, "",
	    "list the users and how they stand", 0, 0, options_json },
	{ "show", admin_show, "USER",
	    "show a user's tokens, without secrets", 1, 1, options_json },
	{ "uri", admin_uri, "USER",
	    "print a token's line again, which holds the secret",
	    1, 1, options_label },
	{ "qr", admin_qr, "USER",
	    "the same as a QR code for an app", 1, 1, options_label },
	{ "remove", admin_remove, "USER",
	    "remove a user, or one token of theirs, for good",
	    1, 1, options_remove },
	{ "disable", admin_disable, "USER",
	    "refuse a user's tokens from now on", 1, 1, options_label },
	{ "enable", admin_enable, "USER",
	    "accept a user's tokens again", 1, 1, options_label },
	{ "unlock", admin_unlock, "USER",
	    "forget failures and guesses", 1, 1, NULL },
	{ "verify", admin_verify, "USER",
	    "judge a code as a login would, which spends it", 1, 1, NULL },
	{ "resync", admin_resync, "USER",
	    "move a counter up to two or three consecutive codes",
	    1, 1, options_resync },
	{ "recovery", admin_recovery, "USER",
	    "issue ten codes for the day the token is lost",
	    1, 1, options_recovery },
	{ "import", admin_import, "[FILE]...",
	    "take tokens over from other programs' files, with counters",
	    0, FILES_MAX, options_import },
	{ "export", admin_export, "[USER]...",
	    "print the tokens of these users or all, sealed by a passphrase",
	    0, FILES_MAX, options_export },
	{ "log", admin_log, "[USER]",
	    "what happened, the oldest first", 0, 1, options_log },
	{ "rekey", admin_rekey, "",
	    "seal every secret with a new key", 0, 0, options_rekey },
	{ "backup", admin_backup, "DIRECTORY",
	    "copy the store while logins go on", 1, 1, NULL },
	{ "check", admin_check, "[USER]",
	    "what is wrong here, and what mends it", 0, 1, options_check },
	{ .name = NULL },
};
/* clang-format on */

static const struct cli_program program = {
    .name = "rollcode-admin",
    .about = "Enrols users for pam_rollcode and looks after their tokens.",
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
