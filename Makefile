# SPDX-License-Identifier: Apache-2.0
#
# make              build everything into build/
# make help         print this list
# make demo         a real login in a scratch directory, explained
# make tests        build the tests
# make check        install missing packages, build and run the tests
# make check-fast   those that need no root, in 20 seconds; installs nothing
# make bench        measure logins, ours and those of other modules
# make fuzz         run every fuzzer for FUZZ_SECONDS (600); needs clang
# make deb          Debian packages, in build/deb; the PostgreSQL store and
#                   debug symbols in build/deb/all
# make rpm          RPM packages, in build/rpm
# make install      install to PREFIX and DESTDIR
# make uninstall    remove the installed files, but no store and no key
# make install-token    only the user's program, for a laptop
# make uninstall-token  remove it, but no wallet
# make clean        remove build/
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

FORTIFY	 = -U_FORTIFY_SOURCE
ifeq ($(FUZZ),1)
BUILD	 ?= build/fuzz
CC	 = clang
CFLAGS	 ?= -O1 -g
SANFLAGS = -fsanitize=fuzzer-no-link,address,undefined \
	   -fno-sanitize-recover=all -fno-omit-frame-pointer $(FUZZ_FLAGS)
else ifeq ($(SAN),1)
BUILD	 ?= build/san
SANFLAGS = -fsanitize=address,undefined -fno-sanitize-recover=all \
	   -fno-omit-frame-pointer
else ifneq ($(DEBUG),1)
FORTIFY	+= -D_FORTIFY_SOURCE=2
endif
BUILD	 ?= build
CFLAGS	 ?= $(if $(filter 1,$(DEBUG)),-O0 -g3,-O2 -g)

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
DEFINES	 = -D_GNU_SOURCE -I. $(HALF) \
	   -DROLLCODE_VERSION='"$(VERSION)"' \
	   -DROLLCODE_CONF='"$(SYSCONFDIR)/rollcode/rollcode.env"' \
	   -DROLLCODE_HELPER='"$(LIBEXECDIR)/rollcode-verify"' \
	   -DROLLCODE_STANDIN='"$(LIBEXECDIR)/rollcode-standin.so"' \
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

# libs PACKAGE: what it is linked with, where pkg-config does not know: -lNAME
libs	 = $(shell $(PKG_CONFIG) --libs $(1) 2>/dev/null || \
	   echo -l$(patsubst lib%,%,$(1)))
LIBS_PAM := $(call libs,pam)
LIBS_CRYPTO := $(call libs,libcrypto)
# In older C libraries dlopen is in one of its own.
LIBS_SQLITE := $(call libs,sqlite3) -ldl
LIBS_QR	 := $(call libs,libqrencode)
LIBS_CHECK := $(call libs,check)
LIBS_PGSQL := $(shell $(PKG_CONFIG) --libs libpq 2>/dev/null)
INC_PGSQL := $(shell $(PKG_CONFIG) --cflags libpq 2>/dev/null)

obj	 = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
# The files of rooms of one half.
rooms	 = $(sort $(wildcard $(patsubst %,$(1)/%/*.c,$(2))))

COMMON	 = $(call rooms,common,*)
# What runs in login programs, so of others no more than this.
MODULE	 = pam_rollcode/pam_rollcode.c \
	   $(call rooms,pam_rollcode,module ask protocol) \
	   pam_rollcode/system/path.c \
	   $(patsubst %,common/base/%.c,error env plain utf8)
SERVER	 = $(call rooms,pam_rollcode,protocol rules login config system \
	   store store/sqlite)
SERVICE	 = $(call rooms,pam_rollcode,service)
# The module with which `check` tries a stack.
STANDIN	 = pam_rollcode/admin/check/standin.c
ADMIN	 = $(filter-out $(STANDIN), \
	   $(call rooms,pam_rollcode,admin admin/import admin/check))
# `check` reads the arguments of the module and asks the verifier as it does.
ASKING	 = $(call rooms,pam_rollcode,ask) pam_rollcode/module/options.c
# The PostgreSQL store is a plug-in, built only where libpq is.
PGSQL	 = $(call rooms,pam_rollcode,store/pgsql)
MAINS	 = $(wildcard pam_rollcode/*.c) rollcode-token/main.c
CLIENT	 = $(filter-out $(MAINS),$(wildcard rollcode-token/*.c) \
	   $(call rooms,rollcode-token,*))
SOURCES	 = $(sort $(MAINS) $(COMMON) $(MODULE) $(SERVER) $(SERVICE) \
	   $(ADMIN) $(STANDIN) $(PGSQL) $(CLIENT))

PRODUCTS = $(BUILD)/pam_rollcode.so $(BUILD)/rollcode-verify \
	   $(BUILD)/rollcode-admin $(BUILD)/rollcode-token \
	   $(BUILD)/rollcode-standin.so
ifneq ($(LIBS_PGSQL),)
PRODUCTS += $(BUILD)/rollcode-pgsql.so
endif
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

$(BUILD)/libcommon.a: $(call obj,$(COMMON))
$(BUILD)/libserver.a: $(call obj,$(SERVER))
$(BUILD)/libservice.a: $(call obj,$(SERVICE))
$(BUILD)/libmodule.a: $(call obj,$(MODULE))
$(BUILD)/libclient.a: $(call obj,$(CLIENT))
$(BUILD)/libadmin.a: $(call obj,$(ADMIN) $(ASKING))
$(BUILD)/%.a:
	$(call say,AR)
	$(Q)rm -f $@
	$(Q)$(AR) qcD $@ $^

$(BUILD)/rollcode-verify: $(call obj,pam_rollcode/rollcode-verify.c) \
    $(BUILD)/libservice.a $(BUILD)/libserver.a $(BUILD)/libcommon.a
$(BUILD)/rollcode-admin: $(call obj,pam_rollcode/rollcode-admin.c) \
    $(BUILD)/libadmin.a $(BUILD)/libserver.a $(BUILD)/libcommon.a
$(BUILD)/rollcode-token: $(call obj,rollcode-token/main.c) \
    $(BUILD)/libclient.a $(BUILD)/libcommon.a
$(BUILD)/rollcode-admin: LIBS = $(LIBS_QR) $(LIBS_PAM)
$(BUILD)/rollcode-token: LIBS = $(LIBS_QR)
$(BUILD)/rollcode-verify $(BUILD)/rollcode-admin $(BUILD)/rollcode-token:
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(PROG_LDFLAGS) $(ALL_LDFLAGS) -o $@ $^ \
	    $(LIBS_CRYPTO) $(LIBS_SQLITE) $(LIBS)

# The version script alone decides what is exported: with hidden visibility
# it would export nothing, since libpam's headers mark nothing visible.
$(BUILD)/pam_rollcode.so: $(call obj,$(MODULE)) pam_rollcode/module/exports.map
$(BUILD)/rollcode-standin.so: $(call obj,$(STANDIN)) \
    pam_rollcode/module/exports.map
$(BUILD)/pam_rollcode.so $(BUILD)/rollcode-standin.so: LIBS = $(LIBS_PAM)
$(BUILD)/rollcode-pgsql.so: $(call obj,$(PGSQL)) $(BUILD)/libserver.a \
    $(BUILD)/libcommon.a pam_rollcode/store/pgsql/pgsql.map
$(BUILD)/rollcode-pgsql.so: LIBS = $(LIBS_PGSQL) $(LIBS_CRYPTO)
$(call obj,$(PGSQL) tests/unit/store/test_store_pgsql.c): CPPFLAGS += $(INC_PGSQL)
$(BUILD)/pam_rollcode.so $(BUILD)/rollcode-standin.so \
$(BUILD)/rollcode-pgsql.so:
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) -shared $(ALL_LDFLAGS) -Wl,--no-undefined-version \
	    -Wl,--version-script=$(filter %.map,$^) \
	    -o $@ $(filter %.o %.a,$^) $(LIBS)

include tests/rules.mk

# These install what is missing first, so they build in a second make; bench
# and fuzz are beside the tests.
demo:
	@packaging/install-dependencies build demo
	@$(MAKE) --no-print-directory all
	@tests/demo

check:
	@packaging/install-dependencies build demo test
	@$(MAKE) --no-print-directory tests
	@tests/run

include packaging/rules.mk

clean:
	rm -rf build

# The list at the head of this file.
help:
	@sed -n '3,/^$$/s/^# \{0,1\}//p' $(firstword $(MAKEFILE_LIST))

# A variable, a word a line, for scripts: make -s print-SOURCES.
print-%:
	@printf '%s\n' $($*)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

.PHONY: all demo check help clean FORCE
.SECONDARY:
.DELETE_ON_ERROR:
