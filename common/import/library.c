/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <string.h>

#include "common/import/library.h"

bool
library_load(
    const char *const names[], const struct library_function *f, size_t count)
{
	void *symbol, *library = NULL;

	for (; *names != NULL && library == NULL; names++)
		library = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
	for (size_t i = 0; i < count; i++) {
		if (library == NULL ||
		    (symbol = dlsym(library, f[i].name)) == NULL)
			return false;
		memcpy(f[i].to, &symbol, sizeof(symbol));
	}
	return true;
}
