# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# lib.sh - what the test scripts share.  A script begins
#
#	#!/bin/bash
#	. "$(dirname "$0")/../support/lib.sh"
#	private_machine			# needs root; or: scratch
#
# and then arranges, and prints one line per test.  Failures are counted; the
# script ends with 1 if there were any.  Everything it started is ended and
# everything it made is removed on every way out.
#
# Results
#   ok NAME    not_ok NAME WHY    skip NAME WHY
#   check NAME COMMAND...         ok if the command succeeds
#   refused NAME COMMAND...       ok if it fails (a crash is not ok)
#   equal NAME GOT WANTED
#   need PROGRAM...               skips the whole script without them
#   need_root
#
# Place
#   scratch            $T: an empty directory; $PATH starts with $T/bin, which
#                      has the programs, owned by who runs this
#   private_machine    scratch, with a /etc, /run, /dev, /var/log and process
#                      ids of its own: change them at will, a kill -9 leaves
#                      nothing.  The script starts anew in it, with the
#                      arguments given here, so call this first.
#   start COMMAND...   in the background until the script ends; sets $started
#   wait_for COMMAND   until it succeeds, at most $patience s (10)
#   ended PID          whether that job of ours has
#   nap SECONDS        sleeps, and starts no program for it
#   free_port          prints one
#
# Server (in $T; CONF is $T/rollcode.env)
#   server [KEY=VALUE...]         a new env file and an initialised store
#   installed [KEY=VALUE...]      the same, where `make install` puts things, in
#                                 the private machine; the store, and a
#                                 directory for witnesses, $T/store-witness,
#                                 belong to the account rollcode
#   module_installed              the module too, behind `installed`
#   resident_start [ENVFILE]      rollcode-verify serve, behind `installed`
#   resident_of COMMAND...        that in its place
#   serving [all | root]          its process that serves everybody's socket, or
#                                 root's (that one if none is named)
#   workers [all | root]          those of that process
#   at_rest [all | root]          whether that process waits for something
#   asked JOB                     whether a host has sent its request to root's
#                                 socket, and the service has read it; or the
#                                 job that runs the host has ended
#   store_files, no_store_files   what of $T/store they have open; whether none
#   resident_reload               until another process serves
#   resident_stop
#   admin ARGUMENT...             rollcode-admin --conf $CONF
#   value EXPRESSION              of the JSON on standard input, which is j
#   pam_line [ARGUMENT...]        "auth required MODULE conf=... ..."
#   pam_service NAME [ARGUMENT...]  /etc/pam.d/NAME with that line
#   add_user NAME                 an account with a home, in the private /etc
#   add_service NAME              a system account, for the store
#   accounts_fold                 accounts come from /etc/passwd.fold too, in any
#                                 spelling, and a uid that nobody has takes as
#                                 many seconds as /etc/passwd.slow says; fails
#                                 where that cannot be
#   as USER COMMAND...            as that account, clean environment
#   syslog_start                  what is logged goes to $T/syslog
#   logged PATTERN                waits a moment for a line with it (grep -E)
#   sshd_start [LINE...]          sshd on 127.0.0.1 port $SSHD_PORT, asking
#                                 only for a code; LINEs go before its own
#   ssh_as USER ANSWER...         logs in, prints `id -un`; prompts are left
#                                 in $T/prompts
#   ssh_answered ANSWER... -- ARGUMENT...   the same, with these for ssh
# Client
#   enroll USER [OPTION...]       rollcode-admin enroll into USER's wallet
#   token USER ARGUMENT...        rollcode-token with that wallet
#   code USER                     the next code
#   off SECONDS COMMAND...        with a clock that is so many seconds off
#   wrong CODE                    a code of that shape that is not CODE
set -u
export LC_ALL=C
umask 022

TREE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[ "${SAN-}" = 1 ] && BUILD=${BUILD:-build/san}
BUILD=$(cd "$TREE" && realpath -m "${BUILD:-build}")
SCRIPT=$(basename "$0" .sh)
# The system's programs, not what a person has put before them.
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH:/usr/local/sbin
failures=0
started=
servers=()

# --- results ----------------------------------------------------------------

ok() {
	echo "ok $1"
}

not_ok() {
	failures=$((failures + 1))
	echo "not ok $1 - ${2:-no reason given}"
}

skip() {
	echo "skip $1 - $2"
}

show() {
	printf '%s\n' "$1" | sed 's/^/    /'
}

check() {
	local output status
	output=$("${@:2}" 2>&1) && { ok "$1"; return 0; }
	status=$?
	not_ok "$1" "status $status: ${*:2}"
	show "$output"
	return 1
}

refused() {
	local output status
	output=$("${@:2}" 2>&1)
	status=$?
	case $status in
	[1-9] | [1-9][0-9] | 1[01]? | 12[0-3] | 255) ok "$1"; return 0 ;;
	esac
	not_ok "$1" "status $status, not a refusal: ${*:2}"
	show "$output"
	return 1
}

equal() {
	[ "$2" = "$3" ] && { ok "$1"; return 0; }
	not_ok "$1" "not what was wanted"
	show "got:    $2"
	show "wanted: $3"
	return 1
}

need_root() {
	[ "$(id -u)" -ne 0 ] || return 0
	skip "$SCRIPT" "needs root"
	exit 0
}

need() {
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null && continue
		skip "$SCRIPT" "needs $program"
		exit 0
	done
}

# --- place ------------------------------------------------------------------

finish() {
	local status=$?
	trap '' INT TERM HUP
	[ "${#servers[@]}" -eq 0 ] || kill -9 "${servers[@]}" 2>/dev/null
	wait 2>/dev/null
	[ -z "${remove-}" ] || rm -rf "$remove"
	[ "$status" -ne 0 ] || [ "$failures" -eq 0 ] || status=1
	exit "$status"
}

on_exit() {
	trap finish EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

fill_scratch() {
	local program
	CONF=$T/rollcode.env
	mkdir -p "$T/bin"
	for program in pam_rollcode.so rollcode-verify rollcode-admin \
	    rollcode-token; do
		[ ! -f "$BUILD/$program" ] ||
		    install -m 755 "$BUILD/$program" "$T/bin/$program"
	done
	PATH=$T/bin:$PATH
}

scratch() {
	remove=$(mktemp -d) || exit 1
	on_exit
	chmod 755 "$remove"
	T=$remove
	fill_scratch
}

# The first of the usual mount points that does not hide the tree.
mount_point() {
	local place
	for place in /mnt /media /srv; do
		if [ ! -d "$place" ] || [ -L "$place" ]; then continue; fi
		case $TREE/ in "$place"/*) continue ;; esac
		case $BUILD/ in "$place"/*) continue ;; esac
		echo "$place"
		return 0
	done
	return 1
}

private_dev() {
	local node
	mkdir "$T/dev"
	mount -n -t tmpfs -o mode=0755,size=16m dev "$T/dev"
	for node in null zero full random urandom tty; do
		touch "$T/dev/$node"
		mount -n --bind "/dev/$node" "$T/dev/$node"
	done
	mkdir "$T/dev/pts"
	mkdir -m 1777 "$T/dev/shm"
	mount -n -t devpts -o newinstance,ptmxmode=0666,mode=0620 pts "$T/dev/pts"
	ln -s pts/ptmx "$T/dev/ptmx"
	ln -s /proc/self/fd "$T/dev/fd"
	for node in 0:stdin 1:stdout 2:stderr; do
		ln -s "/proc/self/fd/${node%:*}" "$T/dev/${node#*:}"
	done
	mount -n --move "$T/dev" /dev
}

# What logging in, sudo and the rest write outside /etc and /run.
private_var() {
	local place
	for place in log lib/sudo lib/lastlog lib/wtmpdb lib/fail2ban \
	    lib/rollcode; do
		[ ! -d "/var/$place" ] ||
		    mount -n -t tmpfs -o mode=0755 var "/var/$place"
	done
	touch /var/log/wtmp /var/log/btmp /var/log/lastlog
}

private_machine() {
	if [ "${ROLLCODE_PRIVATE-}" != "$$" ]; then
		need_root
		need unshare mount
		if ! unshare -m -p -f --propagation private true 2>/dev/null; then
			skip "$SCRIPT" "unshare -m -p is not permitted here"
			exit 0
		fi
		# The first process in the new namespace is number 1.
		ROLLCODE_PRIVATE=1 exec unshare -m -p -f --kill-child \
		    --mount-proc --propagation private -- "$0" "$@"
	fi
	unset ROLLCODE_PRIVATE
	on_exit
	set -e
	mount -n -t tmpfs -o mode=0755 run /run
	mkdir -m 755 /run/sshd /run/lock
	T=$(mount_point)
	mount -n -t tmpfs -o mode=0755 scratch "$T"
	cp -a /etc "$T/etc"
	mount -n --bind "$T/etc" /etc
	private_var
	private_dev
	set +e
	fill_scratch
}

start() {
	"$@" &
	started=$!
	servers+=("$started")
}

nap() {
	[ -n "${silent-}" ] || exec {silent}<> <(:)
	read -r -t "$1" -u "$silent" _
}

wait_for() {
	local end=$((${EPOCHREALTIME/./} + ${patience:-10} * 1000000))
	while [ "${EPOCHREALTIME/./}" -lt "$end" ]; do
		"$@" >/dev/null 2>&1 && return 0
		nap 0.02
	done
	return 1
}

ended() {
	! kill -0 "$1" 2>/dev/null
}

listening() {
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

free_port() {
	local port
	while port=$((20000 + RANDOM % 12000)); do
		listening "$port" || { echo "$port"; return; }
	done
}

# --- server -----------------------------------------------------------------

server() {
	rm -rf "$CONF" "$T/store" "$T/store-witness"
	case " $* " in *" ACCOUNT="*) ;; *) set -- ACCOUNT=root "$@" ;; esac
	(umask 077 && mkdir "$T/store")
	(umask 077 && printf '%s\n' "DATABASE=sqlite:$T/store" "$@" >"$CONF")
	case " $* " in
	*" ACCOUNT=rollcode "*)
		mkdir -m 700 "$T/store-witness"
		chown rollcode:rollcode "$T/store" "$T/store-witness"
		;;
	esac
	admin init >"$T/init.log" 2>&1 && return 0
	echo "rollcode-admin init failed:"
	show "$(cat "$T/init.log")"
	exit 1
}

installed() {
	grep -q '^rollcode:' /etc/passwd || add_service rollcode
	mkdir -p /usr/local
	mount -n -t tmpfs -o mode=0755 local /usr/local
	mkdir -p /usr/local/bin /usr/local/sbin /usr/local/libexec/rollcode
	install -m 755 "$T/bin/rollcode-verify" /usr/local/libexec/rollcode/
	[ ! -f "$BUILD/rollcode-pgsql.so" ] || install -m 644 \
	    "$BUILD/rollcode-pgsql.so" /usr/local/libexec/rollcode/
	install -m 644 "$BUILD/rollcode-standin.so" \
	    /usr/local/libexec/rollcode/
	install -m 755 "$T/bin/rollcode-admin" /usr/local/sbin/
	install -m 755 "$T/bin/rollcode-token" /usr/local/bin/
	mkdir -p /etc/rollcode
	CONF=/etc/rollcode/rollcode.env
	server ACCOUNT=rollcode "$@"
}

module_installed() {
	# shellcheck disable=SC2016	# the variable is make's
	PAMDIR=$(make -s -C "$TREE" --eval 'where: ; @echo $(PAMDIR)' where)
	mkdir "$T/security"
	cp -a "$PAMDIR/." "$T/security"
	install -m 644 "$T/bin/pam_rollcode.so" "$T/security/"
	mount -n --bind "$T/security" "$PAMDIR"
}

resident_start() {
	resident_of /usr/local/libexec/rollcode/rollcode-verify serve "$@"
}

resident_of() {
	start "$@" 2>"$T/serve.log"
	resident=$started
	# The one that is made last.
	wait_for test -S /run/rollcode/root/verify.sock && return 0
	echo "the service did not start:"
	cat "$T/serve.log"
	exit 1
}

resident_reload() {
	local before
	before="$(serving) $(serving all)"
	kill -HUP "$resident"
	wait_for both_replaced "$before"
}

both_replaced() {	# THOSE-BEFORE
	local one
	for one in "$(serving)" "$(serving all)"; do
		[ -n "$one" ] && [[ " $1 " != *" $one "* ]] || return 1
	done
}

# Where it does not end by itself, it is ended.
resident_stop() {
	kill "$resident"
	patience=20 wait_for ended "$resident" || kill -9 "$resident"
	wait "$resident"
}

# The newest one: one that was replaced may be there yet.
serving() {
	pgrep -n -P "$resident" -x "verify-${1:-root}"
}

workers() {
	pgrep -P "$(serving "$@")"
}

# The host waits in poll: its number on x86-64, arm64 and i386.  Who sends wakes
# up who reads, so a process that sleeps behind that has read.
asked() {
	local call='' host
	ended "$1" && return
	host=$(pgrep -n -x pamrun) || return
	read -r call _ <"/proc/$host/syscall"
	case $call in
	7 | 73 | 168 | 271 | 309) ;;
	*) return 1 ;;
	esac
	at_rest
} 2>/dev/null

at_rest() {	# [all | root]
	grep -q '^State:.S' "/proc/$(serving "$@")/status"
}

store_files() {	# that workers have open
	local pid
	for pid in $(workers) $(workers all); do
		find "/proc/$pid/fd" -lname "$T/store/*" -printf '%l\n'
	done
}

no_store_files() {
	[ -z "$(store_files)" ]
}

# The names that findings have.
findings_of_check() {
	tr -s '\n\t ' ' ' < <(cat "$TREE"/pam_rollcode/admin/check/*.c) |
	    grep -oE '((IS|PAM)_[A-Z_]+,|check_trusted\( ?check,|(HELPER|&where|check, path),) "[a-z-]+"|"[a-z-]+", IS_|\? "[a-z]+-[a-z]+" : "[a-z]+-[a-z]+"' |
	    grep -oE '"[a-z-]+"' | tr -d '"' | sort -u
}

admin() {
	rollcode-admin --conf "$CONF" "$@"
}

value() {
	python3 -c 'import json, sys
j = json.load(sys.stdin)
print(eval(" ".join(sys.argv[1].split())))' "$1"
}

pam_line() {
	local place="conf=$CONF helper=$T/bin/rollcode-verify"
	[ "$CONF" != /etc/rollcode/rollcode.env ] || place=
	echo "auth required $T/bin/pam_rollcode.so $place" "$@"
}

pam_service() {
	{
		pam_line "${@:2}"
		echo "account required pam_permit.so"
		echo "session required pam_permit.so"
	} >"/etc/pam.d/$1"
}

# What the store belongs to: no account that a person can use.
add_service() {
	local uid=990
	while getent passwd "$uid" >/dev/null; do uid=$((uid - 1)); done
	echo "$1:x:$uid:$uid::/nonexistent:/usr/sbin/nologin" >>/etc/passwd
	echo "$1:!:20000:0:99999:7:::" >>/etc/shadow
	echo "$1:x:$uid:" >>/etc/group
	mkdir -p "$T/home/$1"
	chown "$uid:$uid" "$T/home/$1"
}

next_uid=4001
add_user() {
	echo "$1:x:$next_uid:$next_uid::$T/home/$1:/bin/sh" >>/etc/passwd
	echo "$1:*:20000:0:99999:7:::" >>/etc/shadow
	echo "$1:x:$next_uid:" >>/etc/group
	mkdir -p "$T/home/$1"
	chown "$next_uid:$next_uid" "$T/home/$1"
	next_uid=$((next_uid + 1))
}

accounts_fold() {
	[ -f "$BUILD/tests/tools/libnss_fold.so" ] || return 1
	command -v ldconfig >/dev/null || return 1
	mkdir "$T/nss"
	install -m 755 "$BUILD/tests/tools/libnss_fold.so" \
	    "$T/nss/libnss_fold.so.2"
	[ ! -d /var/cache/ldconfig ] ||
	    mount -n -t tmpfs -o mode=0700 var /var/cache/ldconfig
	echo "$T/nss" >/etc/ld.so.conf.d/0rollcode.conf
	ldconfig -X
	sed -i '/^passwd:/d' /etc/nsswitch.conf
	echo "passwd: files fold" >>/etc/nsswitch.conf
}

as() {
	setpriv --reuid "$1" --regid "$1" --init-groups env -i -C "$T/home/$1" \
	    HOME="$T/home/$1" USER="$1" LOGNAME="$1" PATH="$PATH" LC_ALL=C \
	    "${@:2}"
}

# tool NAME: one of tests/tools where anybody can run it, wherever the tree is
tool() {
	install -m 755 "$TREE/tests/tools/$1" "$T/bin/$1" && echo "$T/bin/$1"
}

syslog_start() {
	: >"$T/syslog"
	start "$BUILD/tests/tools/syslog_catch" /dev/log "$T/syslog"
	wait_for test -S /dev/log || {
		echo "nothing listens on /dev/log"
		exit 1
	}
}

logged() {
	wait_for grep -qE -- "$1" "$T/syslog" && return 0
	echo "no line with: $1; the log has:"
	cat "$T/syslog"
	return 1
}

sshd_config() {
	printf '%s\n' "$@"
	cat <<-CONF
	Port $SSHD_PORT
	ListenAddress 127.0.0.1
	HostKey $T/host_key
	PidFile none
	UsePAM yes
	KbdInteractiveAuthentication yes
	PasswordAuthentication no
	AuthenticationMethods keyboard-interactive:pam
	MaxStartups 200
	UseDNS no
	CONF
}

sshd_start() {
	[ -f "$T/host_key" ] ||
	    ssh-keygen -q -t ed25519 -N '' -C '' -f "$T/host_key"
	grep -qsF "$CONF" /etc/pam.d/sshd || pam_service sshd
	SSHD_PORT=$(free_port)
	sshd_config "$@" >"$T/sshd_config"
	# Newer servers keep an address out after failures.
	echo "PerSourcePenalties no" | cat - "$T/sshd_config" >"$T/sshd_newer"
	! /usr/sbin/sshd -t -f "$T/sshd_newer" 2>/dev/null ||
	    mv "$T/sshd_newer" "$T/sshd_config"
	start /usr/sbin/sshd -D -f "$T/sshd_config" -E "$T/sshd.log"
	wait_for listening "$SSHD_PORT" && return 0
	echo "sshd did not start:"
	cat "$T/sshd.log"
	exit 1
}

ssh_askpass() {
	cat >"$T/bin/answer" <<-'ANSWER'
	#!/bin/sh
	# Nothing but built-in commands: it runs hundreds of times.
	printf '%s\n' "$1" >>"$ANSWERS.prompts"
	read -r n <"$ANSWERS.given"
	echo $((n + 1)) >"$ANSWERS.given"
	while IFS= read -r line; do
		[ $((n -= 1)) -lt 0 ] && { printf '%s\n' "$line"; exit; }
	done <"$ANSWERS"
	ANSWER
	chmod 755 "$T/bin/answer"
	echo "* $(cut -d' ' -f1,2 "$T/host_key.pub")" >"$T/known_hosts"
}

# Other options of ssh, of a whole script.
ssh_options=()

ssh_answered() {
	local answers=$T/answers.$BASHPID.$RANDOM end status
	for ((end = 1; end <= $#; end++)); do
		[ "${!end}" != -- ] || break
	done
	[ -x "$T/bin/answer" ] || ssh_askpass
	printf '%s\n' "${@:1:end-1}" >"$answers"
	echo 0 >"$answers.given"
	: >"$answers.prompts"
	# The key exchange that costs the least: it is not what is tested.
	ANSWERS=$answers SSH_ASKPASS=$T/bin/answer SSH_ASKPASS_REQUIRE=force \
	    timeout 30 ssh -F none -p "$SSHD_PORT" \
	    -o "UserKnownHostsFile=$T/known_hosts" \
	    -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes \
	    -o KexAlgorithms=curve25519-sha256 \
	    -o NumberOfPasswordPrompts=$((end - 1)) "${ssh_options[@]}" \
	    "${@:end+1}" id -un \
	    </dev/null
	status=$?
	mv -f "$answers.prompts" "$T/prompts"
	return "$status"
}

ssh_as() {
	ssh_answered "${@:2}" -- -o LogLevel=ERROR \
	    -o PreferredAuthentications=keyboard-interactive "$1@127.0.0.1"
}

# --- client -----------------------------------------------------------------

wallet() {
	echo "$T/wallet/$1.db"
}

token() {
	[ -d "$T/wallet" ] || mkdir -m 700 "$T/wallet"
	rollcode-token --store "$T/wallet/$1.db" "${@:2}"
}

enroll() {
	admin enroll "$1" --no-account "${@:2}" >"$T/uri" 2>"$T/enroll.log" &&
	    token "$1" add <"$T/uri" >"$T/add.log" 2>&1 && return 0
	echo "enrolling $1 failed:"
	cat "$T/enroll.log" "$T/add.log"
	exit 1
}

code() {
	token "$1" next "${@:2}"
}

wrong() {
	printf '%s\n' "$1" | tr 0-9a-f 1-90b-fa
}

off() (
	FAULT_TIME=$(($(date +%s) + $1)) LD_PRELOAD=$BUILD/tests/tools/libfault.so
	export FAULT_TIME LD_PRELOAD
	"${@:2}"
)
