#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# witness_crowd.sh - no user's file is taken for one that was put back, however
# many log in, and whatever an administrator does meanwhile.
# ROLLCODE_LOGINS is how many logins.
# long
# limit: 600
. "$(dirname "$0")/../support/lib.sh"
need python3
private_machine
. "$TREE/tests/support/pam.sh"

USERS=8
each=$((${ROLLCODE_LOGINS:-10000} / USERS))

log_in_by_turns() {	# USER: each of their codes
	codes "$1" "$each" | sed "s/^/$1\\t/" | pam_run >"$T/out.$1"
}

ended_all() {
	! jobs -pr | grep -qxF "$(printf "%s\n" "${crowd[@]}")"
}

# Until all have logged in, one thing and then another.
administers() {
	local n=0
	until ended_all; do
		n=$((n + 1))
		admin backup "$T/copies/$n" || echo "backup $n"
		admin rekey --wait 20 &
		rekey=$!
		wait_for grep -q '^SECRET_KEY_PREVIOUS' "$CONF"
		nap 0.3
		resident_reload
		wait "$rekey" || echo "rekey $n"
		# What rekey waits for is who has read the last version.
		resident_reload
		admin enroll "new$n" --no-account >"$T/uri" || echo "enroll $n"
		admin remove "new$n" --force || echo "remove $n"
	done >"$T/admin.log" 2>&1
	echo "$n"
}

installed GUARD_AFTER=100 GUESSES=1000
install -d -m 700 -o rollcode "$T/copies"
syslog_start
pam_place
resident_start
crowd=()
for ((i = 0; i < USERS; i++)); do
	enroll "user$i"
	log_in_by_turns "user$i" &
	crowd+=("$!")
	servers+=("$!")
done
administers >"$T/rounds"
check "meanwhile the key was changed, and the store copied" \
    test "$(cat "$T/rounds")" -ge 1
grep -E '^(backup|rekey|enroll|remove) [0-9]' "$T/admin.log" >"$T/wrong"
say_ok "each of these commands ended well" "$(cat "$T/wrong")"
wait "${crowd[@]}"
say_ok "each login was accepted" "$(cat "$T"/out.* | grep -v ' SUCCESS ')"
equal "all of them" "$(cat "$T"/out.* | wc -l)" "$((USERS * each))"
admin import --from "sqlite:$T/copies/1" >"$T/import.log" 2>&1
equal "nobody's file was taken for one that was put back" \
    "$(grep -cE 'older than its witness|was put back' "$T/syslog")" 0
equal "nor is it said by check" "$(admin check --json 2>"$T/check.log" |
    grep -oE '"(user-older|witness-[a-z]*|user-file)"')" ""
equal "each has a witness" "$(find "$T/store-witness" -name 'user*' | wc -l)" \
    "$USERS"
exit 0
