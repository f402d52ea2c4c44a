#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# admin.sh - rollcode-admin from outside: what it must not do to logins, to
# counters and to the key.
. "$(dirname "$0")/../support/lib.sh"
need_root
need python3
scratch
server
enroll alice

# --- what is printed is not waited for --------------------------------------

# stopped COMMAND...: while nobody reads what it prints, a code of alice's is
# verified within two seconds
stopped() {
	python3 - "$@" <<-'PYTHON'
	import os, pty, subprocess, sys, time
	def waits_at(pid, *places):
	    # running, or: number of the call, first argument, ...
	    with open(f"/proc/{pid}/syscall") as call:
	        return call.read().split()[1:2] in [[p] for p in places]
	reader, writer = pty.openpty()
	os.write(reader, b"\x13")
	held = subprocess.Popen(sys.argv[2:], stdout=writer, stderr=writer)
	while not waits_at(held.pid, "0x1", "0x2"):
	    time.sleep(0.01)
	began = time.monotonic()
	code = subprocess.run(["rollcode-admin", "--conf", os.environ["CONF"],
	    "verify", "alice"], input=sys.argv[1], text=True,
	    capture_output=True)
	held.kill()
	sys.exit(code.returncode or time.monotonic() - began > 1.5)
	PYTHON
}
export CONF
for command in show uri list; do
	name=alice
	[ "$command" != list ] || name=
	check "$command does not hold the lock of whom it shows" \
	    stopped "$(code alice)" rollcode-admin --conf "$CONF" \
	    "$command" ${name:+"$name"}
done

# --- counters ---------------------------------------------------------------

echo 'hex:000102030405060708090a0b0c0d0e0f10111213' >"$T/secret"
admin enroll bob --no-account --secret-file "$T/secret" >"$T/uri" 2>&1
rollcode-token --store "$T/bob" add bob <<<"$(tail -n 1 "$T/uri")" >"$T/out"
spent=$(rollcode-token --store "$T/bob" next)
check "a code is accepted" admin verify bob <<<"$spent"
refused "the same secret does not come back with a lower counter" \
    admin enroll bob --no-account --replace --secret-file "$T/secret"
refused "so its spent code stays spent" admin verify bob <<<"$spent"
check "with the right counter it may be replaced" \
    admin enroll bob --no-account --replace --secret-file "$T/secret" \
    --counter 1
refused "and the code is still spent" admin verify bob <<<"$spent"
refused "an exhausted counter is not enrolled" \
    admin enroll carol --no-account --counter 9223372036854775807
refused "a name that cannot be shown is not enrolled" \
    admin enroll $'c\na' --no-account
equal "nothing of it is left" "$(admin list --json | grep -c '"user"')" 2

# --- the key ----------------------------------------------------------------

two_inits() {
	local round bad=0
	for ((round = 1; round <= 50; round++)); do
		rm -rf "$T/twice"
		mkdir -m 700 "$T/twice" "$T/twice/store"
		printf 'ACCOUNT=root\nDATABASE=sqlite:%s\n' \
		    "$T/twice/store" >"$T/twice/env"
		chmod 600 "$T/twice/env"
		rollcode-admin --conf "$T/twice/env" init >"$T/out" 2>&1 &
		rollcode-admin --conf "$T/twice/env" init >"$T/out2" 2>&1 ||
		    bad=1
		wait "$!" || bad=1
		rollcode-admin --conf "$T/twice/env" list >"$T/out3" 2>&1 ||
		    bad=1
		grep -c '^SECRET_KEY=' "$T/twice/env" | grep -qx 1 || bad=1
		grep -ch 'made an empty store' "$T/out" "$T/out2" |
		    grep -c 1 | grep -qx 1 || bad=1
		[ "$bad" -eq 0 ] && continue
		echo "round $round:"
		cat "$T/twice/env" "$T/out" "$T/out2" "$T/out3" |
		    sed 's/^SECRET_KEY=.*/SECRET_KEY=.../'
		return 1
	done
}
check "two inits at once make one key and one store" two_inits
sed -i '/^SECRET_KEY/d' "$T/twice/env"
refused "a store that is there gets no other key" \
    rollcode-admin --conf "$T/twice/env" init
refused "and none was written" grep -q SECRET_KEY "$T/twice/env"

# --- what happened ----------------------------------------------------------

admin log --follow >"$T/followed" 2>&1 &
follower=$!
wait_for test -s "$T/followed"
admin enroll alice --no-account --replace >"$T/uri" 2>&1
admin unlock alice >"$T/out"
wait_for grep -q unlocked "$T/followed"
kill "$follower"
wait "$follower" 2>/dev/null
equal "log --follow goes on when a user is enrolled anew" \
    "$(tail -n 2 "$T/followed" | awk '{ print $3 }' | xargs)" \
    "enrolled unlocked"

# 10,000 of them, which EVENTS_KEPT can be.
many_events() {
	python3 - "$T/store/users/alice.db" <<-'PYTHON'
	import sqlite3, sys
	db = sqlite3.connect(sys.argv[1])
	db.execute("DELETE FROM event")
	db.executemany("INSERT INTO event VALUES(?,?,?,'sshd','','','wrong',-1,-1)",
	    [(i, i, 1700000000 + i % 3000) for i in range(10000)])
	db.execute("UPDATE account SET sequence=10000")
	db.commit()
	PYTHON
	echo EVENTS_KEPT=10000 >>"$CONF"
}
many_events
admin log alice >"$T/whole"
admin log alice -n 20 >"$T/few"
equal "log -n 20 has the last of all" "$(cat "$T/few")" \
    "$(tail -n 20 "$T/whole")"
check "which were 10,000" test "$(wc -l <"$T/whole")" = 10000

# --- what cannot be used ----------------------------------------------------

: >"$T/store/users/bob.db"
refused "list says that a file is unusable" admin list
check "and shows the others" grep -q '^alice' <<<"$(admin list 2>/dev/null)"
refused "so does log" admin log
check "and it shows the others" grep -q alice <<<"$(admin log 2>/dev/null)"
check "a user of an unusable file can be removed" admin remove bob --force
check "then all is well" admin list

# --- what goes leaves nothing behind ----------------------------------------

# Sealed secrets, MACs and the recovery key of dora's, from a copy of her file.
sealed_of() {	# as find_secrets.py wants them
	rm -rf "$T/look"
	cp -r "$T/store/users" "$T/look"
	python3 - "$T/look/dora.db" <<-'PYTHON'
	import sqlite3, sys
	db = sqlite3.connect(sys.argv[1])
	for label, secret in db.execute("SELECT label, secret FROM token"):
	    print(label, "hex:" + secret.hex())
	for mac, in db.execute("SELECT mac FROM recovery"):
	    print("mac", "hex:" + mac.hex())
	for key, in db.execute("SELECT recovery_key FROM account"):
	    print("key", "hex:" + key.hex() if key else "-" * 40)
	PYTHON
}
left() {	# of what is in $T/needles: the names, once each
	"$TREE/tests/tools/find_secrets.py" "$T/needles" \
	    "$T"/store/users/dora.db* | cut -d' ' -f1 | sort -u | xargs
}
enroll dora
admin enroll dora --no-account --label other >"$T/out" 2>&1
admin recovery dora >"$T/out" 2>&1
sealed_of >"$T/all"
grep '^other ' "$T/all" >"$T/needles"
equal "a sealed secret is found where it is" "$(left)" other
admin remove dora --label other --force >"$T/out"
equal "a removed token's sealed secret is in no file of the store" "$(left)" ''
grep -E '^(mac|key) ' "$T/all" >"$T/needles"
equal "so recovery codes are found" "$(left)" "key mac"
admin recovery dora --void >"$T/out"
equal "what was recovery codes is in no file once they are void" "$(left)" ''
check "and the token that is left opens" admin verify dora <<<"$(code dora)"

# --- started by who does not care how children end -------------------------------

check_unwatched() {
	(trap '' CHLD && admin check) >"$T/out" 2>&1
	grep "did not end well" "$T/out"
}
equal "who ignores that children end gets no finding of it" \
    "$(check_unwatched)" ''
