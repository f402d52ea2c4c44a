#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# memory.sh - a process that lacks memory, at one allocation or from
# one on: it denies or says so, and the next one works.
# long
# shellcheck disable=SC2317	# what is looked at afterwards is called by name
. "$(dirname "$0")/../support/lib.sh"
need strace
private_machine
. "$TREE/tests/support/pam.sh"
. "$TREE/tests/support/inject.sh"

FAULT=$BUILD/tests/tools/libfault.so
if ! FAULT_COUNT=$T/count LD_PRELOAD=$FAULT rollcode-token help >"$T/out" ||
    [ ! -s "$T/count" ]; then
	skip memory "nothing can be put before the C library here"
	exit 0
fi

most=${ROLLCODE_POINTS:-4}

# Each N of $T/count, as many as wanted, as variables.
plan() {
	seq "$(cat "$T/count")" | evenly "$most" |
	    sed 's/.*/FAULT_ALLOC=& FAULT_FROM=0/;n;
		s/.*/FAULT_ALLOC=& FAULT_FROM=&/' >"$T/plan"
}

preloaded() {	# VARIABLE... COMMAND...: sets $status
	env LD_PRELOAD="$FAULT" "$@" >"$T/out" 2>"$T/err" <"$T/line"
	status=$?
} 2>/dev/null

# The verifier's end is told, for the module knows no more than that it failed.
verified() {	# VARIABLE...
	cat >"$T/bin/preloaded" <<-PRELOADED
	#!/bin/sh
	env LD_PRELOAD=$FAULT $* "\$@"
	status=\$?
	echo \$status >$T/status
	exit \$status
	PRELOADED
	chmod 755 "$T/bin/preloaded"
	verifier_with "$T/bin/preloaded"
	rm -f "$T/status"
}

results() {	# LINE...
	printf 'ann\t%s\n' "$@" | pam_run | cut -d' ' -f2 | tr '\n' ' '
}

ERRORS='AUTHINFO_UNAVAIL|SYSTEM_ERR|SERVICE_ERR|BUF_ERR|CRED_INSUFFICIENT'
# The host's own failures, as an empty answer of its conversation.
HOST='CONV_ERR|ABORT|MODULE_UNKNOWN|PERM_DENIED|USER_UNKNOWN|AUTH_ERR|'

after_a_code() {	# WHERE CODE RESULT ERRORS
	local later
	later=$(results "$2" "$2" "$(code ann)")
	case "$3 then $later" in
	"SUCCESS then AUTH_ERR AUTH_ERR SUCCESS ") return ;;
	SUCCESS*) ;;
	*"then SUCCESS AUTH_ERR SUCCESS " | *"then AUTH_ERR AUTH_ERR SUCCESS ")
		! grep -qxE "$4" <<<"$3" || return ;;
	esac
	echo "$1: $3, then: $later"
}

verifier_lacks() {
	local where bad='' code got ended=0
	verified "FAULT_COUNT=$T/count"
	login ann "$(code ann)" lacking >"$T/out"
	plan
	while read -r where; do
		verified "$where"
		code=$(code ann)
		got=$(login ann "$code" lacking)
		wait_for test -s "$T/status"
		[ "$(cat "$T/status")" -lt 128 ] ||
		    bad+="$where: status $(cat "$T/status")"$'\n'
		bad+=$(after_a_code "$where" "$code" "$got" "$ERRORS")$'\n'
		[ "$got" = SUCCESS ] || ended=$((ended + 1))
	done <"$T/plan"
	[ "$ended" -gt 0 ] || bad+="no login was denied"
	echo "# $(wc -l <"$T/plan") of $(cat "$T/count") allocations"
	say_ok "a verifier that lacks memory denies, or has spent the code" "$(grep . <<<"$bad")"
}

module_lacks() {
	local where bad='' code got status
	code ann | sed 's/^/ann\t/' >"$T/line"
	preloaded "FAULT_COUNT=$T/count" "$PAMRUN" "$T/pam" rc
	plan
	while read -r where; do
		code=$(code ann)
		printf 'ann\t%s\n' "$code" >"$T/line"
		# shellcheck disable=SC2086	# two words
		preloaded $where "$PAMRUN" "$T/pam" rc
		[ "$status" -lt 128 ] || bad+="$where: status $status"$'\n'
		got=$(cut -d' ' -f2 "$T/out")
		bad+=$(after_a_code "$where" "$code" "$got" "$ERRORS|$HOST")$'\n'
	done <"$T/plan"
	echo "# $(wc -l <"$T/plan") of $(cat "$T/count") allocations"
	say_ok "a host that lacks memory denies, or the code is spent" "$(grep . <<<"$bad")"
}

# command_lacks NAME BEFORE AFTER COMMAND...
command_lacks() {
	local where bad='' status
	"$2"
	preloaded "FAULT_COUNT=$T/count" "${@:4}"
	plan
	while read -r where; do
		"$2"
		# shellcheck disable=SC2086	# two words
		preloaded $where "${@:4}"
		[ "$status" -le 1 ] || bad+="$where: status $status"$'\n'
		bad+=$("$3" "$where, status $status" </dev/null)$'\n'
	done <"$T/plan"
	echo "# $(wc -l <"$T/plan") of $(cat "$T/count") allocations"
	say_ok "$1" "$(grep . <<<"$bad")"
}

a_token() {
	:
}

printed_once() {
	[[ $1 != *"status 0" ]] || [ "$(wc -l <"$T/out")" = 1 ] ||
	    echo "$1: no code, and no error"
	cat "$T/out" >>"$T/codes"
	code ann >>"$T/codes" || echo "$1: then no code"
}

server GUARD_AFTER=100 GUESSES=1000
pam_place
verifier_service lacking
enroll ann
verifier_lacks
module_lacks
command_lacks "an enrolment that lacks memory: the user is whole or absent" \
    nobody whole_or_absent rollcode-admin --conf "$CONF" enroll ann --no-account
a_line
: >"$T/codes"
command_lacks "a token that lacks memory: one code, or an error" \
    a_token printed_once rollcode-token --store "$(wallet ann)" next
say_ok "and no code is printed twice" "$(sort "$T/codes" | uniq -d)"
step=3
[ -z "${ROLLCODE_POINTS-}" ] || step=1
check "whichever allocation of a login fails, it denies or has spent" \
    env ROLLCODE_STEP="$step" CK_TIMEOUT_MULTIPLIER=6 "$BUILD/tests/unit/login/test_memory"
exit 0
