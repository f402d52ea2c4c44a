#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# powercut.sh [long] - no image that a power cut can leave brings a spent code
# back, loses a key or a copy, or leaves anything that has to be mended.  long: what is not in `make
# check`, and all of it where ROLLCODE_POINTS says from how many images.
# limit: 300
# long: 900
. "$(dirname "$0")/../support/lib.sh"
need python3 sqlite3 strace
private_machine "$@"
. "$TREE/tests/support/pam.sh"
. "$TREE/tests/support/older.sh"

limit=5
[ "${1-}" != long ] || limit=${ROLLCODE_POINTS:-6}

CALLS=openat,close,write,pwrite64,writev,pwritev,ftruncate,fallocate,fsync
CALLS+=,fdatasync,mkdir,unlink,rename,renameat,renameat2,sendto,sendmsg,dup,dup2,dup3

# The service traced: the verifier's calls go to $T/trace, in the child itself.
traced_service() {
	cat >"$T/bin/traced" <<-TRACED
	#!/bin/sh
	exec $(command -v strace) -DDD -q -xx -s 99999 -o $T/trace \
	    -e trace=$CALLS $T/bin/rollcode-verify "\$@"
	TRACED
	chmod 755 "$T/bin/traced"
	pam_named traced
	sed -i "s,helper=[^ ]*,helper=$T/bin/traced," "$T/pam/traced"
}

# With it a store lies in $T/store beside the directory of its witnesses.
witness=
begin() {
	[ -n "$witness" ] || { server; return; }
	rm -rf "$T/store"
	(umask 077 && mkdir "$T/store" "$T/store/db" "$T/store/db-witness" &&
	    printf '%s\n' ACCOUNT=root "DATABASE=sqlite:$T/store/db" >"$CONF")
	admin init >"$T/init.log" 2>&1 || cat "$T/init.log"
}

keep_start() {
	rm -rf "$T/start"
	cp -a "$T/store" "$T/start"
}

trace_login() {	# FILE CODE RESULT
	local got
	got=$(login ann "$2" traced)
	[ "$got" = "$3" ] || echo "a traced login was $got, not $3"
	wait_for grep -qE 'exited|killed' "$T/trace"
	mv "$T/trace" "$1"
}

trace_admin() {	# FILE ARGUMENT...
	strace -q -xx -s 99999 -o "$1" -e "trace=$CALLS" \
	    rollcode-admin --conf "$CONF" "${@:2}" >"$T/uri" 2>"$T/admin.log"
}

# images ARGUMENT...: prints what is wrong
images() {
	"$TREE/tests/tools/powercut.py" --store "$T/store" --start "$T/start" \
	    --pamrun "$PAMRUN" --pam "$T/pam" --limit "$limit" \
	    --unsynced .witness "$@" 2>>"$T/counts" || echo "powercut.py: status $?"
}

# A code that was answered is refused for good, and the next one opens.
login_images() {	# SPENT NEXT TRACE...
	images --probe "ann=$1" --probe "ann=$1" --probe "ann=$2" \
	    --before SUCCESS,AUTH_ERR,SUCCESS \
	    --before AUTH_ERR,AUTH_ERR,SUCCESS \
	    --after AUTH_ERR,AUTH_ERR,SUCCESS "${@:3}"
}

# fresh N: ann is enrolled, and has logged in N times.
fresh() {
	begin
	rm -f "$(wallet ann)"
	enroll ann
	[ "$1" -eq 0 ] || code ann -n "$1" | tr -s ' ' '\n' |
	    sed 's/^/ann\t/' | pam_run >"$T/out"
	keep_start
}

logs_in() {	# NAME LOGINS-BEFORE
	local spent
	fresh "$2"
	spent=$(code ann)
	trace_login "$T/login" "$spent" SUCCESS
	say_ok "$1" "$(login_images "$spent" "$(code ann)" "$T/login")"
}

# whole NAME PLACE THING COMMAND...: whatever is cut off, the thing in that place
# is as it was at some moment of the command, and for good when it was said.
whole() {
	local got
	rm -rf "$T/start"
	cp -a "$2" "$T/start"
	strace -q -xx -s 99999 -o "$T/whole" -e "trace=$CALLS" "${@:4}" \
	    >"$T/admin.log" 2>&1 || cat "$T/admin.log"
	got=$("$TREE/tests/tools/powercut.py" --store "$2" --start "$T/start" \
	    --whole "$3" "$T/whole" 2>>"$T/counts" || echo "status $?")
	say_ok "$1" "$got"
}

# What an administrator's command has made or taken away.
administers() {
	local conf=$T/conf/rollcode.env
	mkdir -m 700 "$T/conf" "$T/store2" "$T/copies"
	(umask 077 && printf '%s\n' ACCOUNT=root "DATABASE=sqlite:$T/store2" \
	    >"$conf")
	whole "init: a key is there when it is said" "$T/conf" rollcode.env \
	    rollcode-admin --conf "$conf" init
	rm -rf "$T/store2/users"
	whole "a store is there when it is said" "$T/store2" users \
	    rollcode-admin --conf "$conf" init
	whole "rekey: a configuration file has the old key, or both, or the new" \
	    "$T/conf" rollcode.env rollcode-admin --conf "$conf" rekey
	fresh 3
	whole "a backup is there, whole, when it is said" "$T/copies" copy \
	    rollcode-admin --conf "$CONF" backup "$T/copies/copy"
	whole "a removal is for good when it is said" "$T/store/users" ann.db \
	    rollcode-admin --conf "$CONF" remove ann --force
}

finds_lost_syncs() {
	local spent bad
	fresh 3
	spent=$(code ann)
	trace_login "$T/login" "$spent" SUCCESS
	bad=$(login_images "$spent" "$(code ann)" --nosync "$T/login")
	check "the model finds the code that comes back where no sync counts" \
	    grep -q 'after the answer: SUCCESS' <<<"$bad"
	check "and the answer that did not wait for a sync" \
	    grep -q 'before a sync' <<<"$bad"
}

# A login that was killed has written, and synced nothing; the next one must
# not build on that.
after_a_killed_one() {	# NAME LOGINS-BEFORE
	local killed spent
	fresh "$2"
	killed=$(code ann)
	sed -i 's/-e trace=/-e inject=fdatasync:signal=KILL:when=1 &/' \
	    "$T/bin/traced"
	trace_login "$T/killed" "$killed" SYSTEM_ERR
	traced_service
	spent=$(code ann)
	trace_login "$T/login" "$spent" SUCCESS
	say_ok "$1" "$(login_images "$spent" "$(code ann)" "$T/killed" \
	    "$T/login")"
}

# The first login of a user of version 2, whose log has LESS commits.
upgrades() {	# NAME LESS
	local spent
	older_store
	head -n "-$((5 * $2))" "$VERSION_2/ann.sql" >"$T/ann.sql"
	rm -f "$T/older/ann.db"*
	older_file "$T/older/ann.db" "$T/ann.sql"
	older_user ann
	keep_start
	spent=$(code ann)
	trace_login "$T/login" "$spent" SUCCESS
	say_ok "$1" "$(login_images "$spent" "$(code ann)" "$T/login")"
}

# A process that verifies two, and has the file open at the second.
on_an_open_file() {	# NAME LOGINS-BEFORE
	local first spent
	fresh "$2"
	first=$(code ann)
	spent=$(code ann)
	printf 'ann\t%s\n' "$first" "$spent" |
	    strace -q -xx -s 99999 -o "$T/trace" -e "trace=$CALLS" \
	    "$BUILD/tests/tools/pooled" "$CONF" >"$T/out"
	[ "$(sort -u "$T/out")" = "0 accepted" ] ||
	    echo "two traced logins: $(cat "$T/out")"
	sed '/^write(1,/q' "$T/trace" >"$T/first"
	sed '1,/^write(1,/d' "$T/trace" >"$T/second"
	equal "$1: the log is not opened again" \
	    "$(grep O_CREAT "$T/second" | grep -cF '\x2d\x77\x61\x6c"')" 0
	say_ok "$1" "$(login_images "$spent" "$(code ann)" --one "$T/first" \
	    "$T/second")"
}

after_enrolment() {
	local spent
	server
	rm -f "$(wallet ann)"
	keep_start
	trace_admin "$T/enroll" enroll ann --no-account
	token ann add <"$T/uri" >"$T/add.log" 2>&1
	spent=$(code ann)
	trace_login "$T/login" "$spent" SUCCESS
	say_ok "the first login, right after the enrolment" "$(login_images \
	    "$spent" "$(code ann)" "$T/enroll" "$T/login")"
}

enrols() {
	begin
	rm -f "$(wallet ann)"
	keep_start
	trace_admin "$T/enroll" enroll ann --no-account
	token ann add <"$T/uri" >"$T/add.log" 2>&1
	say_ok "an enrolment is there whole or not at all" "$(images \
	    --probe "ann=$(code ann)" --before SUCCESS --before AUTH_ERR \
	    --after SUCCESS \
	    --again "rollcode-admin --conf $CONF enroll ann --no-account" \
	    "$T/enroll")"
}

replaces() {
	local spent next
	fresh 5
	spent=$(code ann)
	next=$(code ann)
	login ann "$spent" >"$T/out"
	keep_start
	trace_admin "$T/enroll" enroll ann --no-account --replace
	rm "$(wallet ann)"
	token ann add <"$T/uri" >"$T/add.log" 2>&1
	say_ok "a token is replaced whole or not at all" "$(images \
	    --probe "ann=$spent" --probe "ann=$next" --probe "ann=$(code ann)" \
	    --before AUTH_ERR,SUCCESS,AUTH_ERR \
	    --before AUTH_ERR,AUTH_ERR,SUCCESS \
	    --after AUTH_ERR,AUTH_ERR,SUCCESS "$T/enroll")"
}

removes() {
	fresh 3
	trace_admin "$T/remove" remove ann --force
	say_ok "a removal is whole, and for good" "$(images \
	    --probe "ann=$(code ann)" --before SUCCESS --before AUTH_ERR \
	    --after AUTH_ERR \
	    --again "rollcode-admin --conf $CONF enroll ann --no-account" \
	    "$T/remove")"
}

# next_images NAME: whatever is cut off, a code that was printed is not printed
# again, and no other is lost than that one.
next_images() {
	local codes
	rm -rf "$T/start" "$T/other"
	cp -a "$T/wallet" "$T/start"
	cp -a "$T/wallet" "$T/other"
	codes=$(rollcode-token --store "$T/other/token.db" next -n 2 2>"$T/told")
	strace -q -xx -s 99999 -o "$T/next" -e "trace=$CALLS" \
	    rollcode-token --store "$T/wallet/token.db" next >"$T/code"
	say_ok "$1" "$(images --store "$T/wallet" --unsynced=-journal \
	    --limit "$((8 * limit))" --before "${codes% *}" \
	    --before "${codes#* }" --after "${codes#* }" \
	    --run "rollcode-token --store $T/wallet/token.db next" "$T/next")"
	[ "$(cat "$T/code")" = "${codes% *}" ] || echo "another code was printed"
	rm -rf "$T/wallet"
	cp -a "$T/start" "$T/wallet"
	rollcode-token --store "$T/wallet/token.db" next >"$T/code" 2>"$T/told"
}
spends() {
	rm -rf "$T/wallet"
	mkdir -m 700 "$T/wallet"
	rollcode-token --store "$T/wallet/token.db" add ann >"$T/out" <<-LINE
	otpauth://hotp/x:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=0
	LINE
	next_images "next, the first of a wallet"
	next_images "next, where its journal lies"
}

# What was written behind a commit is never on disk before it.
no_alarm() {
	check "a login on such a store wrote a witness" \
	    test -s "$T/store/db-witness/ann.witness"
	equal "and none was ahead of its file" \
	    "$(grep -cE 'older than its witness|was put back' "$T/syslog")" 0
}

server
pam_place
traced_service
syslog_start
administers
finds_lost_syncs
if [ "${1-}" != long ] || [ -n "${ROLLCODE_POINTS-}" ]; then
	logs_in "a login" 4
	logs_in "the login that folds the log into the file" 30
	after_a_killed_one "a login that folds behind a killed one" 30
	on_an_open_file "a login on a file that was left open" 4
	after_enrolment
	upgrades "the login that upgrades an older file" 1
	upgrades "the one that folds its log before that" 0
	spends
	witness=yes
	logs_in "a login with a witness" 4
	no_alarm
	witness=
fi
if [ "${1-}" = long ]; then
	logs_in "the login behind one that folds" 31
	after_a_killed_one "a login behind a killed one" 4
	on_an_open_file "one that folds the log of a file left open" 29
	on_an_open_file "the login behind that one" 30
	enrols
	replaces
	removes
	witness=yes
	logs_in "the login that folds, with a witness" 30
	no_alarm
	after_a_killed_one "a login behind a killed one, with a witness" 4
	on_an_open_file "one on a file left open, with a witness" 4
	enrols
	replaces
	removes
	equal "and no witness was ahead of its file" \
	    "$(grep -cE 'older than its witness|was put back' "$T/syslog")" 0
fi
[ -z "${VERBOSE-}" ] || cat "$T/counts"
exit 0
