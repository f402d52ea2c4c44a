# SPDX-License-Identifier: Apache-2.0
#
# What the Makefile includes to install what was built, and to make packages.

# PARTS: some of these.
PARTS	 ?= pgsql server client
PLACES	 = DESTDIR PARTS FORCE BUILD PAMDIR BINDIR SBINDIR MANDIR LIBEXECDIR \
	   SYSCONFDIR STATEDIR RUNDIR UNITDIR SYSUSERSDIR TMPFILESDIR \
	   EXAMPLEDIR BASHDIR ZSHDIR FISHDIR
INSTALL	 = $(foreach place,$(PLACES),$(place)='$($(place))') packaging/install

# Of one program, for each shell.
completes = $(addprefix $(BUILD)/completions/$(1).,bash zsh fish)
COMPLETIONS = $(call completes,rollcode-admin) $(call completes,rollcode-token)

completions: $(COMPLETIONS)
$(call completes,rollcode-admin): $(BUILD)/rollcode-admin
$(call completes,rollcode-token): $(BUILD)/rollcode-token
$(COMPLETIONS): packaging/completions
	$(call say,GEN)
	$(Q)mkdir -p $(@D)
	$(Q)packaging/completions $(subst .,,$(suffix $@)) \
	    $(BUILD)/$(basename $(@F)) >$@

install: all completions
	$(Q)$(INSTALL)

uninstall:
	$(Q)$(INSTALL) --remove

# Builds nothing of the server.
install-token: $(BUILD)/rollcode-token $(call completes,rollcode-token)
install-token uninstall-token: PARTS = client
install-token:
	$(Q)$(INSTALL)

uninstall-token:
	$(Q)$(INSTALL) --remove

# Packages are built from a copy, with debian/ and the spec where the tools
# look for them.
deb rpm:
	@packaging/install-dependencies build package
	@packaging/package $@ $(VERSION)

.PHONY: completions install uninstall install-token uninstall-token deb rpm
