#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# stores.sh [long] - a store, an env file, a helper or an argument that is not
# as it should be: denied by the right name, said in the log with the remedy,
# and never taken for a user who is not enrolled.  long: only what is slow.
# long: 300
# shellcheck disable=SC2317	# what spoils a store is called by its name
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
need python3 sqlite3 strace setpriv prlimit
private_machine "$@"
. "$TREE/tests/support/pam.sh"

USERS=$T/store/users
FILE=$USERS/ann.db
every=1536	# bytes between the places where a file ends early
[ "${SAN-}" != 1 ] || every=4608
[ "${1-}" != long ] || every=512

# --- arrangement ------------------------------------------------------------

services() {
	pam_named rc "$@"
	pam_named nullok nullok "$@"
	# An ignored module leaves the decision to the next one.
	echo "auth required pam_permit.so" >>"$T/pam/nullok"
}

arrange() {
	add_user ann
	add_user eve
	syslog_start
	server
	mkdir -p "$T/pam"
	services
	pamrun_start rc
	pamrun_start nullok
	enroll ann
	token bob add <"$T/uri" >"$T/add.log"
	admin enroll ann --label second >"$T/uri" 2>"$T/enroll.log"
	admin enroll bob --no-account >"$T/uri" 2>"$T/enroll.log"
	# Three logins, so that there is a log with something in it.
	for _ in 1 2 3; do
		probe ann "$(code ann)"
	done
	RIGHT=$(code ann)
	NEXT=$(code ann)
	mkdir -p "$T/good/bin"
	cp -a "$T/store" "$CONF" "$T/good"
	cp -a "$T/bin/rollcode-verify" "$T/good/bin"
}

restore() {
	rm -rf "$T/store" "$CONF" "$T/bin/rollcode-verify"
	cp -a "$T/good/." "$T"
	: >"$T/syslog"
}

# To start a program costs more than what it is asked, so one pamrun for each
# service answers all probes.  Service file, module and store are read anew for
# every one of them.
declare -A pamrun to from

pamrun_start() {	# SERVICE
	local rounds=$T/rounds.$1 in out
	# Another FIFO each time: no round is left in it for the next pamrun.
	rm -f "$rounds"
	mkfifo "$rounds"
	exec {out}< <(exec "$PAMRUN" "$T/pam" "$1" <"$rounds")
	pamrun[$1]=$!
	servers+=("$!")
	# For reading too: no signal comes of writing when pamrun has ended.
	exec {in}<>"$rounds"
	to[$1]=$in
	from[$1]=$out
}

pamrun_again() {	# SERVICE
	local in=${to[$1]} out=${from[$1]}
	kill -9 "${pamrun[$1]}" 2>/dev/null
	exec {in}>&- {out}<&-
	pamrun_start "$1"
}

# probe USER CODE [SERVICE]: $result is the name of the result, or why there is
# none.  Not in a subshell: another pamrun takes the place of one that fails.
probe() {
	local service=${3:-rc}
	printf '%s\t%s\n' "$1" "$2" >&"${to[$service]}"
	# The module itself waits 10 seconds for its helper.
	read -r -t 30 -u "${from[$service]}" _ result _ && return
	if [ $? -gt 128 ]; then
		result="no answer of pamrun in 30 seconds"
	else
		result="the end of pamrun"
	fi
	pamrun_again "$service"
}

# wants RESULT PATTERN PROBE...: $wrong is empty if all is as it should be.  A
# probe is USER or USER:nullok.
wants() {
	local who service
	wrong=
	for who in "${@:3}"; do
		service=rc
		[ "$who" = "${who%:*}" ] || service=${who#*:}
		probe "${who%:*}" "$RIGHT" "$service"
		[ "$result" = "$1" ] ||
		    wrong+="$who: $result instead of $1"$'\n'
	done
	logged "$2" >"$T/logged" || wrong+=$(<"$T/logged")$'\n'
}

# spoilt RESULT PATTERN WHAT COMMAND...: nobody gets in, enrolled or not.
spoilt() {
	local bad=''
	restore
	"${@:4}" || bad="the store could not be spoilt: ${*:4}"
	wants "$1" "$2" ann ann:nullok eve:nullok
	say_ok "$3: $1" "$wrong$bad"
}

# spoilt_user: the same, where only ann's file is spoilt.
spoilt_user() {
	local bad=''
	restore
	"${@:4}" || bad="the file could not be spoilt: ${*:4}"
	wants "$1" "$2" ann ann:nullok
	say_ok "$3: $1" "$wrong$bad"
}

sql() {
	sqlite3 "$FILE" "$@" >"$T/sql.log" 2>&1 || cat "$T/sql.log"
	[ ! -s "$T/sql.log" ] || ! grep -q rror "$T/sql.log"
}

# The statement is run while the schema forbids nothing.
surgery() {
	python3 - "$FILE" "$1" <<-'PYTHON'
	import sqlite3, sys
	def run(*statements):
	    db = sqlite3.connect(sys.argv[1], isolation_level=None)
	    for statement, *values in statements:
	        db.execute(statement, values)
	    db.close()
	db = sqlite3.connect(sys.argv[1])
	rows = db.execute("SELECT rowid, * FROM sqlite_schema").fetchall()
	db.close()
	free = ("PRAGMA writable_schema=1",)
	run(free, ("DELETE FROM sqlite_schema WHERE type='trigger'",),
	    ("UPDATE sqlite_schema SET sql=replace(replace(sql,' NOT NULL',''),"
	     "'CHECK(counter>=0)','')",))
	run((sys.argv[2],))
	run(free, ("DELETE FROM sqlite_schema",),
	    *[("INSERT INTO sqlite_schema(rowid,type,name,tbl_name,rootpage,"
	       "sql) VALUES(?,?,?,?,?,?)", *row) for row in rows])
	PYTHON
}

edit() {	# FILE SED...
	sed -i "${@:2}" "$1" && chmod 600 "$1"
}

link_to() {	# PATH: moved, and a symbolic link in its place
	mv "$1" "$1.moved" && ln -s "$1.moved" "$1"
}

in_place() {	# PATH COMMAND...: instead of what is there
	rm -rf "$1" && "${@:2}" "$1"
}

# --- the cases --------------------------------------------------------------

directories() {
	local u=AUTHINFO_UNAVAIL s=SYSTEM_ERR p=$USERS
	spoilt $u "marker: is missing.*init" "no marker" rm "$p/marker"
	spoilt $u "users: .*init" "no directory of users" rm -r "$p"
	spoilt $u "store: .*mount it" "no store" rm -r "$T/store"
	spoilt $u "marker: is missing.*mount it" "an empty mount over it" \
	    mount -n -t tmpfs -o mode=0700 empty "$p"
	umount -n "$p"
	spoilt $s "made with the key 0123456789abcdef.*SECRET_KEY" \
	    "a marker of another key" \
	    edit "$p/marker" 's/^KEY_ID=.*/KEY_ID=0123456789abcdef/'
	spoilt_user $s "cannot be decrypted here.*enrol again" \
	    "a marker of another store" \
	    edit "$p/marker" "s/^STORE_ID=.*/STORE_ID=$(printf %032d 1)/"
	spoilt $s "marker: has mode 0640.*chmod 600" "a marker others can read" \
	    chmod 640 "$p/marker"
	spoilt $s "marker: belongs to uid 1;.*chown -h root" \
	    "a marker of another owner" chown 1 "$p/marker"
	spoilt $s "marker: is not a store's marker; restore" "a marker of garbage" \
	    edit "$p/marker" 's/=/ /'
	spoilt $s "marker: is not a store's marker; restore" "an empty marker" \
	    truncate -s 0 "$p/marker"
	spoilt $s "newer version; install" "a marker of a newer version" \
	    edit "$p/marker" 's/^FORMAT=1/FORMAT=2/'
	spoilt $s "marker: .*symbolic link" "a marker that is a link" \
	    link_to "$p/marker"
	spoilt $s "marker: is not a store's marker; restore" \
	    "a marker that is a FIFO" in_place "$p/marker" mkfifo -m 600
	spoilt $s "marker: is not a store's marker; restore" \
	    "a marker that is a directory" in_place "$p/marker" mkdir
	spoilt $s "users: is not a directory; move" \
	    "a file instead of the directory" in_place "$p" touch
	spoilt $s "users: is a symbolic link; name the real path" \
	    "a directory that is a link" link_to "$p"
	rm -rf "$p.moved"
	spoilt $s "users: belongs to uid 1;.*chown" \
	    "a directory of another owner" chown 1 "$p"
	spoilt $s "users: has mode 0750;.*chmod 700" \
	    "a directory others can read" chmod 750 "$p"
	spoilt $s "users: can be written by others.*chmod go-w" \
	    "a directory others can write" chmod 770 "$p"
	spoilt $s "store: can be written by others.*chmod go-w" \
	    "a parent others can write" chmod 770 "$T/store"
	spoilt $s "store: belongs to uid 1;.*chown" "a parent of another owner" \
	    chown 1 "$T/store"
	spoilt $s "store: is a symbolic link; name the real path" \
	    "a parent that is a link" link_to "$T/store"
	rm -rf "$T/store.moved"
}

without_log() {
	rm -f "$FILE-wal" && "$@"
}

folded() {	# COMMAND...: with the log folded into the file
	sql "PRAGMA wal_checkpoint(TRUNCATE)" && rm -f "$FILE"-* && "$@"
}

other_file() {
	sqlite3 "$USERS/bob.db" "PRAGMA wal_checkpoint(TRUNCATE)" >"$T/sql.log"
	rm -f "$FILE"* && cp -p "$USERS/bob.db" "$FILE"
}

files() {
	local s=SYSTEM_ERR p=$FILE again="restore it or enrol again"
	spoilt_user $s "ann.db: .*$again" "an empty file with a log" \
	    truncate -s 0 "$p"
	spoilt_user $s "ann.db: .*$again" "an empty file" \
	    without_log truncate -s 0 "$p"
	spoilt_user $s "ann.db: .*$again" "a file of garbage" \
	    without_log dd if=/dev/urandom of="$p" bs=10240 count=1 status=none
	spoilt_user $s "ann.db: .*$again" "a file of zeros" \
	    without_log dd if=/dev/zero of="$p" bs=10240 count=1 status=none
	spoilt_user $s "ann.db: is not a Rollcode user file.*$again" \
	    "another application_id" sql "PRAGMA application_id=1"
	spoilt_user $s "ann.db: was made by a newer version.*install" \
	    "a newer user_version" sql "PRAGMA user_version=4"
	spoilt_user $s "ann.db: was made by an older version.*enrol again" \
	    "an older user_version" sql "PRAGMA user_version=1"
	spoilt_user $s "ann.db: .*version is unknown.*$again" \
	    "an unknown user_version" sql "PRAGMA user_version=0"
	spoilt_user $s "ann.db: .*schema was changed.*$again" "an extra trigger" \
	    sql "CREATE TRIGGER x AFTER UPDATE ON token BEGIN SELECT 1; END"
	spoilt_user $s "ann.db: .*schema was changed.*$again" "an extra table" \
	    sql "CREATE TABLE x(y)"
	spoilt_user $s "ann.db: .*schema was changed.*$again" "an extra view" \
	    sql "CREATE VIEW x AS SELECT 1"
	spoilt_user $s "ann.db: .*schema was changed.*$again" "an extra index" \
	    sql "CREATE INDEX x ON token(counter)"
	spoilt_user $s "ann.db: .*schema is incomplete.*$again" \
	    "a trigger taken away" sql "DROP TRIGGER counter_never_falls"
	spoilt_user $s "ann.db: .*schema was changed.*$again" "a changed table" \
	    sql "ALTER TABLE recovery ADD COLUMN x"
	spoilt_user $s "ann.db: belongs to uid 1;.*chown" \
	    "a file of another owner" chown 1 "$p"
	spoilt_user $s "ann.db: has mode 0640;.*chmod 600" \
	    "a file others can read" chmod 640 "$p"
	spoilt_user $s "ann.db: is not a regular file.*replace it" \
	    "a file that is a link" link_to "$p"
	spoilt_user $s "ann.db: is not a regular file.*replace it" \
	    "a file of two names" ln "$p" "$p.other"
	spoilt_user $s "ann.db: is not a regular file.*replace it" \
	    "a FIFO instead of a file" in_place "$p" mkfifo -m 600
	spoilt_user $s "ann.db: is not a regular file.*replace it" \
	    "a directory instead of a file" in_place "$p" mkdir
	spoilt_user $s "ann.db: is the file of another user.*enrol again" \
	    "another user's file" other_file
	spoilt_user $s "ann.db-journal: does not belong.*move it away" \
	    "a planted journal" cp "$CONF" "$p-journal"
	equal "a planted journal is left alone" \
	    "$(cat "$p-journal")" "$(cat "$CONF")"
	spoilt_user $s "ann.db-wal: is not a regular file.*move it away" \
	    "a FIFO instead of a log" in_place "$p-wal" mkfifo -m 600
}

rows() {
	local s=SYSTEM_ERR again="restore it or enrol again" bob
	spoilt_user $s "ann.db: a column of numbers has another type.*$again" \
	    "a counter of text" surgery "UPDATE token SET counter='x'"
	spoilt_user $s "ann.db: a column of numbers has another type.*$again" \
	    "a counter of NULL" surgery "UPDATE token SET counter=NULL"
	spoilt_user $s "ann.db: a column of numbers has another type.*$again" \
	    "a counter of bytes" surgery "UPDATE token SET counter=x'00'"
	spoilt_user $s "ann.db: a column of numbers has another type.*$again" \
	    "a counter of a fraction" surgery "UPDATE token SET counter=3.5"
	spoilt_user $s "ann.db: a column of numbers is out of range.*$again" \
	    "a negative counter" surgery "UPDATE token SET counter=-1"
	spoilt_user $s "ann.db: .*enrol again" \
	    "no account in the file" surgery "DELETE FROM account"
	spoilt_user $s "ann.db: .*another user.*enrol again" \
	    "an account of another name" surgery "UPDATE account SET user='bob'"
	spoilt_user $s "ann.db: .*cannot be decrypted here.*enrol again" \
	    "two secrets exchanged" surgery "UPDATE token SET secret=
	    (SELECT secret FROM token t WHERE t.id<>token.id)"
	bob=$(sqlite3 "$T/good/store/users/bob.db" "SELECT hex(secret) FROM token" 2>&1)
	spoilt_user $s "ann.db: .*cannot be decrypted here.*enrol again" \
	    "another user's secret" surgery "UPDATE token SET secret=x'$bob'"
	spoilt_user $s "ann.db: .*cannot be decrypted here.*enrol again" \
	    "a secret under another label" \
	    surgery "UPDATE token SET label='other' WHERE id=1"
	spoilt_user $s "ann.db: .*cannot be decrypted here.*enrol again" \
	    "a secret with fewer digits" \
	    surgery "UPDATE token SET digits=6 WHERE id=1"
	spoilt_user $s "ann.db: .*unknown form or algorithm" \
	    "an unknown algorithm" surgery "UPDATE token SET algorithm='MD5'"
	spoilt_user $s "encrypted with the key 00ff.*configuration file does not have" \
	    "a secret of another key" surgery "UPDATE token SET key_id='00ff'"
	spoilt_user $s "ann.db: a column of bytes has another type.*$again" \
	    "a secret of text" surgery "UPDATE token SET secret='abc'"
}

both() {
	probe ann "$RIGHT"
	got=$result
	probe ann "$RIGHT" nullok
	got+=" $result"
}

# Wherever the file ends, a spent code stays spent and nothing is ignored.
truncated() {
	local size at bad='' got how
	for how in without_log folded; do
		restore
		"$how" true
		size=$(stat -c %s "$FILE")
		for ((at = 512; at < size; at += every)); do
			restore
			"$how" truncate -s "$at" "$FILE"
			both
			[ "$got" = "SYSTEM_ERR SYSTEM_ERR" ] ||
			    bad+="$how, $at bytes: $got"$'\n'
		done
	done
	say_ok "a file that ends early, wherever: SYSTEM_ERR" "$bad"
	bad=
	for ((at = 512; at < size; at += every)); do
		restore
		truncate -s "$at" "$FILE"
		both
		case $got in
		"SYSTEM_ERR SYSTEM_ERR" | "SUCCESS AUTH_ERR") ;;
		*) bad+="$at bytes: $got"$'\n' ;;
		esac
	done
	say_ok "a file that ends early beside its log: denied, or made whole" \
	    "$bad"
}

# There is no room, or nothing may be written: what else is done there.
others_fail() {	# NAME
	refused "$1: nobody is enrolled" admin enroll new --no-account
	refused "$1: a token gives no code" \
	    rollcode-token --store "$T/store/wallet/token.db" next
	refused "$1: and takes none" add_second
}

add_second() {
	rollcode-token --store "$T/store/wallet/token.db" add second \
	    <"$T/second"
}

# A wallet on the same file system, for this one and the full one.
keep_wallet() {
	(umask 077 && mkdir "$T/store/wallet" && cp "$(wallet ann)" \
	    "$T/store/wallet/token.db")
	echo "otpauth://hotp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=0" \
	    >"$T/second"
}

others_work() {	# NAME
	check "$1: a user is enrolled" admin enroll new --no-account
	check "$1: and removed" admin remove new --force
	check "$1: a token gives codes" \
	    rollcode-token --store "$T/store/wallet/token.db" next
	check "$1: and takes one" add_second
	equal "$1: nothing is left lying about" \
	    "$(cd "$T/store" && find . -type f ! -name '*.db' \
	    ! -name '*.db-wal' ! -name marker ! -name token.db-journal)" ""
}

read_only() {
	restore
	keep_wallet
	mount -n --bind "$T/store" "$T/store"
	mount -n -o remount,bind,ro "$T/store"
	wants AUTHINFO_UNAVAIL "ann.db.*writable" ann ann:nullok
	say_ok "a read-only file system: AUTHINFO_UNAVAIL" "$wrong"
	others_fail "read-only"
	refused "read-only: nobody is removed" admin remove bob --force
	umount -n "$T/store"
	others_work "writable again"
	probe ann "$RIGHT"
	equal "the same code opens when it is writable again" "$result" SUCCESS
}

# What fits still gets in; what does not is denied, and nothing is lost.
full() {
	local i bad=''
	restore
	rm -rf "$T/store"
	mkdir -m 700 "$T/store"
	mount -n -t tmpfs -o mode=0700,size=256k full "$T/store"
	cp -a "$T/good/store/." "$T/store"
	keep_wallet
	dd if=/dev/zero of="$T/store/fill" bs=4k status=none 2>/dev/null
	for ((i = 0; i < 20; i++)); do
		probe ann "$NEXT"
		[ "$result" != SUCCESS ] && break
		NEXT=$(code ann)
	done
	[ "$result" = AUTHINFO_UNAVAIL ] || bad="$result"$'\n'
	bad+=$(logged "ann.db: .*free space" >"$T/logged" || cat "$T/logged")
	say_ok "a full file system: AUTHINFO_UNAVAIL" "$bad"
	probe ann "$NEXT" nullok
	equal "and so with nullok" "$result" AUTHINFO_UNAVAIL
	others_fail "full"
	rm "$T/store/fill"
	others_work "room again"
	probe ann "$NEXT"
	equal "the same code opens when there is room again" "$result" SUCCESS
	probe ann "$NEXT"
	equal "and only once" "$result" AUTH_ERR
	umount -n "$T/store"
}

# Of a root that may not raise it, what the verifier writes is too much.
limited_login() {	# BYTES CODE
	printf 'ann\t%s\n' "$2" | setpriv --bounding-set=-sys_resource \
	    prlimit --fsize="$1:$1" -- "$PAMRUN" "$T/pam" rc 2>&1 |
	    cut -d' ' -f2
}

limited() {
	local bytes got bad=''
	restore
	for bytes in 0 1 4096; do
		got=$(limited_login "$bytes" "$RIGHT")
		[ "$got" = AUTHINFO_UNAVAIL ] || bad+="$bytes: $got"$'\n'
	done
	bad+=$(logged "ann.db: .*limit on the size of files" >"$T/logged" ||
	    cat "$T/logged")
	say_ok "a limit on the size of files: AUTHINFO_UNAVAIL" "$bad"
	probe ann "$RIGHT"
	equal "the same code opens without it" "$result" SUCCESS
}

append() {
	printf '%b' "$1" >>"$CONF"
}

env_files() {
	local s=SERVICE_ERR line
	line=$(($(wc -l <"$CONF") + 1))
	spoilt $s "line $line: .*NONSENSE" "an unknown key" append 'NONSENSE=1\n'
	spoilt $s "line $line: .*ACCOUNT" "a key twice" append 'ACCOUNT=root\n'
	spoilt $s "line $line: .*TOLERANCE" "junk behind a number" \
	    append 'TOLERANCE=5x\n'
	spoilt $s "line $line: .*TOLERANCE" "a number out of range" \
	    append 'TOLERANCE=101\n'
	spoilt $s "line $line: .*line $((line + 1)): " \
	    "two mistakes, both named" append 'FOO=1\nTOLERANCE=0\n'
	spoilt $s "RESYNC_WINDOW.*more than TOLERANCE" "a window too small" \
	    append 'RESYNC_WINDOW=3\n'
	spoilt $s "line $line" "a line without a key" append 'hello\n'
	spoilt $s "rollcode.env: belongs to uid 1;.*chown -h root" \
	    "an env file of another owner" chown 1 "$CONF"
	spoilt $s "rollcode.env: has mode 0640.*chmod 600" \
	    "an env file others can read" chmod 640 "$CONF"
	spoilt $s "rollcode.env: can be written by others.*chmod go-w" \
	    "an env file others can write" chmod 606 "$CONF"
	spoilt $s "rollcode.env: .*line 1: " "an env file with CR LF" \
	    edit "$CONF" 's/$/\r/'
	spoilt $s "rollcode.env: .*line 1: " "an env file with a mark of UTF-8" \
	    edit "$CONF" '1s/^/\xef\xbb\xbf/'
	spoilt $s "rollcode.env: No such file.*init" "no env file" rm "$CONF"
	spoilt $s "SECRET_KEY: is missing.*init" "an empty env file" \
	    truncate -s 0 "$CONF"
	spoilt $s "rollcode.env: is not a regular file" \
	    "a directory instead of an env file" in_place "$CONF" mkdir -m 700
	spoilt $s "rollcode.env: is not a regular file" \
	    "a FIFO instead of an env file" in_place "$CONF" mkfifo -m 600
	spoilt $s "rollcode.env: is a symbolic link" "an env file that is a link" \
	    link_to "$CONF"
	rm -f "$CONF.moved"
	spoilt $s "SECRET_KEY: is missing.*init" "an env file without a key" \
	    edit "$CONF" /^SECRET_KEY=/d
	spoilt $s "SECRET_KEY: is not 64 hex" "a key too short" \
	    edit "$CONF" '/^SECRET_KEY=/s/.$//'
	spoilt $s "SECRET_KEY: is a placeholder.*init" "a placeholder for a key" \
	    edit "$CONF" "s/^SECRET_KEY=.*/SECRET_KEY=$(printf %064d 0)/"
	spoilt SYSTEM_ERR "made with the key .*SECRET_KEY" "another key" \
	    edit "$CONF" "s/^SECRET_KEY=.*/SECRET_KEY=$(printf %064d 7)/"
	spoilt $s "ACCOUNT: account nobody-here does not exist" "no such account" \
	    edit "$CONF" 's/^ACCOUNT=.*/ACCOUNT=nobody-here/'
	spoilt $s "DATABASE: is neither sqlite:" "a relative DATABASE" \
	    edit "$CONF" 's,^DATABASE=.*,DATABASE=sqlite:store,'
}

script() {	# PATH LINE...
	rm -f "$1"
	printf '%s\n' "${@:2}" >"$1" && chmod 755 "$1"
}

# A program between the module and the verifier.
between() {	# PATH CODE
	script "$1" "#!$PYTHON" "import os, socket, subprocess, sys" \
	    "ask = socket.socket(fileno=0)" \
	    "here, there = socket.socketpair(socket.AF_UNIX, \
socket.SOCK_SEQPACKET)" \
	    "verifier = subprocess.Popen(['$T/good/bin/rollcode-verify'] + sys.argv[1:], \
stdin=there)" \
	    "there.close()" \
	    "here.send(ask.recv(8192))" \
	    "answer = bytearray(here.recv(8192))" \
	    "verifier.wait()" \
	    "$2"
}

helpers() {
	local s=SYSTEM_ERR h=$T/bin/rollcode-verify send='ask.send(answer)'
	PYTHON=$(python3 -c 'import sys; print(sys.executable)')
	spoilt $s "helper: $h: .*reinstall" "no helper" rm "$h"
	spoilt $s "rollcode-verify.*(ended without|took no)" \
	    "a helper that is true" in_place "$h" cp "$(type -P true)"
	spoilt $s "rollcode-verify.*(ended without|took no)" \
	    "a helper that crashes" script "$h" '#!/bin/sh' 'kill -SEGV $$'
	# One that ends with the request unread may take its answer with it.
	spoilt $s "rollcode-verify.*(another request|ended without)" \
	    "a helper that prints garbage" \
	    script "$h" '#!/bin/sh' 'echo PAM_SUCCESS >&0'
	spoilt $s "helper: .*can be written by others.*reinstall" \
	    "a helper others can write" chmod 775 "$h"
	spoilt $s "helper: .*belongs to uid 1.*reinstall" \
	    "a helper of another owner" chown 1 "$h"
	spoilt $s "helper: .*is not a program; reinstall" \
	    "a helper that cannot be executed" chmod 644 "$h"
	spoilt $s "helper: .*is not a program; reinstall" \
	    "a directory instead of a helper" in_place "$h" mkdir
	spoilt $s "helper: .*symbolic link.*reinstall" \
	    "a helper that is a link" link_to "$h"
	rm -f "$h.moved"
	spoilt $s "another request.*same version" \
	    "an answer with another nonce" between "$h" \
	    "answer[8] ^= 1; $send"
	spoilt $s "another request.*same version" \
	    "an answer of another kind" between "$h" "answer[0] ^= 1; $send"
	spoilt $s "another request.*same version" \
	    "an answer that is too short" between "$h" "ask.send(answer[:-4])"
	spoilt $s "another request.*same version" \
	    "an answer that is too long" between "$h" "ask.send(answer + b'x')"
	spoilt $s "rollcode-verify did not end after its answer" \
	    "two answers" between "$h" "$send; $send"
	spoilt $s "rollcode-verify failed after its answer" \
	    "a right answer, and then status 1" \
	    between "$h" "$send; sys.exit(1)"
	spoilt $s "rollcode-verify failed after its answer" \
	    "a right answer, and then a signal" \
	    between "$h" "$send; os.kill(os.getpid(), 9)"
	restore
	between "$h" "$send"
	probe ann "$RIGHT"
	equal "what stands between and changes nothing is believed" \
	    "$result" SUCCESS
}

helper_hangs() {
	local result ms
	restore
	script "$T/bin/rollcode-verify" '#!/bin/sh' 'exec sleep 60'
	read -r _ result ms _ < <(printf 'ann\t%s\n' "$RIGHT" | pam_run)
	equal "a helper that hangs: SYSTEM_ERR" "$result" SYSTEM_ERR
	check "after 10 seconds" test "$ms" -ge 9900 -a "$ms" -lt 11500
	check "and it is killed" refuses pgrep -x sleep
	check "and said so" logged "no answer in 10 seconds"
}

refuses() {
	! "$@"
}

relative() {	# NAME: of an argument that is a path
	restore
	services
	sed -i "s,$1=[^ ]*,$1=rollcode," "$T/pam/rc" "$T/pam/nullok"
	wants SERVICE_ERR "$1: is not an absolute path" \
	    ann ann:nullok eve:nullok
	say_ok "the argument $1=rollcode: SERVICE_ERR" "$wrong"
	sed -i "s,$1=[^ ]*,$1=," "$T/pam/rc" "$T/pam/nullok"
	wants SERVICE_ERR "$1" ann ann:nullok eve:nullok
	say_ok "the argument $1=: SERVICE_ERR" "$wrong"
	services
}

argument() {	# PATTERN ARGUMENT...
	restore
	services "${@:2}"
	wants SERVICE_ERR "$1" ann ann:nullok eve:nullok
	say_ok "the arguments ${*:2}: SERVICE_ERR" \
	    "$(cut -c 1-300 <<<"$wrong")"
	services
}

arguments() {
	argument "nonsense" nonsense
	argument "nonsense.*another" nonsense another=1
	argument "digits" digits=9
	argument "digits" digits=6x
	argument "digits" digits=
	argument "echo" echo echo
	argument "echo" echo=yes
	argument "helper.*twice" helper=/bin/true
	argument "conf.*twice" conf=/etc/rollcode.env
	argument "prompt" prompt=
	relative helper
	relative conf
	argument "give one of them" try_first_pass use_first_pass
	argument "prompt" "prompt=$(printf %0256d 0)"
	argument "unknown argument" "$(printf %0200d 0)"
	argument "NULLOK" NULLOK
}

arrange
restore
probe ann "$RIGHT" nullok
equal "with everything as it should be, the code opens" "$result" SUCCESS
probe eve "$RIGHT"
equal "and who is not enrolled is refused" "$result" AUTH_ERR
probe eve "$RIGHT" nullok
equal "and with nullok is left to the next module" "$result" SUCCESS
if [ "${1-}" = long ]; then
	truncated
	helper_hangs
else
	directories
	files
	rows
	truncated
	read_only
	full
	limited
	env_files
	helpers
	arguments
fi
restore
probe ann "$RIGHT"
equal "in the end everything is as it was" "$result" SUCCESS
exit 0
