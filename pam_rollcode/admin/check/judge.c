/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge.c - is there a judge, and does it answer?
 *
 * It is asked as the module asks it, for something that changes nothing.
 */
#include <ctype.h>
#include <dirent.h>
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

static void
add_sentence(struct check *check, enum finding_kind kind, const char *file,
    const struct error *error, const char *otherwise)
{
	struct finding found;

	check_error(&found, kind, file, error, otherwise);
	check_add(check, &found);
}

/* --- the program -------------------------------------------------------- */

static bool
check_program(struct check *check)
{
	struct error error = {0};
	struct stat st;

	if (path_check(ROLLCODE_HELPER, 0, &error) != ROLLCODE_OK) {
		add_sentence(check, FOUND_HELPER, ROLLCODE_HELPER, &error,
		    CHECK_INSTALL);
		return false;
	}
	if (stat(ROLLCODE_HELPER, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & S_IXUSR) != 0)
		return true;
	check_found(check, FOUND_HELPER, ROLLCODE_HELPER, 0,
	    "chmod 755 " ROLLCODE_HELPER, "is not a program");
	return false;
}

/* --- asking ------------------------------------------------------------- */

static const char *
whom(const struct check *check)
{
	return check->user != NULL ? check->user : "root";
}

/*
 * Ask whether somebody is enrolled, at that socket where nothing else is said,
 * and compare with what the store says.
 */
static void
ask(struct check *check, const struct ask_where *where, enum finding_kind kind,
    const char *file, const char *mend)
{
	WIPED(request_wipe)
	struct request request = {
	    .kind = REQUEST_ENROLLED, .service = ADMIN_SERVICE};
	struct answer answer;
	struct error error = {0};
	bool enrolled =
	    check->user != NULL ? check->store.user : check->store.root;
	enum rollcode_err err;

	if (strlen(whom(check)) >= sizeof(request.user))
		return;
	memcpy(request.user, whom(check), strlen(whom(check)) + 1);
	err = where == NULL ? ask_service(file, &request, &answer, &error)
			    : ask_verifier(where, &request, &answer, &error);
	/* Of a store that it cannot use either, there is a finding already. */
	if (err != ROLLCODE_OK &&
	    (check->store.known || err == ROLLCODE_ERR_HELPER ||
		err == ROLLCODE_ERR_PRIVILEGE || err == ROLLCODE_ERR_ABSENT))
		add_sentence(check, kind, file, &error, mend);
	if (err != ROLLCODE_OK || !check->store.known)
		return;
	if ((answer.verdict == VERDICT_ENROLLED) != enrolled)
		check_found(check, FOUND_JUDGE_DIFFERS, file, 0, mend,
		    "says that %s is %senrolled, and %s says otherwise; does "
		    "it use another env file?",
		    whom(check), enrolled ? "not " : "",
		    check->config.database);
}

static void
ask_spawned(struct check *check)
{
	const char *conf = check->options->conf;
	struct ask_where where = {strcmp(conf, ROLLCODE_CONF) != 0 ? conf : "",
	    ROLLCODE_HELPER, true};

	ask(check, &where, FOUND_JUDGE, ROLLCODE_HELPER, CHECK_INSTALL);
}

/* --- the service -------------------------------------------------------- */

static const struct place {
	const char *path;
	mode_t directory, others; /* the directory's; what it must not allow */
	mode_t mode;
} sockets[] = {
    {ROLLCODE_SOCKET, 0755, 0022, 0666},
    {ROLLCODE_ROOT_SOCKET, 0700, 0077, 0600},
};

static bool
check_around(struct check *check, const struct place *place)
{
	char copy[] = ROLLCODE_ROOT_SOCKET, *directory;
	char mend[PATH_MAX + 16];
	struct error error = {0};
	struct stat around;

	memcpy(copy, place->path, strlen(place->path) + 1);
	directory = dirname(copy);
	if (path_check(directory, 0, &error) != ROLLCODE_OK) {
		add_sentence(check, FOUND_SOCKET, directory, &error, RESTART);
		return false;
	}
	if (stat(directory, &around) != 0)
		return true;
	check_cut(mend, sizeof(mend), "chmod %o %s",
	    (unsigned int)place->directory, directory);
	if ((around.st_mode & place->directory) != place->directory)
		check_found(check, FOUND_SOCKET, directory, 0, mend,
		    "has mode %04o, and nobody but root reaches the socket",
		    (unsigned int)(around.st_mode & 07777));
	if ((around.st_mode & place->others) != 0)
		check_found(check, FOUND_SOCKET, directory, 0, mend,
		    "has mode %04o, and others than root reach root's socket",
		    (unsigned int)(around.st_mode & 07777));
	return true;
}

/* True if it can be connected to by those whom it is for. */
static bool
check_socket(
    struct check *check, const struct place *place, const struct stat *st)
{
	bool good = check_around(check, place);
	char mend[PATH_MAX + 16];

	if (!S_ISSOCK(st->st_mode)) {
		check_command(mend, sizeof(mend), "rm %s", place->path);
		check_found(check, FOUND_SOCKET, place->path, 0, mend,
		    "is not a socket");
		return false;
	}
	check_command(mend, sizeof(mend), "chown root %s", place->path);
	if (st->st_uid != 0)
		check_found(check, FOUND_SOCKET, place->path, 0, mend,
		    "belongs to uid %u", (unsigned int)st->st_uid);
	check_cut(mend, sizeof(mend), "chmod %o %s", (unsigned int)place->mode,
	    place->path);
	if ((st->st_mode & place->mode) != place->mode)
		check_found(check, FOUND_SOCKET, place->path, 0, mend,
		    "has mode %04o, and not everybody whom it is for can ask",
		    (unsigned int)(st->st_mode & 07777));
	return good;
}

/* Each of its uids is root's or the account's: others may call it anything. */
/* "Uid:" and four numbers, each of them root's or the account's. */
static bool
are_our_uids(const char *line, uid_t account)
{
	const char *at = line + strlen("Uid:");
	char *end;

	for (int i = 0; i < 4; i++, at = end) {
		unsigned long uid = strtoul(at, &end, 10);

		if (end == at || (uid != 0 && uid != account))
			return false;
	}
	return true;
}

static bool
has_our_uids(const char *pid, uid_t account)
{
	char path[64], line[256];
	bool ours = false;
	FILE *file;

	check_cut(path, sizeof(path), "/proc/%.20s/status", pid);
	if ((file = fopen(path, "re")) == NULL)
		return false;
	while (!ours && fgets(line, sizeof(line), file) != NULL)
		ours = strncmp(line, "Uid:", 4) == 0 &&
		       are_our_uids(line, account);
	fclose(file);
	return ours;
}

/* Does a process run the service from a file that was replaced? */
static bool
runs_old(const char *pid, uid_t account)
{
	static const char old[] = ROLLCODE_HELPER " (deleted)";
	char path[64], text[PATH_MAX];
	ssize_t n;
	FILE *file;
	size_t len;

	check_cut(path, sizeof(path), "/proc/%.20s/exe", pid);
	n = readlink(path, text, sizeof(text) - 1);
	if (n != (ssize_t)strlen(old) || memcmp(text, old, strlen(old)) != 0 ||
	    !has_our_uids(pid, account))
		return false;
	check_cut(path, sizeof(path), "/proc/%.20s/cmdline", pid);
	if ((file = fopen(path, "re")) == NULL)
		return false;
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	return strcmp(text + strlen(text) + (strlen(text) < len), "serve") == 0;
}

static void
check_age(struct check *check)
{
	const struct dirent *entry;
	DIR *proc;
	bool old = false;

	if ((proc = opendir("/proc")) == NULL)
		return;
	while (!old && (entry = readdir(proc)) != NULL)
		old = isdigit((unsigned char)entry->d_name[0]) &&
		      runs_old(entry->d_name, check->config.uid);
	closedir(proc);
	if (old)
		check_found(check, FOUND_SERVICE_OLD, ROLLCODE_SOCKET, 0,
		    "systemctl try-restart rollcode-verify",
		    "the service runs a program that was replaced since");
}

/* Whether somebody listens there; if nobody does that is found. */
static bool
check_listens(struct check *check, const struct place *place)
{
	struct error error = {0};
	int fd;

	if (resident_connect(place->path, clock_ms() + CONNECT_MS, &fd,
		&error) == ROLLCODE_OK) {
		close(fd);
		return true;
	}
	add_sentence(check, FOUND_SERVICE, place->path, &error, RESTART);
	return false;
}

/* Where there is one socket there must be the other. */
static void
check_service(struct check *check)
{
	const size_t count = sizeof(sockets) / sizeof(sockets[0]);
	struct stat st;
	size_t there = 0;

	if (strcmp(check->options->conf, ROLLCODE_CONF) != 0)
		return;
	for (size_t i = 0; i < count; i++)
		there += lstat(sockets[i].path, &st) == 0;
	if (there == 0)
		return;
	for (size_t i = 0; i < count; i++)
		if ((lstat(sockets[i].path, &st) != 0 ||
			check_socket(check, &sockets[i], &st)) &&
		    check_listens(check, &sockets[i]))
			ask(check, NULL, FOUND_SERVICE, sockets[i].path,
			    RESTART);
	check_age(check);
}

/* --- the unit ----------------------------------------------------------- */

#define SOCKET_UNIT "rollcode-verify.socket"
#define ROOT_UNIT "rollcode-verify-root.socket"

static bool
unit_is(struct check *check, const char *verb, const char *unit)
{
	char program[PATH_MAX], verb_word[32], unit_word[64], output[64];
	char *argv[] = {program, verb_word, unit_word, NULL};

	if (check_find(check, "systemctl", program) == NULL)
		return false;
	check_cut(verb_word, sizeof(verb_word), "%s", verb);
	check_cut(unit_word, sizeof(unit_word), "%s", unit);
	return check_run(argv, output, sizeof(output)) == 0;
}

static void
check_unit(struct check *check)
{
	static const char *const units[] = {
	    SOCKET_UNIT, ROOT_UNIT, "rollcode-verify.service"};
	bool enabled, active, failed = false;
	char mend[CHECK_TEXT_MAX];

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!unit_is(check, "is-failed", units[i]))
			continue;
		failed = true;
		check_command(mend, sizeof(mend),
		    "systemctl reset-failed %s && systemctl restart %s",
		    units[i], SOCKET_UNIT);
		check_found(check, FOUND_UNIT, units[i], 0, mend,
		    "has failed; journalctl -u %s says why", units[i]);
	}
	if (failed)
		return;
	enabled = unit_is(check, "is-enabled", SOCKET_UNIT);
	active = unit_is(check, "is-active", SOCKET_UNIT);
	if (enabled && !active)
		check_found(check, FOUND_UNIT_BOOT, SOCKET_UNIT, 0,
		    "systemctl start " SOCKET_UNIT,
		    "is enabled and not active: callers without privileges "
		    "are refused");
	else if (active && !enabled)
		check_found(check, FOUND_UNIT_BOOT, SOCKET_UNIT, 0,
		    "systemctl enable " SOCKET_UNIT,
		    "is active and not enabled: it will not be there after "
		    "the next boot");
}

void
check_judge(struct check *check)
{
	bool program = check_program(check);

	if (!check->configured)
		return;
	if (program)
		ask_spawned(check);
	check_service(check);
	if (strcmp(check->options->conf, ROLLCODE_CONF) == 0 &&
	    access("/run/systemd/system", F_OK) == 0)
		check_unit(check);
}
