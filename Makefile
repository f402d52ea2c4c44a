# SPDX-License-Identifier: Apache-2.0
#
# make              build everything into build/
# make demo         a real login in a scratch place, narrated
# make check        the tests, under five minutes
# make bench        figures, and peers' beside them, under five minutes
# make fuzz         every fuzzer for FUZZ_SECONDS (600); needs clang
# make deb          Debian packages, in build/deb
# make rpm          RPM packages, in build/rpm
# make install      PREFIX, DESTDIR, and what PLACES below names
#
# V=1 shows commands, DEBUG=1 builds for a debugger, SAN=1 builds with
# AddressSanitizer and UndefinedBehaviorSanitizer into build/san.

VERSION	 = 0.1.0

PREFIX	 ?= /usr/local
SYSCONFDIR ?= /etc
STATEDIR ?= /var/lib
RUNDIR	 ?= /run
LIBEXECDIR ?= $(PREFIX)/libexec/rollcode
BINDIR	 ?= $(PREFIX)/bin
SBINDIR	 ?= $(PREFIX)/sbin
MANDIR	 ?= $(PREFIX)/share/man
UNITDIR	 ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
EXAMPLEDIR ?= $(SYSCONFDIR)/rollcode
BASHDIR	 ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR	 ?= $(PREFIX)/share/zsh/site-functions
FISHDIR	 ?= $(PREFIX)/share/fish/vendor_completions.d
PKG_CONFIG ?= pkg-config
ifndef PAMDIR
PAMDIR	 := $(shell d=$$($(PKG_CONFIG) --variable=libdir pam 2>/dev/null); \
	      echo $${d:-/lib}/security)
endif

ifeq ($(FUZZ),1)
BUILD	 ?= build/fuzz
CC	 = clang
CFLAGS	 ?= -O1 -g
SANFLAGS = -fsanitize=fuzzer-no-link,address,undefined \
	   -fno-sanitize-recover=all -fno-omit-frame-pointer $(FUZZ_FLAGS)
FORTIFY	 = -U_FORTIFY_SOURCE
else ifeq ($(SAN),1)
BUILD	 ?= build/san
SANFLAGS = -fsanitize=address,undefined -fno-sanitize-recover=all \
	   -fno-omit-frame-pointer
FORTIFY	 = -U_FORTIFY_SOURCE
else
BUILD	 ?= build
FORTIFY	 = -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
ifeq ($(DEBUG),1)
CFLAGS	 ?= -O0 -g3
FORTIFY	 = -U_FORTIFY_SOURCE
else
CFLAGS	 ?= -O2 -g
endif

WARN	 = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	   -Wmissing-prototypes -Wformat=2 -Wvla -Wundef -Wwrite-strings \
	   -Werror=switch $(WERROR)
HARDEN	 = -fPIC -fstack-protector-strong -fstack-clash-protection $(FORTIFY)
ifneq ($(filter x86_64 i686,$(shell uname -m)),)
HARDEN	+= -fcf-protection
# The C library's start files may lack the mark that the linker then drops.
# Their calls return as any others do; indirect branches are theirs to mark.
SHSTK	 = -Wl,-z,shstk
endif
LDHARDEN = -Wl,-z,relro,-z,now,-z,noexecstack -Wl,-z,defs $(SHSTK)
# What a tool needs that reads the source.
DEFINES	 = -D_GNU_SOURCE -I. -Icommon $(HALF) \
	   -DROLLCODE_VERSION='"$(VERSION)"' \
	   -DROLLCODE_CONF='"$(SYSCONFDIR)/rollcode/rollcode.env"' \
	   -DROLLCODE_HELPER='"$(LIBEXECDIR)/rollcode-verify"' \
	   -DROLLCODE_PGSQL='"$(LIBEXECDIR)/rollcode-pgsql.so"' \
	   -DROLLCODE_STATE='"$(STATEDIR)/rollcode"' \
	   -DROLLCODE_SOCKET='"$(RUNDIR)/rollcode/verify.sock"' \
	   -DROLLCODE_ROOT_SOCKET='"$(RUNDIR)/rollcode/root/verify.sock"' \
	   -DROLLCODE_PAMDIR='"$(PAMDIR)"'
ALL_CFLAGS = -std=c11 $(DEFINES) -MMD -MP \
	   -ffile-prefix-map='$(CURDIR)'=. \
	   $(WARN) $(HARDEN) $(SANFLAGS) $(CPPFLAGS) $(CFLAGS) $(LIGHT)
ALL_LDFLAGS = $(LDHARDEN) $(SANFLAGS) $(LDFLAGS)
ifneq ($(SAN),1)
PROG_LDFLAGS = -pie -Wl,-z,nodlopen
endif

LIBS_PAM := $(shell $(PKG_CONFIG) --libs pam 2>/dev/null || echo -lpam)
LIBS_CRYPTO := $(shell $(PKG_CONFIG) --libs libcrypto 2>/dev/null || \
	      echo -lcrypto)
LIBS_SQLITE := $(shell $(PKG_CONFIG) --libs sqlite3 2>/dev/null || \
	      echo -lsqlite3)
LIBS_QR	 := $(shell $(PKG_CONFIG) --libs libqrencode 2>/dev/null || \
	      echo -lqrencode)
# In older C libraries dlopen is in one of its own.
LIBS_SQLITE += -ldl
LIBS_PGSQL := $(shell $(PKG_CONFIG) --libs libpq 2>/dev/null)
INC_PGSQL := $(shell $(PKG_CONFIG) --cflags libpq 2>/dev/null)
LIBS_CHECK := $(shell $(PKG_CONFIG) --libs check 2>/dev/null || echo -lcheck)

obj	 = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

COMMON	 = common/token/base64.c \
	   common/cli/cli.c \
	   common/cli/file.c \
	   common/cli/progress.c \
	   common/token/code.c \
	   common/token/codec.c \
	   common/base/env.c \
	   common/base/error.c \
	   common/import/import.c \
	   common/import/demo.c \
	   common/import/files.c \
	   common/import/google.c \
	   common/import/lines.c \
	   common/import/oath.c \
	   common/import/open.c \
	   common/cli/json.c \
	   common/base/lock.c \
	   common/import/parcel.c \
	   common/base/plain.c \
	   common/base/plain_put.c \
	   common/cli/prompt.c \
	   common/token/provision.c \
	   common/cli/qr.c \
	   common/base/replace.c \
	   common/token/seal.c \
	   common/sqlite/open.c \
	   common/sqlite/check.c \
	   pam_rollcode/store/sqlite/copy.c \
	   common/sqlite/error.c \
	   common/sqlite/image.c \
	   pam_rollcode/store/sqlite/parked.c \
	   common/sqlite/query.c \
	   common/token/token.c \
	   common/base/utf8.c
MODULE	 = pam_rollcode/pam_rollcode.c \
	   pam_rollcode/module/options.c \
	   pam_rollcode/module/converse.c \
	   pam_rollcode/ask/ask.c \
	   pam_rollcode/ask/resident.c \
	   pam_rollcode/ask/spawn.c \
	   pam_rollcode/ask/spawn_reset.c \
	   pam_rollcode/protocol/submission.c \
	   pam_rollcode/system/path.c \
	   pam_rollcode/module/audit.c \
	   pam_rollcode/protocol/logline.c \
	   common/base/error.c \
	   common/base/env.c \
	   common/base/plain.c \
	   common/base/utf8.c
VERIFY	 = pam_rollcode/rollcode-verify.c
SERVICE	 = pam_rollcode/service/supervise.c \
	   pam_rollcode/service/side.c \
	   pam_rollcode/service/listener.c \
	   pam_rollcode/service/serve.c \
	   pam_rollcode/service/queue.c \
	   pam_rollcode/service/burial.c \
	   pam_rollcode/service/crew.c \
	   pam_rollcode/service/worker.c \
	   pam_rollcode/service/callers.c \
	   pam_rollcode/service/outsider.c
ADMIN	 = pam_rollcode/rollcode-admin.c \
	   pam_rollcode/admin/import/pskc.c \
	   pam_rollcode/admin/import/pskc_numbers.c \
	   pam_rollcode/admin/backup.c \
	   pam_rollcode/admin/change.c \
	   pam_rollcode/admin/check/check.c \
	   pam_rollcode/admin/check/env.c \
	   pam_rollcode/admin/check/judge.c \
	   pam_rollcode/admin/check/lines.c \
	   pam_rollcode/admin/check/findings.c \
	   pam_rollcode/admin/check/pam.c \
	   pam_rollcode/admin/check/root.c \
	   pam_rollcode/admin/check/run.c \
	   pam_rollcode/admin/check/services.c \
	   pam_rollcode/admin/check/sshd.c \
	   pam_rollcode/admin/check/refusals.c \
	   pam_rollcode/admin/check/store.c \
	   pam_rollcode/admin/confirm.c \
	   pam_rollcode/admin/enroll.c \
	   pam_rollcode/admin/export.c \
	   pam_rollcode/admin/import/import.c \
	   pam_rollcode/admin/import/ask.c \
	   pam_rollcode/admin/import/store.c \
	   pam_rollcode/admin/import/user.c \
	   pam_rollcode/admin/init.c \
	   pam_rollcode/admin/uri.c \
	   pam_rollcode/admin/log.c \
	   pam_rollcode/admin/open.c \
	   pam_rollcode/admin/person.c \
	   pam_rollcode/admin/recovery.c \
	   pam_rollcode/admin/rekey.c \
	   pam_rollcode/admin/show.c \
	   pam_rollcode/admin/check/stack.c \
	   pam_rollcode/admin/check/stack_row.c \
	   pam_rollcode/admin/check/stack_text.c \
	   pam_rollcode/admin/typing.c
# `check` reads the arguments of the module and asks the judge as it does.
ASKING	 = pam_rollcode/module/options.c \
	   pam_rollcode/ask/ask.c \
	   pam_rollcode/ask/resident.c \
	   pam_rollcode/ask/spawn.c \
	   pam_rollcode/ask/spawn_reset.c
# The PostgreSQL store is a plug-in, built only where libpq is.
PGSQL	 = pam_rollcode/store/pgsql/ops.c \
	   pam_rollcode/store/pgsql/connect.c \
	   pam_rollcode/store/pgsql/init.c \
	   pam_rollcode/store/pgsql/link.c \
	   pam_rollcode/store/pgsql/servers.c \
	   pam_rollcode/store/pgsql/read.c \
	   pam_rollcode/store/pgsql/roles.c \
	   pam_rollcode/store/pgsql/rows.c \
	   pam_rollcode/store/pgsql/schema.c \
	   pam_rollcode/store/pgsql/users.c \
	   pam_rollcode/store/pgsql/write.c
SERVER	 = pam_rollcode/rules/account.c \
	   pam_rollcode/admin/import/merge.c \
	   pam_rollcode/config/config.c \
	   pam_rollcode/config/envfile.c \
	   pam_rollcode/login/judge.c \
	   pam_rollcode/login/login.c \
	   pam_rollcode/protocol/logline.c \
	   pam_rollcode/rules/outcome.c \
	   pam_rollcode/system/path.c \
	   pam_rollcode/rules/policy.c \
	   pam_rollcode/system/privileges.c \
	   pam_rollcode/rules/recovery.c \
	   pam_rollcode/store/store.c \
	   pam_rollcode/store/sqlite/backup.c \
	   pam_rollcode/store/sqlite/users.c \
	   pam_rollcode/store/keys.c \
	   pam_rollcode/store/sqlite/marker.c \
	   pam_rollcode/store/name.c \
	   pam_rollcode/store/plugin.c \
	   pam_rollcode/store/sqlite/pool.c \
	   pam_rollcode/store/sqlite/read.c \
	   pam_rollcode/store/sqlite/rekey.c \
	   pam_rollcode/store/sqlite/schema.c \
	   pam_rollcode/store/sqlite/ops.c \
	   pam_rollcode/store/sqlite/write.c \
	   pam_rollcode/protocol/submission.c \
	   pam_rollcode/rules/verify.c \
	   pam_rollcode/rules/window.c
CLIENT	 = rollcode-token/askpass/asker.c \
	   rollcode-token/askpass/port.c \
	   rollcode-token/askpass/binding.c \
	   rollcode-token/cmd.c \
	   rollcode-token/cmd_askpass.c \
	   rollcode-token/cmd_code.c \
	   rollcode-token/cmd_import.c \
	   rollcode-token/cmd_list.c \
	   rollcode-token/cmd_token.c \
	   rollcode-token/askpass/person.c \
	   rollcode-token/wallet/place.c \
	   rollcode-token/wallet/wallet.c \
	   rollcode-token/wallet/bind.c \
	   rollcode-token/wallet/change.c \
	   rollcode-token/wallet/import.c \
	   rollcode-token/wallet/key.c \
	   rollcode-token/wallet/row.c \
	   rollcode-token/wallet/state.c
SOURCES	 = $(sort $(COMMON) $(MODULE) $(VERIFY) $(SERVICE) $(ADMIN) $(ASKING) \
	   $(PGSQL) $(SERVER) rollcode-token/main.c $(CLIENT))
UNIT	 = $(wildcard tests/unit/test_*.c)
TOOLS	 = $(wildcard tests/tools/*.c)
BENCH	 = $(wildcard tests/bench/*.c)

PRODUCTS = $(BUILD)/pam_rollcode.so $(BUILD)/rollcode-verify \
	   $(BUILD)/rollcode-admin $(BUILD)/rollcode-token
ifneq ($(LIBS_PGSQL),)
PRODUCTS += $(BUILD)/rollcode-pgsql.so
else
UNIT	:= $(filter-out tests/unit/test_store_pgsql.c,$(UNIT))
endif
MAN1	 = rollcode-token/rollcode-token.1
MAN5	 = pam_rollcode/rollcode.env.5
MAN8	 = pam_rollcode/pam_rollcode.8 pam_rollcode/rollcode-verify.8 \
	   pam_rollcode/rollcode-admin.8

ifneq ($(V),1)
Q	:= @
say	 = @printf '  %-6s %s\n' $(1) $@
endif

all: $(PRODUCTS)

# Other flags or paths than last time: everything is compiled anew.
$(BUILD)/obj/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS))' >$@.new
	@cmp -s $@.new $@ || cp $@.new $@; rm -f $@.new
FORCE:

# Each half includes its own, and tests both.
$(BUILD)/obj/pam_rollcode/%: private HALF = -iquotepam_rollcode
$(BUILD)/obj/rollcode-token/%: private HALF = -iquoterollcode-token
$(BUILD)/obj/tests/%: private HALF = -iquotepam_rollcode -iquoterollcode-token
print-%: private HALF = -iquotepam_rollcode -iquoterollcode-token

$(BUILD)/obj/%.o: %.c $(BUILD)/obj/flags
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# PSKC is read where libpskc is; what is built loads it only then.
ifneq ($(shell $(PKG_CONFIG) --exists libpskc 2>/dev/null && echo yes),)
$(BUILD)/obj/pam_rollcode/admin/import/pskc.o: CPPFLAGS += -DROLLCODE_PSKC \
    $(shell $(PKG_CONFIG) --cflags-only-I libpskc)
endif

$(BUILD)/libcommon.a: $(call obj,$(COMMON))
$(BUILD)/libserver.a: $(call obj,$(SERVER))
$(BUILD)/libservice.a: $(call obj,$(SERVICE))
$(BUILD)/libmodule.a: $(call obj,$(MODULE))
$(BUILD)/libclient.a: $(call obj,$(CLIENT))
$(BUILD)/libadmin.a: $(call obj,$(filter-out pam_rollcode/rollcode-admin.c, \
    $(ADMIN)))
$(BUILD)/%.a:
	$(call say,AR)
	$(Q)rm -f $@
	$(Q)$(AR) qcD $@ $^

# The version script alone decides what is exported: with hidden visibility
# it would export nothing, since libpam's headers mark nothing visible.
$(BUILD)/pam_rollcode.so: $(call obj,$(MODULE)) pam_rollcode/module/exports.map
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) -shared $(ALL_LDFLAGS) -Wl,--no-undefined-version \
	    -Wl,--version-script=pam_rollcode/module/exports.map \
	    -o $@ $(filter %.o,$^) $(LIBS_PAM)

$(BUILD)/rollcode-verify: $(call obj,$(VERIFY)) $(BUILD)/libservice.a \
    $(BUILD)/libserver.a $(BUILD)/libcommon.a
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(PROG_LDFLAGS) $(ALL_LDFLAGS) -o $@ $^ \
	    $(LIBS_CRYPTO) $(LIBS_SQLITE)

$(BUILD)/rollcode-admin: $(call obj,$(ADMIN) $(ASKING)) \
    $(BUILD)/libserver.a $(BUILD)/libcommon.a
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(PROG_LDFLAGS) $(ALL_LDFLAGS) -o $@ $^ \
	    $(LIBS_CRYPTO) $(LIBS_SQLITE) $(LIBS_QR)

# Nothing of it is seen but its one table.
$(call obj,$(PGSQL) tests/unit/test_store_pgsql.c): CPPFLAGS += $(INC_PGSQL)
$(BUILD)/rollcode-pgsql.so: $(call obj,$(PGSQL) pam_rollcode/store/keys.c \
    pam_rollcode/store/name.c pam_rollcode/rules/outcome.c pam_rollcode/system/path.c) \
    $(BUILD)/libcommon.a \
    pam_rollcode/store/pgsql/pgsql.map
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) -shared $(ALL_LDFLAGS) -Wl,--no-undefined-version \
	    -Wl,--version-script=pam_rollcode/store/pgsql/pgsql.map \
	    -o $@ $(filter %.o %.a,$^) $(LIBS_PGSQL) $(LIBS_CRYPTO)

$(BUILD)/rollcode-token: $(call obj,rollcode-token/main.c) \
    $(BUILD)/libclient.a $(BUILD)/libcommon.a
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(PROG_LDFLAGS) $(ALL_LDFLAGS) -o $@ $^ \
	    $(LIBS_CRYPTO) $(LIBS_SQLITE) $(LIBS_QR)

$(BUILD)/tests/unit/test_%: $(BUILD)/obj/tests/unit/test_%.o \
    $(BUILD)/libadmin.a $(BUILD)/libmodule.a $(BUILD)/libservice.a \
    $(BUILD)/libserver.a $(BUILD)/libclient.a $(BUILD)/libcommon.a
	$(call say,LD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(ALL_LDFLAGS) $(WRAP) -o $@ $^ $(LIBS_CHECK) \
	    $(LIBS_CRYPTO) $(LIBS_SQLITE) $(LIBS_PAM) -lm

# What tests/unit/failing.h makes fail.
$(BUILD)/tests/unit/test_verify $(BUILD)/tests/unit/test_login: \
    WRAP = -Wl,--wrap=code_open,--wrap=code_at,--wrap=seal_mac
$(BUILD)/tests/unit/test_memory: WRAP = -Wl,--wrap=calloc

# The contract's tests, with the plug-in's own objects.
$(BUILD)/tests/unit/test_store_pgsql: $(call obj,$(PGSQL))
$(BUILD)/tests/unit/test_store_pgsql: LIBS_CHECK += $(LIBS_PGSQL)
$(BUILD)/tests/unit/test_store_pgsql: WRAP = -Wl,--wrap=link_rollback

$(BUILD)/tests/tools/%.so: $(BUILD)/obj/tests/tools/%.o
	$(call say,LD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -shared $(ALL_LDFLAGS) -o $@ $^ $(LIBS_PAM)

# Programs of tests/tools and tests/bench.  A host of PAM has not loaded what
# only the judge needs.
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
	   open __open_2 read fstat stat lstat calloc spawn_judge spawn_reap \
	   getpwnam_r pam_modutil_getlogin pam_get_item pam_set_item
FUZZ_SHARED = $(call obj,$(addprefix tests/fuzz/,calls.c libraries.c place.c \
	   rules.c))
FUZZERS	 = $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/tests/fuzz/%, \
	   $(wildcard tests/fuzz/fuzz_*.c))
ifeq ($(FUZZ),1)
FUZZ_LDFLAGS = -fsanitize=fuzzer
else
FUZZ_SHARED += $(call obj,tests/fuzz/replay.c)
endif

$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(FUZZ_SHARED) \
    $(BUILD)/libmodule.a $(BUILD)/libserver.a $(BUILD)/libcommon.a
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

tests: all $(TEST_PROGRAMS)
fuzzers: $(FUZZERS)

# What takes time in a test is not the test's own code.
$(call obj,$(UNIT) $(TOOLS) $(wildcard tests/fuzz/*.c)): \
    private LIGHT = -O0 -U_FORTIFY_SOURCE

# Everything compiled and nothing linked, for what a compiler has to say.
objects: $(call obj,$(filter-out $(if $(LIBS_PGSQL),,$(PGSQL)), \
    $(SOURCES)) $(UNIT) $(TOOLS) $(BENCH) $(wildcard tests/fuzz/*.c))

# These two install what is missing first, so they build in a second make.
demo:
	@packaging/install-dependencies build demo
	@$(MAKE) --no-print-directory all
	@tests/demo

check:
	@packaging/install-dependencies build demo test
	@$(MAKE) --no-print-directory tests
	@tests/run

# What is missing then is named, and left out.
bench:
	@packaging/install-dependencies build
	@packaging/install-dependencies bench || echo "Going on without them."
	@$(MAKE) --no-print-directory tests
	@tests/bench/run

fuzz:
	@packaging/install-dependencies build test lint
	@tests/fuzz/run

# PARTS: some of these.
PARTS	 ?= pgsql server client
PLACES	 = DESTDIR PARTS BUILD PAMDIR BINDIR SBINDIR MANDIR LIBEXECDIR \
	   SYSCONFDIR STATEDIR RUNDIR UNITDIR SYSUSERSDIR TMPFILESDIR \
	   EXAMPLEDIR BASHDIR ZSHDIR FISHDIR
INSTALL	 = $(foreach place,$(PLACES),$(place)='$($(place))') packaging/install

COMPLETIONS = $(foreach shell,bash zsh fish,$(addsuffix .$(shell), \
	   $(addprefix $(BUILD)/completions/,rollcode-admin rollcode-token)))

$(COMPLETIONS): $(BUILD)/rollcode-admin $(BUILD)/rollcode-token \
    packaging/completions
	$(call say,GEN)
	$(Q)mkdir -p $(@D)
	$(Q)packaging/completions $(subst .,,$(suffix $@)) \
	    $(BUILD)/$(basename $(@F)) >$@

install: all $(COMPLETIONS)
	$(Q)$(INSTALL)

# Some run packaging/install by itself.
tests: $(COMPLETIONS)

uninstall:
	$(Q)$(INSTALL) --remove

# Packages are built from a copy, with debian/ and the spec where the tools
# look for them.
deb:
	@packaging/install-dependencies build package
	@packaging/package deb $(VERSION)

rpm:
	@packaging/install-dependencies build package
	@packaging/package rpm $(VERSION)

clean:
	rm -rf build

# A variable, a word a line, for scripts: make -s print-SOURCES.
print-%:
	@printf '%s\n' $($*)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

.PHONY: all tests fuzzers objects demo check bench fuzz install uninstall \
	deb rpm clean FORCE
.SECONDARY:
.DELETE_ON_ERROR:
