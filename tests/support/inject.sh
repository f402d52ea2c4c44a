# shellcheck shell=bash
# shellcheck disable=SC2034,SC2317	# used where this is read
# SPDX-License-Identifier: Apache-2.0
#
# inject.sh - something goes wrong at a system call, or at an allocation, of
# one process.  For scripts that have read lib.sh, called private_machine and
# read pam.sh.
#
#   verifier_service NAME ARGUMENT...  the service NAME of $T/pam, whose verifier is
#                                   started by verifier_with
#   verifier_with COMMAND...           from now on the verifier of those services is
#                                   run by COMMAND
#   verifier_ended                     when it is over, for $T/trace
#   calls                           "NAME N" for each call in $T/trace: the
#                                   N-th of its kind, for strace counts so
#   calls_of_main                   the same without what loads the program
#   evenly MOST                     at most that many lines of the input
#
# Before and after an administrator's command that went wrong at WHERE; what
# comes after prints what is not as it should be:
#   nobody whole_or_absent, somebody still_or_absent, somebody old_or_new,
#   nothing_made init_again; and of rollcode-token add, behind a_line:
#   no_wallet added_or_absent
STRACE=$(command -v strace)

# The verifier is the module's child itself, and strace its grandchild (-DDD).
TRACED="$STRACE -DDD -q -o $T/trace"

verifier_service() {
	pam_named "$@"
	sed -i "s,helper=[^ ]*,helper=$T/bin/injected," "$T/pam/$1"
	cat >"$T/bin/injected" <<-INJECTED
	#!/bin/sh
	read -r how <$T/inject
	exec \$how $T/bin/rollcode-verify "\$@"
	INJECTED
	chmod 755 "$T/bin/injected"
}

verifier_with() {
	echo "$*" >"$T/inject"
	: >"$T/trace"
}

traced_to_its_end() {
	grep -qE 'exited with|killed by' "$T/trace"
}

verifier_ended() {
	wait_for traced_to_its_end
}

numbered() {
	sed -nE 's/^([a-z][a-z0-9_]*)\(.*/\1/p' | awk '{ print $1, ++n[$1] }'
}

# Without the first, which is execve.
calls() {
	sed -n '2,$p' "$T/trace" | numbered
}

# The loader ends by letting go of its list of libraries.
calls_of_main() {
	local loaded
	loaded=$(grep -n -m 1 '^munmap(' "$T/trace" | cut -d: -f1)
	numbered <"$T/trace" | tail -n "+$((${loaded:-0} + 1))"
}

evenly() {
	awk -v most="$1" '
		{ line[NR] = $0 }
		END {
			if (most > NR)
				most = NR
			for (i = 0; i < most; i++)
				print line[1 + int(i * NR / most)]
		}'
}

nobody() {
	rm -f "$(wallet ann)"
	[ ! -e "$T/store/users/ann.db" ] || admin remove ann --force >"$T/out"
}

# What is enrolled works, and what is not can be.
whole_or_absent() {
	if admin uri ann >"$T/uri" 2>"$T/uri.log"; then
		token ann add <"$T/uri" >"$T/add.log" 2>&1
	elif grep -q 'not enrolled' "$T/uri.log"; then
		admin enroll ann --no-account >"$T/uri" 2>"$T/enroll.log" ||
		    echo "$1, then: $(cat "$T/enroll.log")"
		token ann add <"$T/uri" >"$T/add.log" 2>&1
	else
		echo "$1, then: $(cat "$T/uri.log")"
	fi
	[ "$(login ann "$(code ann)")" = SUCCESS ] ||
	    echo "$1: the code does not open"
	[ "$(admin list | grep -c '^ann ')" = 1 ] ||
	    echo "$1: the list is wrong"
}

is_enrolled() {
	admin list | grep -q "^$1 "
}

somebody() {
	nobody
	enroll ann
}

still_or_absent() {
	case $(login ann "$(code ann)") in
	SUCCESS)
		admin remove ann --force >"$T/out" 2>&1 ||
		    echo "$1: cannot be removed"
		;;
	AUTH_ERR)
		! is_enrolled ann || echo "$1: there, but its code is wrong"
		;;
	*) echo "$1: neither there nor absent" ;;
	esac
	nobody
	enroll ann
	[ "$(login ann "$(code ann)")" = SUCCESS ] ||
	    echo "$1: enrolling again does not work"
}

# The old token or the new one, never both and never none.
old_or_new() {
	local old
	old=$(login ann "$(code ann)")
	rm "$(wallet ann)"
	admin uri ann >"$T/uri" 2>"$T/uri.log" || cat "$T/uri.log"
	token ann add <"$T/uri" >"$T/add.log" 2>&1
	case "$old $(login ann "$(code ann)")" in
	"SUCCESS SUCCESS" | "AUTH_ERR SUCCESS") ;;
	*) echo "$1: $old, and then the enrolled token fails" ;;
	esac
}

nothing_made() {
	rm -rf "$T/store" "$CONF" "$CONF".*
	(umask 077 && mkdir "$T/store")
	(umask 077 && printf '%s\n' "DATABASE=sqlite:$T/store" ACCOUNT=root \
	    >"$CONF")
}

init_again() {
	admin init >"$T/out" 2>&1 || echo "$1: $(cat "$T/out")"
	[ "$(grep -c '^SECRET_KEY=' "$CONF")" = 1 ] ||
	    echo "$1: not one key"
	rm -f "$(wallet ann)"
	enroll ann
	[ "$(login ann "$(code ann)")" = SUCCESS ] ||
	    echo "$1: a login fails"
}

# A token's line in $T/line, and its first code in $T/first.
a_line() {
	nobody
	admin enroll ann --no-account >"$T/line" 2>"$T/enroll.log"
	no_wallet
	token ann add web <"$T/line" >"$T/add.log"
	code ann >"$T/first"
}

no_wallet() {
	rm -rf "$T/wallet"
}

added_or_absent() {
	token ann add web <"$T/line" >"$T/add.log" 2>&1 ||
	    grep -q 'web already' "$T/add.log" ||
	    echo "$1, then: $(cat "$T/add.log")"
	[ "$(ls "$T/wallet")" = ann.db ] || echo "$1: left $(ls "$T/wallet")"
	[ "$(code ann)" = "$(cat "$T/first")" ] ||
	    echo "$1: the token is another one"
}
