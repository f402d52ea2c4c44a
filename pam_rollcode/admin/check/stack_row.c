/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stack_row.c - what a row of a stack is.
 */
#include <string.h>

#include "admin/check/stack.h"

static const struct {
	const char *module;
	enum stack_class class;
} classes[] = {
    {"pam_permit.so", CLASS_PERMITS},
    {"pam_deny.so", CLASS_DENIES},
    {"pam_rootok.so", CLASS_ROOT},
    {"pam_access.so", CLASS_CHOOSES},
    {"pam_listfile.so", CLASS_CHOOSES},
    {"pam_localuser.so", CLASS_CHOOSES},
    {"pam_rhosts.so", CLASS_CHOOSES},
    {"pam_succeed_if.so", CLASS_CHOOSES},
    {"pam_time.so", CLASS_CHOOSES},
    {"pam_usertype.so", CLASS_CHOOSES},
    {"pam_wheel.so", CLASS_CHOOSES},
    {"pam_env.so", CLASS_SILENT},
    {"pam_faildelay.so", CLASS_SILENT},
    {"pam_group.so", CLASS_SILENT},
    {"pam_keyinit.so", CLASS_SILENT},
    {"pam_mail.so", CLASS_SILENT},
    {"pam_nologin.so", CLASS_SILENT},
    {"pam_warn.so", CLASS_SILENT},
    {"pam_cap.so", CLASS_NEUTRAL},
    {"pam_debug.so", CLASS_NEUTRAL},
    {"pam_echo.so", CLASS_NEUTRAL},
    {"pam_faillock.so", CLASS_NEUTRAL},
    {"pam_issue.so", CLASS_NEUTRAL},
    {"pam_limits.so", CLASS_NEUTRAL},
    {"pam_loginuid.so", CLASS_NEUTRAL},
    {"pam_motd.so", CLASS_NEUTRAL},
    {"pam_securetty.so", CLASS_NEUTRAL},
    {"pam_selinux.so", CLASS_NEUTRAL},
    {"pam_shells.so", CLASS_NEUTRAL},
    {"pam_tally2.so", CLASS_NEUTRAL},
    {"pam_umask.so", CLASS_NEUTRAL},
    {"pam_ecryptfs.so", CLASS_KEEPS},
    {"pam_fscrypt.so", CLASS_KEEPS},
    {"pam_gnome_keyring.so", CLASS_KEEPS},
    {"pam_kwallet5.so", CLASS_KEEPS},
    {"pam_mount.so", CLASS_KEEPS},
};

enum stack_class
stack_class(const struct stack_row *row)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcmp(stack_module(row), classes[i].module) == 0)
			return classes[i].class;
	return CLASS_PROVES;
}

bool
stack_denies(const struct stack_row *row, enum stack_result result)
{
	int action = row->actions[result];

	return action == ACTION_BAD || action == ACTION_DIE ||
	       action == ACTION_UNDEFINED;
}

const char *
stack_control(const struct stack_row *row)
{
	return row->control == 0 ? "" : row->text + row->control;
}

const char *
stack_word(const struct stack_row *row, size_t i)
{
	return i < row->count ? row->text + row->words[i] : "";
}

const char *
stack_module(const struct stack_row *row)
{
	const char *path = stack_word(row, 0), *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

bool
stack_is_ours(const struct stack_row *row)
{
	return row->kind == ROW_MODULE &&
	       strcmp(stack_module(row), STACK_MODULE) == 0;
}
