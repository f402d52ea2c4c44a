#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# patroni.sh - the cluster of rollcode-handbook(7), with its files as they stand
# there: three servers that Patroni and etcd look after, and what each failure
# does to a stream of logins.  Arguments name some of them: killed, switched,
# lost_standby, lost_etcd, frozen_patroni, frozen_primary.
# apart
# limit: 600
. "$(dirname "$0")/../support/lib.sh"
need patroni patronictl etcd etcdctl openssl ip
. "$TREE/tests/support/pgsql.sh"
. "$TREE/tests/support/recipes.sh"
pgsql_machine "$@"
RECIPES=$TREE/pam_rollcode/rollcode-handbook.7
NODES=(db1 db2 db3)
SPENT=40	# codes that are typed again
patience=60
declare -A keeper

# --- three servers ----------------------------------------------------------

# The name of the first one is that of each.
file_of() {	# NODE FILE
	recipe Patroni "$2" | sed -E "/,/!{s/db1/$1/g;s/10\.0\.0\.1/10.0.0.${1#db}/g}"
}

certificates() {
	local node
	authority ca
	for node in "${NODES[@]}"; do
		certificate ca "$node"
		chown pg "$T/$node.key"
	done
}

etcd_start() {	# NODE
	local settings
	mapfile -t settings < <(file_of "$1" /etc/default/etcd |
	    sed "s,/var/lib/etcd/,$T/etcd.$1/,")
	start env -i PATH="$PATH" "${settings[@]}" etcd >"$T/etcd.$1.log" 2>&1
	etcds+=("$started")
}

patroni_start() {	# NODE
	start "${AS_PG[@]}" patroni "$T/$1.yml" >>"$T/$1.log" 2>&1
	keeper[$1]=$started
}

# What differs is where things lie, and who may come by the socket.
patroni_file() {	# NODE
	file_of "$1" /etc/patroni/config.yml | sed \
	    -e "s,/etc/patroni/,$T/,;s,/usr/lib/postgresql/15/bin,$PG_BIN," \
	    -e "s,/var/lib/postgresql/15/rollcode,$T/$1/data,;s/ peer$/ trust/" \
	    -e "s,^    ssl: .*,&\n    unix_socket_directories: $T/$1," >"$T/$1.yml"
	install -d -m 700 -o pg -g pg "$T/$1"
	chown pg "$T/$1.yml"
	chmod 600 "$T/$1.yml"
}

at() {	# NODE STATEMENT
	timeout 3 "$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$T/$1" \
	    -U postgres -c "$2" postgres
}

etcd_says() {	# KEY
	ETCDCTL_API=3 etcdctl --endpoints="http://10.0.0.1:2379" get \
	    --print-value-only "/service/rollcode/$1"
}

leader() {
	etcd_says leader
}

is_synchronous() {	# NODE
	etcd_says sync | grep -qE "\"sync_standby\": ?\"$1\""
}

standby() {	# the one that is waited for
	etcd_says sync | sed -nE 's/.*"sync_standby": ?"([^"]*)".*/\1/p'
}

# The two others follow, and one of them is waited for.
settled() {
	[ -n "$(standby)" ] && [ "$(at "$(leader)" "SELECT count(*), count(*)
	    FILTER (WHERE sync_state='sync') FROM pg_stat_replication
	    WHERE state='streaming'")" = '2|1' ]
}

# Servers are no jobs of this script: Patroni starts them.
all_end() {
	local status=$?
	pkill -9 -u pg
	(exit "$status")
	finish
}

arrange() {
	local node
	for node in "${NODES[@]}"; do
		ip addr add "10.0.0.${node#db}/24" dev lo
		echo "10.0.0.${node#db} $node" >>/etc/hosts
	done
	add_user pg
	certificates >"$T/openssl.log" 2>&1
	for node in "${NODES[@]}"; do
		etcd_start "$node"
		patroni_file "$node"
	done
	wait_for etcd_says leader
	trap all_end EXIT
	for node in "${NODES[@]}"; do
		patroni_start "$node"
	done
	check "the cluster of the handbook comes up" wait_for settled && return
	tail -n 30 "$T"/db?.log "$T"/etcd.*.log
	exit 1
}

store() {
	local role
	for role in rollcode_login rollcode_admin; do
		at "$(leader)" "CREATE ROLE $role LOGIN PASSWORD 'secret of $role'"
		echo "*:*:rollcode:$role:secret of $role"
	done >"$T/pgpass"
	at "$(leader)" "CREATE DATABASE rollcode OWNER rollcode_admin"
	pgsql_place asked_first db1
	admin init >"$T/out"
	enroll ann
	check "logins follow a promotion here" \
	    admin restored --promotions follow
	resident_start
}

# The env file names that one first.
asked_first() {	# NODE
	local node all=$1 tail="rollcode?passfile=$T/pgpass&sslrootcert=$T/ca.crt"
	for node in "${NODES[@]}"; do
		[ "$node" = "$1" ] || all+=,$node
	done
	env_file "postgresql://rollcode_login@$all/$tail" \
	    "postgresql://rollcode_admin@$all/$tail"
	echo LOOKBEHIND=1000 >>"$CONF"
}

# --- failures ---------------------------------------------------------------

# The processes of a node, Patroni first.
family() {	# NODE
	pgrep -u pg -f "patroni $T/$1.yml"
	pgrep -u pg -f -- "-D $T/$1/data"
	pgrep -u pg -P "$(pgrep -d, -u pg -f -- "-D $T/$1/data")"
}

primary_but() {	# NODE: another one is
	local node
	for node in "${NODES[@]}"; do
		[ "$node" != "$1" ] || continue
		[ "$(at "$node" "SELECT pg_is_in_recovery()")" = f ] && return
	done
	return 1
}

# With the primary first in the env file.
stream_start() {
	node=$(leader)
	asked_first "$node"
	resident_reload
	stream_on
	wait_for streamed $SPENT SUCCESS && began=${EPOCHREALTIME/./} && return
	not_ok "logins go on" "none did"
	tail -n 20 "$T/stream" "$T/syslog"
	exit 1
}

stream_on() {
	rm -f "$T/stream.end"
	: >"$T/stream"
	start stream
	streaming=$started
}

stream_stop() {
	touch "$T/stream.end"
	wait "$streaming"
}

first_since() {	# MICROSECONDS: milliseconds until the next login
	awk -v at="$1" '$2 == "SUCCESS" && $4 > at {
	    printf "%d\n", ($4 - at) / 1000; exit }' "$T/stream"
}

logged_in_since() {
	[ -n "$(first_since "$1")" ]
}

longest_gap() {	# milliseconds without a login
	awk '$2 == "SUCCESS" { if (was && $4 - was > most) most = $4 - was
	    was = $4 } END { printf "%d\n", most / 1000 }' "$T/stream"
}

# Those of before the promotion, and all since.
spent_again() {	# WHAT MICROSECONDS
	local typed again=0 since
	since=$(awk -v at="$2" '$2 == "SUCCESS" && $4 > at' "$T/stream" |
	    wc -l)
	while read -r typed; do
		[ "$(login ann "$typed")" != SUCCESS ] || again=$((again + 1))
	done < <(awk '$2 == "SUCCESS" { print $1 }' "$T/stream" |
	    tail -n "$((SPENT + since))")
	equal "$1: no code that was accepted lets in again, of the last $SPENT" \
	    "$again" 0
}

# failed_over WHAT COMMAND...: which makes another server the primary
failed_over() {
	local promoted first
	"${@:2}" >"$T/out" 2>&1
	check "$1: another server is promoted" wait_for primary_but "$node"
	promoted=${EPOCHREALTIME/./}
	wait_for logged_in_since "$promoted"
	first=$(first_since "$promoted")
	check "$1: the first login at most 5 s after the promotion" \
	    test "${first:-99999}" -le 5000
	nap 1
	stream_stop
	show "$1: promoted after $(((promoted - began) / 1000)) ms, first login \
${first:-no} ms later, longest without one $(longest_gap) ms"
	spent_again "$1" "$promoted"
}

# went_on WHAT SECONDS COMMAND...: after which the same one is the primary;
# logins go on within so many
went_on() {
	"${@:3}" >"$T/out" 2>&1
	nap "$2"
	check "$1: logins go on within $2 s" \
	    wait_for logged_in_since "${EPOCHREALTIME/./}"
	stream_stop
	equal "$1: with the same primary" "$(at "$node" \
	    "SELECT pg_is_in_recovery()")" f
	show "$1: longest without a login $(longest_gap) ms"
}

signal() {	# NAME NODE
	local pids
	mapfile -t pids < <(family "$2")
	kill "-$1" "${pids[@]}"
	[ "$1" != KILL ] || wait "${keeper[$2]}"
} 2>/dev/null

killed() {
	stream_start
	failed_over "killed primary" signal KILL "$node"
	patroni_start "$node"
	check "killed primary: it comes back as a standby" wait_for settled
}

switched() {
	stream_start
	failed_over switchover "${AS_PG[@]}" patronictl -c "$T/$node.yml" \
	    switchover --master "$node" --candidate "$(standby)" --force
	check "switchover: the old primary follows" wait_for settled
}

# It is the one that each commit waits for.
lost_standby() {
	local other
	stream_start
	other=$(standby)
	went_on "killed standby" 5 signal KILL "$other"
	patroni_start "$other"
	check "killed standby: it comes back" wait_for settled
	stream_start
	other=$(standby)
	went_on "frozen standby" 15 signal STOP "$other"
	signal CONT "$other"
	check "frozen standby: it comes back" wait_for settled
	stream_start
	went_on "no standby" 10 kill_others
	for other in $(others); do
		patroni_start "$other"
	done
	check "no standby: both come back" wait_for settled
}

others() {
	printf '%s\n' "${NODES[@]}" | grep -vx "$node"
}

kill_others() {
	local other
	for other in $(others); do
		signal KILL "$other"
	done
}

lost_etcd() {
	local other
	stream_start
	went_on "no etcd" 30 kill -STOP "${etcds[@]}"
	other=$(others | head -n 1)
	signal KILL "$other"
	stream_on
	check "no etcd, and one of the three gone: denied" \
	    wait_for streamed 2 AUTHINFO_UNAVAIL
	stream_stop
	kill -CONT "${etcds[@]}"
	patroni_start "$other"
	check "no etcd: all is well when it is back" wait_for settled
}

# Its server answers and takes what is asked, and does not know that it is none.
frozen_patroni() {
	stream_start
	failed_over "frozen Patroni" kill -STOP "${keeper[$node]}"
	kill -CONT "${keeper[$node]}"
	check "frozen Patroni: the old primary follows" wait_for settled
}

frozen_primary() {
	stream_start
	failed_over "frozen primary" signal STOP "$node"
	signal CONT "$node"
	check "frozen primary: the old primary follows" wait_for settled
}

# --- all of it --------------------------------------------------------------

arrange
store
[ $# -gt 0 ] || set -- killed switched lost_standby lost_etcd frozen_patroni \
    frozen_primary
for failure in "$@"; do
	"$failure"
done
