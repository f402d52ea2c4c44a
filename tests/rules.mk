# SPDX-License-Identifier: Apache-2.0
#
# What the Makefile includes to build the tests: programs of tests/unit, tools,
# bench and fuzz.

UNIT	 = $(wildcard tests/unit/*/test_*.c)
ifeq ($(LIBS_PGSQL),)
UNIT	:= $(filter-out tests/unit/store/test_store_pgsql.c,$(UNIT))
endif
TOOLS	 = $(wildcard tests/tools/*.c)
BENCH	 = $(wildcard tests/bench/*.c)
# What tests share, and what those of one room do.
SUPPORT	 = $(wildcard tests/support/*.c) $(filter-out \
	   $(wildcard tests/unit/*/test_*.c),$(wildcard tests/unit/*/*.c))

$(BUILD)/libtests.a: $(call obj,$(SUPPORT))

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libtests.a \
    $(BUILD)/libadmin.a $(BUILD)/libmodule.a $(BUILD)/libservice.a \
    $(BUILD)/libserver.a $(BUILD)/libclient.a $(BUILD)/libcommon.a
	$(call say,LD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(ALL_LDFLAGS) -Wl,--wrap=_tcase_add_test $(WRAP) \
	    -o $@ $^ $(LIBS_CHECK) \
	    $(LIBS_CRYPTO) $(LIBS_SQLITE) $(LIBS_PAM) -lm

# What tests/support/failing.c makes fail.
$(BUILD)/tests/unit/rules/test_verify $(BUILD)/tests/unit/login/test_login: \
    WRAP = -Wl,--wrap=code_open,--wrap=code_at,--wrap=seal_mac
# Where codes are what the test makes of them.
$(BUILD)/tests/unit/rules/test_explore: WRAP = \
    -Wl,--wrap=code_open,--wrap=code_at,--wrap=code_close,--wrap=seal_mac
$(BUILD)/tests/unit/login/test_memory: WRAP = -Wl,--wrap=calloc
# Where tests/support/freed.c looks.
$(addprefix $(BUILD)/tests/unit/,admin/test_readers common/test_cli \
    common/test_code token/test_keeping): WRAP = -Wl,--wrap=free
$(BUILD)/tests/unit/service/test_outsider: WRAP = -Wl,--wrap=clock_gettime
# Where the service that is asked does what it likes.
$(BUILD)/tests/unit/ask/test_ask: \
    WRAP = -Wl,--wrap=getsockopt,--wrap=poll,--wrap=getpwnam_r
$(BUILD)/tests/unit/store/test_plugin: WRAP = -Wl,--wrap=path_check \
    -Wl,--wrap=dlopen,--wrap=dlsym,--wrap=dlclose

# The contract's tests, with the plug-in's own objects.
$(BUILD)/tests/unit/store/test_store_pgsql: $(call obj,$(PGSQL))
$(BUILD)/tests/unit/store/test_store_pgsql: LIBS_CHECK += $(LIBS_PGSQL)

$(BUILD)/tests/tools/%.so: $(BUILD)/obj/tests/tools/%.o
	$(call say,LD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -shared $(ALL_LDFLAGS) -o $@ $^ $(LIBS_PAM)

$(addprefix $(BUILD)/tests/tools/,flat host pamrun): \
    $(call obj,tests/support/results.c)
$(BUILD)/tests/tools/host: $(call obj,tests/support/snapshot.c)
$(addprefix $(BUILD)/tests/tools/,guard_probe guess_guarded): \
    $(call obj,tests/support/asked.c)
$(BUILD)/tests/bench/modes: $(call obj,tests/support/code_once.c)

# Programs of tests/tools and tests/bench.  A host of PAM has not loaded what
# only the verifier needs.
$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(BUILD)/libserver.a \
    $(BUILD)/libcommon.a
	$(call say,LD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(ALL_LDFLAGS) -Wl,--as-needed -o $@ $^ \
	    $(LIBS_PAM) $(LIBS_CRYPTO) $(LIBS_SQLITE) -lpthread

# A fuzzer, or without FUZZ=1 a program that feeds it kept inputs.  What is
# wrapped here is what tests/fuzz/calls.c decides.
comma	 = ,
FUZZ_WRAP = time clock_gettime nanosleep getrandom geteuid poll send recv \
	   open __open_2 read fstat stat lstat calloc spawn_verifier spawn_reap \
	   getpwnam_r pam_modutil_getlogin pam_get_item pam_set_item
FUZZ_SHARED = $(call obj,$(addprefix tests/fuzz/,calls.c libraries.c place.c \
	   rules.c) tests/support/model.c tests/support/model_code.c)
FUZZERS	 = $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/tests/fuzz/%, \
	   $(wildcard tests/fuzz/fuzz_*.c))
ifeq ($(FUZZ),1)
FUZZ_LDFLAGS = -fsanitize=fuzzer
else
FUZZ_SHARED += $(call obj,tests/fuzz/replay.c)
endif

$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(FUZZ_SHARED) \
    $(BUILD)/libmodule.a $(BUILD)/libadmin.a $(BUILD)/libserver.a \
    $(BUILD)/libcommon.a
	$(call say,LD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(ALL_LDFLAGS) $(FUZZ_LDFLAGS) \
	    $(addprefix -Wl$(comma)--wrap=,$(FUZZ_WRAP)) -o $@ $^ \
	    $(LIBS_CRYPTO) $(LIBS_SQLITE) $(LIBS_PAM)

# Tools named pam_* and lib* are shared objects, the others programs.
TOOL_SO	 = $(filter tests/tools/pam_%.c tests/tools/lib%.c,$(TOOLS))
TEST_PROGRAMS = $(patsubst %.c,$(BUILD)/%,$(UNIT)) \
	   $(patsubst %.c,$(BUILD)/%.so,$(TOOL_SO)) \
	   $(patsubst %.c,$(BUILD)/%,$(filter-out $(TOOL_SO),$(TOOLS))) \
	   $(patsubst %.c,$(BUILD)/%,$(BENCH)) \
	   $(FUZZERS)

# Some run packaging/install by itself.
tests: all completions $(TEST_PROGRAMS)
fuzzers: $(FUZZERS)

# What needs neither root nor a server, and is over in seconds; some only wait.
FAST	 = unit corpus layers docs
check-fast: all $(filter $(BUILD)/tests/unit/%,$(TEST_PROGRAMS)) $(FUZZERS)
	@JOBS=6 ROLLCODE_MODEL_OPS=20000 ROLLCODE_DEPTH=-1 tests/run $(FAST)

# What takes time in a test is not the test's own code, but where it searches.
SEARCHES = $(wildcard tests/unit/rules/*explore*.c)
$(call obj,$(filter-out $(SEARCHES),$(UNIT) $(SUPPORT)) $(TOOLS) \
    $(wildcard tests/fuzz/*.c)): private LIGHT = -O0 -U_FORTIFY_SOURCE

# Everything compiled and nothing linked, for what a compiler has to say.
objects: $(call obj,$(filter-out $(if $(LIBS_PGSQL),,$(PGSQL)), \
    $(SOURCES)) $(UNIT) $(SUPPORT) $(TOOLS) $(BENCH) \
    $(wildcard tests/fuzz/*.c))

# Without what only unit tests need.
benched: all completions $(filter-out $(BUILD)/tests/unit/% \
    $(BUILD)/tests/fuzz/%,$(TEST_PROGRAMS))

# What is missing then is named, and left out.
bench:
	@packaging/install-dependencies build
	@packaging/install-dependencies bench || echo "Going on without them."
	@$(MAKE) --no-print-directory benched
	@tests/bench/run
	@tests/bench/pgsql

fuzz:
	@packaging/install-dependencies build test lint
	@tests/fuzz/run

.PHONY: tests check-fast fuzzers objects benched bench fuzz
