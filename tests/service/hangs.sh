#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# hangs.sh - what hangs in the service is given up and replaced, however deep it
# hangs, and nobody else waits for it.
# shellcheck disable=SC2317	# some functions are called by name
# limit: 150
. "$(dirname "$0")/../support/lib.sh"
need python3 setpriv pgrep
private_machine
. "$TREE/tests/support/pam.sh"
. "$TREE/tests/support/service.sh"

# --- a worker --------------------------------------------------------------

# A worker that cannot even be reaped: who traces it has stopped.
hangs() {
	local tracer denied worker
	if ! command -v strace >/dev/null; then
		skip "a worker that hangs for ever" "needs strace"
		return
	fi
	login ann "$(code ann)" >"$T/out"
	worker=$(workers | head -n 1)
	strace -qq -p "$worker" -o "$T/trace" 2>"$T/out" &
	tracer=$!
	wait_for grep -qE 'TracerPid:.*[1-9]' "/proc/$worker/status"
	kill -STOP "$tracer"
	root_login ann "$(code ann)" >"$T/denied" &
	denied=$!
	patience=20 check "a worker that hangs for ever is given up" \
	    logged 'a worker gave no answer in 10 seconds'
	within "and nobody waits for it" SUCCESS 900 \
	    login_as bob bob "$(code bob)"
	wait "$denied"
	equal "but who asked it" "$(cut -d' ' -f1 "$T/denied")" SYSTEM_ERR
	kill -9 "$tracer"
	wait "$tracer" 2>/dev/null
	check "once it can be, the worker is ended" wait_for gone "$worker"
	equal "then she gets in" "$(login ann "$(code ann)")" SUCCESS
}

# --- a serving process -----------------------------------------------------

# replaced WHICH LOGIN...: its serving process stops, and another one serves
replaced() {
	local before got
	before=$(serving "$1")
	kill -STOP "$before"
	read -r -a got < <("${@:2}")
	equal "the process for $1 is stopped: who asks is served" \
	    "${got[0]-nothing}" SUCCESS
	check "the process for $1 is stopped: in under 2 s" \
	    test "${got[1]-99999}" -lt 2000
	refused "the process for $1 is stopped: another one serves" \
	    test "$(serving "$1")" = "$before"
	check "the process for $1 is stopped: it has ended" wait_for gone "$before"
}

# A process that is stopped takes no connection until another one does.
stopped_serving() {
	: >"$T/syslog"
	replaced all login_as ann ann "$(code ann)"
	check "it is logged" logged \
	    '/rollcode/verify.sock: the serving process [0-9]+ has not responded'
	replaced root root_login ann "$(code ann)"
	refused "root's process was not replaced before" \
	    test "$(grep -c 'has not responded' "$T/syslog")" -ne 2
}

# Whatever becomes of the process for everybody, root does not notice.
roots_own() {
	local before pid
	before=$(serving all)
	kill -STOP "$before"
	within "while everybody's process is stopped root gets in" SUCCESS 500 \
	    root_login ann "$(code ann)"
	wait_for gone "$before"
	kill -9 "$(serving all)"
	within "when it was killed root gets in" SUCCESS 500 \
	    root_login ann "$(code ann)"
	within "and a user" SUCCESS 3000 login_as bob bob "$(code bob)"
}

# As if it were deep in the kernel: who traces it has stopped, so that it
# neither goes on nor, once it was killed, can be reaped.
hang_serving() {	# WHICH
	local pid tracer
	pid=$(serving "$1")
	strace -qq -p "$pid" -o "$T/trace" 2>"$T/out" &
	tracer=$!
	tracers+=("$tracer")
	servers+=("$tracer")
	wait_for grep -qE 'TracerPid:.*[1-9]' "/proc/$pid/status"
	kill -STOP "$tracer"
}

# Everybody's process hangs for ever, and so does each that takes its place.
too_many_hang() {
	local tracers=() i before
	command -v strace >/dev/null || {
		skip "serving processes that never end" "needs strace"
		return
	}
	: >"$T/syslog"
	for ((i = 0; i < 8; i++)); do
		before=$(serving all)
		hang_serving all
		[ "$i" -eq 7 ] || wait_for test_other "$before"
	done
	check "after eight that do not end no more are started, and it is logged" \
	    logged '8 earlier serving processes have not ended'
	within "root gets in all the same" SUCCESS 500 \
	    root_login ann "$(code ann)"
	nap 1.2
	equal "it is logged once" \
	    "$(grep -c 'earlier serving processes have not ended' "$T/syslog")" 1
	kill -9 "${tracers[@]}"
	tracers=()
	within "when they have ended a user gets in" SUCCESS 3000 \
	    login_as ann ann "$(code ann)"
	hang_serving all
	hang_serving root
	wait_for grep -qE "/root/verify.sock: .* has not responded" "$T/syslog"
	before=${EPOCHREALTIME/./}
	resident_stop
	equal "while others hang it ends well" "$?" 0
	check "within 15 s" \
	    test $(((${EPOCHREALTIME/./} - before) / 1000)) -lt 15000
	kill -9 "${tracers[@]}"
	check "and none of them is left" wait_for no_service
}

test_other() {
	[ "$(serving all)" != "$1" ]
}

# The supervisor was at rest as long as the others, and knows it.
all_at_rest() {
	local before
	before="$(serving) $(serving all)"
	while_stopped nap 3
	# Longer than it waits between two signs of life.
	nap 1.5
	equal "a service that was stopped as a whole goes on as it was" \
	    "$(serving) $(serving all)" "$before"
}

arrange
resident_start
stopped_serving
roots_own
hangs
all_at_rest
too_many_hang
exit 0
