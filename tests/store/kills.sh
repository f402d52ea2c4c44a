#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# kills.sh [long] - SIGKILL at a system call, and then at another one: what is
# left never has to be mended, and nothing was accepted that was not recorded.
# long: what is not in `make check`, and all of it where ROLLCODE_POINTS says at
# how many calls.  What `rollcode-token next` does when killed is in token.sh,
# and the service in service_kills.sh.
# long: 3000
# shellcheck disable=SC2317	# what is looked at afterwards is called by name
. "$(dirname "$0")/../support/lib.sh"
need strace
private_machine "$@"
. "$TREE/tests/support/pam.sh"
. "$TREE/tests/support/kills.sh"

points=5 least=4
[ "${1-}" != long ] || points=${ROLLCODE_POINTS:-9} least=8

# verifier_dies NAME AFTER [WRONG]
verifier_dies() {
	local inject bad='' code got
	verifier_with "$TRACED"
	login ann "${3:-$(code ann)}" dying >"$T/out"
	verifier_ended
	calls | kill_points >"$T/plan"
	while read -r inject; do
		verifier_with "$TRACED $inject"
		code=$(code ann)
		got=$(login ann "${3:-$code}" dying)
		verifier_ended
		was_killed || { login ann "$code" >"$T/out"; continue; }
		bad+=$("$2" "killed at $inject" "$code" "$got")
	done <"$T/plan"
	planned "$1" "$bad"
}

# die OPTIONS COMMAND...: with strace's options
die() {
	# shellcheck disable=SC2086	# two words
	{ "$STRACE" -q -o "$T/trace" $1 "${@:2}"; } 2>/dev/null
}

# The module's own process dies; the verifier may go on without it.
module_dies() {
	local inject bad='' code got
	printf 'ann\t%s\n' "$(code ann)" |
	    die "-e trace=all" "$PAMRUN" "$T/pam" rc >"$T/out"
	calls | kill_points >"$T/plan"
	while read -r inject; do
		: >"$T/trace"
		code=$(code ann)
		got=$(printf 'ann\t%s\n' "$code" |
		    die "$inject" "$PAMRUN" "$T/pam" rc | cut -d' ' -f2)
		was_killed || continue
		[ -z "$got" ] ||
		    bad+=$(after_an_answer "killed at $inject" "$code" "$got")
		[ -n "$got" ] ||
		    bad+=$(after_a_right_code "killed at $inject" "$code" \
			"$got")
	done <"$T/plan"
	planned "the module's process dies: the next code opens" "$bad"
}

# command_dies NAME BEFORE AFTER COMMAND...: the token's line is its input
command_dies() {
	local inject bad=''
	"$2"
	die "-e trace=all" "${@:4}" >"$T/out" <"$T/line"
	calls | kill_points >"$T/plan"
	while read -r inject; do
		"$2"
		: >"$T/trace"
		die "$inject" "${@:4}" >"$T/out" <"$T/line"
		was_killed || continue
		bad+=$("$3" "killed at $inject" </dev/null)
	done <"$T/plan"
	planned "$1" "$bad"
}

admin_dies() {	# NAME BEFORE AFTER ARGUMENT...
	command_dies "$1" "$2" "$3" rollcode-admin --conf "$CONF" "${@:4}"
}

# A code that is far ahead, also at the end.
far_code() {
	cp "$(wallet ann)" "$(wallet far)"
	codes far 800 | tail -n 1
}

server GUARD_AFTER=100 GUESSES=1000
mkdir -m 700 "$T/store-witness"
syslog_start
pam_place
verifier_service dying
enroll ann
cp "$T/uri" "$T/line"
if [ "${1-}" != long ] || [ -n "${ROLLCODE_POINTS-}" ]; then
	verifier_dies "the verifier dies over a right code: spent or not, the next \
one opens" after_a_right_code
	module_dies
	admin_dies "an enrolment dies: the user is whole or absent" \
	    nobody whole_or_absent enroll ann --no-account
	admin_dies "a removal dies: the user is whole or absent" \
	    somebody still_or_absent remove ann --force
fi
if [ "${1-}" = long ]; then
	verifier_dies "the verifier dies over a wrong code: the next right one opens" \
	    after_a_wrong_code 00000000
	verifier_dies "the verifier dies over a far code: the next right one opens" \
	    after_a_wrong_code "$(far_code)"
	admin_dies "a replacement dies: the old token or the new one" \
	    somebody old_or_new enroll ann --no-account --replace
	# token.sh kills it at fewer calls
	a_line
	command_dies "adding a token dies: it is there whole or not at all" \
	    no_wallet added_or_absent \
	    rollcode-token --store "$(wallet ann)" add web
	admin_dies "init dies: it goes on where it was" \
	    nothing_made init_again init
fi
no_alarm
exit 0
