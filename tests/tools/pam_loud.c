/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pam_loud.so - a module as a module must not be: it writes to descriptor 2,
 * and changes what its host had set.
 */
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <security/pam_modules.h>

int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
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
