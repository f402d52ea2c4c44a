#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# resident.sh [long] - rollcode-verify as a service: who may ask, who waits for
# whom, and that it can be stopped, killed and started anew at any time.
# long: only the flood, and the workers that die, for longer.
# long: 300
# shellcheck disable=SC2317	# some functions are called by name
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
need python3 setpriv
private_machine "$@"
. "$TREE/tests/support/pam.sh"
long=${1-}

SOCKET=/run/rollcode/verify.sock
ROOTS=/run/rollcode/root/verify.sock
SERVE=/usr/local/libexec/rollcode/rollcode-verify
NEW_UIDS=60000

arrange() {
	add_user ann
	add_user bob
	add_user www
	installed "CALLERS=www, ghost"
	pam_place
	install -m 755 "$PAMRUN" "$T/bin/pamrun"
	PAMRUN=$T/bin/pamrun
	install -m 755 "$TREE/tests/tools/ask_service.py" "$T/bin/ask_service"
	syslog_start
	enroll ann
	enroll bob
	resident_start
}

# login_as CALLER USER CODE: RESULT MILLISECONDS
login_as() {
	printf '%s\t%s\n' "$2" "$3" | as "$1" "$PAMRUN" "$T/pam" rc |
	    cut -d' ' -f2,3
}

root_login() {	# USER CODE: RESULT MILLISECONDS
	printf '%s\t%s\n' "$1" "$2" | pam_run | cut -d' ' -f2,3
}

# within NAME RESULT MILLISECONDS LOGIN...: that result, sooner
within() {
	local got
	read -r -a got < <("${@:4}")
	equal "$1" "${got[0]-nothing}" "$2"
	check "$1: in under $3 ms" test "${got[1]-99999}" -lt "$3"
}

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

# while_stopped COMMAND...: with the whole service at rest
while_stopped() {
	local all
	all="$resident $(serving) $(serving all) $(workers) $(workers all)"
	# shellcheck disable=SC2086	# a list
	kill -STOP $all
	"$@"
	# shellcheck disable=SC2086	# a list
	kill -CONT $all
}

spawned_login() {
	echo "auth required $T/bin/pam_rollcode.so conf=$CONF nodelay" \
	    >"$T/pam/own"
	login ann "$(code ann)" own
}

# --- who may ask ------------------------------------------------------------

callers() {
	local spent got
	spent=$(code ann)
	equal "a user gets in with a code of their own" \
	    "$(login_as ann ann "$spent" | cut -d' ' -f1)" SUCCESS
	read -r -a got < <(login_as ann ann "$spent")
	equal "and not again" "${got[0]}" AUTH_ERR
	check "a refusal takes a user a second" test "${got[1]}" -ge 1000
	within "it does not take root one" AUTH_ERR 900 \
	    root_login ann "$spent"
	within "an account of CALLERS asks about anybody" SUCCESS 900 \
	    login_as www bob "$(code bob)"
	read -r -a got < <(login_as ann bob "$(code bob)")
	equal "another one asks about nobody else" "${got[0]}" CRED_INSUFFICIENT
	check "and waits for it" test "${got[1]}" -ge 1000
	check "it is logged, without the name that was asked about" \
	    logged 'uid [0-9]+ \(ann\) asked about another account'
	refused "the name stands in no line about it" \
	    grep -E 'asked about.*bob' "$T/syslog"
	equal "nor is root" \
	    "$(login_as ann root 12345678 | cut -d' ' -f1)" CRED_INSUFFICIENT
	equal "nobody is charged for it" \
	    "$(field bob failures) $(field bob spent)" "0 0"
	equal "the code that was tried there is still good" \
	    "$(login bob "$(code bob)")" SUCCESS
	read -r -a got < <(setpriv --reuid "$NEW_UIDS" --clear-groups \
	    "$T/bin/ask_service" ask ann 12345678)
	equal "a uid without an account is refused" "${got[1]}" 00000000
}

# --- who waits for whom -----------------------------------------------------

one_after_the_other() {
	local began=${EPOCHREALTIME/./} pids=()
	for _ in 1 2 3; do
		as ann "$T/bin/ask_service" ask ann 00000000 >"$T/out" &
		pids+=("$!")
	done
	wait "${pids[@]}"
	check "a user's refusals come one after the other" \
	    test $(((${EPOCHREALTIME/./} - began) / 1000)) -ge 3000
	admin unlock ann >"$T/out"
	as ann "$T/bin/ask_service" hang-up ann 00000000 1
	began=${EPOCHREALTIME/./}
	equal "and then a right code is accepted" \
	    "$(login_as ann ann "$(code ann)" | cut -d' ' -f1)" SUCCESS
	check "hanging up does not shorten that" \
	    test $(((${EPOCHREALTIME/./} - began) / 1000)) -ge 700
}

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
	sleep 8
	check "a worker that hangs for ever is given up" \
	    logged 'a worker gave no answer in 10 seconds'
	within "and nobody waits for it" SUCCESS 900 \
	    login_as bob bob "$(code bob)"
	wait "$denied"
	equal "but who asked it" "$(cut -d' ' -f1 "$T/denied")" SYSTEM_ERR
	kill -9 "$tracer"
	wait "$tracer" 2>/dev/null
	equal "then she gets in" "$(login ann "$(code ann)")" SUCCESS
}

# Of a service that has logged already, so that its workers inherit that.
log_descriptor() {
	local tracer worker
	command -v strace >/dev/null || return
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
		ROOT_SOCKET='' "$T/bin/ask_service" ask "$user" "$secret" \
		    >"$T/out" &
		pids+=("$!")
		sleep 0.2
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

finds() {	# PID
	"$TREE/tests/tools/find_secrets.py" "$T/needles" --memory "$1" |
	    grep .
}

# --- the env file anew, and the end -----------------------------------------

other() {
	[ "$(serving)" != "$1" ]
}

reload() {
	local before
	before=$(serving)
	as ann "$T/bin/ask_service" late ann 00000000 >"$T/out" &
	wait_for grep -q ready "$T/out"
	kill -HUP "$resident"
	wait "$!"
	equal "who was connected before a SIGHUP is answered after it" \
	    "$(tail -n 1 "$T/out" | cut -d' ' -f1,2)" "0 55555555"
	admin unlock ann >"$T/out"
	wait_for other "$before"
	before=$(serving)
	sed -i '/^CALLERS/d' "$CONF"
	echo TOLERANCE=2 >>"$CONF"
	kill -HUP "$resident"
	check "on SIGHUP another process serves" wait_for other "$before"
	token ann skip -n 3 >"$T/out"
	equal "by the env file as it is now" "$(login ann "$(code ann)")" AUTH_ERR
	equal "with another tolerance" "$(login ann "$(code ann)")" SUCCESS
	equal "and without CALLERS" \
	    "$(login_as www bob "$(code bob)" | cut -d' ' -f1)" CRED_INSUFFICIENT
	before=$(serving)
	echo TOLERANCE=3 >>"$CONF"
	kill -HUP "$resident"
	check "an env file with a mistake is named" \
	    logged 'line [0-9]+: TOLERANCE is given twice'
	check "and the running service keeps its old configuration" \
	    logged 'the running service keeps its old configuration'
	equal "in the same process" "$(serving)" "$before"
	equal "root gets in all the same" "$(login ann "$(code ann)")" SUCCESS
	sed -i '/^TOLERANCE/d' "$CONF"
	kill -HUP "$resident"
	check "mended, it is used" wait_for other "$before"
}

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

gone() {	# PID
	[ ! -e "/proc/$1" ]
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
	resident_start
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
	within "when they have ended a user gets in" SUCCESS 3000 \
	    login_as ann ann "$(code ann)"
	hang_serving all
	hang_serving root
	wait_for grep -qE "/root/verify.sock: .* no life" "$T/syslog"
	before=${EPOCHREALTIME/./}
	resident_stop
	equal "while others hang it ends well" "$?" 0
	check "within 15 s" \
	    test $(((${EPOCHREALTIME/./} - before) / 1000)) -lt 15000
	kill -9 "${tracers[@]}"
	wait_for no_service
	resident_start
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

is_served() {
	[ -n "$(serving)" ]
}

killed() {
	local before
	wait_for is_served
	before=$(serving)
	kill -9 "$before"
	within "the serving process is killed: who connects waits for the next" \
	    SUCCESS 3000 root_login ann "$(code ann)"
	check "it is logged" logged 'serving process was ended by signal 9'
	check "and there is another" other "$before"
	refused "a second service does not start beside it" "$SERVE" serve
	check "and says why" logged 'another service is running there'
	kill -9 "$resident"
	wait "$resident" 2>/dev/null
	check "root's process is killed: the others end" \
	    wait_for no_service
	check "its socket is still there" test -S "$SOCKET"
	equal "root gets in, by a verifier of its own" \
	    "$(login ann "$(code ann)")" SUCCESS
	equal "a user does not" \
	    "$(login_as ann ann "$(code ann)" | cut -d' ' -f1)" CRED_INSUFFICIENT
	check "and the log names the remedy" \
	    logged 'systemctl enable --now rollcode-verify.socket'
	resident_start
	within "started again it serves" SUCCESS 900 \
	    login_as ann ann "$(code ann)"
}

no_service() {
	[ -z "$(pgrep -f "$SERVE serve")" ]
}

stopped() {
	local got
	as ann "$T/bin/ask_service" ask ann 00000000 0.01 >"$T/out" &
	wait_for grep -q sent "$T/out"
	wait_for at_rest all
	resident_stop
	equal "told to stop it ends well" "$?" 0
	wait_for grep -q '^[0-9]' "$T/out"
	read -r -a got < <(grep '^[0-9]' "$T/out")
	equal "what was begun is answered" "${got[0]} ${got[1]}" "0 55555555"
	refused "no socket is left" test -e "$SOCKET" -o -e "$ROOTS"
	check "no process either" no_service
}

# --- what must not be believed, what cannot start ----------------------------

# Started with the limits of some shell, and what it says goes to nobody.
foreign() {
	start bash -c "ulimit -S -u 1 -n 16 -v 40000 -f 0 -t 1 -l 0
	    umask 777; exec setsid $SERVE serve 2> >(exec 0</dev/null)"
	resident=$started
	wait_for test -S "$ROOTS"
	within "started with tight limits it serves" SUCCESS 900 \
	    login_as ann ann "$(code ann)"
	say_ok "and keeps none of them" "$(awk '
	    /cpu time|file size|processes|address space|locked memory/ &&
	    substr($0, 27, 20) != substr($0, 48, 20)' \
	    "/proc/$(serving)/limits")"
	echo nonsense >>"$CONF"
	kill -HUP "$resident"
	check "an error that nobody reads" logged 'no equals sign'
	sed -i '/^nonsense/d' "$CONF"
	within "does not end it" SUCCESS 900 login_as ann ann "$(code ann)"
}

# Every call takes longer than it waits between two signals.
old_and_slow() {
	command -v strace >/dev/null || return
	start strace -f -qq -o "$T/trace" \
	    -e inject=close_range:error=ENOSYS "$SERVE" serve
	wait_for test -S "$ROOTS"
	resident=$(pgrep -o -f "^$SERVE serve")
	within "on an old and slow machine it serves" SUCCESS 9000 \
	    login_as ann ann "$(code ann)"
	check "and its worker holds nothing but its socket and the log's" \
	    test "$(find "/proc/$(workers all | head -n 1)/fd" \
		-lname 'socket:*' | wc -l)" -le 2
	kill "$resident"
	wait "$started"
}

# A request that takes long keeps nobody else from getting in.
stopped_late() {
	local worker
	login ann "$(code ann)" >"$T/out"
	worker=$(workers | head -n 1)
	kill -STOP "$worker"
	root_login ann "$(code ann)" >"$T/denied" &
	wait_for asked "$!"
	kill -INT -- "-$resident"
	within "ended by a terminal, root has a verifier of its own" SUCCESS 900 \
	    root_login bob "$(code bob)"
	kill -CONT "$worker"
	wait "$resident"
	equal "and then it ends well" "$?" 0
	wait_for grep -q . "$T/denied"
	equal "what was begun was answered" \
	    "$(cut -d' ' -f1 "$T/denied")" SUCCESS
}

squatted() {
	local squatter
	python3 - <<-PYTHON &
	import os, socket, time
	both = []
	for path in "$SOCKET", "$ROOTS":
	    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
	    s.bind(path)
	    os.chmod(path, 0o666)
	    both.append(s)
	ready = open("$T/ready.new", "w")
	os.setresgid(4242, 4242, 4242)
	os.setresuid(4242, 4242, 4242)
	for s in both:
	    s.listen(16)
	ready.write("ready")
	ready.close()
	time.sleep(60)
	PYTHON
	squatter=$!
	wait_for grep -q ready "$T/ready.new"
	rm "$T/ready.new"
	within "somebody else's socket is not asked by root" SYSTEM_ERR 900 \
	    root_login ann "$(code ann)"
	within "nor by a user" SYSTEM_ERR 900 \
	    login_as ann ann "$(code ann)"
	check "and the log says whose it is" \
	    logged 'belongs to a process of uid 4242, which is neither root'
	kill -9 "$squatter"
	wait "$squatter" 2>/dev/null
	rm -f "$SOCKET" "$ROOTS"
}

# A service that starts all the same is ended.
fails() {	# NAME PATTERN COMMAND...
	local job
	"${@:3}" >"$T/out" 2>&1 &
	job=$!
	patience=5 wait_for ended "$job" || pkill -9 -f "^$SERVE serve"
	wait "$job"
	equal "$1: status 1" "$?" 1
	check "$1: says so" grep -qE -- "$2" "$T/out"
}

# A user locks what a user can open.
locked_out() {
	local holder
	as ann flock /run/rollcode sleep 60 &
	holder=$!
	as ann flock "$SOCKET.lock" true 2>/dev/null &&
	    not_ok "a user cannot lock the socket's place" "it was locked"
	wait_for flocked
	resident_start
	within "a user's lock does not keep it from starting" SUCCESS 900 \
	    login_as ann ann "$(code ann)"
	resident_stop
	kill "$holder"
	wait "$holder" 2>/dev/null
}

flocked() {
	! flock -n /run/rollcode true
}

cannot_start() {
	fails "not as a user" 'only root can start' as ann "$SERVE" serve
	chmod 777 /run/rollcode
	fails "not where others can put a socket" \
	    'can be written by others .*chmod go-w /run/rollcode' "$SERVE" serve
	chmod 755 /run/rollcode
	chmod 711 "${ROOTS%/*}"
	fails "nor where others can reach root's socket" \
	    'is open to others .*chmod 0700 /run/rollcode/root' "$SERVE" serve
	chmod 700 "${ROOTS%/*}"
	chmod 644 "$CONF"
	fails "not with an env file for all to read" \
	    'has mode 0644 .*chmod 600' "$SERVE" serve
	chmod 600 "$CONF"
	sed 's/^ACCOUNT=.*/ACCOUNT=root/' "$CONF" >"$T/root.env"
	chmod 600 "$T/root.env"
	fails "not as root" 'root.env: ACCOUNT is root, .* remove that line' \
	    "$SERVE" serve "$T/root.env"
	touch "$SOCKET"
	fails "not in the place of a file" 'it is not a socket' "$SERVE" serve
	rm "$SOCKET"
	refused "and nothing is left" test -e "$SOCKET" -o -e "$ROOTS"
}

# --- a directory service that is down ----------------------------------------

# "far" is an account that only the directory knows; 5 is EIO.
directory_down() {
	local before
	if ! accounts_fold; then
		skip "callers of a directory" "none could be set up here"
		return
	fi
	echo "far:x:4999:4999::/:/bin/sh" >/etc/passwd.fold
	: >"$T/syslog"
	echo "CALLERS=far www" >>"$CONF"
	resident_start
	check "it finds its callers in a directory" \
	    logged 'serving .*, 2 callers may ask'
	before=$(serving)
	echo "far UNAVAIL 5" >/etc/passwd.fail
	kill -HUP "$resident"
	check "one that cannot be looked up at a reload is named" \
	    logged 'CALLERS: the account far cannot be looked up'
	equal "and keeps its rights" "$(serving)" "$before"
	resident_stop
	: >"$T/syslog"
	resident_start
	check "at the start it is left out, and the others are not" \
	    logged 'serving .*, 1 callers may ask'
	within "which can ask" SUCCESS 900 login_as www bob "$(code bob)"
	resident_stop
	sed -i '/^CALLERS/d' "$CONF"
}

# Strangers ask about bob, and the directory takes long to say who they are.
slow_directory() {
	local strangers
	[ -e /etc/ld.so.conf.d/0rollcode.conf ] || {
		skip "a slow directory" "none could be set up here"
		return
	}
	echo 4 >/etc/passwd.slow
	echo "CALLERS=www" >>"$CONF"
	resident_start
	for strangers in 20 100; do
		mkfifo "$T/crowd"
		"$T/bin/ask_service" flood bob "$strangers" "$NEW_UIDS" \
		    <"$T/crowd" >"$T/ready" &
		servers+=("$!")
		exec 5>"$T/crowd"
		wait_for grep -q ready "$T/ready"
		within "while $strangers strangers ask about bob, he gets in" \
		    SUCCESS 900 login_as bob bob "$(code bob)"
		within "so he does through a caller ($strangers)" SUCCESS 900 \
		    login_as www bob "$(code bob)"
		within "so he does through root ($strangers)" SUCCESS 900 \
		    root_login bob "$(code bob)"
		within "once more, for he may be refused ($strangers)" \
		    AUTH_ERR 2000 login_as bob bob 00000000
		exec 5>&-
		rm -f "$T/crowd" "$T/ready"
	done
	equal "nobody is charged for what strangers ask" \
	    "$(field bob failures)" 1
	resident_stop
	sed -i '/^CALLERS/d' "$CONF"
	rm /etc/passwd.slow
}

# --- started by systemd -----------------------------------------------------

# handed [NAME...]: by a service manager, which owns the sockets
handed() {
	: >"$T/notified"
	python3 - "$SERVE" "$@" <<-PYTHON >"$T/notified" &
	import os, socket, subprocess, sys
	names = sys.argv[2:]
	n = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	n.bind("$T/notify")
	held = []
	for name in names or [None]:
	    path = "$ROOTS" if name == "verify-root" else "$SOCKET"
	    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
	    s.bind(path)
	    os.chmod(path, 0o666)
	    s.listen(16)
	    held.append(s)
	pid = os.fork()
	if pid == 0:
	    for i, s in enumerate(held):
	        os.dup2(s.fileno(), 100 + i)
	    for i in range(len(held)):
	        os.dup2(100 + i, 3 + i)
	    os.environ.update(LISTEN_PID=str(os.getpid()),
	                      LISTEN_FDS=str(len(held)),
	                      NOTIFY_SOCKET="$T/notify")
	    if names:
	        os.environ["LISTEN_FDNAMES"] = ":".join(names)
	    os.execv(sys.argv[1], [sys.argv[1], "serve"])
	print(pid, n.recv(100).decode(), flush=True)
	print(n.recv(100).decode(), flush=True)
	print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
	PYTHON
	servers+=("$!")
	wait_for grep -q READY=1 "$T/notified"
}

handed_over() {
	handed
	check "everybody's socket is handed over: it tells that it is ready" \
	    grep -q READY=1 "$T/notified"
	within "and serves" SUCCESS 900 login_as ann ann "$(code ann)"
	within "root's socket it makes itself" SUCCESS 900 \
	    root_login ann "$(code ann)"
	kill "$(cut -d' ' -f1 "$T/notified" | head -n 1)"
	check "told to stop it tells that too, and ends well" \
	    wait_for grep -qx 0 "$T/notified"
	check "and leaves a socket that is not its own" test -S "$SOCKET"
	refused "but not the one that it made" test -e "$ROOTS"
	rm -f "$SOCKET" "$T/notify"
	handed verify-root verify
	mv "$SERVE" "$SERVE.away"
	within "each is served: for root" SUCCESS 900 \
	    root_login ann "$(code ann)"
	within "each is served: for a user" SUCCESS 900 \
	    login_as ann ann "$(code ann)"
	mv "$SERVE.away" "$SERVE"
	kill "$(cut -d' ' -f1 "$T/notified" | head -n 1)"
	wait_for grep -qx 0 "$T/notified"
	check "and both are left" test -S "$SOCKET" -a -S "$ROOTS"
	rm -f "$SOCKET" "$ROOTS"
	fails "a descriptor that is no listening socket" \
	    'ListenSequentialPacket' handed_a_file
	fails "a name that none of its sockets has" \
	    'systemd passed a socket named other; .*FileDescriptorName=verify-root' \
	    handed_a_file other
}

handed_a_file() {	# [NAME]
	python3 - "$SERVE" "$@" <<-'PYTHON'
	import os, sys
	os.dup2(os.open("/dev/null", os.O_RDWR), 3)
	os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1",
	                  LISTEN_FDNAMES=":".join(sys.argv[2:]))
	os.execv(sys.argv[1], [sys.argv[1], "serve"])
	PYTHON
}

arrange
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
beside_others
memory
callers
one_after_the_other
beside "while a user's 100 connections say nothing" \
    as ann "$T/bin/ask_service" silent 100
beside "while 100 uids say nothing" \
    "$T/bin/ask_service" silent 100 "$NEW_UIDS"
beside "while 100 uids ask again and again" \
    "$T/bin/ask_service" flood ann 100 "$NEW_UIDS"
busy_store
rubbish
while_stopped full_queue
flooded
at_once
workers_die
no_workers
hangs
reload
log_descriptor
attached
stopped_serving
roots_own
all_at_rest
too_many_hang
killed
stopped
old_and_slow
foreign
stopped_late
squatted
locked_out
cannot_start
directory_down
slow_directory
handed_over
exit 0
