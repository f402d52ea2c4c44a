#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# resident.sh [long] - rollcode-verify as a service: what runs, who waits for whom,
# workers that die, and what a message can carry.
# long: only the flood, and the workers that die, for longer.
# long: 300
# shellcheck disable=SC2317	# some functions are called by name
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
need python3 setpriv strace
private_machine "$@"
. "$TREE/tests/support/pam.sh"
. "$TREE/tests/support/service.sh"
long=${1-}

field_of() {	# PID FIELD
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | tr -s '\t ' ' '
}

# --- what runs, and as whom -------------------------------------------------

processes() {
	local u pid none=0000000000000000
	u=$(id -u rollcode)
	check "it logs that it serves, and as whom" \
	    logged 'serving /run/rollcode/verify.sock as the account rollcode, 1 '
	check "a caller without an account is named, and is no obstacle" \
	    logged 'CALLERS: account ghost does not exist'
	equal "root gets in" "$(login ann "$(code ann)")" SUCCESS
	equal "a user gets in" "$(login_as ann ann "$(code ann)" |
	    cut -d' ' -f1)" SUCCESS
	for pid in $(serving) $(workers) $(serving all) $(workers all); do
		equal "whoever reads requests is the account alone" \
		    "$(field_of "$pid" Uid) $(field_of "$pid" Groups | tr -d ' ')" \
		    "$u $u $u $u "
		equal "without capabilities and new privileges" \
		    "$(field_of "$pid" CapPrm) $(field_of "$pid" CapEff) \
$(field_of "$pid" NoNewPrivs)" "$none $none 1"
	done
	equal "the supervisor has no socket but the listeners and the log's" \
	    "$(find "/proc/$resident/fd" -lname 'socket:*' | wc -l)" 3
	whose_sockets
	equal "between two requests a user's files may be open" \
	    "$(store_files | sort -u)" \
	    "$T/store/users/ann.db"$'\n'"$T/store/users/ann.db-wal"
	equal "but they are not locked" \
	    "$(grep -c ":$(stat -c %i "$T/store/users/ann.db") " /proc/locks)" 0
	check "and closed once there is nothing to do" wait_for no_store_files
	equal "conf= is verified by a verifier of its own" \
	    "$(while_stopped spawned_login)" SUCCESS
}

socket_of() {	# PATH: the kernel's name of it
	awk -v path="$1" '$8 == path && $4 == "00010000" {
		print "socket:[" $7 "]"
	}' /proc/net/unix
}

holds() {	# PID PATH
	find "/proc/$1/fd" -type l -printf '%l\n' | grep -qxF "$(socket_of "$2")"
}

whose_sockets() {
	equal "root's socket is root's, in a place of root's" \
	    "$(stat -c '%U %a' "${ROOTS%/*}" "$ROOTS" | xargs)" \
	    "root 700 root 600"
	as ann env ROOT_SOCKET= "$T/bin/ask_service" ask ann 0 2>"$T/out"
	check "an account cannot connect to it" grep PermissionError "$T/out"
	as www env ROOT_SOCKET= "$T/bin/ask_service" ask ann 0 2>"$T/out"
	check "nor can an account of CALLERS" grep PermissionError "$T/out"
	check "one process serves root's" holds "$(serving)" "$ROOTS"
	refused "and has nothing of the other" holds "$(serving)" "$SOCKET"
	check "another one serves everybody's" holds "$(serving all)" "$SOCKET"
	refused "and has nothing of root's" holds "$(serving all)" "$ROOTS"
	equal "root can ask at everybody's too, about anybody" \
	    "$("$T/bin/ask_service" ask ann 00000000 | cut -d' ' -f1)" 0
	admin unlock ann >"$T/out"
	namespace_root
}

# Root of a user namespace is ann to everybody else, and sees no uid but hers.
namespace_root() {
	local as_root=(as ann unshare --user --map-root-user)
	"${as_root[@]}" true 2>"$T/out" || {
		skip "root of a user namespace" "there is none here"
		return
	}
	refused "root of a user namespace cannot connect to root's" \
	    "${as_root[@]}" env ROOT_SOCKET= "$T/bin/ask_service" ask ann 0
	equal "at everybody's it is verified as who it is" \
	    "$("${as_root[@]}" "$T/bin/ask_service" ask ann "$(code ann)" |
		cut -d' ' -f1,2)" "0 3333cccc"
	"${as_root[@]}" "$T/bin/ask_service" ask bob "$(code bob)" >"$T/out"
	refused "so it asks about nobody else" grep -q "^0 3333cccc" "$T/out"
	printf 'ann\t00000000\n' | "${as_root[@]}" "$PAMRUN" "$T/pam" rc \
	    >"$T/out"
	check "the module there goes on to everybody's" logged \
	    '[^t]/verify.sock: belongs to a process of uid 65534'
}

# The service's file is open, and somebody else comes.
beside_others() {
	local spent
	equal "she gets in once more" "$(login ann "$(code ann)")" SUCCESS
	spent=$(code ann)
	equal "a verifier of root's own lets her in" \
	    "$(login ann "$spent" own)" SUCCESS
	equal "what it spent is spent for the service" \
	    "$(login ann "$spent")" AUTH_ERR
	equal "which lets her in with the next" "$(login ann "$(code ann)")" SUCCESS
	admin disable ann >"$T/out"
	equal "a token that was disabled opens nothing at once" \
	    "$(login ann "$(code ann)")" AUTH_ERR
	admin enable ann >"$T/out"
	equal "and is enabled at once" "$(login ann "$(code ann)")" SUCCESS
	both_verifiers
}

# Sets $syncs, of 32 logins: one of so many does more than the others.
count_syncs() {
	local pid pids=() tracer
	login ann "$(code ann)" >"$T/out"
	for pid in "$resident" $(pgrep -P "$resident") $(workers); do
		pids+=(-p "$pid")
	done
	start strace -f -o "$T/trace" -e \
	    trace=fsync,fdatasync,sync_file_range,syncfs,sync,msync \
	    "${pids[@]}" 2>"$T/attached"
	tracer=$started
	check "the service is looked at" wait_for all_attached "${pids[@]}"
	equal "32 logins are accepted meanwhile" "$(codes ann 32 |
	    sed 's/^/ann\t/' | pam_run | grep -c SUCCESS)" 32
	kill "$tracer"
	wait "$tracer"
	syncs=$(grep -cE '^[0-9]+ +[a-z_]*sync[a-z_]*\(' "$T/trace")
}

all_attached() {	# -p PID...
	[ "$(grep -c attached "$T/attached")" -ge $(($# / 2)) ]
}

same_syncs() {
	local with
	count_syncs
	with=$syncs
	check "it has written a witness of them" \
	    test -s "$T/store-witness/ann.witness"
	mv "$T/store-witness" "$T/none"
	count_syncs
	mv "$T/none" "$T/store-witness"
	equal "a login syncs as often as without a witness" "$with" "$syncs"
	check "which is once or more" test "$with" -ge 32
}

# One code each round, four times at the service and four times beside it.
both_verifiers() {	# [ROUNDS]
	local rounds=${1:-4}
	codes ann "$rounds" | sed 's/^/ann\t/' >"$T/codes"
	"$PAMRUN" -n 4 "$T/pam" rc <"$T/codes" >"$T/served" &
	"$PAMRUN" -n 4 "$T/pam" own <"$T/codes" >"$T/spawned"
	wait "$!"
	say_ok "one code at the service and beside it at once, $rounds rounds: \
one success each" "$(cat "$T/served" "$T/spawned" | one_each "$rounds" 8)"
}

spawned_login() {
	echo "auth required $T/bin/pam_rollcode.so conf=$CONF nodelay" \
	    >"$T/pam/own"
	login ann "$(code ann)" own
}

# --- who waits for whom -----------------------------------------------------

# beside WHAT COMMAND...: while a command says that it is ready, and no longer
beside() {
	mkfifo "$T/crowd"
	"${@:2}" <"$T/crowd" >"$T/ready" &
	servers+=("$!")
	exec 5>"$T/crowd"
	wait_for grep -q ready "$T/ready"
	within "$1, root gets in" SUCCESS 900 \
	    root_login ann "$(code ann)"
	within "$1, another user gets in" SUCCESS 900 \
	    login_as bob bob "$(code bob)"
	exec 5>&-
	rm -f "$T/crowd" "$T/ready"
}

busy_store() {
	local denied
	hold ann
	root_login ann "$(code ann)" >"$T/out" &
	denied=$!
	wait_for asked "$denied"
	within "while ann's store is held, bob gets in" SUCCESS 900 \
	    login_as bob bob "$(code bob)"
	wait "$denied"
	within "and ann is denied" AUTHINFO_UNAVAIL 3000 cat "$T/out"
	release
	equal "then she gets in" "$(login ann "$(code ann)")" SUCCESS
}

rubbish() {
	check "rubbish is nothing to it" as ann "$T/bin/ask_service" garbage 300
	within "after that a user gets in" SUCCESS 900 \
	    login_as ann ann "$(code ann)"
}

# The queue is full, for nobody takes anything out of it.
full_queue() {
	mkfifo "$T/crowd"
	ROOT_SOCKET='' "$T/bin/ask_service" fill <"$T/crowd" >"$T/ready" &
	exec 5>"$T/crowd"
	wait_for grep -q ready "$T/ready"
	within "with a full queue root has a verifier of its own" SUCCESS 900 \
	    root_login ann "$(code ann)"
	exec 5>&-
	rm -f "$T/crowd" "$T/ready"
}

guessed() {	# USER
	[ "$(field "$1" failures)" -gt 0 ]
}

# Two that guess as fast as they are answered, until the last line is typed.
flooded() {
	local lines=5 guesses began took hammers=() bad
	[ -z "$long" ] || lines=${ROLLCODE_LINES:-20}
	admin unlock ann >"$T/out"
	for ((took = 0; took < lines; took++)); do
		printf 'ann\t%s\n' "$(code ann -n 3)"
	done >"$T/lines"
	began=${EPOCHREALTIME/./}
	for took in 00000000 99999999; do
		"$BUILD/tests/tools/hammer" 1000000 ann "$took" >>"$T/guessed" &
		hammers+=("$!")
	done
	wait_for guessed ann
	pam_run <"$T/lines" >"$T/out"
	check "the guessing went on all the while" kill "${hammers[@]}"
	wait "${hammers[@]}"
	guesses=$(awk '{ n += $NF } END { print n }' "$T/guessed")
	took=$(((${EPOCHREALTIME/./} - began) / 1000))
	bad=$(awk '$2 != "SUCCESS" || $3 >= 3000' "$T/out")
	[ "$(wc -l <"$T/out")" -eq "$lines" ] || bad+=$'\n'"not $lines answers"
	say_ok "the owner's three codes open within 3 s, $lines of $lines, under \
a flood of wrong guesses" "$bad"
	echo "# $((guesses * 1000 / took)) guesses a second"
	check "which were more than 50 a second" \
	    test $((guesses * 1000 / took)) -ge 50
	refused "and each of them was refused" \
	    grep -qE '^(accepted|resynced|lost) ' "$T/guessed"
	# They may have guessed on after the last line.
	admin unlock ann >"$T/out"
}

at_once() {
	printf 'ann\t%s\n' "$(code ann)" >"$T/one"
	pam_run -n 16 <"$T/one" >"$T/out"
	equal "one code by 16 at once is accepted once" \
	    "$(cut -d' ' -f2 "$T/out" | sort | uniq -c | tr -s ' ' | xargs)" \
	    "15 AUTH_ERR 1 SUCCESS"
}

# --- workers die ------------------------------------------------------------

workers_die() {
	local worker round rounds=4 bad=''
	[ -z "$long" ] || rounds=20
	for ((round = 1; round <= rounds; round++)); do
		printf 'ann\t%s\n' "$(code ann)" >"$T/one"
		worker=$(workers | head -n 1)
		[ -z "$worker" ] || kill -STOP "$worker"
		pam_run <"$T/one" >"$T/out" &
		wait_for asked "$!"
		[ -z "$worker" ] || kill -9 "$worker"
		wait "$!"
		case $(cut -d' ' -f2 "$T/out") in
		SUCCESS | SYSTEM_ERR) ;;
		*) bad+="round $round: $(cat "$T/out")"$'\n' ;;
		esac
		[ "$(login ann "$(code ann)")" = SUCCESS ] ||
		    bad+="round $round: the next code is refused"$'\n'
	done
	say_ok "a worker dies over a request: denied, and the next code opens" \
	    "$bad"
	check "it is logged" logged 'a worker died while it handled a request'
	check "and who asked is sent to that line" logged \
	    "ended without an answer; try again; .*own log lines"
}

# No process can be started for a while.
no_workers() {
	local pid
	for pid in $(workers); do
		kill -9 "$pid"
	done
	wait_for none workers
	as rollcode prlimit --pid "$(serving)" --nproc=0:
	root_login ann "$(code ann)" >"$T/out" &
	pid=$!
	check "it logs that there is no worker" \
	    logged 'a worker cannot be started'
	as rollcode prlimit --pid "$(serving)" --nproc=100:
	wait "$pid"
	within "as soon as one can be started, who waits gets in" SUCCESS 3000 \
	    cat "$T/out"
}

# Of a service that has logged already, so that its workers inherit that.
log_descriptor() {
	local tracer worker
	command -v strace >/dev/null || return
	resident_reload
	login_as bob bob "$(code bob)" >"$T/out"
	worker=$(workers all | head -n 1)
	strace -qq -e trace=sendto,sendmsg,close -o "$T/trace" -p "$worker" \
	    2>"$T/out" &
	tracer=$!
	wait_for grep -qE 'TracerPid:.*[1-9]' "/proc/$worker/status"
	as ann "$T/bin/ask_service" ask bob 00000000 >"$T/out"
	kill "$tracer"
	wait "$tracer"
	check "a worker logs" grep -qF '<84>' "$T/trace"
	refused "and touches no descriptor that is not its own" \
	    grep -E 'EBADF|ENOTSOCK' "$T/trace"
}

none() {	# COMMAND: prints nothing
	[ -z "$("$@")" ]
}

# A worker that starts while a request waits.
memory() {
	local first pids=() secret=40721358 user pid
	mapfile -t first < <(workers)
	kill -STOP "${first[@]}"
	for user in ann ann ann x1 x2 x3; do
		! another_worker "${first[@]}" || break
		ROOT_SOCKET='' "$T/bin/ask_service" ask "$user" "$secret" 0.01 \
		    >"$T/out" &
		pids+=("$!")
		wait_for grep -q sent "$T/out"
		wait_for at_rest
	done
	echo "code $secret" >"$T/needles"
	check "a request that waits is in the serving process" \
	    finds "$(serving)"
	equal "and in no worker that was started meanwhile" \
	    "$(for pid in $(workers); do
		[[ " ${first[*]} " == *" $pid "* ]] || finds "$pid"
	    done)" ""
	kill -CONT "${first[@]}" 2>/dev/null
	wait "${pids[@]}"
	admin unlock ann >"$T/out"
}

another_worker() {	# PID...: beside these
	[ "$(workers | wc -l)" -gt "$#" ]
}

# --- what a message can carry -------------------------------------------------

kernel_refuses() {
	python3 -c "import socket
	socket.socket(socket.AF_UNIX).setsockopt(socket.SOL_SOCKET, 83, 0)" \
	    2>/dev/null
}

held() {	# processes and descriptors of the service
	local pid processes=0 files=0
	for pid in $(pgrep -f "^$SERVE serve"); do
		processes=$((processes + 1))
		files=$((files + $(find "/proc/$pid/fd" -type l | wc -l)))
	done
	echo "$processes $files"
} 2>/dev/null

holds_again() {	# PROCESSES FILES
	[ "$(held)" = "$*" ]
}

attach() {	# KIND COUNT
	as ann "$T/bin/ask_service" attach "$@"
}

attached() {
	local kind before kinds=(file linger nested many)
	: >"$T/syslog"
	for kind in "${kinds[@]}"; do
		kernel_refuses || break
		equal "the kernel takes no message with descriptors: $kind" \
		    "$(attach "$kind" 4)" "sent 0 refused 4"
	done
	resident_stop
	install -m 755 "$BUILD/tests/tools/libno_passrights.so" "$T/bin/"
	resident_of env LD_PRELOAD="$T/bin/libno_passrights.so" "$SERVE" serve
	login ann "$(code ann)" >"$T/out"
	login_as bob bob "$(code bob)" >"$T/out"
	wait_for no_store_files
	read -r -a before < <(held)
	for kind in "${kinds[@]}"; do
		equal "on an older kernel it takes 100 of them: $kind" \
		    "$(attach "$kind" 100)" "sent 100 refused 0"
		within "after 100 of them root gets in: $kind" SUCCESS 500 \
		    root_login ann "$(code ann)"
		within "after 100 of them a user gets in: $kind" SUCCESS 900 \
		    login_as bob bob "$(code bob)"
		check "and nothing of them stays: $kind" \
		    wait_for holds_again "${before[@]}"
	done
	check "who sends them is logged" \
	    logged "uid $(id -u ann) attaches descriptors"
	equal "in the same process all the while" \
	    "$(grep -c 'not responded\|serving process was' "$T/syslog")" 0
	resident_stop
	equal "and it ends well" "$?" 0
}

arrange
resident_start
if [ -n "$long" ]; then
	spawned_login >"$T/out"
	# The service is far ahead at the end, and what is further behind than
	# that is wrong.
	for ((left = ${ROLLCODE_ROUNDS:-30}; left > 0; left -= 30)); do
		both_verifiers 30
	done
	flooded
	workers_die
	exit 0
fi
processes
same_syncs
beside_others
while_stopped full_queue
memory
beside "while a user's 100 connections say nothing" \
    as ann "$T/bin/ask_service" silent 100
beside "while 100 uids say nothing" \
    "$T/bin/ask_service" silent 100 "$NEW_UIDS"
beside "while 100 uids ask again and again" \
    "$T/bin/ask_service" flood ann 100 "$NEW_UIDS"
busy_store
rubbish
flooded
at_once
workers_die
no_workers
log_descriptor
attached
exit 0
