/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.c - what libpam makes of a service.
 *
 *  1. libpam runs the service's own lines; nothing here knows what a control
 *     means.
 *  2. No module of the service is loaded, and nothing is asked or counted.
 *  3. It happens in a child without rights, in bounded time and memory.
 *  4. The copies are gone afterwards.
 */
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/check/check.h"
#include "admin/check/standin.h"

#define NOBODY 65534
#define CPU_SECONDS 5

/* What else a module may say; and what ours says. */
static const int others_say[] = {
    PAM_SUCCESS, PAM_IGNORE, PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_PERM_DENIED};
static const int ours_says[] = {PAM_SUCCESS, PAM_SERVICE_ERR, PAM_SYSTEM_ERR,
    PAM_BUF_ERR, PAM_AUTH_ERR, PAM_CRED_INSUFFICIENT, PAM_AUTHINFO_UNAVAIL,
    PAM_MAXTRIES, PAM_CONV_ERR, PAM_IGNORE, PAM_MODULE_UNKNOWN};

/* And what they say to somebody whom they let in, and who is not root. */
static const struct known {
	enum row_class is;
	int usual;
	const char *modules;
} classes[] = {
    {CLASS_PERMITS, PAM_SUCCESS, " pam_permit.so "},
    {CLASS_DENIES, PAM_AUTH_ERR, " pam_deny.so "},
    {CLASS_ROOT, PAM_AUTH_ERR, " pam_rootok.so "},
    {CLASS_CHOOSES, PAM_SUCCESS,
	" pam_access.so pam_listfile.so pam_localuser.so pam_rhosts.so "
	"pam_succeed_if.so pam_time.so pam_usertype.so pam_wheel.so "},
    {CLASS_SILENT, PAM_IGNORE,
	" pam_env.so pam_faildelay.so pam_group.so pam_keyinit.so pam_mail.so "
	"pam_nologin.so pam_warn.so "},
    {CLASS_NEUTRAL, PAM_SUCCESS,
	" pam_cap.so pam_debug.so pam_echo.so pam_faillock.so pam_issue.so "
	"pam_limits.so pam_loginuid.so pam_motd.so pam_securetty.so "
	"pam_selinux.so pam_shells.so pam_tally2.so pam_umask.so "},
    {CLASS_PROVES, PAM_SUCCESS, ""},
};

static const struct known *
class_of(const struct row *row)
{
	char name[NAME_MAX + 3];
	size_t i = 0;

	check_cut(name, sizeof(name), " %s ", row_module(row));
	while (
	    i < COUNT(classes) - 1 && strstr(classes[i].modules, name) == NULL)
		i++;
	return &classes[i];
}

enum row_class
row_class(const struct row *row)
{
	return class_of(row)->is;
}

struct trial {
	struct service *s;
	pam_handle_t *pamh;
	size_t first; /* row of ours */
	unsigned char give[CHECK_ROWS_MAX];
	bool any;		     /* modules say whatever they can */
	bool unproven;		     /* no module proves anything */
	void (*see)(struct trial *); /* after each run */
	bool admitted;		     /* of the last run */
	unsigned int asked;
	size_t before; /* the last row before ours; CHECK_ROWS_MAX: none */
};

static void
trial_note(struct trial *t, size_t row)
{
	t->s->facts.called[row] = true;
	if (row_asks(&t->s->rows[row]))
		t->asked++;
	else if (t->asked == 0 && row < t->first)
		t->before = row;
}

static int
trial_answer(int count, const struct pam_message **messages,
    struct pam_response **out, void *context)
{
	struct trial *t = context;
	struct pam_response *reply;
	unsigned long row;

	if (count != 1 || messages[0]->msg_style != PAM_BINARY_PROMPT)
		return PAM_CONV_ERR;
	row = strtoul(messages[0]->msg, NULL, 10);
	if (row >= t->s->count || (reply = calloc(1, sizeof(*reply))) == NULL)
		return PAM_CONV_ERR;
	reply->resp_retcode = STANDIN_RESULT + t->give[row];
	*out = reply;
	trial_note(t, row);
	return PAM_SUCCESS;
}

static void
trial_login(struct trial *t)
{
	t->asked = 0;
	t->before = CHECK_ROWS_MAX;
	t->admitted = pam_authenticate(t->pamh, PAM_SILENT) == PAM_SUCCESS;
	t->see(t);
}

/* What those say that prove something, those that choose, and ours. */
static void
give_all(struct trial *t, int proves, int chooses, int ours)
{
	for (size_t i = 0; i < t->s->count; i++) {
		const struct row *row = &t->s->rows[i];
		const struct known *known = class_of(row);
		int result = known->usual;

		if (known->is == CLASS_PROVES)
			result = row_asks(row) ? ours : proves;
		else if (known->is == CLASS_CHOOSES)
			result = chooses;
		t->give[i] = (unsigned char)result;
	}
}

static bool
is_yes(int result)
{
	return result == PAM_SUCCESS || result == PAM_NEW_AUTHTOK_REQD;
}

/* Words for a control tell these few apart; brackets may tell all, in time. */
static bool
is_distinct(const struct trial *t, const struct row *row, int result)
{
	bool apart = t->any && strchr(row_control(row), '=') != NULL;

	for (size_t i = 0; i < COUNT(others_say); i++)
		apart |= result == others_say[i];
	return apart;
}

static bool
can_say(const struct trial *t, const struct row *row, int result)
{
	if (!is_distinct(t, row, result))
		return false;
	switch (row_class(row)) {
	case CLASS_PERMITS:
	case CLASS_DENIES:
		return false;
	case CLASS_SILENT:
	case CLASS_ROOT:
		return !is_yes(result);
	case CLASS_PROVES:
		return !row_asks(row) && (!t->unproven || !is_yes(result));
	case CLASS_CHOOSES:
	case CLASS_NEUTRAL:
		break;
	}
	return true;
}

/* Run it as it is given, and with one other module that says something else. */
static void
each_login(struct trial *t)
{
	trial_login(t);
	for (size_t i = 0; i < t->s->count; i++) {
		unsigned char kept = t->give[i];

		for (int result = 0; result < PAM_INCOMPLETE; result++) {
			if (!t->s->facts.called[i] ||
			    !can_say(t, &t->s->rows[i], result))
				continue;
			t->give[i] = (unsigned char)result;
			trial_login(t);
		}
		t->give[i] = kept;
	}
}

/* Of people whom one module alone knows, as where each asks a directory. */
static void
each_directory(struct trial *t, int chooses, int ours)
{
	for (size_t i = 0; i < t->s->count && !t->unproven; i++) {
		const struct row *row = &t->s->rows[i];

		if (row_class(row) != CLASS_PROVES || row_asks(row))
			continue;
		give_all(t, PAM_USER_UNKNOWN, chooses, ours);
		t->give[i] = PAM_SUCCESS;
		trial_login(t);
	}
}

/* Of those for whom rules are, and of others. */
static void
each_person(struct trial *t, int proves, int ours, void (*see)(struct trial *))
{
	static const int rules[] = {PAM_SUCCESS, PAM_AUTH_ERR};

	t->see = see;
	for (size_t i = 0; i < COUNT(rules); i++) {
		give_all(t, proves, rules[i], ours);
		each_login(t);
		each_directory(t, rules[i], ours);
	}
}

static void
see_admitted(struct trial *t)
{
	t->s->facts.admits[t->give[t->first]] = t->admitted;
	if (t->give[t->first] == PAM_SUCCESS)
		t->s->facts.asks = t->asked;
}

static void
see_lenient(struct trial *t)
{
	if (t->admitted && t->asked > 0)
		t->s->facts.lenient[t->give[t->first]] = true;
}

static void
see_past(struct trial *t)
{
	if (!t->admitted || t->asked > 0)
		return;
	t->s->facts.unasked = true;
	if (t->before < t->s->count)
		t->s->facts.past[t->before] = (uint8_t)(t->give[t->before] + 1);
}

static void
see_unproven(struct trial *t)
{
	t->s->facts.unproven |= t->admitted && t->asked > 0;
}

static void
ask_all(struct trial *t)
{
	for (size_t i = 0; i < COUNT(ours_says); i++) {
		give_all(t, PAM_SUCCESS, PAM_SUCCESS, ours_says[i]);
		t->see = see_admitted;
		trial_login(t);
		each_person(t, PAM_SUCCESS, ours_says[i], see_lenient);
	}
	t->any = true;
	each_person(t, PAM_SUCCESS, PAM_AUTH_ERR, see_past);
	t->any = false;
	t->unproven = true;
	for (size_t i = 1; i < COUNT(others_say); i++)
		each_person(t, others_say[i], PAM_IGNORE, see_unproven);
}

static bool
trial_run(struct service *s, const char *folder)
{
	struct trial t = {.s = s};
	const struct pam_conv conv = {trial_answer, &t};
	int result;

	t.first = (size_t)(s->first - s->rows);
	result = pam_start_confdir("f0", "nobody", &conv, folder, &t.pamh);
	s->facts.unreadable = result == PAM_ABORT;
	if (result != PAM_SUCCESS)
		return s->facts.unreadable;
	ask_all(&t);
	pam_end(t.pamh, PAM_ABORT);
	return true;
}

/* As long as it was, because libpam may refuse long lines. */
static void
put_module(FILE *out, const struct row *row, size_t number)
{
	int used = fprintf(out, "%.*s " ROLLCODE_STANDIN " %zu", (int)row->head,
	    row->line, number);
	int left = (int)strlen(row->line) - used;

	if (left > 1)
		fprintf(out, " %0*d", left - 1, 0);
}

/* Lines of other types would load, and say, nothing. */
static void
put_row(FILE *out, const struct service *s, size_t i, const char *folder)
{
	const struct row *row = &s->rows[i];

	if (row->type != ROW_ANY && row->type != ROW_AUTH &&
	    row->type != ROW_UNKNOWN && !row->unfinished)
		return;
	if (row->count == 0)
		fprintf(out, "auth %s", row->control > 0 ? "required" : "");
	else if (row->includes)
		fprintf(out, "%.*s %s/f%zu", (int)row->head, row->line, folder,
		    row->target);
	else
		put_module(out, row, i);
	fprintf(out, "%s\n", row->unfinished ? " \\" : "");
}

/* Everybody may read it who may enter the folder. */
static bool
copy_write(const struct service *s, size_t file, const char *folder)
{
	char path[PATH_MAX];
	FILE *out;
	bool good;

	/* Of the last there is nothing; without it libpam logs an error. */
	check_cut(path, sizeof(path), "%s/f%zu", folder, file);
	if (file == s->file_count)
		check_cut(path, sizeof(path), "%s/other", folder);
	if ((out = fopen(path, "wxe")) == NULL)
		return false;
	for (size_t i = 0; i < s->count; i++)
		if (s->rows[i].file == file)
			put_row(out, s, i, folder);
	good = fchmod(fileno(out), 0644) == 0 && ferror(out) == 0;
	return fclose(out) == 0 && good;
}

/* Root's; the child may enter it and change nothing. */
static bool
folder_make(char folder[64])
{
	static const char *const places[] = {"/run", "/tmp"};
	bool made = false;

	for (size_t i = 0; i < COUNT(places) && !made; i++) {
		check_cut(folder, 64, "%s/rollcode-check.XXXXXX", places[i]);
		made = mkdtemp(folder) != NULL;
	}
	/* Without one of our own there is nothing to remove either. */
	if (!made)
		folder[0] = '\0';
	return made && chown(folder, 0, NOBODY) == 0 &&
	       chmod(folder, 0710) == 0;
}

static void
folder_remove(const char *folder)
{
	const struct dirent *entry;
	DIR *dir = opendir(folder);

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		closedir(dir);
	rmdir(folder);
}

struct work {
	struct service *s;
	pid_t parent; /* without whom nobody would end it */
	char folder[64];
};

static void
work_child(void *context, int fd)
{
	const struct rlimit cpu = {CPU_SECONDS, CPU_SECONDS};
	const struct config nobody = {.uid = NOBODY, .gid = NOBODY};
	struct work *w = context;

	if (admin_drop(&nobody, NULL) != ROLLCODE_OK ||
	    setrlimit(RLIMIT_CPU, &cpu) != 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != w->parent ||
	    !trial_run(w->s, w->folder) ||
	    write(fd, &w->s->facts, sizeof(w->s->facts)) != sizeof(w->s->facts))
		_exit(1);
}

static bool
work_do(struct work *w)
{
	size_t size = sizeof(w->s->facts), used = 0;

	if (!folder_make(w->folder))
		return false;
	for (size_t i = 0; i <= w->s->file_count; i++)
		if (!copy_write(w->s, i, w->folder))
			return false;
	return check_child(work_child, w, &w->s->facts, size, &used) == 0 &&
	       used == size;
}

bool
check_try(struct check *check, struct service *s)
{
	struct work w = {.s = s, .parent = getpid()};
	sigset_t some, kept;
	bool done;

	if (s->first == NULL ||
	    !check_trusted(check, "helper", ROLLCODE_STANDIN, CHECK_INSTALL))
		return false;
	sigfillset(&some);
	sigdelset(&some, SIGCHLD);
	sigprocmask(SIG_BLOCK, &some, &kept);
	done = work_do(&w);
	if (w.folder[0] != '\0')
		folder_remove(w.folder);
	sigprocmask(SIG_SETMASK, &kept, NULL);
	if (!done)
		check_found(check, IS_ERROR, "stack", s->files[0], 0,
		    "if it includes files over and over, take that out",
		    "cannot be tried: no memory, no room, or libpam takes too "
		    "long");
	return done;
}
