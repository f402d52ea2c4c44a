/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is loaded into a program that has root's store open, and what steers it.
 * Nothing is loaded here: the linker is told to take these in place of the C
 * library's.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pam_rollcode/store/plugin.h"
#include "tests/support/cases.h"

static const struct store_ops the_ops;
static struct store_plugin plugin;
static enum rollcode_err path_is;
static uid_t path_owner;
static int closed;
static bool steered, dated;
static struct error error;

enum rollcode_err
__wrap_path_check(const char *path, uid_t owner, struct error *why);
void *__wrap_dlopen(const char *path, int flags);
void *__wrap_dlsym(void *handle, const char *name);
int __wrap_dlclose(void *handle);

enum rollcode_err
__wrap_path_check(const char *path, uid_t owner, struct error *why)
{
	ck_assert_str_eq(path, ROLLCODE_PGSQL);
	path_owner = owner;
	return path_is == ROLLCODE_OK ? path_is
				      : error_set(why, path_is, "odd");
}

void *
__wrap_dlopen(const char *path, int flags)
{
	ck_assert_str_eq(path, ROLLCODE_PGSQL);
	ck_assert_int_eq(flags & RTLD_GLOBAL, 0);
	steered = getenv("PGHOST") != NULL || getenv("OPENSSL_CONF") != NULL;
	dated = getenv("TZ") != NULL && strcmp(getenv("TZ"), "UTC") == 0;
	return &plugin;
}

void *
__wrap_dlsym(void *handle, const char *name)
{
	ck_assert_ptr_eq(handle, &plugin);
	return strcmp(name, "rollcode_store_plugin") == 0 ? handle : NULL;
}

int
__wrap_dlclose(void *handle)
{
	ck_assert_ptr_eq(handle, &plugin);
	closed++;
	return 0;
}

static void
setup(void)
{
	plugin =
	    (struct store_plugin){STORE_PLUGIN_ABI, ROLLCODE_VERSION, &the_ops};
	setenv("PGHOST", "elsewhere", 1);
	setenv("OPENSSL_CONF", "/tmp/odd", 1);
	setenv("TZ", "UTC", 1);
}

static enum rollcode_err
load(void)
{
	const struct store_ops *ops;
	enum rollcode_err err = store_plugin_load(&ops, &error);

	ck_assert(err != ROLLCODE_OK || ops == &the_ops);
	return err;
}

START_TEST(a_library_is_steered_by_no_environment)
{
	char longer[300];

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	setenv("TERM", longer, 1);

	ck_assert_int_eq(load(), ROLLCODE_OK);

	ck_assert(!steered);
	ck_assert(dated);
	ck_assert_ptr_null(getenv("TERM"));
	ck_assert_ptr_null(getenv("PGHOST"));
}
END_TEST

START_TEST(a_plug_in_is_of_the_programs_version)
{
	plugin.version = ROLLCODE_VERSION "1";
	ck_assert_int_eq(load(), ROLLCODE_ERR_SYS);
	ck_assert_int_eq(closed, 1);
	plugin.version = ROLLCODE_VERSION;
	plugin.abi++;
	ck_assert_int_eq(load(), ROLLCODE_ERR_SYS);
	ck_assert_int_eq(closed, 2);
	plugin.abi--;
	ck_assert_int_eq(load(), ROLLCODE_OK);
	ck_assert_int_eq(closed, 2);
}
END_TEST

START_TEST(a_plug_in_is_roots_whoever_loads_it)
{
	if (geteuid() == 0)
		ck_assert_int_eq(setresuid(54321, 54321, 54321), 0);
	path_is = ROLLCODE_ERR_STORE;
	ck_assert_int_eq(load(), ROLLCODE_ERR_STORE);
	ck_assert_uint_eq(path_owner, 0);
	path_is = ROLLCODE_ERR_UNAVAIL;
	ck_assert_int_eq(load(), ROLLCODE_ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.text, "does not exist: build"));
	ck_assert_ptr_nonnull(getenv("PGHOST"));
}
END_TEST

int
main(void)
{
	TCase *tcase = test_case("plug-ins", 0);

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, a_library_is_steered_by_no_environment);
	tcase_add_test(tcase, a_plug_in_is_of_the_programs_version);
	tcase_add_test(tcase, a_plug_in_is_roots_whoever_loads_it);
	return test_run_apart();
}
