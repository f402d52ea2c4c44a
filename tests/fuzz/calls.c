/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdarg.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "calls.h"

#define TICK_MS 100 /* a wait that was interrupted */

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

struct calls calls;
struct verifier verifier;
struct host host;

bool
calls_fail(enum call_kind kind)
{
	if (!calls.armed || calls.fail_at == 0 ||
	    (calls.kind != CALL_ANY && calls.kind != kind))
		return false;
	calls.made++;
	if (calls.made < calls.fail_at ||
	    calls.made >= calls.fail_at + calls.fail_for)
		return false;
	calls.failed++;
	errno = calls.error;
	return true;
}

/* A call that fails, or the real one. */
#define WRAP(kind, type, name, parameters, arguments, failure)                 \
	type __real_##name parameters;                                         \
	type __wrap_##name parameters;                                         \
	type __wrap_##name parameters                                          \
	{                                                                      \
		return calls_fail(kind) ? (failure) : __real_##name arguments; \
	}

/* clang-format off */
WRAP(CALL_MEMORY, void *, calloc, (size_t n, size_t size), (n, size), NULL)
WRAP(CALL_OTHER, ssize_t, read, (int fd, void *to, size_t n), (fd, to, n), -1)
WRAP(CALL_OTHER, ssize_t, send, (int fd, const void *from, size_t n, int flags),
    (fd, from, n, flags), -1)
WRAP(CALL_OTHER, ssize_t, recv, (int fd, void *to, size_t n, int flags),
    (fd, to, n, flags), -1)
WRAP(CALL_OTHER, int, fstat, (int fd, struct stat *st), (fd, st), -1)
WRAP(CALL_OTHER, int, stat, (const char *path, struct stat *st),
    (path, st), -1)
WRAP(CALL_OTHER, int, lstat, (const char *path, struct stat *st),
    (path, st), -1)
WRAP(CALL_OTHER, int, __open_2, (const char *path, int flags),
    (path, flags), -1)
/* clang-format on */

int
__wrap_open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return calls_fail(CALL_OTHER) ? -1
				      : openat(AT_FDCWD, path, flags, mode);
}

ssize_t
__wrap_getrandom(void *to, size_t n, unsigned int flags)
{
	uint8_t *bytes = to;

	(void)flags;
	if (calls_fail(CALL_OTHER))
		return -1;
	for (size_t i = 0; i < n; i++) {
		calls.random = calls.random * 6364136223846793005u + 1;
		bytes[i] = (uint8_t)(calls.random >> 56);
	}
	return (ssize_t)n;
}

/* ------------------------------------------------------------------- time */

time_t
__wrap_time(time_t *out)
{
	if (out != NULL)
		*out = calls.now;
	return calls.now;
}

int
__wrap_clock_gettime(clockid_t clock, struct timespec *out)
{
	(void)clock;
	out->tv_sec = calls.ms / 1000;
	out->tv_nsec = calls.ms % 1000 * 1000000;
	return 0;
}

int
__wrap_nanosleep(const struct timespec *wanted, struct timespec *left)
{
	(void)left;
	calls.ms += 1 + wanted->tv_sec * 1000 + wanted->tv_nsec / 1000000;
	return 0;
}

int __real_poll(struct pollfd *, nfds_t, int);

/* Nobody waits: where there is nothing to read, the time has passed. */
int
__wrap_poll(struct pollfd *fds, nfds_t n, int ms)
{
	int ready;

	if (verifier.waiting && n == 1 && fds->fd == verifier.fd) {
		verifier.waiting = false;
		verifier.running = true;
		verifier.answer(verifier.theirs);
		verifier.running = false;
		if (!verifier.stays) {
			close(verifier.theirs);
			verifier.theirs = -1;
		}
	}
	if (calls_fail(CALL_OTHER)) {
		calls.ms += TICK_MS;
		return -1;
	}
	ready = __real_poll(fds, n, 0);
	if (ready == 0)
		calls.ms += ms > 0 ? ms : 0;
	return ready;
}

/* ----------------------------------------------------------- the verifier */

enum rollcode_err
__wrap_spawn_verifier(const char *helper, const char *conf, struct child *child,
    struct error *error)
{
	int fds[2];

	(void)helper;
	(void)conf;
	if (calls_fail(CALL_OTHER) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
		return error_set(
		    error, error_from_errno(errno), "no process today");
	child->pid = 1;
	child->fd = verifier.fd = fds[0];
	verifier.theirs = fds[1];
	verifier.waiting = true;
	return ROLLCODE_OK;
}

bool
__wrap_spawn_reap(struct child *child, int64_t deadline)
{
	(void)child;
	(void)deadline;
	if (verifier.theirs >= 0)
		close(verifier.theirs);
	verifier.theirs = verifier.fd = -1;
	verifier.waiting = false;
	return verifier.ended_well;
}

uid_t __real_geteuid(void);

/* The module runs as root, and the verifier as whoever owns the store. */
uid_t
__wrap_geteuid(void)
{
	return calls.armed && !verifier.running ? 0 : __real_geteuid();
}

/* --------------------------------------------------------------- the host */

int
__wrap_getpwnam_r(const char *name, struct passwd *pw, char *buffer,
    size_t size, struct passwd **found)
{
	*found = NULL;
	if (host.account < 0)
		return EIO;
	if (host.account == 0)
		return 0;
	if (strlen(name) >= size)
		return ERANGE;
	pw->pw_name = strcpy(buffer, name);
	*found = pw;
	return 0;
}

const char *
__wrap_pam_modutil_getlogin(pam_handle_t *pamh)
{
	(void)pamh;
	return NULL;
}

int __real_pam_get_item(const pam_handle_t *, int, const void **);

/* libpam gives it to modules alone, and none was loaded here. */
int
__wrap_pam_get_item(const pam_handle_t *pamh, int item, const void **out)
{
	if (item != PAM_AUTHTOK)
		return __real_pam_get_item(pamh, item, out);
	*out = host.authtok[0] != '\0' ? host.authtok : NULL;
	return PAM_SUCCESS;
}

int __real_pam_set_item(pam_handle_t *, int, const void *);

int
__wrap_pam_set_item(pam_handle_t *pamh, int item, const void *value)
{
	if (item != PAM_AUTHTOK)
		return __real_pam_set_item(pamh, item, value);
	if (calls_fail(CALL_OTHER))
		return PAM_BUF_ERR;
	snprintf(host.authtok, sizeof(host.authtok), "%s", (const char *)value);
	host.authtok_set = true;
	return PAM_SUCCESS;
}

/* libpam logs by these; a program's own come before the C library's. */
__attribute__((format(printf, 1, 0))) static void
keep_line(const char *fmt, va_list ap)
{
	size_t room = sizeof(calls.log) - calls.log_len;
	int n = vsnprintf(calls.log + calls.log_len, room, fmt, ap);

	promise(n >= 0 && (size_t)n + 1 < room, "the log has room");
	promise(memchr(calls.log + calls.log_len, '\n', (size_t)n) == NULL,
	    "a line of the log is one line");
	calls.log_len += (size_t)n;
	calls.log[calls.log_len++] = '\n';
	calls.log[calls.log_len] = '\0';
}

__attribute__((format(printf, 2, 3))) void
syslog(int priority, const char *fmt, ...)
{
	va_list ap;

	(void)priority;
	va_start(ap, fmt);
	keep_line(fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 3, 4))) void
__syslog_chk(int priority, int flag, const char *fmt, ...)
{
	va_list ap;

	(void)priority;
	(void)flag;
	va_start(ap, fmt);
	keep_line(fmt, ap);
	va_end(ap);
}

void
calls_reset(void)
{
	memset(&calls, 0, sizeof(calls));
	memset(&host, 0, sizeof(host));
	calls.now = CALLS_NOW;
	calls.ms = 1000000;
	verifier.fd = verifier.theirs = -1;
	verifier.waiting = verifier.running = verifier.stays = false;
	verifier.ended_well = true;
	sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, 1, NULL);
}

void
calls_arm(struct bytes *in)
{
	static const int errors[] = {
	    EIO, ENOSPC, ENOMEM, EMFILE, EINTR, EACCES, EAGAIN, EROFS};
	uint8_t how = take(in);
	unsigned int at;

	calls.made = calls.failed = calls.fail_at = 0;
	calls.log_len = 0;
	calls.log[0] = '\0';
	if ((how & 0xc0) == 0xc0) {
		at = (unsigned int)take_number(in, 2);
		calls.kind = (enum call_kind)(how / 16 % 4);
		calls.fail_at = 1 + at % (calls.kind > CALL_MEMORY ? 64 : 2048);
		calls.fail_for = (how & 8) != 0 ? 64 : 1;
		calls.error = errors[how & 7];
	}
	calls.armed = true;
}

void
calls_disarm(void)
{
	calls.armed = false;
}
