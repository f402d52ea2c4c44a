/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stack.h - whether a call leaves a secret where its variables were.
 */
#ifndef ROLLCODE_TESTS_STACK_H
#define ROLLCODE_TESTS_STACK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Make a call on a stack of its own; it puts the secret's bytes behind secret,
 * a place outside of that stack.  True if they stand on the stack then.  What
 * is called behind it would write over them, so that it checks nothing itself.
 * Under valgrind it is false.
 */
bool	stays_on_stack(void (*call)(void), const void *secret, size_t len);

#endif /* ROLLCODE_TESTS_STACK_H */
