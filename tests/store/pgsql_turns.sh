#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# pgsql_turns.sh [long] - a login is two turns to a PostgreSQL server, of which
# the second writes only over what the first has read; what comes between them,
# the connection that is kept, and poolers.  long: ROLLCODE_ROUNDS (20) of one
# code at 16 callers at once.
# limit: 300
# long: 300
. "$(dirname "$0")/../support/lib.sh"
need strace pgbouncer
. "$TREE/tests/support/pgsql.sh"
pgsql_machine "$@"
rounds=2
[ "${1-}" != long ] || rounds=${ROLLCODE_ROUNDS:-20}

# --- turns ------------------------------------------------------------------

through() {	# PORT [LINE...]: an env file that asks there
	env_file "$(uri rollcode_login one | sed "s/127.0.0.1:[0-9]*/127.0.0.1:$1/")" \
	    "$(uri rollcode_admin one | sed "s/127.0.0.1:[0-9]*/127.0.0.1:$1/")"
	[ $# -lt 2 ] || printf '%s\n' "${@:2}" >>"$CONF"
}

turns_proxy() {
	proxy=$(free_port)
	start "$TREE/tests/tools/turns_proxy.py" "$proxy" \
	    "$(postgres_port one)" "$T/turns"
	wait_for listening "$proxy"
}

# turns LOGIN...: the result, and how many turns it took
turns() {
	local got
	: >"$T/turns/turns"
	got=$("$@")
	echo "$got $(wc -l <"$T/turns/turns")"
}

backends() {
	sql one "SELECT pid FROM pg_stat_activity
	    WHERE usename='rollcode_login' AND state<>'active'"
}

is_left() {	# COUNT
	[ "$(backends | grep -c .)" -eq "$1" ]
}

syncs() {
	grep -c 'sync(' "$T/syncs"
}

traced() {
	grep -q "TracerPid:.*[1-9]" "/proc/$1/status"
}

two_turns() {
	local right i tracer
	through "$proxy" PGSQL_KEEP=1
	resident_start
	equal "a first login lets in" "$(login ann "$(code ann)")" SUCCESS
	equal "a login on a kept connection: two turns" \
	    "$(turns login ann "$(code ann)")" "SUCCESS 2"
	equal "one with a wrong code too" \
	    "$(turns login ann "$(wrong "$(code ann)")")" "AUTH_ERR 2"
	equal "who is not enrolled is known after one" \
	    "$(turns login eve 12345678)" "AUTH_ERR 1"
	is_left 1 || not_ok "one connection is kept" "$(backends)"
	start strace -qq -e trace=fsync,fdatasync,sync_file_range \
	    -o "$T/syncs" -p "$(backends)"
	tracer=$started
	wait_for traced "$(backends)"
	login ann "$(code ann)" >"$T/out"
	kill "$tracer"
	wait_for ended "$tracer"
	equal "and one sync" "$(syncs)" 1
	for i in 1 2 3 4 5; do
		login ann "$(wrong "$(code ann)")" >"$T/out"
	done
	right=$(code ann)
	equal "a code of one who is guarded: one turn, for nothing is written" \
	    "$(turns login ann "$right")" "AUTH_ERR 1"
	equal "three let in" "$(turns login ann "$(code ann -n 3)")" "SUCCESS 2"
	sql one "SELECT pg_terminate_backend($(backends))" >"$T/out"
	wait_for is_left 0
	equal "a kept connection that the server ended: the next login lets in" \
	    "$(login ann "$(code ann)")" SUCCESS
	check "one that nobody uses for PGSQL_KEEP seconds is closed" \
	    wait_for is_left 0
	equal "and a login lets in" "$(login ann "$(code ann)")" SUCCESS
	resident_reload
	check "one of before a reload is closed" wait_for is_left 0
	resident_stop
}

# 16 at once, and then nobody; the workers that are too many end after 10 s.
bursts() {
	local most=0 now crowd one
	through "$(postgres_port one)" PGSQL_KEEP=13
	resident_start
	for one in {1..12}; do
		printf 'user%s\t12345678\t' "$one"
	done | sed 's/.$/\n/' | pam_run -n 4 >"$T/out" &
	crowd=$!
	while ! ended "$crowd"; do
		now=$(backends | grep -c .)
		[ "$now" -le "$most" ] || most=$now
	done
	check "of many at once some have connections ($most)" test "$most" -gt 1
	check "and 16 at most" test "$most" -le 16
	patience=14
	check "when they are done all but one are closed" wait_for is_left 1
	check "and after PGSQL_KEEP seconds that one" wait_for is_left 0
	patience=10
	resident_stop
}

never_kept() {
	through "$proxy" PGSQL_KEEP=0
	resident_start
	equal "with PGSQL_KEEP=0 a code lets in" \
	    "$(login ann "$(code ann)")" SUCCESS
	check "and no connection is left" wait_for is_left 0
	resident_stop
}

# --- between the turns --------------------------------------------------------

# paused CODE: a login that waits between its turns, until go_on.
paused() {
	rm -f "$T/turns/paused"
	touch "$T/turns/pause"
	start login ann "$1" >"$T/paused.out"
	waiting=$started
	wait_for test -e "$T/turns/paused"
}

go_on() {	# sets $got
	rm "$T/turns/pause"
	wait "$waiting"
	got=$(cat "$T/paused.out")
}

in_transaction() {
	sql one "SELECT count(*) FROM pg_stat_activity
	    WHERE state LIKE 'idle in transaction%'"
}

between() {
	local first second got ms
	through "$proxy"
	read -r first second < <(code ann -n 2)
	paused "$first"
	equal "a host that stops between its turns has no transaction open" \
	    "$(in_transaction)" 0
	usual
	read -r _ got ms _ < <(printf 'ann\t%s\n' "$second" |
	    "$PAMRUN" "$T/pam" rc)
	equal "another login of the same user lets in" "$got" SUCCESS
	check "and does not wait for it" test "$ms" -lt 500
	go_on
	equal "what the first one typed is used then" "$got" AUTH_ERR
	check "which is said in the log" logged 'replayed'
	through "$proxy"
	first=$(code ann)
	paused "$first"
	usual
	rollcode-admin enroll ann --replace -f 2>"$T/out" >"$T/uri"
	go_on
	equal "a token that is replaced between the turns lets nobody in" \
	    "$got" AUTH_ERR
	equal "and the new one is where it was" "$(counter ann)" 0
	token fresh add <"$T/uri" >"$T/out"
	equal "its first code lets in" "$(login ann "$(code fresh)")" SUCCESS
	changed_between
	imported_between
}

changed_between() {
	local first second third got
	read -r first second third < <(code fresh -n 3)
	through "$proxy"
	paused "$first"
	usual
	admin resync ann <<<"$second $third" >"$T/out"
	go_on
	equal "a token that is resynced between the turns: what was typed is used" \
	    "$got" AUTH_ERR
	equal "and the counter is where the resync put it" \
	    "$(login ann "$(code fresh)")" SUCCESS
	through "$proxy"
	paused "$(code fresh)"
	usual
	admin disable ann >"$T/out"
	go_on
	equal "a user who is disabled between the turns is not let in" \
	    "$got" AUTH_ERR
	check "and stays disabled" grep -q '^ann *disabled ' <(admin list)
	admin enable ann >"$T/out"
	through "$proxy"
	paused "$(code fresh)"
	usual
	admin remove -f ann >"$T/out"
	go_on
	equal "a user who is removed between the turns is not let in" \
	    "$got" AUTH_ERR
	refused "and stays removed" grep -q '^ann ' <(admin list)
}

# --- many users ---------------------------------------------------------------

# few MOST COMMAND...: so many turns at most, for which it prints $T/out
few() {
	: >"$T/turns/turns"
	admin "${@:2}" >"$T/out"
	check "600 users: $2 takes $1 turns at most" \
	    test "$(wc -l <"$T/turns/turns")" -le "$1"
}

many() {
	through "$proxy"
	seq 600 | awk '{ printf "HOTP/E/8 m%03d - %040d 5\n", $1, $1 }' \
	    >"$T/users.oath"
	few 120 import --no-account "$T/users.oath"
	equal "and imports them" "$(tail -n 1 "$T/out")" \
	    "600 users, 600 tokens added"
	few 20 import --no-account "$T/users.oath"
	equal "and doubles nothing" "$(tail -n 1 "$T/out")" \
	    "600 users, 0 tokens added, 600 already there"
	few 12 list
	equal "and lists them" "$(grep -c '^m.* normal ' "$T/out")" 600
	few 12 export --plain
	equal "and has them" "$(grep -c 'otpauth.*counter=5' "$T/out")" 600
	few 16 log -n 20
	equal "and prints 20" "$(grep -c . "$T/out")" 20
	few 25 check --json
}

imported_between() {
	printf 'HOTP/E/8 %s - %040d 5\n' kim 1 lee 2 max 3 root 4 \
	    >"$T/four.oath"
	through "$proxy"
	rm -f "$T/turns/paused"
	touch "$T/turns/pause"
	start admin import --no-account "$T/four.oath" >"$T/imported" 2>&1
	waiting=$started
	wait_for test -e "$T/turns/paused"
	usual
	admin enroll lee --no-account >"$T/uri" 2>"$T/out"
	rm "$T/turns/pause"
	wait "$waiting"
	equal "an import says who was enrolled meanwhile" \
	    "$? $(grep -c 'lee already has' "$T/imported")" "1 1"
	equal "and imports those beside who is enrolled meanwhile" \
	    "$(counter kim) $(counter lee) $(counter max)" "5 0 5"
	printf 'HOTP/E/8 %s - %040d 5\n' mia 6 root 7 >"$T/two.oath"
	usual
	admin import --no-account "$T/two.oath" </dev/null >"$T/imported" 2>&1
	equal "and gives uid 0 no token without a yes" \
	    "$(counter mia) $(admin list | grep -c '^root ')" "5 0"
}

# --- at once ------------------------------------------------------------------

# one_code WAY: at 16 callers, each with a verifier of its own
one_code() {
	local typed results='' round
	for ((round = 0; round < rounds; round++)); do
		typed=$(code ann)
		results+=$(printf 'ann\t%s\n' "$typed" | pam_run -n 16 |
		    cut -d' ' -f2 | sort | uniq -c | xargs)$'\n'
	done
	equal "one code at 16 callers at once, $1, $rounds rounds: one login each" \
	    "$(sort -u <<<"${results%$'\n'}")" "15 AUTH_ERR 1 SUCCESS"
	equal "and the counter is right, $1" "$(login ann "$(code ann)")" SUCCESS
}

# --- poolers ------------------------------------------------------------------

pooler() {	# MODE
	pooler=$(free_port)
	printf '"%s" "secret of %s"\n' rollcode_login rollcode_login \
	    rollcode_admin rollcode_admin >"$T/$1.users"
	cat >"$T/$1.ini" <<-INI
	[databases]
	rollcode = host=127.0.0.1 port=$(postgres_port one) dbname=rollcode
	[pgbouncer]
	listen_addr = 127.0.0.1
	listen_port = $pooler
	unix_socket_dir =
	auth_type = scram-sha-256
	auth_file = $T/$1.users
	pool_mode = $1
	logfile = $T/$1.bouncer
	INI
	touch "$T/$1.bouncer"
	chown pg "$T/$1".*
	start "${AS_PG[@]}" "$(command -v pgbouncer)" -q "$T/$1.ini"
	wait_for listening "$pooler"
}

# What each commit of a login had in force, and names before the server's own.
watched() {
	SQL_DATABASE=rollcode sql one "
	CREATE SCHEMA evil;
	GRANT USAGE ON SCHEMA evil TO PUBLIC;
	CREATE TABLE evil.called(what text);
	GRANT ALL ON evil.called TO PUBLIC;
	CREATE FUNCTION evil.same(text,text) RETURNS boolean LANGUAGE sql AS
	    \$\$INSERT INTO evil.called VALUES('='); SELECT true\$\$;
	CREATE OPERATOR evil.= (LEFTARG=text,RIGHTARG=text,FUNCTION=evil.same);
	CREATE TABLE evil.had(what text);
	GRANT ALL ON evil.had TO PUBLIC;
	CREATE FUNCTION evil.watch() RETURNS trigger LANGUAGE plpgsql AS
	    \$\$BEGIN INSERT INTO evil.had SELECT pg_catalog.concat_ws('|',
	    pg_catalog.current_setting('synchronous_commit'),
	    pg_catalog.current_setting('search_path'),
	    pg_catalog.current_setting('lock_timeout'),
	    pg_catalog.current_setting('statement_timeout'),
	    pg_catalog.current_setting('idle_in_transaction_session_timeout'));
	    RETURN NULL; END\$\$;
	CREATE CONSTRAINT TRIGGER watch AFTER UPDATE ON rollcode.account
	    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
	    EXECUTE FUNCTION evil.watch();
	ALTER ROLE rollcode_login SET search_path=evil,pg_catalog;
	ALTER ROLE rollcode_login SET synchronous_commit=off"
}

pooled() {	# MODE
	pooler "$1"
	through "$pooler"
	SQL_DATABASE=rollcode sql one "DELETE FROM evil.had"
	equal "through a pooler, by $1: a code lets in" \
	    "$(login ann "$(code ann)")" SUCCESS
	equal "with our settings when it was committed, by $1" \
	    "$(SQL_DATABASE=rollcode sql one "SELECT DISTINCT what FROM evil.had")" \
	    "on|pg_catalog,pg_temp|2s|2500ms|10s"
	one_code "by $1"
	equal "no name of the role's search_path was called, by $1" \
	    "$(SQL_DATABASE=rollcode sql one "SELECT * FROM evil.called")" ""
	check "the administrator's tool works, by $1" look_around
	resident_start
	equal "through the service too, by $1" \
	    "$(login ann "$(code ann)")$(login ann "$(code ann)")" \
	    SUCCESSSUCCESS
	resident_stop
}

look_around() {
	admin list | grep -q '^ann ' && admin log ann | grep -q accepted &&
	    admin enroll carol --no-account >"$T/uri" && admin disable carol &&
	    admin remove -f carol
}

pgsql_server one
pgsql_place
admin init >"$T/out"
enroll ann
mkdir "$T/turns"
turns_proxy
if [ "${1-}" = long ]; then
	bursts
else
	two_turns
	never_kept
	many
fi
one_code straight
watched
pooled session
pooled transaction
[ "${1-}" = long ] || between
