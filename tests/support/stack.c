/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <ucontext.h>

#include <check.h>

#include "tests/support/stack.h"

bool
stays_on_stack(void (*call)(void), const void *secret, size_t len)
{
	static char stack[1 << 20];
	ucontext_t here, there;

	memset(stack, 0, sizeof(stack));
	ck_assert_int_eq(getcontext(&there), 0);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = sizeof(stack);
	there.uc_link = &here;
	makecontext(&there, call, 0);
	ck_assert_int_eq(swapcontext(&here, &there), 0);
	return memmem(stack, sizeof(stack), secret, len) != NULL;
}
