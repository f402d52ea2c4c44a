/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pam_loud.so - a module as a module must not be: it writes to descriptor 2,
 * changes what its host had set, and shares a variable between threads.
 */
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <security/pam_modules.h>

static volatile unsigned int calls;

int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	calls++;
	(void)!write(STDERR_FILENO, "writes", 6);
	signal(SIGPIPE, SIG_IGN);
	umask(0);
	return PAM_SUCCESS;
}

int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
