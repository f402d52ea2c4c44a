# SPDX-License-Identifier: Apache-2.0
#
# What the Makefile includes to install what was built, and to make packages.

# PARTS: some of these.
PARTS	 ?= pgsql server client
PLACES	 = DESTDIR PARTS BUILD PAMDIR BINDIR SBINDIR MANDIR LIBEXECDIR \
	   SYSCONFDIR STATEDIR RUNDIR UNITDIR SYSUSERSDIR TMPFILESDIR \
	   EXAMPLEDIR BASHDIR ZSHDIR FISHDIR
INSTALL	 = $(foreach place,$(PLACES),$(place)='$($(place))') packaging/install

COMPLETIONS = $(foreach shell,bash zsh fish,$(addsuffix .$(shell), \
	   $(addprefix $(BUILD)/completions/,rollcode-admin rollcode-token)))

completions: $(COMPLETIONS)
$(COMPLETIONS): $(BUILD)/rollcode-admin $(BUILD)/rollcode-token \
    packaging/completions
	$(call say,GEN)
	$(Q)mkdir -p $(@D)
	$(Q)packaging/completions $(subst .,,$(suffix $@)) \
	    $(BUILD)/$(basename $(@F)) >$@

install: all completions
	$(Q)$(INSTALL)

uninstall:
	$(Q)$(INSTALL) --remove

# Packages are built from a copy, with debian/ and the spec where the tools
# look for them.
deb rpm:
	@packaging/install-dependencies build package
	@packaging/package $@ $(VERSION)

.PHONY: completions install uninstall deb rpm
