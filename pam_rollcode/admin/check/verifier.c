/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verifier.c - is there a verifier, and does it answer?
 *
 * It is asked as the module asks it, for something that changes nothing.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "admin/check/check.h"
#include "ask/ask.h"

/*
 * Of the service at a socket, or of one that is started for a request.  The
 * error may be that account's own, so it brings no command.
 */
static void
verifier_failed(struct check *check, const char *file, const char *name,
    struct error *error)
{
	struct finding *f;

	error->fix[0] = '\0';
	f = check_found_error(
	    check, IS_ERROR, name, file, error, CHECK_INSTALL);
	if (strcmp(name, "service") == 0)
		check_command(f, "systemctl", "restart",
		    "rollcode-verify.socket", "rollcode-verify-root.socket",
		    "rollcode-verify", NULL);
}

static bool
check_program(struct check *check)
{
	struct stat st;

	if (!check_trusted(check, "helper", ROLLCODE_HELPER, CHECK_INSTALL))
		return false;
	if (stat(ROLLCODE_HELPER, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & S_IXUSR) != 0)
		return true;
	check_command(check_found(check, IS_ERROR, "helper", ROLLCODE_HELPER, 0,
			  NULL, "is not a program: every login is refused"),
	    "chmod", "755", ROLLCODE_HELPER, NULL);
	return false;
}

/* Whether somebody is enrolled, compared with what the store says. */
static void
verifier_ask(
    struct check *check, const struct ask_where *where, const char *name)
{
	const char *file =
	    where->service != NULL ? where->service : where->helper;
	WIPED(request_wipe)
	struct request request = {
	    .kind = REQUEST_ENROLLED, .service = ADMIN_SERVICE};
	const char *user = check->user != NULL ? check->user : "root";
	struct answer answer;
	struct error error = {0};
	bool enrolled =
	    check->user != NULL ? check->store.user : check->store.root;
	enum rollcode_err err;

	if (strlen(user) >= sizeof(request.user))
		return;
	memcpy(request.user, user, strlen(user) + 1);
	err = ask_verifier(where, &request, &answer, &error);
	/* Of a store that it cannot use either, there is a finding already. */
	if (err != ROLLCODE_OK &&
	    ((check->store.known && !check->store.restored) ||
		err == ROLLCODE_ERR_HELPER || err == ROLLCODE_ERR_PRIVILEGE ||
		err == ROLLCODE_ERR_ABSENT))
		verifier_failed(check, file, name, &error);
	if (err != ROLLCODE_OK || !check->store.known)
		return;
	if ((answer.result.verdict == VERDICT_ENROLLED) != enrolled)
		check_found(check, IS_ERROR, "verifier-differs", file, 0,
		    "let it use this configuration file, and start it again",
		    "says that %s is %senrolled, and %s says otherwise; does "
		    "it use another configuration file?",
		    user, enrolled ? "not " : "", check->config.database);
}

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

/* False if it is there and those whom it is for cannot use it. */
static bool
check_one_place(struct check *check, const struct place *p)
{
	char path[] = ROLLCODE_ROOT_SOCKET, mode[8];
	struct finding *f;
	struct stat st;
	bool right;

	check_cut(path, sizeof(path), "%s", p->path);
	if (!p->is_socket)
		*strrchr(path, '/') = '\0';
	if (lstat(path, &st) != 0)
		return true;
	right = !p->is_socket || S_ISSOCK(st.st_mode);
	if (right && st.st_uid == 0 && (st.st_mode & p->mode) == p->mode &&
	    (st.st_mode & p->others) == 0)
		return true;
	f = check_found(check, IS_ERROR, "socket", path, 0, NULL,
	    "has the wrong type, owner or mode (uid %u, mode %04o): some "
	    "logins are refused, or others than root can change or hold it",
	    (unsigned int)st.st_uid, (unsigned int)(st.st_mode & 07777));
	check_cut(mode, sizeof(mode), "%o", (unsigned int)p->mode);
	if (!right)
		check_command(f, "rm", path, NULL);
	else if (st.st_uid != 0)
		check_command(f, "chown", "-h", "root", path, NULL);
	else
		check_command(f, "chmod", mode, path, NULL);
	return false;
}

/* Where there is one socket there must be the other; with CALLERS both. */
static void
check_service(struct check *check)
{
	bool any = access(ROLLCODE_SOCKET, F_OK) == 0 ||
		   access(ROLLCODE_ROOT_SOCKET, F_OK) == 0;

	if (!any && check->config.callers[0] != '\0')
		check_command(
		    check_found(check, IS_ERROR, "service", ROLLCODE_SOCKET, 0,
			NULL,
			"CALLERS is set and nobody serves here: those accounts "
			"are refused"),
		    "systemctl", "enable", "--now", "rollcode-verify.socket",
		    NULL);
	for (size_t i = 0; any && i < COUNT(places); i++)
		if (check_one_place(check, &places[i]) && places[i].is_socket)
			verifier_ask(check,
			    &(struct ask_where){.service = places[i].path},
			    "service");
}

void
check_verifier(struct check *check)
{
	const char *conf = check->options->conf;
	bool usual = strcmp(conf, ROLLCODE_CONF) == 0;
	const struct ask_where where = {
	    NULL, usual ? "" : conf, ROLLCODE_HELPER, true};

	if (check_program(check) && check->configured)
		verifier_ask(check, &where, "verifier");
	if (check->configured && usual)
		check_service(check);
}
