/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which process asks, and where its connection leads.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rollcode-token/askpass/asker.h"
#include "tests/support/cases.h"
#include "tests/support/descriptors.h"

/* What a child of the process that asks has seen of it. */
static struct {
	bool done, found;
	struct asker asker;
	int port;
	int leaked; /* descriptors */
} * seen;

static int servers[2], ports[2]; /* they answer nobody */

static int
listen_somewhere(int *port)
{
	struct sockaddr_in here = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(here);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&here, len), 0);
	ck_assert_int_eq(listen(fd, 128), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&here, &len), 0);
	*port = ntohs(here.sin_port);
	return fd;
}

static int
connect_to(int port)
{
	struct sockaddr_in there = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&there, sizeof(there)) != 0)
		_exit(9);
	return fd;
}

static void
setup(void)
{
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(seen, MAP_FAILED);
	for (size_t i = 0; i < COUNT(ports); i++)
		servers[i] = listen_somewhere(&ports[i]);
}

static void
look_at_parent(void)
{
	int next = next_descriptor();

	seen->found = asker_find(&seen->asker);
	seen->port = asker_port(&seen->asker);
	seen->leaked = next_descriptor() - next;
	seen->done = true;
}

/* A process that does that first asks. */
static void
asked_by(void (*first)(void))
{
	int status;
	pid_t host = fork(), child;

	ck_assert_int_ge(host, 0);
	if (host == 0) {
		close(servers[0]);
		close(servers[1]);
		first();
		if ((child = fork()) == 0) {
			look_at_parent();
			_exit(0);
		}
		waitpid(child, NULL, 0);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(host, &status, 0), host);
	ck_assert_int_eq(status, 0);
	ck_assert(seen->done);
	ck_assert_int_eq(seen->asker.pid, host);
	ck_assert_int_eq(seen->leaked, 0);
}

static void
have_odd_name(void)
{
	prctl(PR_SET_NAME, "s) R 1 (ssh");
}

static void
be_nothing(void)
{
}

/* Ticks since the machine started. */
static int64_t
now(void)
{
	struct timespec boot;

	ck_assert_int_eq(clock_gettime(CLOCK_BOOTTIME, &boot), 0);
	return boot.tv_sec * sysconf(_SC_CLK_TCK) +
	       boot.tv_nsec / (1000000000L / sysconf(_SC_CLK_TCK));
}

START_TEST(a_name_with_brackets_changes_nothing)
{
	int64_t start;

	asked_by(be_nothing);
	ck_assert(seen->found);
	start = seen->asker.start;
	ck_assert_int_gt(start, now() - 60 * sysconf(_SC_CLK_TCK));

	asked_by(have_odd_name);

	ck_assert(seen->found);
	ck_assert_str_eq(seen->asker.name, "s) R 1 (ssh");
	ck_assert_int_ge(seen->asker.start, start);
	ck_assert_int_le(seen->asker.start, now());
}
END_TEST

static void
have_longest_name(void)
{
	prctl(PR_SET_NAME, "123456789012345");
}

START_TEST(the_longest_name_is_known_whole)
{
	asked_by(have_longest_name);

	ck_assert(seen->found);
	ck_assert_str_eq(seen->asker.name, "123456789012345");
}
END_TEST

static void
be_like_sudo(void)
{
	if (setresuid(65534, 0, 0) != 0)
		_exit(9);
}

static void
be_a_user(void)
{
	if (setresuid(0, 65534, 65534) != 0)
		_exit(9);
}

START_TEST(who_is_root_the_effective_uid_says)
{
	if (geteuid() != 0)
		return;
	asked_by(be_like_sudo);
	ck_assert(seen->found);
	ck_assert(seen->asker.root);

	asked_by(be_a_user);
	ck_assert(seen->found);
	ck_assert(!seen->asker.root);
}
END_TEST

static void
connect_once(void)
{
	connect_to(ports[0]);
}

static void
connect_sessions(void)
{
	for (int fd = 0; fd <= 2; fd++)
		dup2(connect_to(ports[1]), fd);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	connect_to(ports[0]);
}

static void
connect_fourth(void)
{
	for (int fd = 0; fd < 64; fd++)
		close(fd);
	for (int fd = 0; fd <= 2; fd++)
		open("/dev/null", O_RDWR | O_CLOEXEC);
	connect_to(ports[0]);
}

static void
connect_64_times(void)
{
	for (int i = 0; i < 64; i++)
		connect_to(ports[0]);
}

static void
connect_twice_the_same(void)
{
	int fd = connect_to(ports[0]);

	dup(fd);
}

START_TEST(one_connection_leads_to_its_port)
{
	static void (*const alike[])(void) = {connect_once, connect_sessions,
	    connect_fourth, connect_64_times, connect_twice_the_same};

	asked_by(alike[_i]);

	ck_assert_int_eq(seen->port, ports[0]);
}
END_TEST

static void
connect_one_other(void)
{
	connect_to(ports[0]);
	connect_to(ports[1]);
}

static void
connect_other_one(void)
{
	connect_to(ports[1]);
	connect_to(ports[0]);
}

static void
connect_65_times(void)
{
	connect_64_times();
	connect_to(ports[0]);
}

static void
connect_none(void)
{
	connect_to(ports[0]);
	socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void
connect_raw(void)
{
	connect_to(ports[0]);
	socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
}

START_TEST(what_is_not_certain_is_unknown)
{
	static void (*const unlike[])(void) = {connect_one_other,
	    connect_other_one, connect_65_times, connect_none, connect_raw};

	if (unlike[_i] == connect_raw && geteuid() != 0)
		return;
	asked_by(unlike[_i]);

	ck_assert_int_eq(seen->port, ASKER_UNKNOWN);
}
END_TEST

START_TEST(without_a_connection_there_is_a_proxy)
{
	asked_by(be_nothing);

	ck_assert_int_eq(seen->port, ASKER_PROXY);
}
END_TEST

int
main(void)
{
	TCase *tc = test_case("asker", 30);

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_name_with_brackets_changes_nothing);
	tcase_add_test(tc, the_longest_name_is_known_whole);
	tcase_add_test(tc, who_is_root_the_effective_uid_says);
	tcase_add_loop_test(tc, one_connection_leads_to_its_port, 0, 5);
	tcase_add_loop_test(tc, what_is_not_certain_is_unknown, 0, 5);
	tcase_add_test(tc, without_a_connection_there_is_a_proxy);
	return test_run_apart();
}
