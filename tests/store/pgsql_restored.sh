#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# pgsql_restored.sh - a database that went back: a standby that did not have the
# last logins, and a dump.
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

end_server() {	# PID
	kill -INT "$1"
	wait "$1"
}

none_again() {	# WHEN
	local user
	for user in ann tim; do
		equal "$1 no used code of $user works again" \
		    "$(used_again "$user")" 0
	done
}

of_role() {	# NAME
	env_file "$(uri rollcode_login "$1")" "$(uri rollcode_admin "$1")"
}

# --- a standby that is promoted -----------------------------------------------

pgsql_server one
first=$started
pgsql_place
admin init >"$T/out"
enroll ann
enroll tim --form timed
postgres_copy two one
postgres_start two
login ann "$(code ann)" >"$T/out"
replayed() {
	[ "$(sql one 'SELECT pg_current_wal_lsn()')" = \
	    "$(sql two 'SELECT pg_last_wal_replay_lsn()')" ]
}
check "a standby follows, and is not waited for" wait_for replayed
end_server "$started"
for user in ann tim; do
	codes "$user" 3 >"$T/used.$user"
	equal "$user logs in where the standby does not see it" \
	    "$(used_again "$user")" 3
done
end_server "$first"
postgres_start two
of_role two
sql two "SELECT pg_promote()" >"$T/out"
check "the promotion says that the store went back" admin restored
none_again "then"
equal "who is not enrolled there is not said to be so" \
    "$(login eve 12345678 nullok)" SYSTEM_ERR
check "the log says what ends it" logged 'rollcode-admin restored --end'
check "show says it" grep -q 'the store *was restored' <<<"$(admin show tim)"
check "check names who waits" grep -q '1 user waits for a resync: ann' \
    <<<"$(admin check 2>&1)"
server_ahead "$later"
equal "later a timed code lets in" "$(login tim "$(codes_ahead "$later" tim)")" \
    SUCCESS
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

# --- a mark without a time ----------------------------------------------------

SQL_DATABASE=rollcode sql two "UPDATE rollcode.store SET backup=1"
for user in ann tim; do
	equal "a mark that has no time denies $user" \
	    "$(login "$user" "$(code "$user")")" SYSTEM_ERR
done
admin restored --end --force >"$T/out"

# --- a dump -------------------------------------------------------------------

enroll cyd
as_admin=(env "PGHOST=$T/two" "PGPORT=$(postgres_port two)" PGUSER=pg)
"${as_admin[@]}" "$PG_BIN/pg_dump" -Fc --schema=rollcode \
    -f "$T/rollcode.dump" rollcode
codes cyd 3 >"$T/used.cyd"
used_again cyd >"$T/out"
SQL_DATABASE=rollcode sql two "DROP SCHEMA rollcode CASCADE"
check "a dump is put back" "${as_admin[@]}" "$PG_BIN/pg_restore" -1 --no-acl \
    -d rollcode "$T/rollcode.dump"
equal "before it is marked nobody gets in" "$(used_again cyd)" 0
check "it is marked" admin restored
equal "nor before logins have their rights" "$(used_again cyd)" 0
check "they get them" admin init
equal "no used code works again" "$(used_again cyd)" 0
admin restored --end --force >"$T/out"
equal "unmarked they all do, which is the limit of a database" \
    "$(used_again cyd)" 3
