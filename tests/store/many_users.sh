#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# many_users.sh - 1000 users in each store, or ROLLCODE_USERS: what is done with
# all of them takes bounded memory, and few turns to a server.
# long
# limit: 7200
. "$(dirname "$0")/../support/lib.sh"
need python3
. "$TREE/tests/support/pgsql.sh"
pgsql_machine "$@"

users=${ROLLCODE_USERS:-1000}
mkdir "$T/turns"

seq 0 $((users - 1)) | awk '{
	printf "HOTP/E/8\tu%06d\t-\t%040d\t%d\n", $1, $1 + 1, $1
}' >"$T/users.oath"

# measure COMMAND...: what it prints is in $T/out; sets $mb, $ms of the
# processors, $turns
measure() {
	: >"$T/turns/turns"
	python3 - "$@" >"$T/out" 3>"$T/measured" <<-'PYTHON' || show "$(tail -n 5 "$T/out")"
	import os, resource, subprocess, sys
	status = subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL)
	used = resource.getrusage(resource.RUSAGE_CHILDREN)
	os.write(3, b"%d %d" % (used.ru_maxrss // 1024,
	                        (used.ru_utime + used.ru_stime) * 1000))
	sys.exit(status)
	PYTHON
	read -r mb ms <"$T/measured"
	turns=$(wc -l <"$T/turns/turns")
}

# within NAME MB TURNS COMMAND...
within() {
	local began=${EPOCHREALTIME/./}
	measure rollcode-admin --conf "$CONF" "${@:4}"
	echo "# $store, $users users: $1: $(((${EPOCHREALTIME/./} - began) /
	    1000)) ms, $ms ms of CPU, $mb MB, $turns turns"
	check "$store: $1 takes $2 MB at most" test "$mb" -le "$2"
	[ "$store" = SQLite ] ||
	    check "and $3 turns" test "$turns" -le "$3"
}

lines() {	# PATTERN
	grep -c -- "$1" "$T/out"
}

# An import keeps its lines, which are sorted by user, until it ends.
all_of_them() {
	local lines_mb=$((64 + users / 500))
	within import "$lines_mb" $((users / 4 + 20)) import --no-account \
	    "$T/users.oath"
	equal "and everybody is imported" "$(tail -n 1 "$T/out")" \
	    "$users users, $users tokens added"
	within "the same again" "$lines_mb" $((users / 50 + 20)) import --no-account \
	    "$T/users.oath"
	equal "and everybody is there" "$(tail -n 1 "$T/out")" \
	    "$users users, 0 tokens added, $users already there"
	within list 64 $((users / 400 + 12)) list
	equal "and lists all" "$(lines '^u.* normal ')" "$users"
	within export 64 $((users / 400 + 12)) export --plain
	equal "and exports all" "$(lines '^.*otpauth')" "$users"
	nap 3
	admin disable u000007 >"$T/disabled"
	within "log -n 20" 32 20 log -n 20
	equal "and has the last 20, of which the last is last" \
	    "$(lines .) $(tail -n 1 "$T/out" | awk '{ print $2, $3 }')" \
	    "20 u000007 disabled"
	check "$store: log -n 20 takes 2 s of the processor at most" \
	    test "$ms" -le 2000
	within log 64 $((users / 100 + 20)) log
	equal "and has them all" "$(lines .)" $((users + 1))
	within rekey 64 $((users / 4 + 30)) rekey
	[ "$store" = SQLite ] || within "rekey of all" 64 \
	    $((users / 4 + 30)) rekey --everywhere
	check "and says so" grep -q \
	    "re-encrypted the secrets of $users users" "$T/out"
}

pgsql_server one
pgsql_place
proxy=$(free_port)
start "$TREE/tests/tools/turns_proxy.py" "$proxy" "$(postgres_port one)" \
    "$T/turns"
wait_for listening "$proxy"
env_file "$(uri rollcode_login one | sed "s/127.0.0.1:[0-9]*/127.0.0.1:$proxy/")" \
    "$(uri rollcode_admin one | sed "s/127.0.0.1:[0-9]*/127.0.0.1:$proxy/")"
admin init >"$T/init.log"
store=PostgreSQL
all_of_them
server ACCOUNT=rollcode
store=SQLite
all_of_them
