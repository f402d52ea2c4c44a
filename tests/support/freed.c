/* SPDX-License-Identifier: Apache-2.0 */
#include <malloc.h>
#include <string.h>

#include "tests/support/freed.h"

static const void *wanted;
static size_t wanted_len;
static unsigned int found;

void __real_free(void *);
void __wrap_free(void *);

void
freed_watch(const void *secret, size_t len)
{
	wanted = secret;
	wanted_len = len;
	found = 0;
}

unsigned int
freed_with(void)
{
	wanted = NULL;
	return found;
}

void
__wrap_free(void *p)
{
	if (p != NULL && wanted != NULL &&
	    memmem(p, malloc_usable_size(p), wanted, wanted_len) != NULL)
		found++;
	__real_free(p);
}
