/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.c - one question to rollcode-verify.
 *
 *  1. A verdict is believed only in a whole answer that carries the nonce,
 *     from a service of the right account, or from a spawned one that
 *     then ends with status 0.
 *  2. Only a listener that the kernel says is root or our account is asked.
 *  3. Another verifier is asked only where nobody took the request.
 *  4. The caller gets no SIGPIPE, and waits for ten seconds at most.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "ask/ask.h"
#include "ask/spawn.h"
#include "common/base/clock.h"
#include "system/fd.h"
#include "system/path.h"

#define GRACE_MS 200	  /* for a verifier that failed to end by itself */
#define AGAIN_NS 5000000L /* before another try for a place in the queue */
#define PASSWD_MAX 4096	  /* bytes of the account's own line */

struct question {
	const struct request *request;
	struct answer *answer;
	int64_t deadline; /* clock_ms() */
	struct error *error;
};

static bool
answer_valid(const struct request *request, struct answer *answer)
{
	answer->result.token[sizeof(answer->result.token) - 1] = '\0';
	error_bound(&answer->error);
	return answer->magic == PROTOCOL_ANSWER &&
	       secret_equal(
		   answer->nonce, request->nonce, sizeof(answer->nonce)) &&
	       answer->err <= ROLLCODE_ERR_USAGE;
}

/*
 * ABSENT, with a sentence of its own, if the request was certainly not read:
 * it could not be sent, or the kernel threw it away.  The remedy is for one
 * that ends without an answer.
 */
static enum rollcode_err
exchange_request(const struct question *q, int fd, const char *remedy)
{
	ssize_t n;

	n = send(fd, q->request, sizeof(*q->request), MSG_NOSIGNAL);
	if (n != (ssize_t)sizeof(*q->request))
		return error_set(q->error, ROLLCODE_ERR_ABSENT,
		    "rollcode-verify accepted no request; rollcode-admin list "
		    "shows why");
	if (clock_wait(fd, POLLIN, q->deadline) == 0)
		return error_set(q->error, ROLLCODE_ERR_HELPER,
		    "rollcode-verify gave no answer in %d seconds",
		    PROTOCOL_SECONDS);
	n = recv(fd, q->answer, sizeof(*q->answer), MSG_DONTWAIT | MSG_TRUNC);
	if (n <= 0)
		return error_set(q->error,
		    n < 0 && errno == ECONNRESET ? ROLLCODE_ERR_ABSENT
						 : ROLLCODE_ERR_HELPER,
		    "rollcode-verify ended without an answer; %s", remedy);
	if (n != (ssize_t)sizeof(*q->answer) ||
	    !answer_valid(q->request, q->answer))
		return error_set(q->error, ROLLCODE_ERR_HELPER,
		    "rollcode-verify gave an answer to another request; "
		    "install module and rollcode-verify of the same version");
	return ROLLCODE_OK;
}

static enum rollcode_err
check_programs(const struct ask_where *where, struct error *error)
{
	struct error detail = {0};
	struct stat st;

	if (where->conf[0] != '\0' &&
	    path_check(where->conf, 0, &detail) == ROLLCODE_ERR_STORE)
		return error_pass(error, ROLLCODE_ERR_CONFIG, &detail, "conf");
	if (path_check(where->helper, 0, &detail) != ROLLCODE_OK) {
		error_pass(error, ROLLCODE_ERR_HELPER, &detail, "helper");
		return error_add(
		    error, ROLLCODE_ERR_HELPER, "reinstall rollcode-verify");
	}
	if (stat(where->helper, &st) != 0 || !S_ISREG(st.st_mode) ||
	    (st.st_mode & S_IXUSR) == 0)
		return error_set(error, ROLLCODE_ERR_HELPER,
		    "helper: %s: is not a program; reinstall rollcode-verify",
		    where->helper);
	return ROLLCODE_OK;
}

/* Its answer is believed only when it has ended well. */
static enum rollcode_err
end_child(const struct question *q, struct child *child, enum rollcode_err err)
{
	int64_t deadline = q->deadline;
	char more;

	/* It closes its end by ending. */
	if (err == ROLLCODE_OK &&
	    (clock_wait(child->fd, POLLIN, deadline) == 0 ||
		recv(child->fd, &more, 1, MSG_DONTWAIT) > 0))
		err = error_set(q->error, ROLLCODE_ERR_HELPER,
		    "rollcode-verify did not end after its answer");
	close(child->fd);
	if (err != ROLLCODE_OK)
		deadline = clock_ms() + GRACE_MS;
	if (!spawn_reap(child, deadline) && err == ROLLCODE_OK)
		err = error_set(q->error, ROLLCODE_ERR_HELPER,
		    "rollcode-verify failed after its answer");
	return err;
}

static enum rollcode_err
ask_spawned(const struct question *q, const struct ask_where *where)
{
	struct child child = {.pid = -1, .fd = -1};
	enum rollcode_err err;

	if ((err = check_programs(where, q->error)) != ROLLCODE_OK ||
	    (err = spawn_verifier(
		 where->helper, where->conf, &child, q->error)) != ROLLCODE_OK)
		return err;
	err = exchange_request(q, child.fd,
	    "is helper= the right program? rollcode-admin list tries the same");
	if (err == ROLLCODE_ERR_ABSENT)
		err = ROLLCODE_ERR_HELPER;
	return end_child(q, &child, err);
}

static bool
is_account(uid_t uid)
{
	char buffer[PASSWD_MAX];
	struct passwd pw, *found = NULL;

	return getpwnam_r(ROLLCODE_ACCOUNT, &pw, buffer, sizeof(buffer),
		   &found) == 0 &&
	       found != NULL && pw.pw_uid == uid;
}

static enum rollcode_err
check_peer(int fd, const char *path, struct error *error)
{
	uid_t uid = fd_peer(fd);

	if (uid == 0 || (uid != FD_NO_PEER && is_account(uid)))
		return ROLLCODE_OK;
	return error_at(error, ROLLCODE_ERR_HELPER, path,
	    "belongs to a process of uid %u, which is neither root nor "
	    "the account " ROLLCODE_ACCOUNT
	    "; end it, remove the socket and start the service again",
	    (unsigned int)uid);
}

static enum rollcode_err
connect_error(int e, const char *path, struct error *error)
{
	switch (e) {
	case ENOENT:
	case ENOTDIR:
	case ECONNREFUSED:
		return error_at(
		    error, ROLLCODE_ERR_ABSENT, path, "nobody listens there");
	case EAGAIN:
		return error_at(error, ROLLCODE_ERR_ABSENT, path,
		    "the service has more requests than it can answer; "
		    "try again");
	case EACCES:
		return error_at(error, ROLLCODE_ERR_PRIVILEGE, path,
		    "this process may not connect to it; "
		    "rollcode-admin check tells why");
	default:
		return error_at(error, ROLLCODE_ERR_HELPER, path,
		    "cannot be connected to: %s; remove it and start the "
		    "service again",
		    strerror(e));
	}
}

/*
 * Connect to the service, and to nobody else.  ABSENT if nobody listens there,
 * or if its queue is full.
 */
static enum rollcode_err
connect_service(const char *path, int *fd, bool *full, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	enum rollcode_err err;
	int e = 0;

	_Static_assert(
	    sizeof(ROLLCODE_SOCKET) <= sizeof(address.sun_path) &&
		sizeof(ROLLCODE_ROOT_SOCKET) <= sizeof(address.sun_path),
	    "the path of a socket fits");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	*fd = fd_move_up(
	    socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (*fd < 0)
		return error_set(error, error_from_errno(errno),
		    "no socket for rollcode-verify: %s", strerror(errno));
	if (connect(*fd, (const struct sockaddr *)&address, sizeof(address)) !=
	    0)
		e = errno;
	*full = e == EAGAIN;
	err = e == 0 ? check_peer(*fd, path, error)
		     : connect_error(e, path, error);
	if (err != ROLLCODE_OK)
		close(*fd);
	return err;
}

/*
 * ABSENT if there is none to be asked.  One that is too busy takes no request:
 * a patient caller tries again, for another one that is as good as none.
 */
static enum rollcode_err
ask_at(const struct question *q, const char *path, bool patient)
{
	const struct timespec pause = {.tv_nsec = AGAIN_NS};
	enum rollcode_err err;
	bool full = false;
	int fd;

	for (;;) {
		err = connect_service(path, &fd, &full, q->error);
		if (err == ROLLCODE_OK) {
			err = exchange_request(q, fd,
			    "try again; the service's own log lines say what "
			    "happened");
			close(fd);
			full = err == ROLLCODE_ERR_ABSENT;
		}
		if (!full || !patient)
			return err;
		if (clock_ms() >= q->deadline)
			break;
		nanosleep(&pause, NULL);
	}
	(void)connect_error(EAGAIN, path, q->error);
	return ROLLCODE_ERR_UNAVAIL;
}

/*
 * Root has a socket that nobody else can reach, and can spawn: it does not
 * wait.  A process that is root in a user namespace only cannot reach it
 * either, and is one account among others.
 */
static enum rollcode_err
ask_resident(const struct question *q)
{
	enum rollcode_err err = ROLLCODE_ERR_PRIVILEGE;

	if (geteuid() == 0)
		err = ask_at(q, ROLLCODE_ROOT_SOCKET, false);
	if (err != ROLLCODE_ERR_PRIVILEGE)
		return err;
	err = ask_at(q, ROLLCODE_SOCKET, true);
	/* A security policy can keep root from both. */
	return err == ROLLCODE_ERR_PRIVILEGE && geteuid() == 0
		   ? ROLLCODE_ERR_ABSENT
		   : err;
}

static enum rollcode_err
ask_either(const struct question *q, const struct ask_where *where)
{
	bool may_spawn = geteuid() == 0;
	enum rollcode_err err = ROLLCODE_ERR_ABSENT;

	if (where->spawned && !may_spawn)
		return error_set(q->error, ROLLCODE_ERR_PRIVILEGE,
		    "this program runs as uid %u, and conf= and helper= are "
		    "for programs whose effective uid is 0; remove them, and "
		    "the service rollcode-verify is used",
		    (unsigned int)geteuid());
	if (!where->spawned)
		err = ask_resident(q);
	if (err != ROLLCODE_ERR_ABSENT)
		return err;
	if (may_spawn)
		return ask_spawned(q, where);
	return error_set(q->error, ROLLCODE_ERR_PRIVILEGE,
	    "this program runs as uid %u, so it needs the service "
	    "rollcode-verify, and nobody listens on %s; start it: systemctl "
	    "enable --now rollcode-verify.socket",
	    (unsigned int)geteuid(), ROLLCODE_SOCKET);
}

enum rollcode_err
ask_verifier(const struct ask_where *where, struct request *request,
    struct answer *answer, struct error *error)
{
	const struct question q = {
	    request, answer, clock_ms() + PROTOCOL_SECONDS * 1000L, error};
	enum rollcode_err err;

	memset(answer, 0, sizeof(*answer));
	request->magic = PROTOCOL_REQUEST;
	if (getrandom(request->nonce, sizeof(request->nonce), 0) !=
	    (ssize_t)sizeof(request->nonce))
		return error_set(error, ROLLCODE_ERR_SYS,
		    "the kernel gave no random bytes for a request");
	err = where->service != NULL ? ask_at(&q, where->service, true)
				     : ask_either(&q, where);
	/* The answer's own error is that of the question. */
	if (err == ROLLCODE_OK && answer->err != ROLLCODE_OK) {
		err = answer->err;
		*error = answer->error;
	}
	if (err != ROLLCODE_OK)
		answer->result.verdict = VERDICT_NONE;
	return err;
}
