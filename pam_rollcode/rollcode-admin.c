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
#define FLAG(name, field, about) \
	{ name, KEYWORD_FLAG, FIELD(field), 0, 0, 0, NULL, about }
#define TEXT(name, field, value, about) \
	{ name, KEYWORD_TEXT, FIELD(field), 1, ROOM(field), 0, value, about }
#define ROOM(field) (sizeof(((struct admin_options *)NULL)->field) - 1)
#define END { .name = NULL }
#define LABEL TEXT("label", label, "LABEL", "the token with that label")
#define FORCE \
	{ "force", KEYWORD_FLAG, FIELD(force), 0, 0, 'f', NULL, "do not ask" }
#define JSON FLAG("json", json, "print JSON")

static const struct keyword options_all[] = {
	TEXT("conf", conf, "FILE",
	    "configuration file, instead of " ROLLCODE_CONF),
	END,
};

static const struct keyword options_enroll[] = {
	TEXT("label", label, "LABEL", "the name of the new token"),
	FLAG("phone", phone,
	    "for authenticator apps: SHA1, 6 digits, 20 bytes"),
	TEXT("form", form, "hotp|hash|hex|timed",
	    "default hotp; codes of timed expire"),
	{ "digits", KEYWORD_NUMBER, FIELD(digits), ROLLCODE_DIGITS_MIN,
	    ROLLCODE_HEX_DIGITS, 0, "6|7|8|64",
	    "digits of a code, default 8; of timed 8 or 64" },
	TEXT("algorithm", algorithm, "SHA1|SHA256|SHA512", "default SHA256"),
	{ "counter", KEYWORD_NUMBER, FIELD(counter), 0, INT64_MAX, 0, "N",
	    "the next counter of a token that was used before" },
	TEXT("secret-file", secret_file, "FILE",
	    "read the secret, - is stdin; default: a new one"),
	FLAG("qr", qr, "draw the URI as a QR code"),
	FLAG("confirm", confirm,
	    "enrol only after a code of the token was typed"),
	FLAG("replace", replace, "first remove all tokens of an enrolled user"),
	FORCE,
	FLAG("if-missing", if_missing,
	    "do nothing if the user has a token, or one with that label"),
	FLAG("all-missing", all_missing,
	    "everybody who can log in and has no token"),
	TEXT("out", out, "DIR", "a file with the URI of each user there"),
	FLAG("no-account", no_account, "a name that only PAM knows"),
	END,
};

static const struct keyword options_json[] = { JSON, END };
static const struct keyword options_label[] = { LABEL, END };

static const struct keyword options_list[] = {
	FLAG("missing", missing, "accounts that can log in and have no token"),
	FLAG("stale", stale, "users with a token and no account"),
	JSON,
	END,
};

static const struct keyword options_remove[] = {
	LABEL,
	FORCE,
	END,
};

static const struct keyword options_resync[] = {
	LABEL,
	{ "window", KEYWORD_NUMBER, FIELD(window), 1, WINDOW_MAX, 0, "N",
	    "how far ahead to search, default 100000" },
	TEXT("from-log", log_file, "FILE",
	    "raise all counters to those of a system log, - is stdin"),
	{ "force", KEYWORD_FLAG, FIELD(force), 0, 0, 'f', NULL,
	    "with --from-log: by more than 100000 too" },
	END,
};

static const struct keyword options_restored[] = {
	FLAG("end", end, "the store is right again: every token can log in"),
	TEXT("promotions", promotions, "ask|follow",
	    "PostgreSQL: what logins do after one; default ask"),
	{ "force", KEYWORD_FLAG, FIELD(force), 0, 0, 'f', NULL,
	    "do not ask; with --end: also if used codes would work" },
	END,
};

static const struct keyword options_recovery[] = {
	FLAG("once", once, "issue a single code that expires"),
	TEXT("expires", expires, "DURATION",
	    "when it expires: 15m, 2h, 1d; default 1h"),
	FLAG("void", take_back, "make every code void and issue none"),
	FORCE,
	END,
};

static const struct keyword options_log[] = {
	{ "follow", KEYWORD_FLAG, FIELD(follow), 0, 0, 'f', NULL,
	    "continue with new events" },
	{ "number", KEYWORD_NUMBER, FIELD(number), 0, 10000, 'n', "N",
	    "only the last N; with -f default 10" },
	TEXT("since", since, "TIME",
	    "not before: a time, or 2h for 2 hours ago"),
	TEXT("until", until, "TIME", "not after"),
	JSON,
	END,
};

static const struct keyword options_import[] = {
	TEXT("from", from, "STORE",
	    "import every user from another store, not from files"),
	TEXT("format", format,
	    "otpauth|oath|google|demo|pskc|csv|migration|json|sealed",
	    "default: guess"),
	TEXT("user", user, "USER",
	    "the owner of all tokens; refuse other names"),
	TEXT("serial", serial, "SERIAL",
	    "import only the token of this serial number"),
	TEXT("owners", owners, "FILE",
	    "only the tokens of this list: SERIAL USER"),
	FLAG("add", add, "add tokens to users who are already enrolled"),
	FLAG("no-account", no_account, "names that only PAM knows"),
	{ "force", KEYWORD_FLAG, FIELD(force), 0, 0, 'f', NULL,
	    "also lower counters: used codes work again" },
	TEXT("seal-file", seal_file, "FILE",
	    "read the passphrase of an encrypted export"),
	TEXT("passphrase-file", passphrase_file, "FILE",
	    "the same, of a key container, which must be encrypted"),
	TEXT("key-file", key_file, "FILE",
	    "the key of one, which must be encrypted"),
	END,
};

static const struct keyword options_export[] = {
	FLAG("plain", plain, "do not encrypt: otpauth URIs with the secrets"),
	TEXT("seal-file", seal_file, "FILE",
	    "read the passphrase to encrypt with"),
	{ "output", KEYWORD_TEXT, FIELD(output), 1, ROOM(output), 'o', "FILE",
	    "write to a new file that only you can read" },
	END,
};

static const struct keyword options_rekey[] = {
	{ "wait", KEYWORD_NUMBER, FIELD(wait), 0, 3600, 0, "N",
	    "seconds to wait for the old key's users, default 60" },
	FLAG("everywhere", everywhere,
	    "all hosts that share the store have both keys"),
	END,
};

static const struct keyword options_check[] = {
	TEXT("service", service, "SERVICE",
	    "this service alone, and what each outcome does"),
	JSON,
	END,
};

static const struct keyword options_stats[] = {
	FLAG("prometheus", prometheus, "print the format of Prometheus"),
	JSON,
	END,
};

static const struct cli_command commands[] = {
	{ "init", admin_init, "",
	    "make the key and an empty store", 0, 0, NULL },
	{ "enroll", admin_enroll, "[USER]...",
	    "enrol a token and print its URI with the secret", 0, FILES_MAX,
	    options_enroll },
	{ "list", admin_list, "",
	    "list the users and their state", 0, 0, options_list },
	{ "show", admin_show, "USER",
	    "show a user's tokens, without secrets", 1, 1, options_json },
	{ "uri", admin_uri, "USER",
	    "print the URI of a token again, with the secret", 1, 1,
	    options_label },
	{ "qr", admin_qr, "USER",
	    "draw the URI as a QR code for an app", 1, 1, options_label },
	{ "remove", admin_remove, "USER",
	    "remove a user, or one token, for good", 1, 1, options_remove },
	{ "disable", admin_disable, "USER",
	    "refuse a user's tokens from now on", 1, 1, options_label },
	{ "enable", admin_enable, "USER",
	    "accept a user's tokens again", 1, 1, options_label },
	{ "unlock", admin_unlock, "USER",
	    "reset the counts of failures and guesses", 1, 1, NULL },
	{ "verify", admin_verify, "USER",
	    "check a code like a login does; the code is used up", 1, 1, NULL },
	{ "resync", admin_resync, "[USER]",
	    "move a counter up to two or three consecutive codes", 0, 1,
	    options_resync },
	{ "recovery", admin_recovery, "USER",
	    "issue ten codes for a lost token", 1, 1, options_recovery },
	{ "import", admin_import, "[FILE]...",
	    "import tokens from files of other programs, with counters", 0,
	    FILES_MAX, options_import },
	{ "export", admin_export, "[USER]...",
	    "print tokens with counters, encrypted with a passphrase", 0,
	    FILES_MAX, options_export },
	{ "log", admin_log, "[USER]",
	    "print events, the oldest first", 0, 1, options_log },
	{ "rekey", admin_rekey, "",
	    "make a new key and re-encrypt every secret", 0, 0, options_rekey },
	{ "backup", admin_backup, "DIRECTORY",
	    "copy the store while logins continue", 1, 1, NULL },
	{ "restored", admin_restored, "",
	    "the store went back in time: only timed tokens log in", 0, 0,
	    options_restored },
	{ "check", admin_check, "[USER]",
	    "print what is wrong and how to fix it", 0, 1, options_check },
	{ "stats", admin_stats, "",
	    "print figures for monitoring", 0, 0, options_stats },
	END,
};
/* clang-format on */

static const struct cli_example examples[] = {
    {"", "rollcode-admin init"},
    {"", "rollcode-admin enroll alice"},
    {"", "rollcode-admin check alice"},
    {"enroll", "rollcode-admin enroll alice"},
    {"enroll", "rollcode-admin enroll alice --label phone --phone --qr "
	       "--confirm"},
    {"enroll", "rollcode-admin enroll alice --label laptop --form timed"},
    {"enroll", "rollcode-admin enroll radius1 --no-account"},
    {"enroll", "rollcode-admin enroll --all-missing --out /root/tokens"},
    {"list", "rollcode-admin list"},
    {"list", "rollcode-admin list --missing"},
    {"uri", "rollcode-admin uri alice --label phone"},
    {"remove", "rollcode-admin remove alice --label phone"},
    {"verify", "rollcode-admin verify alice"},
    {"resync", "rollcode-admin resync alice --label phone"},
    {"resync", "journalctl | rollcode-admin resync --from-log -"},
    {"recovery", "rollcode-admin recovery alice"},
    {"recovery", "rollcode-admin recovery alice --once --expires 15m"},
    {"import", "rollcode-admin import --user alice alice.uri"},
    {"import", "rollcode-admin import users.oath"},
    {"export", "rollcode-admin export -o tokens.sealed"},
    {"log", "rollcode-admin log alice -n 20"},
    {"log", "rollcode-admin log --since 2h -f"},
    {"log", "rollcode-admin log --since 2026-11-28 --until 2026-11-29"},
    {"rekey", "rollcode-admin rekey --wait 0"},
    {"backup", "rollcode-admin backup /var/backups/rollcode/monday"},
    {"restored", "rollcode-admin restored"},
    {"restored", "rollcode-admin restored --end"},
    {"restored", "rollcode-admin restored --promotions follow"},
    {"check", "rollcode-admin check alice"},
    {"check", "rollcode-admin check --service sshd"},
    {"stats", "rollcode-admin stats --prometheus"},
    {NULL, NULL},
};

static const struct cli_program program = {
    .name = "rollcode-admin",
    .about = "Administers users and tokens of pam_rollcode.",
    .commands = commands,
    .options = options_all,
    .examples = examples,
    .see = "rollcode-admin(8)",
};

int
main(int argc, char **argv)
{
	struct admin_options options = {
	    .counter = -1, .number = -1, .wait = ADMIN_WAIT};

	cli_begin();
	memcpy(options.conf, ROLLCODE_CONF, sizeof(ROLLCODE_CONF));
	return cli_main(&program, &options, argc, argv);
}
