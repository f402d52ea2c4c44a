#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# verifier.sh - rollcode-verify: as whom it holds the store, what it refuses, and
# that it keeps nothing of its caller.
# shellcheck disable=SC2317	# some functions are called by name
. "$(dirname "$0")/../support/lib.sh"
need python3 strace setpriv
private_machine
. "$TREE/tests/support/pam.sh"

VERIFIER=$T/bin/rollcode-verify

arrange() {
	add_service rollcode
	add_user ann
	echo "extra:x:4999:rollcode" >>/etc/group
	server
	sed -i 's/^ACCOUNT=.*/ACCOUNT=rollcode/' "$CONF"
	chown -R rollcode:rollcode "$T/store"
	ROLLCODE=$(id -u rollcode)
	pam_place
	syslog_start
	enroll ann
	install -m 755 "$PAMRUN" "$T/bin/pamrun"
}

# The service whose verifier rests with the store locked until it is told to go on.
slow_service() {
	cat >"$T/bin/slow" <<-SLOW
	#!/bin/sh
	exec env -i $(command -v strace) -DDD -q -o $T/slow.log -e trace=fdatasync \
	    -e inject=fdatasync:signal=STOP:when=1 $VERIFIER "\$@"
	SLOW
	chmod 755 "$T/bin/slow"
	pam_named slow
	sed -i "s,helper=[^ ]*,helper=$T/bin/slow," "$T/pam/slow"
}

# The verifier's number, once it is at work with a file of the store.
holding() {
	verifier=$(find /proc/[0-9]*/fd -lname "$T/store/users/ann.db-wal" \
	    2>/dev/null | head -n 1 | cut -d/ -f3)
	[ -n "$verifier" ]
}

# What there is to see of it, taken at once: it has ten seconds in all.
look() {
	mkdir "$T/seen" &&
	    cp "/proc/$verifier/"{status,environ,cmdline,limits} "$T/seen" &&
	    cp -r "/proc/$verifier/fdinfo" "$T/seen" &&
	    find "/proc/$verifier/fd" "/proc/$verifier/cwd" -type l \
		-printf '%f %l\n' >"$T/seen/links" &&
	    ps -o sid= -p "$verifier" >"$T/seen/session"
}

status_of() {
	sed -n "s/^$1:[[:space:]]*//p" "$T/seen/status" | tr -s '\t ' ' '
}

# The env file is open for as long as its keys are in use: rekey waits for that.
only_read_and_locked() {
	local info flags
	info=$T/seen/fdinfo/$(grep -F " $CONF" "$T/seen/links" | cut -d' ' -f1)
	flags=$(awk '/^flags:/ { print $2 }' "$info")
	[ $((flags & 3)) -eq 0 ] && grep -q 'FLOCK .*READ' "$info"
}

open_files() {
	grep -E '^[0-9]' "$T/seen/links" | cut -d' ' -f2- |
	    grep -vE '^(socket:.*|/dev/null)$'
}

goes_on() {
	kill -CONT "$verifier" 2>/dev/null
	grep -q . "$T/out"
}

while_it_holds_the_store() {
	local none=0000000000000000 u
	slow_service
	printf 'ann\t%s\n' "$(code ann)" >"$T/in"
	LD_BIND_NOW=1 PGHOST=evil setpriv --groups 4999,1 --inh-caps +chown \
	    "$PAMRUN" "$T/pam" slow <"$T/in" >"$T/out" 9<"$T/in" &
	servers+=("$!")
	wait_for holding
	check "the verifier can be looked at while it holds the store" look
	refused "its memory is closed to its own account" \
	    setpriv --reuid "$ROLLCODE" --regid "$ROLLCODE" --clear-groups \
	    head -c 1 "/proc/$verifier/environ"
	wait_for goes_on
	equal "and in the end it answers" "$(cut -d' ' -f2 "$T/out")" SUCCESS
	u="$ROLLCODE $ROLLCODE $ROLLCODE $ROLLCODE"
	equal "all its uids are the account's" "$(status_of Uid)" "$u"
	equal "all its gids are the account's" "$(status_of Gid)" "$u"
	equal "it has no other groups" "$(status_of Groups | tr -d ' ')" ""
	equal "it has no capabilities" \
	    "$(for c in Inh Prm Eff Amb; do status_of "Cap$c"; done | uniq)" \
	    "$none"
	equal "it can get no new privileges" "$(status_of NoNewPrivs)" 1
	equal "its umask is 077" "$(status_of Umask)" 0077
	equal "it has one thread" "$(status_of Threads)" 1
	equal "it is in /" "$(sed -n 's/^cwd //p' "$T/seen/links")" /
	equal "its environment is empty" \
	    "$(tr '\0' '\n' <"$T/seen/environ")" ""
	equal "its command line names the env file alone" \
	    "$(tr '\0' ' ' <"$T/seen/cmdline" | cut -d' ' -f2-)" \
	    "request $CONF "
	equal "it dumps no core" "$(awk '/^Max core/ { print $5, $6 }' \
	    "$T/seen/limits")" "0 0"
	equal "it has no file but the user's, and the one it was told to read" \
	    "$(open_files | grep -v "^$T/store/users/ann\.db" )" "$CONF"
	check "which it cannot write, and keeps locked" \
	    only_read_and_locked
	refused "it is out of the caller's session" \
	    test "$(cat "$T/seen/session")" -eq "$(ps -o sid= -p "$$")"
}

# by_hand STATUS NAME COMMAND...: usage, and that status
by_hand() {
	local output status
	output=$("${@:3}" 2>&1)
	status=$?
	equal "$2: status $1" "$status" "$1"
	equal "$2: says how it is started" \
	    "$(grep -c '^usage: rollcode-verify request' <<<"$output")" 1
}

on_terminal() {
	python3 -c 'import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$@"
}

# with_socket PYTHON COMMAND...: a socket as standard input; the code runs
# with its other end, named ask.
with_socket() {
	python3 - "$@" <<-'PYTHON'
	import socket, subprocess, sys
	ask, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
	verifier = subprocess.Popen(sys.argv[2:], stdin=there)
	there.close()
	exec(sys.argv[1])
	sys.exit(verifier.wait())
	PYTHON
}

no_socket() {
	"$VERIFIER" request "$CONF" </dev/null
}

no_standard_input() {
	"$VERIFIER" request "$CONF" <&-
}

refuses_the_rest() {
	by_hand 2 "without arguments" "$VERIFIER"
	by_hand 2 "with another word" "$VERIFIER" serve-me
	by_hand 2 "with too many words" "$VERIFIER" request "$CONF" more
	by_hand 2 "without a socket" no_socket
	by_hand 2 "without standard input" no_standard_input
	by_hand 2 "on a terminal" on_terminal "$VERIFIER" request "$CONF"
	by_hand 2 "asked by another than root" python3 -c "
import os, socket, subprocess, sys
os.setresuid(4002, 4002, 4002)
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
sys.exit(subprocess.call(['$VERIFIER', 'request', '$CONF'], stdin=b))"
	refused "a request that is none is refused" \
	    with_socket 'ask.send(b"x" * 100)' "$VERIFIER" request "$CONF"
	refused "a request of zeros is refused" \
	    with_socket 'ask.send(bytes(1692))' "$VERIFIER" request "$CONF"
	refused "a request that is too long is refused" \
	    with_socket 'ask.send(bytes(4096))' "$VERIFIER" request "$CONF"
	refused "who closes the socket is refused" \
	    with_socket 'ask.close()' "$VERIFIER" request "$CONF"
	sed 's/^ACCOUNT=.*/nonsense/' "$CONF" >"$T/bad.env"
	chmod 600 "$T/bad.env"
	refused "whose env file has a mistake is nobody" \
	    with_socket 'ask.send(b"x" * 100)' strace -qq -o "$T/trace" \
	    -e trace=setresuid,setresuid32,recvfrom \
	    "$VERIFIER" request "$T/bad.env"
	equal "before it receives a request" \
	    "$(sed -nE 's/^(setresuid|recvfrom)[0-9]*\(([0-9]+),.*/\1 \2/p' \
		"$T/trace" | xargs)" "setresuid 65534 recvfrom 0"
	equal "none of that touched the store" "$(field ann failures)" 0
}

says_nothing() {
	local began=$EPOCHSECONDS
	refused "who says nothing is refused" \
	    with_socket 'verifier.wait()' "$VERIFIER" request "$CONF"
	check "after 5 seconds" test $((EPOCHSECONDS - began)) -le 7
}

callers() {
	local code
	code=$(code ann)
	printf 'ann\t%s\n' "$code" >"$T/in"
	equal "a caller without privileges: CRED_INSUFFICIENT" \
	    "$(as ann "$T/bin/pamrun" "$T/pam" rc <"$T/in" | cut -d' ' -f2)" \
	    CRED_INSUFFICIENT
	check "and the log says why" logged \
	    "runs as uid $(id -u ann), and conf= and helper= are for programs"
	equal "a caller of real uid ann and effective uid 0 gets in" \
	    "$(setpriv --ruid ann --euid 0 "$T/bin/pamrun" "$T/pam" rc \
	    <"$T/in" | cut -d' ' -f2)" SUCCESS
	login hunter2 12345678 >"$T/out"
	check "a name that nobody has is not in the log: it may be a password" \
	    logged 'authentication failure; .* user=$'
	refused "nor anywhere else in it" grep hunter2 "$T/syslog"
	code ann | sed 's/^/ann\t/' >"$T/in"
	equal "a caller that ignores SIGCHLD gets its verdict" \
	    "$(env --ignore-signal=CHLD "$PAMRUN" "$T/pam" rc <"$T/in" |
	    cut -d' ' -f2)" SUCCESS
}

# --- what a caller hands down -------------------------------------------------

# handed WAY...: what a program in the verifier's place sees of itself, started
# by a caller who is odd in these ways
handed() {
	rm -f "$T/bare.seen"
	printf 'ann\t00000000\n' | "$T/bin/inherit" odd "$@" -- \
	    "$T/bin/pamrun" "$T/pam" bare >"$T/out" 2>"$T/err"
	cat "$T/bare.seen"
}

# Whether a process of this machine can be odd in that way, and shows it.
can_be() {
	"$T/bin/inherit" odd "$1" -- "$T/bin/inherit" show >"$T/odd" \
	    2>"$T/err" && ! cmp -s "$T/odd" "$T/usual"
}

odd_alone() {	# WAY
	local got
	if ! can_be "$1"; then
		# There is nothing that could be kept.
		echo "# nobody here can be odd in it: $(cat "$T/err")"
		return
	fi
	possible+=("$1")
	got=$(handed "$1")
	say_ok "a spawned verifier keeps nothing of a caller's $1" \
	    "$(diff <(echo "$plain") <(echo "$got"))"
}

# Lines that do not depend on the machine.
clean_state() {
	cat <<-'STATE'
	/proc/self/cwd -> /
	/proc/self/fd/1 -> /dev/null
	/proc/self/fd/2 -> /dev/null
	/proc/self/limits: Max cpu time 10 10 seconds
	/proc/self/limits: Max stack size 8388608 8388608 bytes
	/proc/self/limits: Max core file size 0 0 bytes
	/proc/self/limits: Max open files 64 64 files
	/proc/self/limits: Max nice priority 0 0
	/proc/self/limits: Max realtime priority 0 0
	/proc/self/oom_score_adj: 0
	/proc/self/timerslack_ns: 50000
	/proc/self/personality: 00000000
	/proc/self/status: Umask: 0077
	/proc/self/status: Uid: 0 0 0 0
	/proc/self/status: Gid: 0 0 0 0
	/proc/self/status: Groups:
	/proc/self/status: SigBlk: 0000000000000000
	/proc/self/status: SigIgn: 0000000000000000
	/proc/self/status: CapInh: 0000000000000000
	/proc/self/status: CapAmb: 0000000000000000
	leads its group 1, its parent the session 1
	memory policy 0
	policy 0 flags 0 nice 0 priority 0
	ioprio 0
	STATE
}

hands_nothing_down() {
	local plain way possible=()
	install -m 755 "$BUILD/tests/tools/inherit" "$T/bin/inherit"
	install -m 600 /dev/null "$T/bare"
	echo "auth required $T/bin/pam_rollcode.so nodelay quiet conf=$T/bare \
helper=$T/bin/inherit" >"$T/pam/bare"
	"$T/bin/inherit" show >"$T/usual"
	plain=$(handed)
	check "a program in the verifier's place is started" test -n "$plain"
	for way in $("$T/bin/inherit" ways); do odd_alone "$way"; done
	say_ok "a spawned verifier keeps nothing of a caller that is odd in \
every way at once" "$(diff <(echo "$plain") <(handed "${possible[@]}"))"
	check "at least 20 ways could be tried" \
	    test "${#possible[@]}" -ge 20
	equal "and it is what the list says" "$(tr -s '\t ' ' ' <"$T/bare.seen" |
	    sed 's/ $//; s/ slice.*//' | sort | grep -xF "$(clean_state)")" \
	    "$(clean_state | sort)"
}

arrange
while_it_holds_the_store
refuses_the_rest
says_nothing
callers
hands_nothing_down
exit 0
