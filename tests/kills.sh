#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# kills.sh [long] - SIGKILL at a system call, and then at another one: what is
# left never has to be mended, and nothing was accepted that was not recorded.
# shellcheck disable=SC2317	# what is looked at afterwards is called by name
. "$(dirname "$0")/lib.sh"
need strace
private_machine "$@"
. "$TREE/tests/tools/pam.sh"

step=10 far=17 tried=0 alive=0
[ "${1-}" != long ] || step=1 far=1

STRACE=$(command -v strace)

# The service whose judge is run with the options of strace in $T/inject.
dying_service() {
	cat >"$T/bin/dying" <<-DYING
	#!/bin/sh
	read -r inject <$T/inject
	exec $STRACE -DDD -q -o $T/trace \$inject $T/bin/rollcode-verify "\$@"
	DYING
	chmod 755 "$T/bin/dying"
	pam_named dying
	sed -i "s,helper=[^ ]*,helper=$T/bin/dying," "$T/pam/dying"
}

# every N: of the calls in $T/trace, one in N, as options that kill there.
# strace counts each kind of call by itself.
every() {
	sed -nE '2,$s/^([a-z][a-z0-9_]*)\(.*/\1/p' "$T/trace" |
	    awk -v step="$1" '
		{ n[$1]++ }
		NR % step == 0 {
			print "-e inject=" $1 ":signal=KILL:when=" n[$1]
		}'
}

killed() {
	grep -q 'killed by SIGKILL' "$T/trace"
}

ended() {
	grep -qE 'exited with|killed by' "$T/trace"
}

# A code that was given to a judge that died is accepted now, or was spent;
# never twice.  Then the next one opens.
after_a_right_code() {	# WHEN CODE RESULT
	local got
	[ "$3" = SUCCESS ] && echo "killed at $1: accepted"
	got="$(login ann "$2") $(login ann "$2") $(login ann "$(code ann)")"
	case $got in
	"SUCCESS AUTH_ERR SUCCESS" | "AUTH_ERR AUTH_ERR SUCCESS") ;;
	*) echo "killed at $1, then: $got" ;;
	esac
}

# It had its answer, and printed it, before it died.
after_an_answer() {
	local got
	got="$3 $(login ann "$2") $(login ann "$(code ann)")"
	[ "$got" = "SUCCESS AUTH_ERR SUCCESS" ] ||
	    echo "killed at $1, then: $got"
}

after_a_wrong_code() {	# WHEN CODE RESULT
	local got
	[ "$3" = SUCCESS ] && echo "killed at $1: accepted"
	got=$(login ann "$2")
	[ "$got" = SUCCESS ] || echo "killed at $1, then: $got"
}

# judge_dies NAME AFTER [WRONG]
judge_dies() {
	local inject bad='' code got
	echo "-e trace=all" >"$T/inject"
	login ann "${3:-$(code ann)}" dying >"$T/out"
	wait_for ended
	every "$step" >"$T/plan"
	while read -r inject; do
		echo "$inject" >"$T/inject"
		: >"$T/trace"
		code=$(code ann)
		got=$(login ann "${3:-$code}" dying)
		wait_for ended
		was_killed || continue
		bad+=$("$2" "$inject" "$code" "$got")
	done <"$T/plan"
	planned
	say_ok "$1" "$bad"
}

# A login that folds the log makes more calls than another one.
was_killed() {
	tried=$((tried + 1))
	killed || { alive=$((alive + 1)); return 1; }
}

# A run without deaths would be no test.
planned() {
	[ "$tried" -ge 8 ] && [ "$alive" -le $((tried / 4)) ] ||
	    bad+="$tried tried, $alive lived"
	tried=0 alive=0
}

# die OPTIONS COMMAND...: with strace's options
die() {
	# shellcheck disable=SC2086	# two words
	{ "$STRACE" -q -o "$T/trace" $1 "${@:2}"; } 2>/dev/null
}

# The module's own process dies; the judge may go on without it.
module_dies() {
	local inject bad='' code got
	printf 'ann\t%s\n' "$(code ann)" |
	    die "-e trace=all" "$PAMRUN" "$T/pam" rc >"$T/out"
	every "$far" >"$T/plan"
	while read -r inject; do
		: >"$T/trace"
		code=$(code ann)
		got=$(printf 'ann\t%s\n' "$code" |
		    die "$inject" "$PAMRUN" "$T/pam" rc | cut -d' ' -f2)
		was_killed || continue
		[ -z "$got" ] ||
		    bad+=$(after_an_answer "$inject" "$code" "$got")
		[ -n "$got" ] ||
		    bad+=$(after_a_right_code "$inject" "$code" "$got")
	done <"$T/plan"
	planned
	say_ok "the module's process dies: the next code opens" "$bad"
}

# admin_dies NAME BEFORE AFTER ARGUMENT...
admin_dies() {
	local inject bad=''
	"$2"
	die "-e trace=all" rollcode-admin --conf "$CONF" "${@:4}" >"$T/out"
	every "$far" >"$T/plan"
	while read -r inject; do
		"$2"
		: >"$T/trace"
		die "$inject" rollcode-admin --conf "$CONF" "${@:4}" >"$T/out"
		was_killed || continue
		bad+=$("$3" "$inject" </dev/null)
	done <"$T/plan"
	planned
	say_ok "$1" "$bad"
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
		    echo "killed at $1, then: $(cat "$T/enroll.log")"
		token ann add <"$T/uri" >"$T/add.log" 2>&1
	else
		echo "killed at $1, then: $(cat "$T/uri.log")"
	fi
	[ "$(login ann "$(code ann)")" = SUCCESS ] ||
	    echo "killed at $1: the code does not open"
	[ "$(admin list | grep -c '^ann ')" = 1 ] ||
	    echo "killed at $1: the list is wrong"
}

somebody() {
	nobody
	enroll ann
}

still_or_absent() {
	case $(login ann "$(code ann)") in
	SUCCESS)
		admin remove ann --force >"$T/out" 2>&1 ||
		    echo "killed at $1: cannot be removed"
		;;
	USER_UNKNOWN) ;;
	*) echo "killed at $1: neither there nor absent" ;;
	esac
	nobody
	enroll ann
	[ "$(login ann "$(code ann)")" = SUCCESS ] ||
	    echo "killed at $1: enrolling again does not work"
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
	*) echo "killed at $1: $old, and then the enrolled token fails" ;;
	esac
}

nothing_made() {
	rm -rf "$T/store" "$CONF" "$CONF".*
	(umask 077 && mkdir "$T/store")
	(umask 077 && printf '%s\n' "DATABASE=sqlite:$T/store" ACCOUNT=root \
	    >"$CONF")
}

init_again() {
	admin init >"$T/out" 2>&1 || echo "killed at $1: $(cat "$T/out")"
	[ "$(grep -c '^SECRET_KEY=' "$CONF")" = 1 ] ||
	    echo "killed at $1: not one key"
	rm -f "$(wallet ann)"
	enroll ann
	[ "$(login ann "$(code ann)")" = SUCCESS ] ||
	    echo "killed at $1: a login fails"
}

server GUARD_AFTER=100 GUESSES=1000
pam_place
dying_service
enroll ann
judge_dies "the judge dies over a right code: spent or not, the next one opens" \
    after_a_right_code
judge_dies "the judge dies over a wrong code: the next right one opens" \
    after_a_wrong_code 00000000
module_dies
admin_dies "an enrolment dies: the user is whole or absent" \
    nobody whole_or_absent enroll ann --no-account
admin_dies "a removal dies: the user is whole or absent" \
    somebody still_or_absent remove ann --force
admin_dies "a replacement dies: the old token or the new one" \
    somebody old_or_new enroll ann --no-account --replace
admin_dies "init dies: it goes on where it was" nothing_made init_again init
exit 0
