/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verifier.c - is there a verifier, and does it answer?
 *
 * It is asked as the module asks it, for something that changes nothing.
 */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/check/run.h"
#include "ask/ask.h"
#include "ask/resident.h"
#include "common/base/clock.h"
#include "system/path.h"

#define CONNECT_MS 2000
#define RESTART                                     \
	"systemctl restart rollcode-verify.socket " \
	"rollcode-verify-root.socket rollcode-verify"

/* command: what to run if the error does not say; NULL: install it again. */
static void
add_sentence(struct check *check, const char *name, const char *file,
    const struct error *error, const char *command)
{
	check_found_error(check,
	    IS_ERROR | (command != NULL ? (unsigned int)HAS_COMMAND : 0), name,
	    file, error, command != NULL ? command : CHECK_INSTALL);
}

/* --- the program -------------------------------------------------------- */

static bool
check_program(struct check *check)
{
	struct error error = {0};
	struct stat st;

	if (path_check(ROLLCODE_HELPER, 0, &error) != ROLLCODE_OK)
		add_sentence(check, "helper", ROLLCODE_HELPER, &error, NULL);
	else if (stat(ROLLCODE_HELPER, &st) != 0 || !S_ISREG(st.st_mode) ||
		 (st.st_mode & S_IXUSR) == 0)
		check_found(check, IS_ERROR | HAS_COMMAND, "helper",
		    ROLLCODE_HELPER, 0, "chmod 755 " ROLLCODE_HELPER,
		    "is not a program: every login is refused");
	else
		return true;
	return false;
}

/* --- asking ------------------------------------------------------------- */

static const char *
user_asked(const struct check *check)
{
	return check->user != NULL ? check->user : "root";
}

/*
 * Ask whether somebody is enrolled, at that socket where nothing else is said,
 * and compare with what the store says.
 */
static void
verifier_ask(struct check *check, const struct ask_where *where,
    const char *name, const char *file, const char *command)
{
	WIPED(request_wipe)
	struct request request = {
	    .kind = REQUEST_ENROLLED, .service = ADMIN_SERVICE};
	struct answer answer;
	struct error error = {0};
	bool enrolled =
	    check->user != NULL ? check->store.user : check->store.root;
	enum rollcode_err err;

	if (strlen(user_asked(check)) >= sizeof(request.user))
		return;
	memcpy(request.user, user_asked(check), strlen(user_asked(check)) + 1);
	err = where == NULL ? ask_service(file, &request, &answer, &error)
			    : ask_verifier(where, &request, &answer, &error);
	/* Of a store that it cannot use either, there is a finding already. */
	if (err != ROLLCODE_OK &&
	    (check->store.known || err == ROLLCODE_ERR_HELPER ||
		err == ROLLCODE_ERR_PRIVILEGE || err == ROLLCODE_ERR_ABSENT))
		add_sentence(check, name, file, &error, command);
	if (err != ROLLCODE_OK || !check->store.known)
		return;
	if ((answer.verdict == VERDICT_ENROLLED) != enrolled)
		check_found(check, IS_ERROR, "verifier-differs", file, 0,
		    "let it use this configuration file, and start it again",
		    "says that %s is %senrolled, and %s says otherwise; does "
		    "it use another configuration file?",
		    user_asked(check), enrolled ? "not " : "",
		    check->config.database);
}

static void
verifier_spawn(struct check *check)
{
	const char *conf = check->options->conf;
	struct ask_where where = {strcmp(conf, ROLLCODE_CONF) != 0 ? conf : "",
	    ROLLCODE_HELPER, true};

	verifier_ask(check, &where, "verifier", ROLLCODE_HELPER, NULL);
}

/* --- the service -------------------------------------------------------- */

/* The directory of a socket, or itself: what it must allow, and what not. */
static const struct place {
	const char *path;
	mode_t mode, others;
	bool is_socket;
} places[] = {
    {ROLLCODE_SOCKET, 0755, 0022, false},
    {ROLLCODE_ROOT_SOCKET, 0700, 0077, false},
    {ROLLCODE_SOCKET, 0666, 0, true},
    {ROLLCODE_ROOT_SOCKET, 0600, 0, true},
};

/* True if it is there and those whom it is for can use it. */
static bool
check_one_place(struct check *check, const struct place *p)
{
	char path[] = ROLLCODE_ROOT_SOCKET, command[sizeof(path) + 32] = "";
	struct stat st;

	check_cut(path, sizeof(path), "%s", p->path);
	if (!p->is_socket)
		*strrchr(path, '/') = '\0';
	if (lstat(path, &st) != 0)
		return false;
	if (p->is_socket && !S_ISSOCK(st.st_mode))
		check_cut(command, sizeof(command), "rm %s", path);
	else if (st.st_uid != 0)
		check_cut(command, sizeof(command), "chown -h root %s", path);
	else if ((st.st_mode & p->mode) != p->mode ||
		 (st.st_mode & p->others) != 0)
		check_cut(command, sizeof(command), "chmod %o %s",
		    (unsigned int)p->mode, path);
	if (command[0] != '\0')
		check_found(check, IS_ERROR | HAS_COMMAND, "socket", path, 0,
		    command,
		    "has the wrong type, owner or mode (uid %u, mode %04o): "
		    "some logins are refused, or others than root can change "
		    "or hold it",
		    (unsigned int)st.st_uid,
		    (unsigned int)(st.st_mode & 07777));
	return command[0] == '\0';
}

/* Does somebody serve there, and from the same store? */
static void
check_serves(struct check *check, const char *path)
{
	struct error error = {0};
	int fd;

	if (resident_connect(path, clock_ms() + CONNECT_MS, &fd, &error) !=
	    ROLLCODE_OK) {
		add_sentence(check, "service", path, &error, RESTART);
		return;
	}
	close(fd);
	verifier_ask(check, NULL, "service", path, RESTART);
}

/* Where there is one socket there must be the other; with CALLERS both. */
static void
check_service(struct check *check)
{
	bool any = access(ROLLCODE_SOCKET, F_OK) == 0 ||
		   access(ROLLCODE_ROOT_SOCKET, F_OK) == 0;
	struct stat st;

	if (!any && check->config.callers[0] != '\0')
		check_found(check, IS_ERROR | HAS_COMMAND, "service",
		    ROLLCODE_SOCKET, 0,
		    "systemctl enable --now rollcode-verify.socket",
		    "CALLERS is set and nobody serves here: those accounts are "
		    "refused");
	for (size_t i = 0; any && i < sizeof(places) / sizeof(places[0]); i++)
		if ((check_one_place(check, &places[i]) ||
			lstat(places[i].path, &st) != 0) &&
		    places[i].is_socket)
			check_serves(check, places[i].path);
}

void
check_verifier(struct check *check)
{
	bool program = check_program(check);

	if (!check->configured)
		return;
	if (program)
		verifier_spawn(check);
	if (strcmp(check->options->conf, ROLLCODE_CONF) == 0)
		check_service(check);
}
