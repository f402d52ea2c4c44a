# shellcheck shell=bash disable=SC2034,SC2154	# lib.sh's names, and others'
# SPDX-License-Identifier: Apache-2.0
#
# place.sh - where logins are measured.  Source it behind lib.sh, after
# private_machine: accounts, /etc and /run are that machine's own, and what
# logins write lies on a real disk, in a folder of its own in $BENCH_DIR
# (/var/tmp).  Nothing listens on /dev/log.
#
#   place_make             $DISK, the programs, the accounts bench0 to bench7,
#                          the peers that are installed: $HAVE has their names
#   place_store NAME [KEY=VALUE...]   a store of ours
#   place_enroll NAME USER [OPTION...]
#   enroll_client          the token of the store `one`, in $DISK/wallet
#   place_fill NAME COUNT  COUNT more users in it
#   place_oath COUNT       pam_oath's file with so many users, the last ones
#                          being bench0 to bench7 as far as there is room
#   login_of SUBJECT [OPTION...]      runs login; SUBJECT is one of
#       permit             pam_permit
#       google             pam_google_authenticator, a file for each user
#       oath.COUNT         pam_oath with that file
#       oath.own           pam_oath with a file for each user
#       resident.NAME      ours, with that store; the service is started
#       spawned.NAME       ours, started for each login
#       resident.yes       our module, with a service that only says yes
#   present SUBJECT...     those of them whose module is installed
#   trace_of SUBJECT FILE OPTION...   login under strace, and what serves it
#   at_work                process ids of what serves, and of its workers
#   cpu_of PID...          nanoseconds that they were on a processor so far
#   on_cpu                 those of what serves

PEERS=(pam_google_authenticator pam_oath)
SECRET_TEXT='bench-secret-of-32-bytes-in-all!'
SECRET=$(printf %s "$SECRET_TEXT" | base32 | tr -d =)
SECRET_HEX=$(printf %s "$SECRET_TEXT" | od -An -vtx1 | tr -d ' \n')
VERIFY=/usr/local/libexec/rollcode/rollcode-verify
LOGIN=$BUILD/tests/bench/login
FLOOR=$BUILD/tests/bench/floor
MODES=$BUILD/tests/bench/modes
YES=$BUILD/tests/bench/yes
served=

stop() {
	echo "$SCRIPT: $*" >&2
	exit 1
}

has_module() {
	compgen -G "/lib*/security/$1.so" >/dev/null ||
	    compgen -G "/lib/*/security/$1.so" >/dev/null ||
	    compgen -G "/usr/lib*/security/$1.so" >/dev/null
}

has() {
	case " $HAVE " in *" $1 "*) return 0 ;; esac
	return 1
}

service() {	# NAME LINE
	echo "auth required $2" >"$T/pam/$1"
}

place_make() {
	local peer i
	DISK=$(mktemp -d -p "${BENCH_DIR:-/var/tmp}" rollcode-bench.XXXXXX) ||
	    stop "there is no place on a disk: set BENCH_DIR"
	remove=$DISK
	chmod 755 "$DISK"
	mkdir "$T/pam" "$T/counters" "$DISK/home" "$DISK/oath" "$DISK/floor"
	printf %s "$SECRET" >"$T/secret"
	installed
	HAVE=permit
	service permit pam_permit.so
	for peer in "${PEERS[@]}"; do
		has_module "$peer" && HAVE="$HAVE $peer"
	done
	for ((i = 0; i < 8; i++)); do
		add_user "bench$i"
		home_of "bench$i"
	done
	service google pam_google_authenticator.so
	pam_line >"$T/pam/resident.yes"
	! has pam_oath || place_oath_own
}

home_of() {
	local home=$DISK/home/$1
	sed -i "s|^\($1:.*\):[^:]*:\(/bin/sh\)|\1:$home:\2|" /etc/passwd
	mkdir -m 700 "$home"
	printf '%s\n" HOTP_COUNTER 1\n' "$SECRET" \
	    >"$home/.google_authenticator"
	printf 1 >"$T/counters/google.$1"
	chmod 400 "$home/.google_authenticator"
	chown -R "$1:$1" "$home"
}

# --- stores -----------------------------------------------------------------

place_store() {
	mkdir "$DISK/$1"
	T=$DISK/$1 CONF=/etc/rollcode/$1.env \
	    server ACCOUNT=rollcode "${@:2}"
	CONF=/etc/rollcode/rollcode.env pam_line >"$T/pam/resident.$1"
	CONF=/etc/rollcode/$1.env pam_line >"$T/pam/spawned.$1"
}

place_enroll() {
	rollcode-admin --conf "/etc/rollcode/$1.env" enroll "$2" \
	    "${@:3}" >/dev/null 2>"$T/enroll.log" ||
	    stop "enrolling $2: $(cat "$T/enroll.log")"
}

enroll_client() {
	rollcode-admin --conf /etc/rollcode/one.env uri bench0 |
	    rollcode-token --store "$DISK/wallet" add >/dev/null ||
	    stop "rollcode-token has no token"
}

place_fill() {
	"$BUILD/tests/bench/users" "/etc/rollcode/$1.env" bench0 "$2" ||
	    exit 1
}

place_oath() {
	local named=$(($1 < 8 ? $1 : 8))
	mkdir "$DISK/oath/$1"
	awk -v count="$1" -v named="$named" -v secret="$SECRET_HEX" 'BEGIN {
		for (i = 0; i < count - named; i++)
			printf "HOTP\tu%05d\t-\t%s\n", i, secret
		for (i = 0; i < named; i++)
			printf "HOTP\tbench%d\t-\t%s\n", i, secret
	}' >"$DISK/oath/$1/users.oath"
	chmod 600 "$DISK/oath/$1/users.oath"
	service "oath.$1" \
	    "pam_oath.so usersfile=$DISK/oath/$1/users.oath window=20 digits=6"
}

place_oath_own() {
	local i
	for ((i = 0; i < 8; i++)); do
		mkdir -p "$DISK/oath/own/bench$i"
		printf 'HOTP\tbench%d\t-\t%s\n' "$i" "$SECRET_HEX" \
		    >"$DISK/oath/own/bench$i/users.oath"
	done
	# shellcheck disable=SC2016	# the module puts the user there
	service oath.own "pam_oath.so window=20 digits=6 \
usersfile=$DISK/oath/own/"'${USER}/users.oath'
}

# --- logins -----------------------------------------------------------------

present() {
	local subject
	for subject in "$@"; do
		case $subject in
		google) has pam_google_authenticator || continue ;;
		oath.*) has pam_oath || continue ;;
		esac
		echo "$subject"
	done
}

serve_from() {
	[ "$served" != "$1" ] || return 0
	[ -z "$served" ] || resident_stop
	served=$1
	case $1 in
	yes) resident_of "$YES" ;;
	*) resident_start "/etc/rollcode/$1.env" ;;
	esac
}

at_work() {
	pgrep -P "$resident"
	workers
	workers all
}

cpu_of() {
	local pid
	for pid in "$@"; do
		cat "/proc/$pid/schedstat"
	done | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

on_cpu() {
	local pids
	mapfile -t pids < <(at_work)
	cpu_of "${pids[@]}"
}

# Both verifiers of a store spend one counter.
login_of() {
	local subject=$1 counters=$T/counters/$1 form=(-6)
	case $subject in
	resident.* | spawned.*)
		counters=$T/counters/ours.${subject#*.} form=() ;;
	esac
	case $subject in resident.*) serve_from "${subject#*.}" ;; esac
	${UNDER-} "$LOGIN" "${form[@]}" "${@:2}" "$T/pam" "$subject" bench \
	    "$SECRET" "$counters" || stop "$subject: a login failed"
}

# --- system calls -----------------------------------------------------------

# The service is there before it is traced, and has a worker.
attach() {	# FILE
	local pids=() pid
	login_of "$2" -n 1 >/dev/null
	while read -r pid; do
		pids+=(-p "$pid")
	done < <(at_work)
	start strace -f -y -s 0 -o "$1" "${pids[@]}" 2>"$T/attached"
	tracer=$started
	wait_for grep -q attached "$T/attached" ||
	    stop "the service cannot be traced: $(cat "$T/attached")"
	nap 0.2
}

trace_of() {
	tracer=
	: >"$2.served"
	case $1 in resident.*) attach "$2.served" "$1" ;; esac
	UNDER="strace -f -y -s 0 -o $2" login_of "$1" "${@:3}" >/dev/null
	[ -n "$tracer" ] || return 0
	kill "$tracer"
	wait "$tracer"
	return 0
}
