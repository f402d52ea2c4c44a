#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# pgsql_restored.sh [long] - a database that went back, or is a copy of another,
# says so itself: dumps, clones, a standby that did not have the last logins.
# long: also another cluster, a point in time, and a logical replica.
# long: 120
. "$(dirname "$0")/../support/lib.sh"
need python3
. "$TREE/tests/support/pgsql.sh"
pgsql_machine "$@"
. "$TREE/tests/support/ahead.sh"
later=600 # seconds

used_again() {	# USER
	local one
	while read -r one; do
		login "$1" "$one"
	done <"$T/used.$1" | grep -c SUCCESS
}

end_server() {	# NAME
	local pid
	pid=$(head -n 1 "$T/$1/postmaster.pid")
	kill -INT "$pid"
	wait "$pid"
}

none_again() {	# WHEN
	local user
	for user in ann tim; do
		equal "$1 no used code of $user works again" \
		    "$(used_again "$user")" 0
	done
}

# The hosts ask that server, and have witnesses.
of_server() {	# NAME
	env_file "$(uri rollcode_login "$1")" "$(uri rollcode_admin "$1")"
	echo "WITNESS=$T/store-witness" >>"$CONF"
}

as_admin() {	# NAME COMMAND ARGUMENT...
	env "PGHOST=$T/$1" "PGPORT=$(postgres_port "$1")" PGUSER=pg \
	    "$PG_BIN/$2" "${@:3}"
}

in_store() {	# NAME STATEMENT
	SQL_DATABASE=rollcode sql "$1" "$2"
}

# ann logs in with a code that what comes then has not seen.
uses_one() {
	used=$(code ann)
	equal "$1: ann logs in" "$(login ann "$used")" SUCCESS
}

# went_back WAY PATTERN: nobody gets in, the log says why, and what it says to
# do lets the next code in.
went_back() {
	: >"$T/syslog"
	equal "$1: the used code does not let in" \
	    "$(login ann "$used")" SYSTEM_ERR
	check "$1: the log says what happened" logged "$2"
	equal "$1: nor does the next one" \
	    "$(login ann "$(code ann)")" SYSTEM_ERR
	equal "$1: who is not enrolled is not said to be so" \
	    "$(login eve 12345678 nullok)" SYSTEM_ERR
	check "$1: check says it" grep -q 'unmarked' <<<"$(admin check 2>&1)"
	settled "$1"
}

settled() {	# WAY
	check "$1: it is marked" admin restored
	equal "$1: the used code does not let in then" \
	    "$(login ann "$used")" SYSTEM_ERR
	nap 1.1
	check "$1: ann is resynced" admin resync ann <<<"$(code ann -n 2)"
	check "$1: it ends" admin restored --end
	equal "$1: the used code does not let in at the end" \
	    "$(login ann "$used")" AUTH_ERR
	equal "$1: the next one does" "$(login ann "$(code ann)")" SUCCESS
}

# --- dumps --------------------------------------------------------------------

dumps() {
	as_admin one pg_dump -Fc --schema=rollcode -f "$T/dump" rollcode
	uses_one "a dump"
	check "a dump: it takes the place of the schema" as_admin one \
	    pg_restore --clean --if-exists -d rollcode "$T/dump"
	went_back "a dump" 'restored from a dump'
	as_admin one pg_dump -Fc --schema=rollcode -f "$T/dump" rollcode
	uses_one "the data of a dump"
	in_store one "TRUNCATE rollcode.store,rollcode.account CASCADE"
	check "the data of a dump: into the same tables" as_admin one \
	    pg_restore --data-only --disable-triggers -d rollcode "$T/dump"
	went_back "the data of a dump" 'restored from a dump'
	in_store one "VACUUM FULL FREEZE rollcode.store"
	equal "a table that is written anew is the same" \
	    "$(login ann "$(code ann)")" SUCCESS
}

another_database() {
	sql one "CREATE DATABASE template2 TEMPLATE rollcode"
	uses_one "another database"
	sql one "ALTER DATABASE rollcode RENAME TO before"
	sql one "ALTER DATABASE template2 RENAME TO rollcode"
	went_back "another database" 'copied into another database,'
}

# --- a clone ------------------------------------------------------------------

clone() {
	postgres_copy clone one
	rm "$T/clone/standby.signal"
	uses_one "a clone"
	end_server one
	postgres_start clone
	of_server clone
	went_back "a clone" 'went back in time, and lacks'
	equal "the witness is of the clone then" \
	    "$(login ann "$(code ann)")" SUCCESS
}

# --- a standby that is promoted -----------------------------------------------

replayed() {
	[ "$(sql clone 'SELECT pg_current_wal_lsn()')" = \
	    "$(sql two 'SELECT pg_last_wal_replay_lsn()')" ]
}

promoted() {
	enroll tim --form timed
	postgres_copy two clone
	postgres_start two
	login ann "$(code ann)" >"$T/out"
	check "a standby follows, and is not waited for" wait_for replayed
	end_server two
	for user in ann tim; do
		codes "$user" 3 >"$T/used.$user"
		equal "$user logs in where the standby does not see it" \
		    "$(used_again "$user")" 3
	done
	end_server clone
	postgres_start two
	of_server two
	sql two "SELECT pg_promote()" >"$T/out"
	none_again "a promotion that lost logins:"
	check "the log says that it was promoted" logged 'after a promotion'
	equal "and nobody gets in with the next code" \
	    "$(login ann "$(code ann)") $(login tim "$(code tim)")" \
	    "SYSTEM_ERR SYSTEM_ERR"
	refused "promotions are not followed where no standby is waited for" \
	    admin restored --promotions follow
	check "who ends it without a mark is told what does" grep -q \
	    'only after .* restored; if no login was lost, --force ends it' \
	    <<<"$(admin restored --end 2>&1)"
	check "it is marked as restored" admin restored
	none_again "then"
	equal "who is not enrolled there is not said to be so" \
	    "$(login eve 12345678 nullok)" SYSTEM_ERR
	check "the log says what ends it" logged 'rollcode-admin restored --end'
	check "show says it" grep -q 'the store *was restored, marked' \
	    <<<"$(admin show tim)"
	check "check names who waits" grep -q '1 user waits for a resync: ann' \
	    <<<"$(admin check 2>&1)"
	server_ahead "$later"
	equal "later a timed code lets in" \
	    "$(login tim "$(codes_ahead "$later" tim)")" SUCCESS
	none_again "later"
	server_ahead 0
	refused "it does not end while ann's would" off "$later" \
	    rollcode-admin --conf "$CONF" restored --end
	nap 1.1
	cp "$T/syslog" "$T/log"
	check "the log of the hosts has all counters" \
	    admin resync --from-log "$T/log"
	check "then it ends" off "$later" rollcode-admin --conf "$CONF" \
	    restored --end
	none_again "at the end"
	equal "the next code lets in" "$(login ann "$(code ann)")" SUCCESS
}

# The old primary goes on, is named first, and waits for nobody.
left_behind() {
	local last
	postgres_start clone
	of_server clone
	sed -i "s/@127.0.0.1:[0-9]*/&,127.0.0.1:$(postgres_port two)/" "$CONF"
	last=$(code ann)
	equal "of two that can be written the promoted one is asked" \
	    "$(login ann "$last")" SUCCESS
	of_server clone
	: >"$T/syslog"
	equal "the other one alone accepts no code of there" \
	    "$(login ann "$last")" SYSTEM_ERR
	equal "and no other" "$(login ann "$(code ann)")" SYSTEM_ERR
	check "for the host has seen what came then" \
	    logged 'went back in time, and lacks'
	end_server clone
	of_server two
	equal "without it the next code lets in" \
	    "$(login ann "$(code ann)")" SUCCESS
}

is_sync() {
	[ "$(sql two "SELECT sync_state FROM pg_stat_replication")" = sync ]
}

# Who says that promotions lose nothing is not believed by who knows better.
followed() {
	postgres_copy three two
	postgres_start three
	sql two "ALTER SYSTEM SET synchronous_standby_names='three'"
	sql two "SELECT pg_reload_conf()" >"$T/out"
	wait_for is_sync
	check "where a standby is waited for, promotions can be followed" \
	    admin restored --promotions follow
	end_server three
	sql two "ALTER SYSTEM RESET synchronous_standby_names"
	sql two "SELECT pg_reload_conf()" >"$T/out"
	uses_one "a lie about promotions"
	end_server two
	postgres_start three
	of_server three
	sql three "SELECT pg_promote()" >"$T/out"
	went_back "a lie about promotions" 'went back in time, and lacks'
}

marked() {
	in_store two "UPDATE rollcode.store SET backup=1"
	for user in ann tim; do
		equal "a mark that has no time denies $user" \
		    "$(login "$user" "$(code "$user")")" SYSTEM_ERR
	done
	admin restored --end --force >"$T/out"
}

# --- what is not in the default ring ------------------------------------------

another_cluster() {
	as_admin three pg_dump -Fc --schema=rollcode -f "$T/dump" rollcode
	uses_one "another cluster"
	pgsql_server four
	check "another cluster: a dump is restored" as_admin four \
	    pg_restore -d rollcode "$T/dump"
	of_server four
	went_back "another cluster" 'copied into another database cluster'
}

point_in_time() {
	postgres_copy five four "restore_command = 'cp $T/four/pg_wal/%f %p'" \
	    "recovery_target_name = 'before'" \
	    "recovery_target_action = promote"
	rm "$T/five/standby.signal"
	"${AS_PG[@]}" touch "$T/five/recovery.signal"
	sql four "SELECT pg_create_restore_point('before')" >"$T/out"
	uses_one "a point in time"
	end_server four
	postgres_start five
	wait_for is_primary five
	of_server five
	went_back "a point in time" 'restored to an earlier time'
}

is_primary() {
	[ "$(sql "$1" "SELECT pg_is_in_recovery()")" = f ]
}

has_ann() {
	[ "$(in_store six "SELECT count(*) FROM rollcode.store,rollcode.event,
	    rollcode.token")" != 0 ]
}

logical_replica() {
	sql five "ALTER SYSTEM SET wal_level=logical"
	end_server five
	postgres_start five
	pgsql_server six
	as_admin five pg_dump -Fc --schema-only --schema=rollcode \
	    -f "$T/dump" rollcode
	as_admin six pg_restore -d rollcode "$T/dump"
	in_store five "CREATE PUBLICATION all_of_it FOR ALL TABLES"
	in_store six "CREATE SUBSCRIPTION all_of_it CONNECTION
	    'host=$T/five port=$(postgres_port five) user=pg dbname=rollcode'
	    PUBLICATION all_of_it"
	wait_for has_ann
	in_store six "ALTER SUBSCRIPTION all_of_it DISABLE"
	uses_one "a logical replica"
	of_server six
	went_back "a logical replica" 'copied into another database cluster'
}

# A server that was promoted loses its disk, and a copy of before that is put in
# its place: of the row itself nothing is lower.
put_back() {
	in_store six "UPDATE rollcode.store SET promotions='follow',
	    written=txid_current()"
	postgres_copy seven six
	rm "$T/seven/standby.signal"
	end_server six
	"${AS_PG[@]}" touch "$T/six/standby.signal"
	postgres_start six
	sql six "SELECT pg_promote()" >"$T/out"
	uses_one "a copy is put back"
	end_server six
	postgres_start seven
	of_server seven
	: >"$T/syslog"
	equal "a copy is put back: the used code does not let in" \
	    "$(login ann "$used")" AUTHINFO_UNAVAIL
	check "a copy is put back: the log says what to do" \
	    logged 'an old primary, or was put back: .*rollcode-admin restored'
	check "a copy is put back: init can be run" admin init
	equal "a copy is put back: which settles nothing" \
	    "$(login ann "$(code ann)")" AUTHINFO_UNAVAIL
	settled "a copy is put back"
}

pgsql_server one
pgsql_place
echo "WITNESS=$T/nowhere" >>"$CONF"
admin init >"$T/out"
check "a host without a witness is told so" \
    grep -q 'witness-missing' <<<"$(admin check 2>&1)"
of_server one
enroll ann
login ann "$(code ann)" >"$T/out"
if [ "${1-}" != long ]; then
	dumps
	clone
	promoted
	left_behind
	marked
	exit 0
fi
another_database
postgres_copy two one
postgres_start two
end_server one
sql two "SELECT pg_promote()" >"$T/out"
of_server two
admin restored --end --force >"$T/out"
followed
another_cluster
point_in_time
logical_replica
put_back
