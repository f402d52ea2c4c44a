/* SPDX-License-Identifier: Apache-2.0 */
/*
 * typing.c - a command that has given up root's rights is still at root's
 * terminal, and must not type there.
 *
 * What it reads was made by others.  If a bug in a parser gave them the
 * process, a line that they put into the terminal's input would be run by the
 * shell that comes next.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "admin/admin.h"

/* The calls of one kind of machine; of another they have other numbers. */
#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#define CALLS_END 0x40000000U /* behind them are those of x32 */
#elif defined(__i386__)
#define MACHINE AUDIT_ARCH_I386
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define MACHINE AUDIT_ARCH_AARCH64
#elif defined(__arm__) && defined(__ARMEL__)
#define MACHINE AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define MACHINE AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define MACHINE AUDIT_ARCH_PPC64LE
#endif
#ifndef CALLS_END
#define CALLS_END 0xffffffffU
#endif

#ifdef MACHINE
#define DATA(field) (uint32_t) offsetof(struct seccomp_data, field)
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, DATA(field))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)

/* Jumps are counted from the line behind them; the last one refuses. */
static struct sock_filter no_typing[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 0, 7),
    LOAD(nr),
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, CALLS_END, 5, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
    LOAD(args[1]),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 2, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 1, 0),
    RETURN(SECCOMP_RET_ALLOW),
    RETURN(SECCOMP_RET_ERRNO | EPERM),
};

/* A kernel without filters goes on without. */
bool
admin_forbid_typing(void)
{
	const struct sock_fprog program = {
	    .len = COUNT(no_typing),
	    .filter = no_typing,
	};

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) ==
		   0 ||
	       errno == EINVAL;
}
#else
bool
admin_forbid_typing(void)
{
	return true;
}
#endif
