# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# hosts.sh - a set-user-ID program with a login in it, and mallory, who starts
# it.  Source it behind pam.sh with the script's arguments: "long" for all of
# it, and "resident" for logins through the service instead of by spawning.
#
#   hosts_place [KEY=VALUE...] the accounts mallory, ann and bob; ann and bob
#                              are enrolled; the services rc and permit
#   as_faulty NAME WORDS...    a service with a verifier that is wrong (spawned)
#   host ARGUMENT...           the program, started by mallory
#   press NAME                 in $pressed: NAME's next code
#   opens NAME                 adds to $found unless NAME's next code opens
#   typed TEXT...              what is typed, a line for each
#   results                    the words of what host printed, on one line
#   denial WORD...             whether each is a refusal of the module's
#   whole FILE                 adds to $found what host says was changed
#   said NAME                  ok if $tried is not 0 and $found is empty; both
#                              begin anew

HOST=$T/bin/host
# shellcheck disable=SC2034	# read by who sources this
mode=spawned long='' found='' tried=0
# shellcheck disable=SC2034	# read by name
codes_ann=() codes_bob=()
for word in "$@"; do
	# shellcheck disable=SC2034	# read by who sources this
	case $word in
	long) long=1 ;;
	spawned | resident) mode=$word ;;
	esac
done

as_faulty() {
	printf '%s\n' "${*:2}" >"$T/faulty.$1"
	chmod 600 "$T/faulty.$1"
	printf '%s\n' "auth required $T/bin/pam_rollcode.so nodelay quiet \
conf=$T/faulty.$1 helper=$T/bin/fake_verifier" >"$T/pam/$1"
}

store_spawned() {
	server "$@"
	sed -i 's/^ACCOUNT=.*/ACCOUNT=rollcode/' "$CONF"
	chown -R rollcode:rollcode "$T/store"
}

store_resident() {
	installed "$@"
}

# Nobody else answers: there is no program to be started.
# shellcheck disable=SC2154	# resident_start sets it
service_alone() {
	resident_start
	wait_for pgrep -P "$resident"
	rm /usr/local/libexec/rollcode/rollcode-verify
}

hosts_place() {
	add_service rollcode
	for name in mallory ann bob; do add_user "$name"; done
	"store_$mode" GUARD_AFTER=100 GUESSES=1000 "$@"
	for name in ann bob; do
		enroll "$name"
	done
	syslog_start
	mkdir -p "$T/pam"
	[ "$mode" != resident ] || service_alone
	pam_named rc
	echo "auth required pam_permit.so" >"$T/pam/permit"
	install -m 4755 "$BUILD/tests/tools/host" "$HOST"
	install -m 755 "$BUILD/tests/tools/fake_verifier" "$T/bin/fake_verifier"
	install -m 755 "$PAMRUN" "$T/bin/pamrun"
}

host() {
	as mallory "$HOST" "$@"
}

press() {
	local -n left=codes_$1
	[ "${#left[@]}" -gt 0 ] ||
	    mapfile -t left < <(code "$1" -n 100 | tr -s ' ' '\n')
	pressed=${left[0]}
	left=("${left[@]:1}")
}

opens() {
	local got
	press "$1"
	read -r _ got _ < <(printf '%s\t%s\n' "$1" "$pressed" |
	    "$PAMRUN" "$T/pam" rc)
	[ "$got" = SUCCESS ] || found+="and then $1's next code: $got"$'\n'
}

typed() {
	printf '%s\n' "$@"
}

results() {
	local word all=()
	while read -r word _; do all+=("$word"); done
	echo "${all[*]}"
}

denial() {
	local word
	[ $# -gt 0 ] || return 1
	for word in "$@"; do
		case $word in
		AUTH_ERR | MAXTRIES | AUTHINFO_UNAVAIL) ;;
		CRED_INSUFFICIENT | CONV_ERR | INCOMPLETE | BUF_ERR) ;;
		SYSTEM_ERR | SERVICE_ERR) ;;
		*) return 1 ;;
		esac
	done
}

whole() {
	local word
	while read -r word; do
		case $word in *changed:*) found+=$word$'\n' ;; esac
	done <"$1"
}

said() {
	[ "$tried" -gt 0 ] || found+="nothing was tried"
	say_ok "$1" "$found"
	found='' tried=0
}
