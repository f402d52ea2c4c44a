/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service manager hands over, and what it is told.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "pam_rollcode/service/closer.h"
#include "pam_rollcode/service/listener.h"
#include "pam_rollcode/system/fd.h"
#include "tests/support/cases.h"

/* As LISTEN_FDS and LISTEN_FDNAMES say; which descriptor is whose. */
static const struct {
	const char *fds, *names; /* NULL: it is not set */
	int all, root, end;
	bool odd;
} handed[] = {
    {"1", NULL, 3, -1, 4, false},
    {"1", "", 3, -1, 4, false},
    {"1", "rollcode-verify.socket", 3, -1, 4, false},
    {"1", "verify", 3, -1, 4, false},
    {"1", "verify-root", -1, 3, 4, false},
    {"2", "verify:verify-root", 3, 4, 5, false},
    {"2", "verify-root:verify", 4, 3, 5, false},
    {"1", "verify-roo", -1, -1, 4, true},
    {"1", "verify-root2", -1, -1, 4, true},
    {"1", "rollcode-verify.sock", -1, -1, 4, true},
    {"2", "verify:verify", 3, -1, 5, true},
    {"2", NULL, 3, -1, 5, true}, /* two without a name */
    {"0", "verify", -1, -1, 3, false},
    {"-1", "verify", -1, -1, 3, false},
    {"1x", "verify", -1, -1, 3, false},
    {NULL, "verify", -1, -1, 3, false},
};

static void
set(const char *name, const char *value)
{
	if (value == NULL)
		ck_assert_int_eq(unsetenv(name), 0);
	else
		ck_assert_int_eq(setenv(name, value, 1), 0);
}

static void
set_pid(pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	set("LISTEN_PID", text);
}

START_TEST(each_socket_is_known_by_its_name)
{
	struct environment e;

	set_pid(getpid());
	set("LISTEN_FDS", handed[_i].fds);
	set("LISTEN_FDNAMES", handed[_i].names);
	environment_read(&e);
	ck_assert_int_eq(e.fds[SOCKET_OF_ALL], handed[_i].all);
	ck_assert_int_eq(e.fds[SOCKET_OF_ROOT], handed[_i].root);
	ck_assert_int_eq(e.end, handed[_i].end);
	ck_assert_int_eq(e.odd[0] != '\0', handed[_i].odd);
}
END_TEST

START_TEST(what_is_handed_to_another_process_is_not_ours)
{
	struct environment e;

	set("LISTEN_FDS", "1");
	set("LISTEN_FDNAMES", "verify");
	set_pid(getppid());
	environment_read(&e);
	ck_assert_int_eq(e.fds[SOCKET_OF_ALL], -1);
	ck_assert_int_eq(e.end, 3);
	set("LISTEN_PID", NULL);
	environment_read(&e);
	ck_assert_int_eq(e.fds[SOCKET_OF_ALL], -1);
}
END_TEST

START_TEST(a_manager_whose_address_is_too_long_is_told_nothing)
{
	struct environment e;
	char name[sizeof(e.notify) + 1];

	memset(name, 'x', sizeof(name));
	name[0] = '/';
	name[sizeof(e.notify)] = '\0';
	set("NOTIFY_SOCKET", name);
	environment_read(&e);
	ck_assert_str_eq(e.notify, "");
	name[sizeof(e.notify) - 1] = '\0';
	set("NOTIFY_SOCKET", name);
	environment_read(&e);
	ck_assert_str_eq(e.notify, name);
}
END_TEST

/* The first byte of an abstract name is no '@'. */
START_TEST(a_manager_is_told_at_an_abstract_address)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct environment e = {.fds = {-1, -1}};
	socklen_t len;
	char told[16] = "";
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	snprintf(e.notify, sizeof(e.notify), "@rollcode-test-%d", getpid());
	memcpy(address.sun_path + 1, e.notify + 1, strlen(e.notify) - 1);
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			  strlen(e.notify));
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, len), 0);
	environment_notify(&e, "READY=1");
	ck_assert_int_eq(recv(fd, told, sizeof(told), 0), 7);
	ck_assert_str_eq(told, "READY=1");
	close(fd);
}
END_TEST

static int
listening(int type)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type, 0);

	/* An abstract name that the kernel chooses. */
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address,
			     sizeof(address.sun_family)),
	    0);
	ck_assert(type == SOCK_DGRAM || listen(fd, 8) == 0);
	return fd;
}

static enum rollcode_err
take(int fd, struct listener *l)
{
	const struct environment e = {.fds = {fd, -1}, .end = fd + 1};
	struct error error = {0};

	*l = (struct listener){SOCKET_OF_ALL, -1, -1};
	return listener_open(l, &e, &error);
}

START_TEST(a_socket_that_is_handed_over_is_made_fit)
{
	static const int on = 1;
	int fd = listening(SOCK_SEQPACKET);
	struct listener l;

	ck_assert_int_eq(
	    setsockopt(fd, SOL_SOCKET, SO_PASSSEC, &on, sizeof(on)), 0);
	ck_assert_int_eq(take(fd, &l), ROLLCODE_OK);
	ck_assert_int_eq(l.fd, fd);
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_eq(fd_option(fd, SO_PASSCRED), 1);
	ck_assert_int_eq(fd_option(fd, SO_PASSSEC), 0);
	/* -1 before Linux 6.16. */
	ck_assert_int_le(fd_option(fd, SO_PASSRIGHTS), 0);
	close(fd);
}
END_TEST

START_TEST(what_is_no_listening_socket_of_packets_is_not_taken)
{
	struct listener l;
	int fds[] = {listening(SOCK_STREAM), listening(SOCK_DGRAM),
	    socket(AF_UNIX, SOCK_SEQPACKET, 0), open("/dev/null", O_RDWR),
	    socket(AF_INET, SOCK_STREAM, 0)};

	for (size_t i = 0; i < COUNT(fds); i++) {
		ck_assert_int_eq(take(fds[i], &l), ROLLCODE_ERR_INPUT);
		ck_assert_int_eq(l.fd, -1);
		close(fds[i]);
	}
}
END_TEST

int
main(void)
{
	TCase *tc = test_case("listener", 0);

	tcase_add_loop_test(
	    tc, each_socket_is_known_by_its_name, 0, COUNT(handed));
	tcase_add_test(tc, what_is_handed_to_another_process_is_not_ours);
	tcase_add_test(tc, a_manager_whose_address_is_too_long_is_told_nothing);
	tcase_add_test(tc, a_manager_is_told_at_an_abstract_address);
	tcase_add_test(tc, a_socket_that_is_handed_over_is_made_fit);
	tcase_add_test(tc, what_is_no_listening_socket_of_packets_is_not_taken);
	return test_run();
}
