#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# changed_meanwhile.sh - a login is stopped at one of its system calls, an
# administrator changes the user, and the login goes on: it is of the user as
# before or as after, in both stores, and what was changed stays changed.  At 6
# calls, or ROLLCODE_POINTS, of each kind of change.
# long
# limit: 3000
# shellcheck disable=SC2317	# what is done and looked at is called by name
. "$(dirname "$0")/../support/lib.sh"
need strace
. "$TREE/tests/support/pgsql.sh"
pgsql_machine "$@"
. "$TREE/tests/support/kills.sh"

points=${ROLLCODE_POINTS:-6}

# --- what is done, and how it is seen that it stays so -----------------------

replace() {
	admin enroll ann --replace -f >"$T/uri"
}

replaced() {
	rm -f "$(wallet new)"
	token new add <"$T/uri" >"$T/add.log"
	[ "$(counter ann)" = 0 ] || echo "its counter is $(counter ann)"
	[ "$(login ann "$(code new)")" = SUCCESS ] ||
	    echo "the new token fails"
}

remove() {
	admin remove -f ann
}

removed() {
	! admin list | grep -q '^ann ' || echo "she is enrolled"
}

disable() {
	admin disable ann
}

disabled() {
	admin list | grep -q '^ann *disabled ' || echo "she is not disabled"
}

resync() {
	admin resync ann <"$T/two"
}

resynced() {
	[ "$(login ann "$(code ann)")" = SUCCESS ] ||
	    echo "the code behind fails"
}

# --- one login ---------------------------------------------------------------

stopped_or_over() {
	grep -q 'stopped by SIGSTOP' "$T/trace" || traced_to_its_end
}

# change_at WHERE DO SEEN: what is not as it should be
change_at() {
	local typed second got where=$1 pid changing login status=0
	rm -f "$(wallet ann)"
	admin remove -f ann >"$T/out" 2>&1
	enroll ann
	read -r typed second <<<"$(code ann -n 2)"
	code ann -n 2 >"$T/two"
	verifier_with "$TRACED $where"
	start login ann "$typed" dying >"$T/got"
	login=$started
	wait_for stopped_or_over || echo "$where: neither stopped nor over"
	start "$2" >"$T/changed" 2>&1
	changing=$started
	# Who waits for the login's lock ends behind it.
	for _ in 1 2 3 4 5 6; do
		ended "$changing" || nap 0.03
	done
	! pid=$(pgrep -n -x rollcode-verify) || kill -CONT "$pid"
	wait "$login"
	wait "$changing" || status=$?
	got=$(cat "$T/got")
	case $got in
	SUCCESS | AUTH_ERR) ;;
	*) echo "$where: the login is $got" ;;
	esac
	[ "$status" -eq 0 ] || echo "$where: $(cat "$T/changed")"
	echo "$got" >>"$T/results"
	[ "$(login ann "$typed")$(login ann "$second")" = AUTH_ERRAUTH_ERR ] ||
	    echo "$where: a code of before lets in"
	"$3" | sed "s/^/$where: /"
}

# changed NAME STORE DO SEEN
changed() {
	local where bad=''
	: >"$T/results"
	while read -r where; do
		bad+=$(change_at "$where" "$3" "$4")
	done <"$T/plan"
	say_ok "$1, $2" "$bad"
	echo "# $(sort "$T/results" | uniq -c | xargs)"
}

# Where the login stops, from the first call behind the loader on.
plan() {
	rm -f "$(wallet ann)"
	enroll ann
	verifier_with "$TRACED"
	login ann "$(code ann)" dying >"$T/out"
	verifier_ended
	calls_of_main | evenly "$points" |
	    sed 's/\(.*\) \(.*\)/-e inject=\1:signal=STOP:when=\2/' >"$T/plan"
}

each_change() {	# STORE
	plan
	check "$1: a login makes calls to stop at" test -s "$T/plan"
	changed "a token that is replaced meanwhile" "$1" replace replaced
	changed "a user who is removed meanwhile" "$1" remove removed
	changed "a user who is disabled meanwhile" "$1" disable disabled
	changed "a token that is resynced meanwhile" "$1" resync resynced
}

pgsql_server one
pgsql_place
verifier_service dying
sed -i "s,pam_rollcode.so,& helper=$T/bin/injected," "$T/pam/dying"
admin init >"$T/out"
each_change PostgreSQL
server ACCOUNT=rollcode
each_change SQLite
