#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# pgsql_upgrade.sh - the tables of version 2 in PostgreSQL: init upgrades them
# while the program of that version is at work, and whoever has another version
# than the tables is denied.
# shellcheck disable=SC2317	# what a check calls by name
. "$(dirname "$0")/../support/lib.sh"
. "$TREE/tests/support/pgsql.sh"
need strace
pgsql_machine "$@"

VERSION_2=$TREE/tests/vectors/version-2
SESSIONS=50

in_store() {
	SQL_DATABASE=rollcode sql one "$1"
}

version() {
	in_store "SELECT version FROM rollcode.store"
}

# With ann's wallet as it was then.
older_tables() {
	SQL_DATABASE=rollcode sql one \
	    "DROP SCHEMA IF EXISTS rollcode CASCADE"
	"$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -d "$(postgres_uri one rollcode)" \
	    <"$VERSION_2/postgresql.sql" >"$T/out" 2>&1 || cat "$T/out"
	rm -f "$(wallet ann)"
	token ann add <"$VERSION_2/postgresql.uri" >"$T/out" 2>&1
}

# Users like ann, with codes that nobody knows.
crowd() {
	in_store "
	INSERT INTO rollcode.account(name,created,key_id)
	    SELECT 'u'||n,created,key_id FROM rollcode.account,
	    generate_series(0,$((SESSIONS - 1))) AS n WHERE name='ann';
	INSERT INTO rollcode.token
	    SELECT 'u'||n,id,label,form,algorithm,digits,key_id,secret,0,NULL,
	    NULL,enabled,created,used FROM rollcode.token,
	    generate_series(0,$((SESSIONS - 1))) AS n WHERE name='ann'"
}

# What the program of version 2 asks in a login, for a user each.
login_of_version_2() {
	cat <<-'SQL'
	SELECT version,store_id,key_id,backup,pg_catalog.pg_is_in_recovery(),
	pg_catalog.current_setting('synchronous_commit') FROM rollcode.store;
	BEGIN;
	SELECT failures,spent,spent_time,failed,replayed,created,last_success,
	last_failure,sequence,key_id,recovery_key IS NOT NULL,recovery_key
	FROM rollcode.account WHERE name='u'||:client_id FOR UPDATE;
	SELECT id,label,form,algorithm,digits,key_id,secret,counter,far_counter,
	far_time,enabled,created,used FROM rollcode.token
	WHERE name='u'||:client_id ORDER BY id;
	SELECT id,mac,issued,expires,used FROM rollcode.recovery
	WHERE name='u'||:client_id ORDER BY id;
	UPDATE rollcode.account SET failures=0,spent=0,spent_time=0,failed=0,
	replayed=0,last_success=1700000001,last_failure=0,sequence=sequence+1
	WHERE name='u'||:client_id;
	UPDATE rollcode.token SET counter=counter+1,used=1700000001,
	far_counter=NULL,far_time=NULL WHERE name='u'||:client_id AND id=1;
	INSERT INTO rollcode.event(name,slot,sequence,time,service,rhost,token,
	outcome,counter,distance) SELECT name,sequence%200,sequence,1700000001,
	'sshd','','token','accepted',0,0 FROM rollcode.account
	WHERE name='u'||:client_id ON CONFLICT(name,slot) DO UPDATE SET
	sequence=excluded.sequence,time=excluded.time;
	COMMIT;
	SQL
}

at_work() {
	local server
	server=127.0.0.1:$(postgres_port one)
	until [ -e "$T/over" ]; do
		PGOPTIONS="-c search_path=pg_catalog,pg_temp -c lock_timeout=2000" \
		    PGPASSFILE=$T/pgpass.own "$PG_BIN/pgbench" -n \
		    -c "$SESSIONS" -j 2 -T 3 -f "$T/login.sql" \
		    "postgresql://rollcode_login@$server/rollcode?sslmode=disable"
	done
}

# all_of SENTENCE: the sum of the numbers that stand behind it
all_of() {
	sed -nE "s/^$1: ([0-9]+).*/\1/p" "$T/bench" |
	    awk '{ sum += $1 } END { print sum + 0 }'
}

logins_of_all() {
	in_store "SELECT sum(counter) FROM rollcode.token WHERE name<>'ann'"
}

more_than() {	# COUNT
	[ "$(logins_of_all)" -gt "$1" ]
}

some_are_done() {
	[ "$(in_store "SELECT count(*) FROM rollcode.token
	    WHERE name<>'ann' AND counter>3")" -ge 10 ]
}

# ann's code at once again and again; what she gets, and when.
knocks() {
	local code=$1
	while [ ! -e "$T/over" ]; do
		printf 'ann\t%s\n' "$code" | pam_run -n 4
	done
}

under_logins() {
	local before used work knocking
	older_tables
	crowd
	login_of_version_2 >"$T/login.sql"
	install -m 600 "$T/pgpass" "$T/pgpass.own"
	used=$(code ann)
	equal "before init a program of today is denied" \
	    "$(login ann "$used")" SYSTEM_ERR
	check "and the log says what upgrades the tables" \
	    logged 'made by an older version; rollcode-admin init upgrades it'
	at_work >"$T/bench" 2>&1 &
	work=$!
	wait_for some_are_done
	knocks "$used" >"$T/knocks" &
	knocking=$!
	check "init upgrades them under $SESSIONS sessions of logins" admin init
	equal "to those of today" "$(version)" 4
	before=$(logins_of_all)
	wait_for grep -q SUCCESS "$T/knocks"
	check "and they went on behind it" wait_for more_than "$before"
	: >"$T/over"
	wait "$work" "$knocking"
	equal "a code that is tried meanwhile lets in once" \
	    "$(grep -c ' SUCCESS ' "$T/knocks")" 1
	equal "and is denied or refused else" "$(grep -v ' SUCCESS ' "$T/knocks" |
	    grep -cvE ' (SYSTEM_ERR|AUTH_ERR) ')" 0
	equal "no login of the older program failed or was lost" \
	    "$(all_of 'number of transactions actually processed') $(all_of \
	    'number of failed transactions')" "$(logins_of_all) 0"
}

behind_it() {
	equal "the next code opens" "$(login ann "$(code ann)")" SUCCESS
	equal "wrong ones are counted" \
	    "$(login ann 00000000) $(field ann failures)" "AUTH_ERR 1"
	equal "late codes can be by a login, one by one" \
	    "$(late 1) $(late 2)" "yes no"
	check "init again changes nothing" admin init
	in_store "UPDATE rollcode.store SET version=5"
	equal "who has an older program than the tables is denied" \
	    "$(login ann "$(code ann)")" SYSTEM_ERR
	check "and the log says what to install" \
	    logged 'made by a newer version; install that version'
	refused "init leaves newer tables alone" admin init
	equal "so that they stay" "$(version)" 5
}

late() {
	PGPASSFILE=$T/pgpass.own "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -d \
	    "postgresql://rollcode_login@127.0.0.1:$(postgres_port one)/rollcode?sslmode=disable" \
	    -c "BEGIN; UPDATE rollcode.account SET late=late+$1; ROLLBACK" \
	    >"$T/out" 2>&1 && echo yes || echo no
}

version_3() {
	older_tables
	admin init >"$T/out"
	in_store "ALTER TABLE rollcode.store DROP COLUMN system,
	    DROP COLUMN database,DROP COLUMN relation,DROP COLUMN written,
	    DROP COLUMN settled,DROP COLUMN timeline,DROP COLUMN promotions;
	    UPDATE rollcode.store SET version=3"
}

# As the program of version 3 has them, which may be at work on other hosts.
one_version_older() {
	version_3
	equal "with the tables of version 3 a code opens before init" \
	    "$(login ann "$(code ann)")" SUCCESS
	check "and the administrator's tool works" admin resync ann \
	    <<<"$(code ann -n 2)"
	refused "what they cannot have is not set" \
	    admin restored --promotions ask
	check "init upgrades them too" admin init
	equal "to today's" "$(version)" 4
	equal "and the next code opens then" \
	    "$(login ann "$(code ann)")" SUCCESS
}

is_waiting() {
	[ "$(in_store "SELECT count(*) FROM pg_locks WHERE NOT granted")" != 0 ]
}

# A login reads the store first, in the transaction of all the rest.
in_its_order() {
	local login upgrade
	version_3
	mkfifo "$T/login"
	"$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -d "$(postgres_uri one rollcode)" \
	    <"$T/login" >"$T/out" 2>&1 &
	login=$!
	exec 5>"$T/login"
	printf '%s;\n' BEGIN "SELECT version FROM rollcode.store" \
	    "\\! touch $T/read" >&5
	wait_for test -e "$T/read"
	admin init >"$T/init" 2>&1 &
	upgrade=$!
	wait_for is_waiting
	printf '%s;\n' "SELECT 1 FROM rollcode.account WHERE name='ann' FOR UPDATE" \
	    COMMIT >&5
	exec 5>&-
	wait "$login"
	equal "init lets a login end that has read the store only" $? 0
	wait "$upgrade"
	equal "and upgrades the tables behind it" $? 0
	equal "to those of today again" "$(version)" 4
}

# A host that stopped in the middle of a login.
held() {
	older_tables
	printf '%s;\n' BEGIN \
	    "SELECT 1 FROM rollcode.account WHERE name='ann' FOR UPDATE" \
	    "\\! touch $T/locked" "SELECT pg_sleep(60)" >"$T/locks"
	start "$PG_BIN/psql" -X -q -d "$(postgres_uri one rollcode)" \
	    -f "$T/locks" >"$T/out" 2>&1
	wait_for test -e "$T/locked"
	refused "init does not wait for a login that does not end" admin init
	check "and says for what it would" grep -q \
	    'upgraded when no login is in it' <<<"$(admin init 2>&1)"
	equal "the tables are as they were" "$(version)" 2
	in_store "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	    WHERE query LIKE '%pg_sleep%' AND pid<>pg_backend_pid()" >"$T/out"
	check "it is run again then" admin init
	equal "and a code opens" "$(login ann "$(code ann)")" SUCCESS
}

# The last message is the one behind COMMIT.
killed() {
	local at seen=''
	older_tables
	for ((at = 1; at <= 60; at++)); do
		strace -f -qq -o "$T/trace" -e trace=sendto \
		    -e inject=sendto:signal=KILL:when="$at" \
		    rollcode-admin --conf "$CONF" init >"$T/out" 2>&1 && break
		seen+=$(version)
	done 2>/dev/null
	check "init is killed at each message: it has done nothing, or all" \
	    grep -qE '^2{20,}4$' <<<"$seen"
	check "and can be run again" admin init
	equal "then a code opens" "$(login ann "$(code ann)")" SUCCESS
}

pgsql_server one
pgsql_place
under_logins
behind_it
one_version_older
in_its_order
held
killed
exit 0
