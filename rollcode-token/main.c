/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rollcode-token - the fob: keeps tokens and gives their next codes.
 *
 *  1. A code that is printed is already spent on disk.
 *  2. A secret comes by standard input or a prompt, never by argument.
 *  3. Without a command nothing is spent.
 */
#include <errno.h>

#include "cmd.h"
#include "common/token/code.h"

#define ASKPASS "rollcode-askpass"
#define BINDINGS_MAX 8
#define FIELD(member) offsetof(struct options, member)
#define FILES_MAX 10000

/* clang-format off */
static const struct keyword options_all[] = {
	{ "store", KEYWORD_TEXT, FIELD(store), 1, PATH_MAX - 1, 0,
	    "FILE", "the wallet, the file with the tokens" },
	{ "passphrase-file", KEYWORD_TEXT, FIELD(passphrase_file), 1,
	    PATH_MAX - 1, 0, "FILE", "read its passphrase, - is stdin" },
	{ .name = NULL },
};

static const struct keyword options_next[] = {
	{ "count", KEYWORD_NUMBER, FIELD(count), 1, CODES_MAX, 'n',
	    "COUNT", "print this many codes on one line" },
	{ .name = NULL },
};

static const struct keyword options_skip[] = {
	{ "count", KEYWORD_NUMBER, FIELD(count), 1, SKIP_MAX, 'n',
	    "N", "skip this many codes, default 1" },
	{ .name = NULL },
};

static const struct keyword options_json[] = {
	{ "json", KEYWORD_FLAG, FIELD(json), 0, 0, 0,
	    NULL, "print JSON" },
	{ .name = NULL },
};

static const struct keyword options_remove[] = {
	{ "force", KEYWORD_FLAG, FIELD(force), 0, 0, 'f',
	    NULL, "do not ask" },
	{ .name = NULL },
};

static const struct keyword options_passwd[] = {
	{ "remove", KEYWORD_FLAG, FIELD(remove), 0, 0, 0,
	    NULL, "remove the passphrase" },
	{ "new-passphrase-file", KEYWORD_TEXT, FIELD(new_file), 1,
	    PATH_MAX - 1, 0, "FILE", "read the new passphrase" },
	{ .name = NULL },
};

#define SEAL_FILE \
	{ "seal-file", KEYWORD_TEXT, FIELD(seal_file), 1, PATH_MAX - 1, 0, \
	    "FILE", "read the passphrase of the export" }

static const struct keyword options_import[] = {
	{ "format", KEYWORD_TEXT, FIELD(format), 1, 15, 0,
	    "otpauth|oath|google|demo|csv|migration|json|sealed",
	    "default: guess" },
	{ "force", KEYWORD_FLAG, FIELD(force), 0, 0, 'f',
	    NULL, "also lower counters: codes are repeated" },
	SEAL_FILE,
	{ .name = NULL },
};

static const struct keyword options_export[] = {
	{ "plain", KEYWORD_FLAG, FIELD(plain), 0, 0, 0,
	    NULL, "do not encrypt: otpauth URIs with the secrets" },
	SEAL_FILE,
	{ "output", KEYWORD_TEXT, FIELD(output), 1, PATH_MAX - 1, 'o',
	    "FILE", "write to a new file that only you can read" },
	{ .name = NULL },
};

static const struct cli_command commands[] = {
	{ "add", cmd_add, "[NAME]",
	    "add a token; its URI is read from stdin or a prompt",
	    0, 1, NULL },
	{ "next", cmd_next, "[NAME]",
	    "print the next code", 0, 1, options_next },
	{ "pair", cmd_pair, "[NAME]",
	    "print the next two codes on one line, to resynchronise",
	    0, 1, NULL },
	{ "list", cmd_list, "",
	    "list the tokens; * marks the default", 0, 0, options_json },
	{ "show", cmd_show, "[NAME]",
	    "show a token without its secret", 0, 1, options_json },
	{ "rename", cmd_rename, "OLD NEW",
	    "rename a token", 2, 2, NULL },
	{ "remove", cmd_remove, "NAME",
	    "remove a token for good", 1, 1, options_remove },
	{ "default", cmd_default, "NAME",
	    "choose the default token", 1, 1, NULL },
	{ "skip", cmd_skip, "[NAME]",
	    "move the counter forward without printing codes",
	    0, 1, options_skip },
	{ "bind", cmd_bind, "NAME [USER@HOST:PORT|local ...]",
	    "answer prompts of USER@HOST automatically; without it, stop",
	    1, 1 + BINDINGS_MAX, NULL },
	{ "uri", cmd_uri, "[NAME]",
	    "print the URI of a token, with the secret", 0, 1, NULL },
	{ "qr", cmd_qr, "[NAME]",
	    "draw the URI as a QR code for an app", 0, 1, NULL },
	{ "import", cmd_import, "[FILE]...",
	    "import tokens from files of other programs, with counters",
	    0, FILES_MAX, options_import },
	{ "export", cmd_export, "[NAME]...",
	    "print tokens with counters, encrypted with a passphrase",
	    0, FILES_MAX, options_export },
	{ "passwd", cmd_passwd, "",
	    "set, change or remove the passphrase of the wallet",
	    0, 0, options_passwd },
	{ "askpass", cmd_askpass, "PROMPT",
	    "answer ssh or sudo if a token is bound, otherwise ask",
	    1, 1, NULL },
	{ .name = NULL },
};
/* clang-format on */

static const struct cli_example examples[] = {
    {"", "ssh server sudo rollcode-admin enroll alice | "
	 "rollcode-token add server"},
    {"", "rollcode-token next server"},
    {"add", "rollcode-token add server <alice.uri"},
    {"next", "rollcode-token next"},
    {"next", "rollcode-token next server -n 3"},
    {"pair", "rollcode-token pair server"},
    {"rename", "rollcode-token rename token server"},
    {"skip", "rollcode-token skip server -n 20"},
    {"bind", "rollcode-token bind server alice@server.example.org:22"},
    {"bind", "rollcode-token bind server local"},
    {"import", "rollcode-token import tokens.sealed"},
    {"export", "rollcode-token export -o tokens.sealed"},
    {NULL, NULL},
};

static const struct cli_program program = {
    .name = "rollcode-token",
    .about = "Keeps tokens and prints their next rolling codes.",
    .commands = commands,
    .options = options_all,
    .examples = examples,
    .see = "rollcode-token(1)",
};

/* Called by that name, every word but these two is a prompt. */
static bool
is_askpass(int argc, char **argv)
{
	return argc == 2 &&
	       strcmp(program_invocation_short_name, ASKPASS) == 0 &&
	       strcmp(argv[1], "--help") != 0 &&
	       strcmp(argv[1], "--version") != 0;
}

int
main(int argc, char **argv)
{
	struct options options = {.count = 1};

	cli_begin();
	code_alone();
	if (is_askpass(argc, argv)) {
		char command[] = "askpass", end[] = "--";
		char *words[] = {argv[0], command, end, argv[1], NULL};

		return cli_main(&program, &options, 4, words);
	}
	return cli_main(&program, &options, argc, argv);
}
