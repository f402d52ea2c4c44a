/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.c - one question to rollcode-verify.
 *
 *  1. A verdict is believed only in a whole answer that carries the nonce,
 *     from a service of the right account, or from a spawned one that
 *     then ends with status 0.
 *  2. Another verifier is asked only where nobody took the request.
 *  3. The caller gets no SIGPIPE, and waits for ten seconds at most.
 */
#include <errno.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ask/ask.h"
#include "ask/resident.h"
#include "ask/spawn.h"
#include "common/base/clock.h"
#include "system/path.h"

#define GRACE_MS 200	  /* for a verifier that failed to end by itself */
#define AGAIN_NS 5000000L /* before another try for a place in the queue */

/* Who is asked, and what to do if it ends without an answer. */
struct verifier {
	int fd;
	const char *remedy;
};

/* Wait until the socket is readable or closed.  False after the deadline. */
static bool
wait_readable(int fd, int64_t deadline)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	int64_t left;
	int ready;

	do {
		if ((left = deadline - clock_ms()) <= 0)
			return false;
		ready = poll(&readable, 1, (int)left);
	} while (ready == 0 || (ready < 0 && errno == EINTR));
	return ready > 0;
}

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
 * it could not be sent, or the kernel threw it away.
 */
static enum rollcode_err
exchange_request(const struct verifier *verifier, const struct request *request,
    struct answer *answer, int64_t deadline, struct error *error)
{
	ssize_t n;

	n = send(verifier->fd, request, sizeof(*request), MSG_NOSIGNAL);
	if (n != (ssize_t)sizeof(*request))
		return error_set(error, ROLLCODE_ERR_ABSENT,
		    "rollcode-verify accepted no request; rollcode-admin list "
		    "shows why");
	if (!wait_readable(verifier->fd, deadline))
		return error_set(error, ROLLCODE_ERR_HELPER,
		    "rollcode-verify gave no answer in %d seconds",
		    PROTOCOL_SECONDS);
	n = recv(
	    verifier->fd, answer, sizeof(*answer), MSG_DONTWAIT | MSG_TRUNC);
	if (n <= 0)
		return error_set(error,
		    n < 0 && errno == ECONNRESET ? ROLLCODE_ERR_ABSENT
						 : ROLLCODE_ERR_HELPER,
		    "rollcode-verify ended without an answer; %s",
		    verifier->remedy);
	if (n != (ssize_t)sizeof(*answer) || !answer_valid(request, answer))
		return error_set(error, ROLLCODE_ERR_HELPER,
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
end_child(struct child *child, enum rollcode_err err, int64_t deadline,
    struct error *error)
{
	char more;

	/* It closes its end by ending. */
	if (err == ROLLCODE_OK &&
	    (!wait_readable(child->fd, deadline) ||
		recv(child->fd, &more, 1, MSG_DONTWAIT) > 0))
		err = error_set(error, ROLLCODE_ERR_HELPER,
		    "rollcode-verify did not end after its answer");
	close(child->fd);
	if (err != ROLLCODE_OK)
		deadline = clock_ms() + GRACE_MS;
	if (!spawn_reap(child, deadline) && err == ROLLCODE_OK)
		err = error_set(error, ROLLCODE_ERR_HELPER,
		    "rollcode-verify failed after its answer");
	return err;
}

static enum rollcode_err
ask_spawned(const struct ask_where *where, const struct request *request,
    struct answer *answer, int64_t deadline, struct error *error)
{
	struct verifier verifier = {
	    .remedy = "is helper= the right program? rollcode-admin list tries "
		      "the same",
	};
	struct child child = {.pid = -1, .fd = -1};
	enum rollcode_err err;

	if ((err = check_programs(where, error)) != ROLLCODE_OK ||
	    (err = spawn_verifier(where->helper, where->conf, &child, error)) !=
		ROLLCODE_OK)
		return err;
	verifier.fd = child.fd;
	err = exchange_request(&verifier, request, answer, deadline, error);
	if (err == ROLLCODE_ERR_ABSENT)
		err = ROLLCODE_ERR_HELPER;
	return end_child(&child, err, deadline, error);
}

/*
 * ABSENT if there is none to be asked.  One that is too busy takes no request:
 * a patient caller tries again, for another one that is as good as none.
 */
static enum rollcode_err
ask_at(const char *path, bool patient, const struct request *request,
    struct answer *answer, int64_t deadline, struct error *error)
{
	const struct timespec pause = {.tv_nsec = AGAIN_NS};
	struct verifier verifier = {
	    .remedy =
		"try again; the service's own log lines say what happened",
	};
	enum rollcode_err err;

	while ((err = resident_connect(path, patient ? deadline : 0,
		    &verifier.fd, error)) == ROLLCODE_OK) {
		err = exchange_request(
		    &verifier, request, answer, deadline, error);
		close(verifier.fd);
		if (err != ROLLCODE_ERR_ABSENT || !patient)
			break;
		if (clock_ms() >= deadline)
			return error_set(error, ROLLCODE_ERR_UNAVAIL,
			    "%s: the service has more requests than it can "
			    "answer; try again",
			    path);
		nanosleep(&pause, NULL);
	}
	return err;
}

/*
 * Root has a socket that nobody else can reach, and can spawn: it does not
 * wait.  Whoever is root in a user namespace only cannot reach it either, and
 * is one account among others.
 */
static enum rollcode_err
ask_resident(const struct request *request, struct answer *answer,
    int64_t deadline, struct error *error)
{
	enum rollcode_err err = ROLLCODE_ERR_PRIVILEGE;

	if (geteuid() == 0)
		err = ask_at(ROLLCODE_ROOT_SOCKET, false, request, answer,
		    deadline, error);
	if (err != ROLLCODE_ERR_PRIVILEGE)
		return err;
	err = ask_at(ROLLCODE_SOCKET, true, request, answer, deadline, error);
	/* A security policy can keep root from both. */
	return err == ROLLCODE_ERR_PRIVILEGE && geteuid() == 0
		   ? ROLLCODE_ERR_ABSENT
		   : err;
}

static enum rollcode_err
ask_either(const struct ask_where *where, const struct request *request,
    struct answer *answer, int64_t deadline, struct error *error)
{
	bool may_spawn = geteuid() == 0;
	enum rollcode_err err = ROLLCODE_ERR_ABSENT;

	if (where->spawned && !may_spawn)
		return error_set(error, ROLLCODE_ERR_PRIVILEGE,
		    "this program runs as uid %u, and conf= and helper= are "
		    "for programs whose effective uid is 0; remove them, and "
		    "the service rollcode-verify is used",
		    (unsigned int)geteuid());
	if (!where->spawned)
		err = ask_resident(request, answer, deadline, error);
	if (err != ROLLCODE_ERR_ABSENT)
		return err;
	if (may_spawn)
		return ask_spawned(where, request, answer, deadline, error);
	return error_set(error, ROLLCODE_ERR_PRIVILEGE,
	    "this program runs as uid %u, so it needs the service "
	    "rollcode-verify, and nobody listens on %s; start it: systemctl "
	    "enable --now rollcode-verify.socket",
	    (unsigned int)geteuid(), ROLLCODE_SOCKET);
}

static enum rollcode_err
seal_request(
    struct request *request, struct answer *answer, struct error *error)
{
	memset(answer, 0, sizeof(*answer));
	request->magic = PROTOCOL_REQUEST;
	if (getrandom(request->nonce, sizeof(request->nonce), 0) ==
	    (ssize_t)sizeof(request->nonce))
		return ROLLCODE_OK;
	return error_set(error, ROLLCODE_ERR_SYS,
	    "the kernel gave no random bytes for a request");
}

/* The answer's own error is that of the question. */
static enum rollcode_err
take_answer(enum rollcode_err err, struct answer *answer, struct error *error)
{
	if (err == ROLLCODE_OK && answer->err != ROLLCODE_OK) {
		err = answer->err;
		*error = answer->error;
	}
	if (err != ROLLCODE_OK)
		answer->result.verdict = VERDICT_NONE;
	return err;
}

enum rollcode_err
ask_verifier(const struct ask_where *where, struct request *request,
    struct answer *answer, struct error *error)
{
	int64_t deadline = clock_ms() + PROTOCOL_SECONDS * 1000L;
	enum rollcode_err err;

	if ((err = seal_request(request, answer, error)) == ROLLCODE_OK)
		err = ask_either(where, request, answer, deadline, error);
	return take_answer(err, answer, error);
}

enum rollcode_err
ask_service(const char *path, struct request *request, struct answer *answer,
    struct error *error)
{
	int64_t deadline = clock_ms() + PROTOCOL_SECONDS * 1000L;
	enum rollcode_err err;

	if ((err = seal_request(request, answer, error)) == ROLLCODE_OK)
		err = ask_at(path, false, request, answer, deadline, error);
	return take_answer(err, answer, error);
}
