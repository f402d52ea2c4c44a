#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# hosts.sh [long] [resident] - a set-user-ID program with a login in it, which
# somebody hostile starts: whatever limits, variables, descriptors and signals
# he gives it, it lives on unchanged, a right code opens where it can, and
# nothing else does.  long: more of it, without what is in `make check`.
# limit: 240
# long: 600
# long resident: 240
# shellcheck disable=SC2317	# the sections are called by name
. "$(dirname "$0")/../support/lib.sh"
need strace setpriv prlimit python3
private_machine "$@"
. "$TREE/tests/support/pam.sh"
. "$TREE/tests/support/hosts.sh"

# --- one odd caller -----------------------------------------------------------

# A root without CAP_SYS_RESOURCE cannot give the verifier more than the caller
# had; the service was not started by the caller.
can_raise() {
	[ "$mode" = resident ] ||
	    (ulimit -n 64 && ulimit -n 128) 2>/dev/null
}

# odd WANTED HOW... [-- OPTION...]: one code typed twice in a host that mallory
# starts by HOW.  WANTED is
#	works	it opens, and then does not
#	denied	neither opens
#	raise	works where a limit can be raised for the verifier, else denied
#	either	whatever is no second success, or libpam itself could not
odd() {
	local how=() got wanted=$1
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		how+=("$1")
		shift
	done
	shift
	tried=$((tried + 1))
	[ "$wanted" != raise ] || { can_raise && wanted=works || wanted=denied; }
	press ann
	typed "$pressed" "$pressed" | as mallory "${how[@]}" "$HOST" "$@" \
	    "$T/pam" rc ann 2>"$T/err" | cat >"$T/out"
	got=$(results <"$T/out")
	as_wanted "$wanted" "$got" ||
	    found+="${how[*]} $*: $got, not $wanted: $(cat "$T/err")"$'\n'
	whole "$T/out"
	opens ann
}

as_wanted() {
	# shellcheck disable=SC2086	# two words
	case "$1:$2" in
	works:SUCCESS\ AUTH_ERR | either:SUCCESS\ AUTH_ERR) ;;
	works:*) return 1 ;;
	# At the edge of a limit only one of them fits.
	either:SUCCESS\ *) denial "${2#SUCCESS }" ;;
	either:*\ SUCCESS) denial "${2% SUCCESS}" ;;
	either:*) denial $2 || libpam_failed ;;
	*) denial $2 ;;
	esac
}

# The same program with a stack of nothing does not get in either.
libpam_failed() {
	! grep -qE 'SUCCESS|IGNORE' "$T/out" && {
		grep -qE 'ABORT|MODULE_UNKNOWN' "$T/out" || ! permitted
	}
}

permitted() {
	as mallory "${how[@]}" "$HOST" "$T/pam" permit ann <<<0 2>/dev/null |
	    grep -q SUCCESS
}

# --- limits ------------------------------------------------------------------

limits_table() {
	cat <<-'TABLE'
	raise fsize 0
	raise fsize 1
	raise fsize 4096
	either nofile 3
	either nofile 5
	either nofile 6
	works nofile 8
	works nofile 10
	works nproc 0
	either as 4194304
	either as 8388608
	works cpu 1
	works stack 65536
	works stack 262144
	works core unlimited
	either data 131072
	either data 1048576
	works memlock 0
	works sigpending 0
	works nice 0
	TABLE
}

limits() {
	local wanted name value
	while read -r wanted name value; do
		odd "$wanted" prlimit "--$name=$value:$value" --
	done < <(limits_table)
	said "under each of $tried limits the host lives, and its login is whole"
}

# steps LIMIT FIRST STEP LAST: every other one, with ROLLCODE_ALL each
steps() {
	local value step=$(($3 * 2))
	[ -z "${ROLLCODE_ALL-}" ] || step=$3
	for value in $(seq "$2" "$step" "$4"); do
		odd either prlimit "--$1=$value:$value" --
	done
}

more_limits() {
	steps fsize 0 4096 32768
	steps as 3145728 1048576 11534336
	steps data 131072 262144 2097152
	steps stack 49152 16384 131072
	steps nofile 3 2 25
	said "and so under $tried steps of size, memory, stack and descriptors"
}

manners() {
	odd works nice -n 19 --
	odd works chrt -i 0 --
	odd works ionice -c 3 --
	odd works taskset -c 0 --
	odd works choom -n 1000 --
	odd works env --ignore-signal --
	odd works env --block-signal --
	odd works env --block-signal --ignore-signal --
	odd works setsid -w --
	said "nice 19, idle, pinned, without signals: it makes no difference"
}

# --- variables ----------------------------------------------------------------

variables() {
	local name
	for name in PGHOST PGSERVICEFILE PGSYSCONFDIR PGPASSFILE PGSSLCERT \
	    PGSSLKEY PGSSLROOTCERT PGDATA SQLITE_TMPDIR SQLITE_HISTORY TMPDIR \
	    OPENSSL_CONF OPENSSL_MODULES OPENSSL_ENGINES SSL_CERT_FILE \
	    SSL_CERT_DIR RANDFILE SSLKEYLOGFILE LD_PRELOAD LD_LIBRARY_PATH \
	    LD_AUDIT LD_DEBUG_OUTPUT LD_PROFILE_OUTPUT TZ TZDIR LANGUAGE \
	    LOCPATH NLSPATH GCONV_PATH HOME XDG_DATA_HOME XDG_CONFIG_HOME \
	    XDG_RUNTIME_DIR XDG_CONFIG_DIRS HOSTALIASES LOCALDOMAIN \
	    MALLOC_TRACE MEMUSAGE_OUTPUT GETCONF_DIR PATH PWD NOTIFY_SOCKET \
	    BASH_ENV ENV KRB5_CONFIG; do
		echo "$name=$T/evil/$name"
	done
	cat <<-VARIABLES
	PGHOSTADDR=127.0.0.1
	PGPORT=$port
	PGDATABASE=evil
	PGOPTIONS=-c search_path=evil
	DATABASE=postgresql://127.0.0.1:$port/evil
	LANG=evil
	LC_ALL=evil
	LC_MESSAGES=evil
	RES_OPTIONS=debug ndots:15
	RESOLV_HOST_CONF=/etc/shadow
	LD_DEBUG=all
	LD_BIND_NOW=1
	LD_SHOW_AUXV=1
	MALLOC_PERTURB_=255
	MALLOC_CHECK_=3
	MALLOC_ARENA_MAX=0
	GLIBC_TUNABLES=glibc.malloc.perturb=255
	LISTEN_FDS=3
	LISTEN_PID=1
	ACCOUNT=mallory
	SECRET_KEY=evil
	CALLERS=mallory
	VARIABLES
}

pg_listener() {
	port=$(free_port)
	start python3 -c 'import socket, sys
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
	s.accept()
	print("asked", file=open(sys.argv[2], "a"))' "$port" "$T/asked"
	wait_for listening "$port"
	wait_for grep -q . "$T/asked"
}

environment() {
	local hostile=() variable
	pg_listener
	mkdir -m 777 "$T/evil"
	while read -r variable; do
		hostile+=(-E "$variable")
	done < <(variables)
	press ann
	typed "$pressed" "$pressed" | strace -f -u mallory "${hostile[@]}" \
	    -o "$T/trace" -e trace=%file,%network "$HOST" "$T/pam" rc ann \
	    >"$T/out" 2>"$T/err"
	equal "with $((${#hostile[@]} / 2)) hostile variables a code opens once" \
	    "$(results <"$T/out")" "SUCCESS AUTH_ERR"
	tried=1
	whole "$T/out"
	said "and the host is unchanged"
	check "the host's calls and the verifier's were seen" \
	    seen_both
	say_ok "no path in any variable is looked at" \
	    "$(grep evil "$T/trace")"
	say_ok "nothing in the network is asked" \
	    "$(grep -E 'AF_INET' "$T/trace")"
	equal "nor was the database of the variables" \
	    "$(grep -c asked "$T/asked")" 1
	check "which does hear who asks it" listening "$port"
	wait_for test "$(grep -c asked "$T/asked")" -eq 2
	equal "so it would have been heard" "$(grep -c asked "$T/asked")" 2
}

seen_both() {
	grep -q 'pam_rollcode\.so' "$T/trace" && {
		[ "$mode" = resident ] || grep -q 'ann\.db' "$T/trace"
	}
}

# --- descriptors --------------------------------------------------------------

descriptors() {
	local fds
	for fds in 0 1 2 01 02 12 012; do
		[ -z "$long" ] || odd works env -- -x "$fds"
		printf 'sings' >"$T/canary"
		chmod 666 "$T/canary"
		odd works env -- -x "$fds" -c "$T/canary"
		[ "$(cat "$T/canary")" = sings ] ||
		    found+="$fds: $(cat "$T/canary")"$'\n'
	done
	odd works env -- -x 012
	said "descriptors 0, 1, 2 closed or somebody else's, in each combination"
	for fds in 0 1 2 3 ${long:+4 5 6}; do
		odd "$(free_wanted "$fds")" prlimit --nofile=64:64 -- -d "$fds"
	done
	said "with few free descriptors the host lives, and 2 are enough"
	typed 0 | as mallory "$HOST" -x 2 -c "$T/canary" "$T/pam" loud ann \
	    >"$T/out"
	equal "a module that writes to descriptor 2 would be found" \
	    "$(cat "$T/canary")" "singswrites"
}

# libpam reads a service and loads a module with two, a verifier is asked with two.
free_wanted() {
	case $mode:$1 in
	*:0 | *:1) echo either ;;
	*) echo works ;;
	esac
}

# --- signals ------------------------------------------------------------------

signals() {
	local way
	for way in dfl ign reap nocldwait; do
		odd works env -- -C "$way"
		odd works env -- -C "$way" -p
	done
	said "however SIGCHLD is handled: right verdicts, no child but its own"
	for _ in 1 ${long:+2 3}; do
		odd works env -- -a
		odd works env -- -a -C reap -p
	done
	said "a signal every millisecond interrupts nothing, $tried times"
	odd works env -- -f fork
	odd works env -- -f vfork
	odd works env -- -k
	said "in a child, in a child that shares memory, between pam_setcred"
}

# --- what is left behind ------------------------------------------------------

# left SERVICE WANTED: mallory's host, which takes in orphans, and what it finds
# changed; a verifier that kills who stands between makes itself one
left() {
	local got orphans=-r
	tried=$((tried + 1))
	[ "$1" != orphan ] || orphans=
	typed "${3-00000000}" | host -C "${way:-dfl}" -p ${orphans:+"$orphans"} \
	    "$T/pam" "$1" "${4-ann}" >"$T/out" 2>"$T/err"
	got=$(results <"$T/out")
	[[ $got =~ ^($2)$ ]] || found+="$1: $got, not $2"$'\n'
	whole "$T/out"
}

faulty() {
	local what words
	for what in answer flip nonce short long twice bad garbage nothing \
	    deaf crash orphan ${long:+hang late}; do
		words=$what
		[ "$what" != answer ] || words="answer ffff00"
		[ "$what" != flip ] || words="flip 3333cccc 192"
		as_faulty "$what" "$words"
		left "$what" 'AUTH_ERR|SYSTEM_ERR'
	done
	as_faulty right "answer 3333cccc"
	left right SUCCESS
	as_faulty child child
	left child SUCCESS
	for what in missing /bin/false /etc/passwd; do
		sed "s,helper=[^ ]*,helper=$what," "$T/pam/right" |
		    sed "s,=missing,=$T/missing," >"$T/pam/odd"
		left odd SYSTEM_ERR
	done
	install -m 775 -g mallory "$T/bin/fake_verifier" "$T/bin/weak"
	sed "s,helper=[^ ]*,helper=$T/bin/weak," "$T/pam/right" >"$T/pam/odd"
	left odd SYSTEM_ERR
}

left_behind() {
	local way
	pam_named options nonsense
	press ann
	left rc SUCCESS "$pressed"
	left rc AUTH_ERR "$pressed"
	left rc AUTH_ERR
	left rc AUTH_ERR no-code
	left rc AUTH_ERR 00000000 visitor
	left options SERVICE_ERR
	mv "$T/store" "$T/away"
	left rc AUTHINFO_UNAVAIL
	mv "$T/away" "$T/store"
	[ "$mode" = resident ] || faulty
	opens ann
	said "after each of $tried ends of a login the host is what it was"
	check "its name in the log is its own still" logged \
	    '^local3\.info .* itself\[[0-9]+\]: is what it was'
	equal "a host that was changed would be found" "$(typed 0 |
	    host "$T/pam" loud ann 2>"$T/err" | grep -c 'changed: ')" 1
}

# turn_over BITS VERDICT FIRST: so many logins, each told that verdict with
# another bit of the answer turned over
turn_over() {
	local i
	as_faulty flips "flip $2 $3"
	rm -f "$T/faulty.flips.bit"
	for ((i = 0; i < $1; i++)); do
		printf 'ann\t00000000\n'
	done | "$PAMRUN" "$T/pam" flips >"$T/out"
}

# flips BITS VERDICT FIRST NAME
flips() {
	turn_over "$@"
	equal "$4" "$(grep -cvE ' (SUCCESS|IGNORE) ' "$T/out")" "$1"
}

all_flips() {
	local verdict
	flips 32 3333cccc 192 "an accepting answer with any bit of its verdict \
turned over lets nobody in"
	flips 32 33cc33cc 192 "nor does one that resynchronised"
	turn_over 1 3333cccc 100000
	check "an answer with no bit turned over would" grep -q SUCCESS "$T/out"
	[ -n "$long" ] || return 0
	flips 224 3333cccc 0 "nor with any bit of its head"
	for verdict in ffff ff00ff ffff00 f0f0f0f f0ff0f0 ff00ff0 ff0f00f \
	    55555555 33333333 0; do
		flips 32 "$verdict" 192 "nor does the verdict $verdict"
	done
}

hosts_place
echo "auth required $BUILD/tests/tools/pam_loud.so" >"$T/pam/loud"
typed 0 | host -u "$T/pam" permit ann >"$T/out"
equal "the host runs as mallory, with the privileges of root" \
    "$(head -n 1 "$T/out")" "uid $(id -u mallory) euid 0 gid $(id -g mallory) \
egid $(id -g mallory)"
if [ -n "$long" ]; then
	more_limits
else
	limits
	manners
	environment
fi
descriptors
signals
left_behind
[ "$mode" = resident ] || all_flips
say_ok "no core file was written" \
    "$(find "$T" / -xdev -maxdepth 3 -name 'core*' -newer "$T/init.log" -type f)"
exit 0
