#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# roles.sh - what the role of a login can do in a PostgreSQL store, tried on
# every table and column there is; and what init and check say of a role that
# could do more.
# limit: 200
# shellcheck disable=SC2317	# what spoils a role is called by its name
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/pgsql.sh"
pgsql_machine "$@"

in_store() {	# STATEMENT: as the server's administrator
	SQL_DATABASE=rollcode sql one "$1"
}

as_login() {	# [OPTION...]: psql as the role of a login
	PGPASSFILE=$T/pgpass "$PG_BIN/psql" -X -q -A -t "$@" \
	    "postgresql://${ROLE-rollcode_login}@127.0.0.1:$(postgres_port one)/rollcode"
}

# One statement a line: each in a transaction that is undone, and its SQLSTATE.
states() {
	sed 's/.*/BEGIN; & ;\n\\echo :SQLSTATE\nROLLBACK;/' |
	    as_login 2>"$T/refusals" | grep -E '^[0-9A-Z]{5}$'
}

# --- every statement, on every table and column -----------------------------

every_statement() {
	in_store "
	SELECT format('UPDATE rollcode.%s SET %s=%s', table_name, column_name,
	    column_name) FROM information_schema.columns
	    WHERE table_schema='rollcode'
	UNION ALL SELECT format(verb, table_name)
	    FROM information_schema.tables, unnest(ARRAY[
		'INSERT INTO rollcode.%1\$s SELECT * FROM rollcode.%1\$s',
		'DELETE FROM rollcode.%s', 'TRUNCATE rollcode.%s CASCADE',
		'SELECT 1 FROM rollcode.%s FOR UPDATE',
		'SELECT 1 FROM rollcode.%s FOR SHARE']) verb
	    WHERE table_schema='rollcode'
	UNION ALL SELECT format('LOCK TABLE rollcode.%s IN %s MODE',
	    table_name, mode) FROM information_schema.tables, unnest(ARRAY[
		'ACCESS SHARE', 'ROW SHARE', 'ROW EXCLUSIVE',
		'SHARE UPDATE EXCLUSIVE', 'SHARE', 'SHARE ROW EXCLUSIVE',
		'EXCLUSIVE', 'ACCESS EXCLUSIVE']) mode
	    WHERE table_schema='rollcode'
	ORDER BY 1"
}

# What a login needs, as every_statement has it.
needed() {
	local column table
	for column in failures spent spent_time failed replayed late \
	    last_success last_failure sequence; do
		echo "UPDATE rollcode.account SET $column=$column"
	done
	for column in counter far_counter far_time used; do
		echo "UPDATE rollcode.token SET $column=$column"
	done
	echo "UPDATE rollcode.recovery SET used=used"
	for column in sequence time service rhost token outcome counter \
	    distance; do
		echo "UPDATE rollcode.event SET $column=$column"
	done
	echo "INSERT INTO rollcode.event SELECT * FROM rollcode.event"
	for table in account token recovery event; do
		echo "SELECT 1 FROM rollcode.$table FOR UPDATE"
		echo "SELECT 1 FROM rollcode.$table FOR SHARE"
	done
	for table in store account token recovery event; do
		echo "LOCK TABLE rollcode.$table IN ACCESS SHARE MODE"
	done
}

everything() {
	local all
	every_statement >"$T/statements"
	states <"$T/statements" >"$T/states"
	all=$(wc -l <"$T/statements")
	check "every table and column is tried" test "$all" -ge 100
	equal "each with an answer" "$(wc -l <"$T/states")" "$all"
	equal "the role of a login has the rights that a login needs, and no other" \
	    "$(paste -d '|' "$T/states" "$T/statements" |
	    sed -n '/^42501|/!s/^.....|//p' | sort)" "$(needed | sort)"
}

# --- by how much -------------------------------------------------------------

# each STATE NAME: the statements of standard input, in ann's row of an account
# with 5 spent guesses, given back from now on.
each() {
	local statement state
	grep . >"$T/statements"
	states <"$T/statements" >"$T/states"
	while read -r -u 3 state && read -r -u 4 statement; do
		equal "$2: $statement" "$state" "$1"
	done 3<"$T/states" 4<"$T/statements"
	equal "$2: each was tried" "$(wc -l <"$T/states")" \
	    "$(wc -l <"$T/statements")"
}

NOW="extract(epoch from now())::bigint"
ACCOUNT="UPDATE rollcode.account SET"
TOKEN="UPDATE rollcode.token SET"

event() {	# SLOT SEQUENCE [TOKEN]
	echo "INSERT INTO rollcode.event SELECT name,$1,$2,0,'','',${3-''},\
'accepted',-1,-1 FROM rollcode.account ON CONFLICT(name,slot) DO UPDATE SET \
sequence=excluded.sequence"
}

by_how_much() {
	in_store "$ACCOUNT failures=3,failed=3,replayed=3,late=3,spent=5,\
spent_time=$NOW"
	each P0001 "a login cannot" <<-STATEMENTS
	$TOKEN counter=9223372036854775807
	$TOKEN counter=counter+1000001
	$TOKEN counter=counter-1
	$TOKEN far_counter=counter+1000001
	$TOKEN far_counter=counter-1
	$ACCOUNT sequence=9223372036854775807
	$ACCOUNT sequence=sequence-1
	$ACCOUNT sequence=sequence+2
	$ACCOUNT failures=failures+2
	$ACCOUNT failures=failures-1
	$ACCOUNT failed=failed+2
	$ACCOUNT replayed=replayed-1
	$ACCOUNT late=late+2
	$ACCOUNT late=late-1
	$ACCOUNT spent=spent+2
	$ACCOUNT spent=spent-1
	$ACCOUNT spent=0
	$ACCOUNT spent=-1
	$ACCOUNT spent_time=spent_time-1
	$ACCOUNT spent=0,spent_time=0
	$ACCOUNT spent=0,spent_time=spent_time+432000
	$(event 10000 sequence)
	$(event -2 sequence)
	$(event 7 sequence+1)
	$(event 7 sequence-1)
	$(event 7 9223372036854775807)
	$(event 7 sequence "repeat('x',65)::bytea")
	$ACCOUNT sequence=sequence+1; $(event 7 sequence); $(event 8 sequence)
	$ACCOUNT sequence=sequence+1; $(event 7 sequence); $(event 7 sequence)
	UPDATE rollcode.event SET sequence=sequence-1
	UPDATE rollcode.event SET time=0
	STATEMENTS
	each 00000 "a login can" <<-STATEMENTS
	$TOKEN counter=counter+1000000
	$TOKEN counter=counter+1,far_counter=NULL,far_time=NULL
	$TOKEN far_counter=counter+500,far_time=$NOW
	$ACCOUNT failures=0,failed=0,replayed=0,late=0,last_success=$NOW
	$ACCOUNT late=late+1
	$ACCOUNT failures=failures+1,failed=failed+1,spent=spent+1
	$ACCOUNT spent=spent-1,spent_time=spent_time+86400
	$ACCOUNT sequence=sequence+1; $(event 7 sequence)
	$ACCOUNT replayed=replayed+1; $(event -1 sequence); $(event -1 sequence)
	STATEMENTS
}

# A host three days ahead: what one guess would give back.
by_the_clock() {
	local ahead="spent_time=spent_time+3*86400"
	each P0001 "on a host three days ahead a right code cannot" \
	    <<<"$ACCOUNT spent=spent-3,$ahead,failures=0"
	each P0001 "and so a wrong one costs nothing either" \
	    <<<"$ACCOUNT spent=spent-3+1,$ahead,failures=failures+1"
	in_store "$ACCOUNT spent=0,spent_time=0"
	as_login -c "$ACCOUNT spent=1,spent_time=10"
	check "a host in 1970 gives no guess back that another would" \
	    test "$(in_store "SELECT $NOW-spent_time FROM rollcode.account")" \
	    -le 86401
	in_store "$ACCOUNT spent=0,failures=0,failed=0,replayed=0"
}

# --- the events ---------------------------------------------------------------

ring() {
	local i
	echo EVENTS_KEPT=4 >>"$CONF"
	for i in 1 2 3 4 5 6; do
		login ann "$(code ann)"
	done >"$T/out"
	equal "logins go round in four events" "$(sort -u "$T/out")" SUCCESS
	equal "and no more" "$(in_store "SELECT count(*) FROM rollcode.event
	    WHERE slot BETWEEN 0 AND 3")" 4
	as_login -v ON_ERROR_STOP=1 \
	    -c "$ACCOUNT sequence=sequence+1; $(event 2 sequence)"
	for i in 1 2 3 4 5; do
		login ann "$(code ann)"
	done >"$T/out"
	equal "whatever event another host wrote" "$(sort -u "$T/out")" SUCCESS
	check "what lies beyond them an administrator's command takes away" \
	    admin unlock ann
	equal "all of it" "$(in_store "SELECT count(*) FROM rollcode.event
	    WHERE slot>3")" 0
	usual
}

# --- the roles ----------------------------------------------------------------

# init_refuses NAME PATTERN STATEMENT UNDO: init says so, changes nothing, and
# check finds it.
init_refuses() {
	local before after
	in_store "$3"
	before=$(in_store "SELECT relname,relacl FROM pg_class
	    WHERE relnamespace='rollcode'::regnamespace ORDER BY 1")
	refused "init refuses $1" admin init
	check "saying so" grep -q "$2" <(admin init 2>&1)
	after=$(in_store "SELECT relname,relacl FROM pg_class
	    WHERE relnamespace='rollcode'::regnamespace ORDER BY 1")
	equal "and changes nothing" "$after" "$before"
	admin check >"$T/found" 2>&1
	check "check finds $1" \
	    grep -q "$2" <(grep -A 1 '^warning  store-role' "$T/found")
	in_store "$4"
}

memberships() {
	init_refuses "a login role in the administrator's" \
	    'member of rollcode_admin' \
	    "GRANT rollcode_admin TO rollcode_login" \
	    "REVOKE rollcode_admin FROM rollcode_login"
	init_refuses "one in a role that is in it" 'member of rollcode_admin' \
	    "CREATE ROLE staff IN ROLE rollcode_admin;
	    GRANT staff TO rollcode_login" "DROP ROLE staff"
	init_refuses "one in the role of the database's owner" \
	    'member of owner' "CREATE ROLE owner IN ROLE rollcode_admin;
	    ALTER DATABASE rollcode OWNER TO owner;
	    REVOKE rollcode_admin FROM owner; GRANT owner TO rollcode_login" \
	    "ALTER DATABASE rollcode OWNER TO rollcode_admin; DROP ROLE owner"
	init_refuses "one that writes all data" 'member of pg_write_all_data' \
	    "GRANT pg_write_all_data TO rollcode_login" \
	    "REVOKE pg_write_all_data FROM rollcode_login"
	init_refuses "one that runs programs of the server" \
	    'member of pg_execute_server_program' \
	    "GRANT pg_execute_server_program TO rollcode_login" \
	    "REVOKE pg_execute_server_program FROM rollcode_login"
	init_refuses "one past row security" 'far more than a login needs' \
	    "ALTER ROLE rollcode_login BYPASSRLS" \
	    "ALTER ROLE rollcode_login NOBYPASSRLS"
	init_refuses "one that makes roles" 'far more than a login needs' \
	    "ALTER ROLE rollcode_login CREATEROLE" \
	    "ALTER ROLE rollcode_login NOCREATEROLE"
	check "without any of that init runs again" admin init
	admin check >"$T/found" 2>&1
	refused "and check finds nothing" grep -q store-role "$T/found"
}

found_and_mended() {	# NAME STATEMENT
	in_store "$2"
	admin check >"$T/found" 2>&1
	check "check finds $1" grep -q '^warning  store-role' "$T/found"
}

drift() {
	found_and_mended "a right that init did not give" \
	    "GRANT DELETE ON rollcode.event TO rollcode_login"
	found_and_mended "a right of everybody's" \
	    "GRANT UPDATE ON rollcode.token TO PUBLIC"
	check "init takes both away" admin init
	admin check >"$T/found" 2>&1
	refused "so that check finds neither" grep -q store-role "$T/found"
	found_and_mended "a trigger that is off" \
	    "ALTER TABLE rollcode.token DISABLE TRIGGER login_moves_token"
	in_store "ALTER TABLE rollcode.token ENABLE TRIGGER login_moves_token"
	env_file "$(uri rollcode_admin one)"
	admin check >"$T/found" 2>&1
	check "check finds a login that comes as the administrator" \
	    grep -q '^warning  store-role' "$T/found"
	usual
}

# DATABASE names another role than before.
another_role() {
	sql one "CREATE ROLE second LOGIN PASSWORD 'secret of second'"
	echo "*:*:rollcode:second:secret of second" >>"$T/pgpass"
	sql one "CREATE ROLE copies"
	in_store "GRANT USAGE ON SCHEMA rollcode TO copies;
	    GRANT SELECT ON ALL TABLES IN SCHEMA rollcode TO copies"
	env_file "$(uri second one)" "$(uri rollcode_admin one)"
	check "init gives the rights to another role" admin init
	equal "as which a code lets in" "$(login ann "$(code ann)")" SUCCESS
	refused "and takes them from the role before" \
	    as_login -v ON_ERROR_STOP=1 -c "$ACCOUNT sequence=sequence"
	refused "to read too" as_login -v ON_ERROR_STOP=1 \
	    -c "SELECT 1 FROM rollcode.token"
	equal "but from none that only reads" "$(in_store \
	    "SELECT has_table_privilege('copies','rollcode.token','SELECT')")" t
	usual
	check "init gives them back" admin init
	equal "and a code lets in" "$(login ann "$(code ann)")" SUCCESS
}

# --- an older schema -----------------------------------------------------------

# As version 1 was, with what a hostile host could leave in it.
upgraded() {
	in_store "
	DROP FUNCTION rollcode.login_moves_account() CASCADE;
	DROP FUNCTION rollcode.login_moves_token() CASCADE;
	DROP FUNCTION rollcode.login_adds_event() CASCADE;
	ALTER TABLE rollcode.account DROP COLUMN late;
	ALTER TABLE rollcode.store DROP COLUMN system, DROP COLUMN database,
	DROP COLUMN relation, DROP COLUMN written, DROP COLUMN settled,
	DROP COLUMN timeline, DROP COLUMN promotions;
	GRANT SELECT,INSERT,UPDATE,DELETE ON rollcode.event TO rollcode_login;
	UPDATE rollcode.store SET version=1"
	as_login -c "$(event 3 9223372036854775807); $(event 77777 0)"
	equal "an older schema denies" "$(login ann "$(code ann)")" SYSTEM_ERR
	check "init brings it up" admin init
	each P0001 "then a login cannot" <<<"$TOKEN counter=counter+1000001"
	equal "what no login could have written is gone" "$(in_store \
	    "SELECT count(*) FROM rollcode.event e JOIN rollcode.account a
	    USING(name) WHERE e.sequence>a.sequence OR slot>9999")" 0
	equal "and a code lets in" "$(login ann "$(code ann)")" SUCCESS
}

# --- locks, and files -----------------------------------------------------------

locked() {
	printf '%s;\n' "SELECT pg_advisory_lock(1383033964)" BEGIN \
	    "SELECT 1 FROM rollcode.account WHERE name='ann' FOR UPDATE" \
	    "LOCK TABLE rollcode.store IN ACCESS SHARE MODE" \
	    "\\! touch $T/locked" "SELECT pg_sleep(60)" >"$T/locks"
	start as_login -f "$T/locks" >"$T/out" 2>&1
	wait_for test -e "$T/locked"
	check "no lock that another role can hold stops init" admin init
	equal "a row that it holds denies that user" \
	    "$(login ann "$(code ann)")" AUTHINFO_UNAVAIL
	equal "and nobody else" "$(login bob "$(code bob)")" SUCCESS
	kill "$started"
	in_store "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	    WHERE query LIKE '%pg_sleep%' AND pid<>pg_backend_pid()" >"$T/out"
	equal "until it lets go" "$(wait_for let_in && echo yes)" yes
}

let_in() {
	[ "$(login ann "$(code ann)")" = SUCCESS ]
}

anchor() {	# NAME SETTING
	touch "$T/ca.pem"
	env_file "$(uri rollcode_login one "?$1=$T/ca.pem")"
	chmod 666 "$T/ca.pem"
	: >"$T/syslog"
	equal "$1 that others can write denies" \
	    "$(login ann "$(code ann)")" SYSTEM_ERR
	check "and is named" logged "$T/ca.pem: can be written by others"
	chown ann "$T/ca.pem"
	chmod 644 "$T/ca.pem"
	equal "so does $1 of somebody else" \
	    "$(login ann "$(code ann)")" SYSTEM_ERR
	rm "$T/ca.pem"
	usual
}

# --- all of it --------------------------------------------------------------------

pgsql_server one
pgsql_place
admin init >"$T/out"
enroll ann
everything
by_how_much
by_the_clock
ring
memberships
drift
another_role
upgraded
enroll bob
locked
anchor sslrootcert
anchor sslcrl
