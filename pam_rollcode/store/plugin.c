/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/plugin.h"
#include "system/path.h"

/* What dates and messages need.  A library is steered by none of these. */
static const char *const kept[] = {"TZ", "LANG", "LC_ALL", "TERM", "COLUMNS"};

static enum rollcode_err
narrow_environment(struct error *error)
{
	char values[COUNT(kept)][128];
	bool has[COUNT(kept)];

	for (size_t i = 0; i < COUNT(kept); i++) {
		const char *value = getenv(kept[i]);

		has[i] = value != NULL && strlen(value) < sizeof(values[i]);
		if (has[i])
			snprintf(values[i], sizeof(values[i]), "%s", value);
	}
	if (clearenv() != 0)
		return error_set(error, ROLLCODE_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < COUNT(kept); i++)
		if (has[i] && setenv(kept[i], values[i], 1) != 0)
			return error_set(
			    error, ROLLCODE_ERR_NOMEM, "out of memory");
	return ROLLCODE_OK;
}

static enum rollcode_err
check_abi(const struct store_plugin *plugin, struct error *error)
{
	if (plugin != NULL && plugin->abi == STORE_PLUGIN_ABI &&
	    strcmp(plugin->version, ROLLCODE_VERSION) == 0)
		return ROLLCODE_OK;
	return error_at(error, ROLLCODE_ERR_SYS, ROLLCODE_PGSQL,
	    "is not of this version (%s); install both together",
	    ROLLCODE_VERSION);
}

enum rollcode_err
store_plugin_load(const struct store_ops **ops, struct error *error)
{
	static const struct store_ops *loaded;
	const struct store_plugin *plugin;
	enum rollcode_err err;
	void *handle;

	*ops = loaded;
	if (loaded != NULL)
		return ROLLCODE_OK;
	err = path_check(ROLLCODE_PGSQL, 0, error);
	if (err == ROLLCODE_ERR_UNAVAIL)
		return error_set(error, ROLLCODE_ERR_CONFIG,
		    "DATABASE: is PostgreSQL, but %s does not exist: build and "
		    "install it with libpq (libpq-dev), or install its package",
		    ROLLCODE_PGSQL);
	if (err != ROLLCODE_OK ||
	    (err = narrow_environment(error)) != ROLLCODE_OK)
		return err;
	if ((handle = dlopen(ROLLCODE_PGSQL, RTLD_NOW | RTLD_LOCAL)) == NULL)
		return error_set(error, ROLLCODE_ERR_SYS,
		    "it cannot be loaded: %s", dlerror());
	plugin = dlsym(handle, STORE_PLUGIN_SYMBOL);
	if ((err = check_abi(plugin, error)) != ROLLCODE_OK) {
		dlclose(handle);
		return err;
	}
	*ops = loaded = plugin->ops;
	return ROLLCODE_OK;
}
