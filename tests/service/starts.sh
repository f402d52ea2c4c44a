#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# starts.sh - where the service listens, what keeps it from starting, and how it is
# reloaded, killed and ended.
# shellcheck disable=SC2317	# some functions are called by name
# limit: 120
. "$(dirname "$0")/../support/lib.sh"
need python3 setpriv
private_machine
. "$TREE/tests/support/pam.sh"
. "$TREE/tests/support/service.sh"

# --- what must not be believed, what cannot start --------------------------

squatted() {
	local squatter
	mkdir -m 755 /run/rollcode
	mkdir -m 700 "${ROOTS%/*}"
	python3 - <<-PYTHON &
	import os, select, socket
	both = []
	reached = open("$T/reached", "w")
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
	while True:
	    for s in select.select(both, [], [])[0]:
	        asked = s.accept()[0].recv(65536)
	        if asked:
	            reached.write(f"{len(asked)} bytes\n")
	            reached.flush()
	PYTHON
	squatter=$!
	servers+=("$squatter")
	wait_for grep -q ready "$T/ready.new"
	rm "$T/ready.new"
	within "somebody else's socket is not asked by root" SYSTEM_ERR 900 \
	    root_login ann "$(code ann)"
	within "nor by a user" SYSTEM_ERR 900 \
	    login_as ann ann "$(code ann)"
	check "and the log says whose it is" \
	    logged 'belongs to a process of uid 4242, which is neither root'
	equal "nor does a request reach it" "$(cat "$T/reached")" ""
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
	servers+=("$holder")
	as ann flock "$SOCKET.lock" true 2>/dev/null &&
	    not_ok "a user cannot lock the socket's place" "it was locked"
	wait_for flocked
	resident_of sh -c "exec $SERVE serve 2>&-"
	equal "without standard error nothing else is that" \
	    "$(readlink "/proc/$resident/fd/2")" /dev/null
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

# --- started by systemd ----------------------------------------------------

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

# --- started by others -----------------------------------------------------

# Started with the limits of some shell, and what it says goes to nobody.
foreign() {
	start bash -c "ulimit -S -u 1 -n 16 -v 40000 -f 0 -t 1 -l 0
	    umask 777; exec setsid $SERVE serve 15</dev/null 2> >(exec 0</dev/null)"
	resident=$started
	wait_for test -S "$ROOTS"
	within "started with tight limits it serves" SUCCESS 900 \
	    login_as ann ann "$(code ann)"
	wait_for is_served
	say_ok "and keeps none of them" "$(awk '
	    /cpu time|file size|processes|address space|locked memory/ &&
	    substr($0, 27, 20) != substr($0, 48, 20)' \
	    "/proc/$(serving)/limits")"
	equal "nor the umask" "$(awk '/^Umask:/ { print $2 }' \
	    "/proc/$(serving)/status")" 0077
	refused "nor a descriptor" test -e "/proc/$resident/fd/15"
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

# --- the env file anew, and the end ----------------------------------------

reload() {
	local before
	before=$(serving)
	mkfifo "$T/told"
	as ann "$T/bin/ask_service" late ann 00000000 <"$T/told" >"$T/out" &
	exec 5>"$T/told"
	wait_for grep -q ready "$T/out"
	kill -HUP "$resident"
	wait_for other "$before"
	exec 5>&-
	wait "$!"
	equal "who was connected before a SIGHUP is answered after it" \
	    "$(tail -n 1 "$T/out" | cut -d' ' -f1,2)" "0 55555555"
	admin unlock ann >"$T/out"
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
	refused "a second service does not start beside it" \
	    timeout 5 "$SERVE" serve
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

arrange
squatted
locked_out
cannot_start
handed_over
resident_start
reload
killed
stopped
old_and_slow
foreign
stopped_late
exit 0
