#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# upgrades.sh [long] - the files of a store of version 2 under the programs of
# today: the first login upgrades its user's file, and loses nothing however it
# ends.
# long: such a login is killed at ROLLCODE_POINTS of its system calls (40).
# long: 900
# shellcheck disable=SC2317	# what a check calls by name
. "$(dirname "$0")/../support/lib.sh"
need sqlite3 strace
private_machine "$@"
. "$TREE/tests/support/pam.sh"
. "$TREE/tests/support/kills.sh"
. "$TREE/tests/support/older.sh"

points=12 rounds=8
[ "${1-}" != long ] || points=${ROLLCODE_POINTS:-40} rounds=20

# --- who reads ----------------------------------------------------------------

looks() {
	local before
	older_user ann
	older_user bob
	before=$(file_sums ann; file_sums bob)
	check "an older store can be listed" admin list
	check "a user of it shown" admin show ann
	check "the log read" admin log
	check "tokens exported" admin export --plain ann
	equal "the counter is as it was" "$(counter ann)" 48
	admin check >"$T/found" 2>&1
	say_ok "check finds nothing in it" "$(grep -E 'store|ann|bob' "$T/found" |
	    grep -E '^(error|warning)')"
	check "a backup can be made of it" admin backup "$T/copy"
	equal "and all that leaves every file as it was" \
	    "$(file_sums ann; file_sums bob)" "$before"
	equal "the backup has them of their version" \
	    "$(sqlite3 "$T/copy/users/ann.db" "PRAGMA user_version")" 2
	sed "s,^DATABASE=.*,DATABASE=sqlite:$T/copy," "$CONF" >"$T/copy.env"
	chmod 600 "$T/copy.env"
	check "which can be read" rollcode-admin --conf "$T/copy.env" show ann
	equal "and is of that version still" \
	    "$(sqlite3 "$T/copy/users/ann.db" "PRAGMA user_version")" 2
}

# --- who logs in ----------------------------------------------------------------

logs_in() {
	local used before
	older_user ann
	used=$(code ann)
	equal "the first login is let in" "$(login ann "$used")" SUCCESS
	equal "and upgrades the file" "$(version ann)" 3
	equal "its code is used" "$(login ann "$used")" AUTH_ERR
	equal "the next one opens" "$(login ann "$(code ann)")" SUCCESS
	token ann add phone < <(tail -n 1 "$VERSION_2/ann.uri") >"$T/out" 2>&1
	equal "so does one of the other token" \
	    "$(login ann "$(code ann phone)")" SUCCESS
	equal "and a recovery code, once" \
	    "$(login ann "$(<"$VERSION_2/ann.recovery")") \
$(login ann "$(<"$VERSION_2/ann.recovery")")" "SUCCESS AUTH_ERR"
	older_user ann
	equal "a wrong code is counted, in a file of today" \
	    "$(login ann 00000000) $(field ann failures) $(version ann)" \
	    "AUTH_ERR 1 3"
	older_user bob
	before=$(file_sums bob)
	equal "a right code of a guarded user is refused" \
	    "$(login bob "$(code bob)")" AUTH_ERR
	equal "and leaves the file as it was" "$(file_sums bob)" "$before"
	equal "three let in, and upgrade it" \
	    "$(login bob "$(code bob -n 3)") $(version bob)" "SUCCESS 3"
}

# The witness of an upgraded file, and the older file again.
put_back() {
	local used
	mkdir -m 700 "$T/store-witness"
	older_user ann
	used=$(code ann)
	login ann "$used" >"$T/out"
	cp -p "$T/older/ann.db" "$T/older/ann.db-wal" "$T/store/users/"
	equal "an older file that is put back lets in by no used code" \
	    "$(login ann "$used")" AUTH_ERR
	equal "but by the next one, and is upgraded again" \
	    "$(login ann "$(code ann)") $(version ann)" "SUCCESS 3"
	rm -r "$T/store-witness"
}

administers() {
	older_user ann
	check "rekey encrypts an older file anew" admin rekey
	equal "which is one of today" "$(version ann)" 3
	equal "and its code opens" "$(login ann "$(code ann)")" SUCCESS
	older_store GUARD_AFTER=100 GUESSES=1000
	older_user ann
	check "a token of an older file can be removed" \
	    admin remove ann --label phone --force
	equal "and the other one opens" \
	    "$(login ann "$(code ann)") $(version ann)" "SUCCESS 3"
	older_user ann
	check "its user can be removed" admin remove ann --force
	refused "and is gone" admin show ann
}

# --- many at once, and kills ------------------------------------------------------

at_once() {
	local i bad=''
	for ((i = 1; i <= rounds; i++)); do
		older_user ann
		printf 'ann\t%s\n' "$(code ann)" | pam_run -n 16 >"$T/out"
		bad+=$(one_each 1 16 <"$T/out")
		[ "$(counter ann) $(version ann)" = "49 3" ] ||
		    bad+="counter $(counter ann), version $(version ann)"
	done
	say_ok "16 at once: one upgrade and one success, each of $rounds times" \
	    "$bad"
}

killed_at() {	# INJECTION
	local code got
	older_user ann
	verifier_with "$TRACED $1"
	code=$(code ann)
	got=$(login ann "$code" dying)
	verifier_ended
	was_killed || return
	case $(version ann) in
	2 | 3) ;;
	*) echo "killed at $1: version $(version ann)" ;;
	esac
	version ann >>"$T/versions"
	after_a_right_code "killed at $1" "$code" "$got"
	[ "$(version ann)" = 3 ] || echo "killed at $1: stays old"
}

kills() {
	local inject
	older_user ann
	verifier_with "$TRACED"
	login ann "$(code ann)" dying >"$T/out"
	verifier_ended
	calls | kill_points >"$T/plan"
	while read -r inject; do
		killed_at "$inject"
	done <"$T/plan" >"$T/bad"
	planned "a login that upgrades is killed: the file is old or new, its \
code is used or opens, and the next one opens" "$(cat "$T/bad")"
	equal "some are killed before it is new, and some behind" \
	    "$(sort -u "$T/versions" | tr -d '\n')" 23
}

older_store GUARD_AFTER=100 GUESSES=1000
pam_place
verifier_service dying
if [ "${1-}" != long ]; then
	looks
	# bob is guarded by what is usual.
	older_store
	logs_in
	put_back
	administers
fi
older_store GUARD_AFTER=100 GUESSES=1000
at_once
kills
exit 0
