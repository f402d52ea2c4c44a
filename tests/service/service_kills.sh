#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# service_kills.sh - SIGKILL at a system call, and then at another one,
# of the service's worker, of the process that serves, and of root's: nothing
# was accepted that was not recorded, nothing has to be mended, and root gets in
# meanwhile.
# long
# limit: 300
# shellcheck disable=SC2317	# what is looked at afterwards is called by name
. "$(dirname "$0")/../support/lib.sh"
need strace pgrep python3 setpriv
private_machine "$@"
. "$TREE/tests/support/pam.sh"
. "$TREE/tests/support/kills.sh"

SERVE=/usr/local/libexec/rollcode/rollcode-verify
SOCKET=/run/rollcode/verify.sock
points=${ROLLCODE_POINTS:-5} rounds=2 least=5

worker() {
	workers | head -n 1
}

no_service() {
	[ -z "$(pgrep -f "$SERVE serve")" ]
}

# watched PID [OPTION...]: strace looks at it
watched() {
	: >"$T/trace"
	"$STRACE" -q -o "$T/trace" "${@:2}" -p "$1" 2>"$T/strace.log" &
	tracer=$!
	wait_for grep -qE '^TracerPid:.*[1-9]' "/proc/$1/status"
}

unwatched() {
	kill "$tracer" 2>/dev/null
	wait "$tracer" 2>/dev/null
}

begin_again() {
	wait_for no_service
	resident_start
	wait_for serving
}

user_login() {
	printf 'ann\t%s\n' "$(code ann)" |
	    as ann "$PAMRUN" "$T/pam" rc | cut -d' ' -f2
}

user_gets_in() {	# WHEN
	local got
	got=$(user_login)
	[ "$got" = SUCCESS ] || echo "$1: served anew, a user: $got"
}

# --- a worker, and the process that serves ---------------------------------------

# process_dies WHICH NAME AFTER [WRONG]: `worker` or `serving`, over a login.
process_dies() {
	local inject bad='' code got
	login ann "$(code ann)" >"$T/out"
	watched "$("$1")"
	login ann "${4:-$(code ann)}" >"$T/out"
	unwatched
	calls | kill_points >"$T/plan"
	while read -r inject; do
		login ann "$(code ann)" >"$T/out"
		# shellcheck disable=SC2086	# two words
		watched "$("$1")" $inject
		code=$(code ann)
		got=$(login ann "${4:-$code}")
		unwatched
		was_killed || continue
		bad+=$("$3" "killed at $inject" "$code" "$got")
	done <"$T/plan"
	planned "$2" "$bad"
}

# worker_dies NAME AFTER [WRONG].  With the program out of reach nobody but the
# service can have answered.
worker_dies() {
	local before
	mv "$SERVE" "$SERVE.away"
	before=$(serving)
	process_dies worker "$@"
	equal "$1: the same process serves" "$(serving)" "$before"
	mv "$SERVE.away" "$SERVE"
}

# --- root's process ----------------------------------------------------------------

read_anew() {
	grep -q 'wait4' "$T/trace"
}

# Over a reload.  Whoever serves then answers, or root has a verifier of its own.
root_dies() {
	local inject bad='' code got
	watched "$resident"
	kill -HUP "$resident"
	wait_for read_anew
	unwatched
	calls | kill_points >"$T/plan"
	while read -r inject; do
		# shellcheck disable=SC2086	# two words
		watched "$resident" $inject
		code=$(code ann)
		kill -HUP "$resident"
		got=$(login ann "$code")
		wait_for killed
		unwatched
		was_killed || continue
		wait "$resident"
		bad+=$(after_an_answer "killed at $inject" "$code" "$got")
		begin_again
		bad+=$(user_gets_in "killed at $inject")
	done <"$T/plan" 2>"$T/died"
	planned "root's process dies over a reload: root gets in meanwhile" \
	    "$bad"
	resident_stop
}

# started OPTION...: until it waits for signals, or dies
started() {
	: >"$T/trace"
	"$STRACE" -q -o "$T/trace" "$@" "$SERVE" serve 2>"$T/serve.log" &
	tracer=$!
	wait_for grep -qE '^rt_sigtimedwait|killed by' "$T/trace"
}

start_dies() {
	local inject bad='' got
	started
	pkill -TERM -P "$tracer"
	wait "$tracer"
	calls_of_main | kill_points >"$T/plan"
	while read -r inject; do
		# shellcheck disable=SC2086	# two words
		started $inject
		got=$(login ann "$(code ann)")
		[ "$got" = SUCCESS ] || bad+="killed at $inject: root: $got"
		killed || pkill -TERM -P "$tracer"
		wait "$tracer"
		was_killed || continue
		begin_again
		bad+=$(user_gets_in "killed at $inject")
		resident_stop
	done <"$T/plan" 2>"$T/died"
	planned "the service dies as it starts: root gets in, and it starts again" \
	    "$bad"
}

# --- systemd -------------------------------------------------------------------

# The socket stays, and a second after the service died it is started again.
as_systemd() {
	python3 - "$SERVE" "$SOCKET" <<-'PYTHON' &
	import os, socket, sys, time
	s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
	s.bind(sys.argv[2])
	os.chmod(sys.argv[2], 0o666)
	s.listen(128)
	while True:
	    pid = os.fork()
	    if pid == 0:
	        os.dup2(s.fileno(), 3)
	        os.set_inheritable(3, True)
	        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
	        os.execv(sys.argv[1], [sys.argv[1], "serve"])
	    os.waitpid(pid, 0)
	    time.sleep(1)
	PYTHON
	manager=$!
	servers+=("$manager")
}

anew() {
	resident=$(pgrep -P "$manager" -f "^$SERVE serve") && [ -n "$(serving)" ]
}

# All of it dies over a request, and then somebody asks.
all_die() {
	local round code got bad='' all
	as_systemd
	for ((round = 1; round <= rounds; round++)); do
		wait_for anew
		login ann "$(code ann)" >"$T/out"
		code=$(code ann)
		all="$resident $(serving) $(serving all) $(worker)"
		kill -STOP "$(worker)"
		login ann "$code" >"$T/denied" &
		wait_for asked "$!"
		# shellcheck disable=SC2086	# a list
		kill -KILL $all
		got=$(user_login)
		[ "$got" = SUCCESS ] || bad+="round $round: a user: $got"
		wait "$!"
		got=$(cat "$T/denied")
		[ "$got" = SYSTEM_ERR ] || bad+="round $round: $got"
		# It is behind the one that let the user in.
		got="$(login ann "$code") $(login ann "$(code ann)")"
		[ "$got" = "AUTH_ERR SUCCESS" ] || bad+="round $round: $got"
	done
	say_ok "all of it is killed over a request: who asks then waits, and \
gets in" "$bad"
	kill -9 "$manager"
}

add_user ann
installed GUARD_AFTER=100 GUESSES=1000
syslog_start
pam_place
install -m 755 "$PAMRUN" "$T/bin/pamrun"
PAMRUN=$T/bin/pamrun
enroll ann
resident_start
wait_for serving
worker_dies "a worker dies over a right code: spent or not, the next one opens" \
    after_either
worker_dies "a worker dies over a wrong code: the next right one opens" \
    after_a_wrong_code 00000000
process_dies serving "the process that serves dies: the next code opens" \
    after_either
root_dies
start_dies
all_die
no_alarm
exit 0
