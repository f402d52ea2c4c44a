#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# lies.sh - a database server that answers in a way no server does: nobody is
# said to be unenrolled by it, nothing waits for it, and it takes no memory.
# limit: 150
. "$(dirname "$0")/../support/lib.sh"
need python3
private_machine
. "$TREE/tests/support/pam.sh"

if [ ! -f "$BUILD/rollcode-pgsql.so" ]; then
	skip "a server that lies" "needs libpq when it is built"
	exit 0
fi
add_user alice
installed >"$T/log"
pam_place nullok
port=$(free_port)
echo absent >"$T/lie"
start "$TREE/tests/tools/lying_pgsql.py" "$port" "$T/lie"
wait_for listening "$port"
sed -i "s|^DATABASE=.*|DATABASE=postgresql://x@127.0.0.1:$port/x\
?sslmode=disable|" /etc/rollcode/rollcode.env
check "init believes it" rollcode-admin init

# The most memory that a command or its children had at once, and how long it
# took: MEBIBYTES SECONDS STATUS
took() {
	python3 - "$@" <<-'PYTHON'
	import resource, subprocess, sys, time
	begin = time.monotonic()
	try:
	    status = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL,
	        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
	        timeout=20).returncode
	except subprocess.TimeoutExpired:
	    status = "late"
	most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
	print(most >> 10, int(time.monotonic() - begin), status)
	PYTHON
}

# within MEBIBYTES SECONDS COMMAND...: and it is refused.
within() {
	local most=$1 seconds=$2 took
	# What a sanitizer has of its own is not counted here.
	[ "${SAN-}" != 1 ] || most=$((most + 2000)) seconds=$((seconds * 3))
	took=$(took "${@:3}")
	read -r mebibytes late status <<<"$took"
	[ "$mebibytes" -lt "$most" ] && [ "$late" -lt "$seconds" ] &&
	    [ "$status" = 1 ] && return 0
	echo "MiB, seconds, status: $took"
	return 1
}

logs_in() {
	login alice 12345678
}

logs_in_within() {
	printf 'alice\t12345678\n' >"$T/in"
	# shellcheck disable=SC2016	# sh expands them
	within "$@" sh -c '! "$@" <"$0"' "$T/in" "$PAMRUN" "$T/pam" rc
}

equal "who is not there is said not to be" "$(logs_in)" PERM_DENIED
echo nothing >"$T/lie"
equal "who is there, without a token, is refused for that" "$(logs_in)" AUTH_ERR
for lie in replica commit-off fsync-off; do
	echo "$lie" >"$T/lie"
	check "$lie: a login is denied for the server's sake" \
	    grep -qx 'SYSTEM_ERR\|AUTHINFO_UNAVAIL' <(logs_in)
done
for lie in two twice no-table copy-out copy-in answers cell; do
	echo "$lie" >"$T/lie"
	result=$(logs_in)
	case $result in
	SYSTEM_ERR | AUTHINFO_UNAVAIL)
		ok "$lie: a login is denied for the server's sake" ;;
	*)
		not_ok "$lie: a login is denied for the server's sake" \
		    "$result" ;;
	esac
	check "$lie: in time, and in bounded memory" logs_in_within 300 7
	[ "$lie" != two ] ||
	    check "$lie: nobody is enrolled over it" within 200 10 \
		rollcode-admin enroll alice --replace
done
for lie in two no-table copy-out copy-in cell; do
	echo "$lie" >"$T/lie"
	check "$lie: a command ends soon, in bounded memory" \
	    within 1000 25 rollcode-admin show alice
done
# Until the deadline of an administrator's statement, which is a minute.
echo rows >"$T/lie"
check "rows: a list without an end is kept in bounded memory" \
    test "$(took rollcode-admin list | cut -d' ' -f1)" -lt \
    $((${SAN-0} * 2000 + 1000))
