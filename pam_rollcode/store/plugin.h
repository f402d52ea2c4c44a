/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugin.h - a kind of store in a shared object of its own, so that who
 * does not use it has nothing of its libraries.
 */
#ifndef ROLLCODE_STORE_PLUGIN_H
#define ROLLCODE_STORE_PLUGIN_H

#include "store/store.h"

#define STORE_PLUGIN_SYMBOL	"rollcode_store_plugin"

/* The sizes of what passes between program and plug-in. */
#define STORE_PLUGIN_ABI \
	(1u << 24 ^ (unsigned int)(sizeof(struct store_ops) + \
	    sizeof(struct config) + sizeof(struct account) + \
	    sizeof(struct event) + sizeof(struct error)))

struct store_plugin {
	unsigned int		 abi;
	const char		*version;	/* the program's own */
	const struct store_ops	*ops;
};

extern const struct store_plugin	rollcode_store_plugin;

/*
 * Load the plug-in of PostgreSQL, from the one place it is installed in.  Every
 * part of its path is root's alone.  From here on nothing of the environment is
 * left that a library could obey.  CONFIG if it is not there, SYS if it is not
 * of this version or cannot be loaded, STORE if others could have written it.
 */
enum rollcode_err	store_plugin_load(const struct store_ops **,
			    struct error *) MUST_USE;

#endif /* ROLLCODE_STORE_PLUGIN_H */
