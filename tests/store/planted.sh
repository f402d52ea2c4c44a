#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# planted.sh - a journal or a log that somebody put beside a user's file is
# refused or ignored: it deletes nothing, and no counter is lower behind it;
# and what the real verifier does when the clock jumps.
# shellcheck disable=SC2317	# what a check calls by name
. "$(dirname "$0")/../support/lib.sh"
need python3 sqlite3
private_machine "$@"
. "$TREE/tests/support/pam.sh"
. "$TREE/tests/support/inject.sh"

USERS=$T/store/users

# --- planted files ----------------------------------------------------------

# journal FILE SUPER: a hot journal with the first page of ann's file as it
# was, that names a super-journal.
journal() {
	python3 - "$1" "$2" "$T/old" <<-'PYTHON'
	import os, struct, sys
	path, name, old = sys.argv[1], sys.argv[2].encode(), sys.argv[3]
	magic = bytes.fromhex("d9d505f920a163d7")
	page = open(old, "rb").read(1024)
	total = sum(page[i] for i in range(1024 - 200, 0, -200))
	with open(path, "wb") as f:
	    f.write(magic + struct.pack(">IIIII", 1, 0, 10, 512, 1024))
	    f.write(b"\0" * (512 - f.tell()))
	    f.write(struct.pack(">I", 1) + page + struct.pack(">I", total))
	    f.write(struct.pack(">I", 0x40000000 // 1024 + 1) + name)
	    f.write(struct.pack(">II", len(name), sum(name)) + magic)
	os.chmod(path, 0o600)
	PYTHON
}

canary() {
	printf '%s\0' "$USERS/nobody.db-journal" >"$T/canary"
}

untouched() {	# NAME
	equal "$1: what the journal names is not deleted" \
	    "$(tr -d '\0' <"$T/canary" 2>&1)" "$USERS/nobody.db-journal"
}

deletes_what_it_names() {
	cp "$USERS/ann.db" "$T/other.db"
	cp "$USERS/ann.db-wal" "$T/other.db-wal"
	sqlite3 "$T/other.db" "PRAGMA journal_mode=DELETE" >"$T/out"
	journal "$T/other.db-journal" "$T/canary"
	sqlite3 "$T/other.db" "SELECT count(*) FROM token" >"$T/out" 2>&1
	[ ! -e "$T/canary" ]
}

journals() {
	local spent
	spent=$(code ann)
	cp "$USERS/ann.db" "$T/old"
	login ann "$spent" >"$T/out"
	canary
	check "a planted journal makes SQLite delete what it names" \
	    deletes_what_it_names
	canary
	journal "$USERS/ann.db-journal" "$T/canary"
	equal "a journal beside a user's file: nobody gets in" \
	    "$(login ann "$spent") $(login ann "$(code ann)")" \
	    "SYSTEM_ERR SYSTEM_ERR"
	check "and the log names it and says what to do" \
	    logged 'ann.db-journal: does not belong.*move it away'
	untouched "a login"
	refused "an administrator is told the same" admin show ann
	untouched "show"
	rm "$USERS/ann.db-journal"
	equal "without it the spent code is still spent" \
	    "$(login ann "$spent") $(login ann "$(code ann)")" \
	    "AUTH_ERR SUCCESS"

	journal "$USERS/bob.db-journal" "$T/canary"
	journal "$USERS/bob.new-journal" "$T/canary"
	enroll bob
	untouched "an enrolment under that name"
	equal "and the new user is the one that was enrolled" \
	    "$(login bob "$(code bob)")" SUCCESS
	journal "$USERS/bob.db-journal" "$T/canary"
	check "a user with a planted journal can be removed" \
	    admin remove bob --force
	untouched "a removal"
	equal "nothing of it is left" "$(cd "$USERS" && echo bob*)" 'bob*'
	rm -f "$(wallet bob)"
}

logs() {
	local spent
	enroll bob
	login bob "$(code bob)" >"$T/out"
	spent=$(code ann)
	login ann "$spent" >"$T/out"
	cp -a "$USERS/ann.db-wal" "$T/log"
	cp "$USERS/bob.db-wal" "$USERS/ann.db-wal"
	equal "the log of another user beside a file: nobody gets in" \
	    "$(login ann "$spent") $(login ann "$(code ann)")" \
	    "SYSTEM_ERR SYSTEM_ERR"
	check "and the log of the system says whose it is" \
	    logged 'ann.db: .*another user.*restore it or enrol'
	cp -a "$T/log" "$USERS/ann.db-wal"
	equal "with its own log the spent code is still spent" \
	    "$(login ann "$spent") $(login ann "$(code ann)")" \
	    "AUTH_ERR SUCCESS"
	cp "$USERS/ann.db-wal" "$USERS/eve.db-wal"
	enroll eve
	equal "a log that waited for a name is not rolled into its file" \
	    "$(login eve "$(code eve)") $(login eve "$(code ann)")" \
	    "SUCCESS AUTH_ERR"
}

# One sealed secret of the same user and key, but of another store.
other_store() {
	local secret
	secret=$(sqlite3 "$USERS/ann.db" "SELECT hex(secret) FROM token")
	server "SECRET_KEY=$(sed -n 's/^SECRET_KEY=//p' "$CONF")"
	rm -f "$(wallet ann)"
	enroll ann
	sqlite3 "$USERS/ann.db" "UPDATE token SET secret=x'$secret'" \
	    >"$T/out"
	equal "the secret of another store under the same key: nobody gets in" \
	    "$(login ann "$(code ann)")" SYSTEM_ERR
	check "and the log says so" \
	    logged 'ann.db: .*cannot be decrypted here.*enrol again'
}

# --- the clock --------------------------------------------------------------

at() {	# SECONDS CODE: the result of a login at that time
	verifier_with "env LD_PRELOAD=$BUILD/tests/tools/libfault.so FAULT_TIME=$1"
	login ann "$2" timely
}

clock() {
	local now=1700000000
	server GUESSES=3 GUARD_AFTER=100
	rm -f "$(wallet ann)"
	enroll ann
	verifier_service timely
	if ! at "$now" "$(code ann)" | grep -qx SUCCESS ||
	    ! admin log ann --json | grep -q "$now"; then
		skip "a clock that jumps" "the verifier's clock cannot be set here"
		return
	fi
	at "$now" 00000000 >"$T/out"
	at "$now" 11111111 >"$T/out"
	at "$now" 22222222 >"$T/out"
	equal "with its guesses spent an account is guarded" \
	    "$(at "$now" "$(code ann)")" AUTH_ERR
	equal "it is so when the clock goes back a day" \
	    "$(at "$((now - 86400))" "$(code ann)")" AUTH_ERR
	equal "and when it goes back to 1970" "$(at 0 "$(code ann)")" AUTH_ERR
	equal "and three codes open it then" "$(at 0 "$(code ann -n 3)")" SUCCESS
	equal "ten years later the guesses are back" \
	    "$(at "$((now + 315360000))" "$(code ann)")" SUCCESS
	equal "behind 2038 a code opens" \
	    "$(at 2147483648 "$(code ann)")" SUCCESS
	equal "and where the kernel's time ends" \
	    "$(at 9223372036 "$(code ann)")" SUCCESS
	token ann skip -n 40 >"$T/out"
	equal "a far code of that time is refused" \
	    "$(at 9223372036 "$(code ann)")" AUTH_ERR
	equal "and today the code after it is not the second press" \
	    "$(at "$now" "$(code ann)")" AUTH_ERR
	equal "but the one after that is" \
	    "$(at "$((now + 1))" "$(code ann)")" SUCCESS
}

syslog_start
server GUARD_AFTER=100 GUESSES=1000
pam_place
enroll ann
journals
logs
other_store
clock
exit 0
