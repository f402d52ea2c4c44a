#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# pgsql.sh [long] - one counter for many hosts: the store on a PostgreSQL
# server, with a real one, and what happens to it.  long: what takes longer.
# limit: 300
# long: 300
# shellcheck disable=SC2317	# what spoils a server is called by its name
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/pgsql.sh"
[ "${1-}" != long ] || export ROLLCODE_STEP=${ROLLCODE_STEP:-1}
pgsql_machine "$@"

# --- the contract -----------------------------------------------------------

# What the unit test says, in this script's words.
contract() {
	local tap=$T/contract.tap
	ROLLCODE_TEST_PGSQL=$(postgres_uri one) CK_TAP_LOG_FILE_NAME=$tap \
	    "$BUILD/tests/unit/store/test_store_pgsql" >"$T/contract.log" 2>&1
	sed -nE -e 's/^ok [0-9]+ - [^:]*:[^:]*:([^:]*):.*/ok contract: \1/p' \
	    -e 's/^not ok [0-9]+ - [^:]*:[^:]*:([^:]*): (.*)/not ok contract: \1 - \2/p' \
	    "$tap" >"$T/contract"
	cat "$T/contract"
	failures=$((failures + $(grep -c '^not ok' "$T/contract")))
	check "the contract: each promise was looked at" \
	    test "$(grep -c '^ok' "$T/contract")" -ge 20
}

# --- a first user -------------------------------------------------------------

# as_role ROLE [OPTION...]: psql as that role
as_role() {
	PGPASSFILE=$T/pgpass "$PG_BIN/psql" -X -q -A -t \
	    "postgresql://$1@127.0.0.1:$(postgres_port one)/rollcode" "${@:2}"
}

made() {
	check "init makes the schema" admin init
	equal "init again changes nothing" "$(admin init)" \
	    "a store already exists in $(uri rollcode_login one)"
	enroll ann
	equal "a code lets in" "$(login ann "$(code ann)")" SUCCESS
	LAST=$(code ann)
	equal "the next one too" "$(login ann "$LAST")" SUCCESS
	equal "and not again" "$(login ann "$LAST")" AUTH_ERR
	equal "who is not enrolled is refused" "$(login eve 12345678)" AUTH_ERR
	equal "with nullok such a one is let through" \
	    "$(login eve 12345678 nullok)" SUCCESS
	check "list, show and log see her" equal_all
	check "so do list --stale and stats" counted
	check "two codes resynchronise her" resync
	check "a user comes and goes" come_and_go
	enroll tim --form timed
	equal "a code that came too late does not let in" \
	    "$(login tim "$(off -600 code tim)") $(field tim late)" "AUTH_ERR 1"
	equal "the next one does" \
	    "$(login tim "$(code tim)") $(field tim late)" "SUCCESS 0"
	equal "both are in the log" "$(admin log tim | grep -cE \
	    ' (expired|accepted) .* token=token counter=[01] ')" 2
	admin remove -f tim >"$T/out"
}

equal_all() {
	admin list | grep -q '^ann .*normal' && admin show ann | grep -q counter &&
	    [ "$(admin log ann | grep -c accepted)" -eq 2 ] &&
	    admin log ann | grep -q replayed
}

# The accounts are those of this machine, and ann has one.
counted() {
	[ -z "$(admin list --stale 2>"$T/log")" ] &&
	    ! admin list --missing 2>&1 | grep -qx ann &&
	    [ "$(admin stats --json 2>&1 | value 'j["store_up"], j["users"],
	    j["users_stale"], j["replays"]')" = "(True, 1, 0, 1)" ] &&
	    [ "$(admin log --since 1h -n 2 | wc -l)" -eq 2 ]
}

resync() {
	code ann -n 2 | admin resync ann
}

come_and_go() {
	admin enroll bob --no-account >"$T/uri" && admin disable bob &&
	    admin list | grep -q '^bob .*disabled' && admin remove -f bob &&
	    ! admin list | grep -q '^bob '
}

# --- the roles --------------------------------------------------------------

not_a_login() {
	local statement statements=(
	    "UPDATE rollcode.token SET counter=0"
	    "UPDATE rollcode.token SET secret='x'"
	    "UPDATE rollcode.token SET enabled=true"
	    "UPDATE rollcode.token SET name='eve'"
	    "UPDATE rollcode.account SET key_id='x'"
	    "UPDATE rollcode.account SET recovery_key=NULL"
	    "UPDATE rollcode.recovery SET mac='x'"
	    "UPDATE rollcode.recovery SET used=0"
	    "UPDATE rollcode.store SET backup=0"
	    "DELETE FROM rollcode.token"
	    "DELETE FROM rollcode.account"
	    "DELETE FROM rollcode.recovery"
	    "TRUNCATE rollcode.token"
	    "INSERT INTO rollcode.account(name,created,key_id) VALUES('x',0,'x')"
	    "INSERT INTO rollcode.token SELECT * FROM rollcode.token"
	    "ALTER TABLE rollcode.token DISABLE TRIGGER ALL"
	    "DROP TRIGGER counter_never_falls ON rollcode.token"
	    "CREATE OR REPLACE FUNCTION rollcode.counter_never_falls()
		RETURNS trigger LANGUAGE sql AS 'SELECT NULL'"
	    "SET session_replication_role=replica"
	    "CREATE TABLE rollcode.evil(x int)"
	    "CREATE SCHEMA evil"
	    "CREATE ROLE evil")
	admin recovery ann >"$T/sheet" 2>"$T/out"
	login ann "$(head -n 1 "$T/sheet")" >"$T/out"
	for statement in "${statements[@]}"; do
		printf '%s;\n\\echo :SQLSTATE\n' "$statement"
	done | as_role rollcode_login >"$T/states" 2>"$T/refusals"
	while read -r -u 3 state && read -r -u 4 statement; do
		case $state in
		42501 | P0001) ok "the role of a login cannot: $statement" ;;
		*) not_ok "the role of a login cannot: $statement" "$state" ;;
		esac
	done 3<"$T/states" 4< <(printf '%s\n' "${statements[@]}" | grep -v '^	')
	equal "each was refused" "$(grep -cE '^(42501|P0001)$' "$T/states")" \
	    "${#statements[@]}"
	refused "nor can the administrator's lower a counter" as_role \
	    rollcode_admin -v ON_ERROR_STOP=1 \
	    -c "UPDATE rollcode.token SET counter=counter-1"
	refused "nor make a used recovery code good" as_role \
	    rollcode_admin -v ON_ERROR_STOP=1 \
	    -c "UPDATE rollcode.recovery SET used=0"
}

# --- what happens to a server -----------------------------------------------

# denied WHAT RESULT PATTERN: within five seconds, said in the log, nobody
# taken for one who is not enrolled, and the same code opens afterwards.
denied() {
	local right got ms wrong=''
	right=$(code ann)
	: >"$T/syslog"
	read -r _ got ms _ < <(printf 'ann\t%s\n' "$right" |
	    "$PAMRUN" "$T/pam" rc)
	[ "$got" = "$2" ] || wrong+="$got instead of $2; "
	[ "$ms" -lt 5000 ] || wrong+="after $ms ms; "
	got=$(login eve 12345678 nullok)
	[ "$got" = "$2" ] || wrong+="nullok: $got; "
	wrong+=$(logged "$3" 2>&1)
	say_ok "$1: $2" "$wrong"
	"mended_$4"
	got=$(login ann "$right")
	[ "$got" = SUCCESS ] ||
	    got=$(login ann "$(code ann)") # it may have been spent
	equal "$1, and mended: she gets in" "$got" SUCCESS
}

mended_usual() {
	usual
}

mended_stopped() {
	pkill_family CONT
}

# The server's processes, which are those of the account pg in here.
pkill_family() {
	pkill "-$1" -u pg -x postgres
}

mended_read_only() {
	sql one "ALTER SYSTEM RESET default_transaction_read_only"
	sql one "SELECT pg_reload_conf()" >"$T/out"
	wait_for as_role rollcode_admin -v ON_ERROR_STOP=1 \
	    -c "UPDATE rollcode.store SET backup=0,written=txid_current()"
}

mended_version() {
	SQL_DATABASE=rollcode sql one "UPDATE rollcode.store SET version=4,backup=0,
	    written=txid_current()"
}

mended_shadow() {
	sql one "ALTER ROLE rollcode_login RESET ALL"
}

mended_sync() {
	sql one "ALTER SYSTEM RESET fsync"
	sql one "SELECT pg_reload_conf()" >"$T/out"
	wait_for fsync_is_on
}

fsync_is_on() {
	[ "$(sql one "SHOW fsync")" = on ]
}

troubles() {
	sql one "ALTER SYSTEM SET default_transaction_read_only=on"
	sql one "SELECT pg_reload_conf()" >"$T/out"
	denied "a server that only reads" AUTHINFO_UNAVAIL 'read-only' read_only
	SQL_DATABASE=rollcode sql one "UPDATE rollcode.store SET version=5"
	denied "a newer schema" SYSTEM_ERR 'newer version' version
	sed -i 's/^SECRET_KEY=./SECRET_KEY=a/' "$CONF"
	denied "another key" SYSTEM_ERR 'was made with the key' usual
	chown ann /usr/local/libexec/rollcode/rollcode-pgsql.so
	denied "a plug-in of somebody else" SYSTEM_ERR 'chown -h root' plugin_owner
}

# What a server says, with an escape in it.
words() {
	SQL_DATABASE=rollcode sql one "
	CREATE FUNCTION rollcode.shout() RETURNS trigger LANGUAGE plpgsql AS
	    \$\$BEGIN RAISE EXCEPTION E'\\x1b[2Jroot let in'; END\$\$;
	CREATE TRIGGER shout BEFORE UPDATE ON rollcode.token
	    FOR EACH ROW EXECUTE FUNCTION rollcode.shout()"
	admin resync ann <<<"$(code ann -n 2)" >"$T/out" 2>&1
	equal "a server's words move no cursor" \
	    "$(grep -cF '\x1b[2Jroot let in' "$T/out") $(grep -c $'\x1b' "$T/out")" \
	    "1 0"
	SQL_DATABASE=rollcode sql one "DROP TRIGGER shout ON rollcode.token;
	    DROP FUNCTION rollcode.shout"
}

more_troubles() {
	local port
	port=$(free_port)
	env_file "postgresql://rollcode_login@127.0.0.1:$port/rollcode"
	denied "a server that refuses" AUTHINFO_UNAVAIL \
	    "127.0.0.1 port $port: .*refused" usual
	env_file "$(uri rollcode_login one "?sslrootcert=$T/ca.crt")"
	denied "a server without TLS" AUTHINFO_UNAVAIL 'does not support SSL' usual
	pkill_family STOP
	denied "a server that is stopped" AUTHINFO_UNAVAIL \
	    "PostgreSQL at 127.0.0.1 port $(postgres_port one)" stopped
	sql one "ALTER SYSTEM SET fsync=off"
	sql one "SELECT pg_reload_conf()" >"$T/out"
	denied "a server that syncs nothing" SYSTEM_ERR 'fsync=off' sync
	SQL_DATABASE=rollcode sql one "UPDATE rollcode.store SET backup=1"
	denied "a restored copy" SYSTEM_ERR 'was restored' version
	env_file "$(uri nobody one)"
	denied "a role that may not" AUTHINFO_UNAVAIL \
	    'no password|authentication failed' usual
	env_file "$(uri rollcode_login one '?password=x')"
	denied "a password in the URI" SERVICE_ERR 'has password=' usual
	env_file "$(uri rollcode_login one '?target_session_attrs=any')"
	denied "a URI that takes a replica" SERVICE_ERR 'target_session_attrs' usual
	chmod 644 "$T/pgpass"
	denied "passwords that others can read" SYSTEM_ERR 'chmod 600' passwords
	mv /usr/local/libexec/rollcode/rollcode-pgsql.so "$T/plugin"
	denied "a plug-in that is not there" SERVICE_ERR \
	    'rollcode-pgsql.so does not exist: build' plugin
}

mended_passwords() {
	chmod 600 "$T/pgpass"
}

mended_plugin() {
	mv "$T/plugin" /usr/local/libexec/rollcode/rollcode-pgsql.so
}

mended_plugin_owner() {
	chown -h root /usr/local/libexec/rollcode/rollcode-pgsql.so
}

# --- certificates -----------------------------------------------------------

over_tls() {	# HOST AUTHORITY
	env_file "$(uri rollcode_login one "?sslrootcert=$T/$2.crt" |
	    sed "s/127.0.0.1/$1/")"
}

certificates() {
	{
		authority ca
		authority other
		certificate ca db.test one/server
	} >"$T/openssl.log" 2>&1
	chown pg "$T"/one/server.*
	chmod 600 "$T/one/server.key"
	echo "127.0.0.1 db.test else.test" >>/etc/hosts
	sql one "ALTER SYSTEM SET ssl=on"
	sql one "SELECT pg_reload_conf()" >"$T/out"
	over_tls db.test ca
	equal "a server with the right certificate: a code lets in" \
	    "$(wait_for as_role rollcode_login -c 'SELECT 1'
	    login ann "$(code ann)")" SUCCESS
	over_tls else.test ca
	denied "a certificate of another name" AUTHINFO_UNAVAIL \
	    'else.test.*does not match' usual
	over_tls db.test other
	denied "a certificate of another authority" AUTHINFO_UNAVAIL \
	    'certificate verify failed' usual
	over_tls db.test nobody
	denied "no authority at all" AUTHINFO_UNAVAIL \
	    'nobody.crt.* does not exist' usual
}

# Names that come before the server's own, for whoever does not qualify them.
shadowed() {
	SQL_DATABASE=rollcode sql one "
	CREATE SCHEMA evil;
	GRANT USAGE ON SCHEMA evil TO PUBLIC;
	CREATE TABLE evil.called(what text);
	GRANT ALL ON evil.called TO PUBLIC;
	CREATE FUNCTION evil.pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS
	    \$\$INSERT INTO evil.called VALUES('recovery'); SELECT false\$\$;
	CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE sql AS
	    \$\$INSERT INTO evil.called VALUES('setting'); SELECT 'on'\$\$;
	CREATE FUNCTION evil.same(text,text) RETURNS boolean LANGUAGE sql AS
	    \$\$INSERT INTO evil.called VALUES('='); SELECT true\$\$;
	CREATE OPERATOR evil.= (LEFTARG=text,RIGHTARG=text,FUNCTION=evil.same);
	CREATE TABLE evil.account(name text);
	ALTER ROLE rollcode_login SET search_path=evil,pg_catalog;
	ALTER ROLE rollcode_login SET synchronous_commit=off"
	equal "shadowing names in the role's search_path: a code lets in" \
	    "$(login ann "$(code ann)")" SUCCESS
	equal "none of them was called" \
	    "$(SQL_DATABASE=rollcode sql one "SELECT * FROM evil.called")" ""
	mended_shadow
}

# A caller's environment, for the program that has one.
hostile() {
	local port
	port=$(free_port)
	start python3 -c "
import socket
s = socket.create_server(('127.0.0.1', $port))
open('$T/listens', 'w').close()
s.accept()
open('$T/contacted', 'w').close()"
	wait_for test -e "$T/listens"
	printf '[evil]\nhost=127.0.0.1\nport=%s\n' "$port" >"$T/services"
	for variable in PGHOST=127.0.0.1 PGHOSTADDR=127.0.0.1 "PGPORT=$port" \
	    "PGSERVICEFILE=$T/services" PGSERVICE=evil PGUSER=evil \
	    PGDATABASE=evil PGPASSFILE=/dev/null PGSSLMODE=disable \
	    "PGOPTIONS=-c synchronous_commit=off" PGSYSCONFDIR="$T" \
	    PGTARGETSESSIONATTRS=any PGCONNECT_TIMEOUT=1; do
		export "${variable?}"
	done
	check "with a hostile environment the administrator's tool is right" \
	    admin show ann
	equal "and a code lets in" "$(login ann "$(code ann)")" SUCCESS
	refused "nobody else was asked" test -e "$T/contacted"
	unset "${!PG@}"
	PG_BIN=; postgres_find
}

# --- the answer that is lost ------------------------------------------------

lost_answer() {	# MODE
	local port right got
	port=$(free_port)
	start python3 "$TREE/tests/tools/cut_proxy.py" "$port" \
	    "$(postgres_port one)" "$1" "$T/cut"
	wait_for listening "$port"
	env_file "$(uri rollcode_login one |
	    sed "s/127.0.0.1:[0-9]*/127.0.0.1:$port/")"
	touch "$T/cut"
	right=$(code ann)
	: >"$T/syslog"
	equal "an answer to COMMIT that is lost ($1): denied" \
	    "$(login ann "$right")" AUTHINFO_UNAVAIL
	check "and said so" logged 'not known whether the change was committed'
	rm "$T/cut"
	equal "its code is spent, for it was committed" \
	    "$(login ann "$right")" AUTH_ERR
	equal "and the next one is right" "$(login ann "$(code ann)")" SUCCESS
	usual
}

# A server that takes a connection and says nothing, and then the one that is.
silent_first() {
	local port got ms
	port=$(free_port)
	start python3 -c "
import socket, time
s = socket.create_server(('127.0.0.1', $port))
time.sleep(60)"
	wait_for listening "$port"
	env_file "$(uri rollcode_login one | sed "s/@/@127.0.0.1:$port,/")"
	read -r _ got ms _ < <(printf 'ann\t%s\n' "$(code ann)" |
	    "$PAMRUN" "$T/pam" rc)
	equal "a silent server hides no other" "$got" SUCCESS
	check "nor for long" test "$ms" -lt 2000
	kill "$started"
	usual
}

# --- at once ------------------------------------------------------------------

# Four verifiers, each started by a caller of its own.
at_once() {
	local typed results=''
	for typed in $(code ann -n 2); do
		results+=$(printf 'ann\t%s\n' "$typed" | pam_run -n 4 |
		    cut -d' ' -f2 | sort | xargs)$'\n'
	done
	equal "one code at four callers at once, twice: one login each" \
	    "$(sort -u <<<"${results%$'\n'}")" \
	    "AUTH_ERR AUTH_ERR AUTH_ERR SUCCESS"
	equal "and the counter is right" "$(login ann "$(code ann)")" SUCCESS
}

# --- primary and standby ----------------------------------------------------

is_off() {	# NAME
	! pgrep -u pg -f -- "-D $T/$1$" >/dev/null
}

# A signal to a server, with all its processes.
signal_server() {	# SIGNAL NAME
	local pids
	mapfile -t pids < <(pgrep -u pg -f -- "-D $T/$2$")
	kill "-$1" "${pids[@]}"
	pkill "-$1" -u pg -P "$(IFS=,; echo "${pids[*]}")"
}

# As a power cut would.
power_off() {	# NAME
	signal_server 9 "$1"
	wait_for is_off "$1"
}

# Wait until a standby is waited for.
synchronous() {	# PRIMARY
	[ "$(sql "$1" "SELECT sync_state FROM pg_stat_replication")" = sync ]
}

# A standby of a primary, waited for, and the hosts name both.
waited_for() {	# STANDBY PRIMARY
	postgres_copy "$1" "$2" "synchronous_standby_names = ''"
	postgres_start "$1"
	sql "$2" "ALTER SYSTEM SET synchronous_standby_names='$1'"
	sql "$2" "SELECT pg_reload_conf()" >"$T/out"
	check "the standby $1 is waited for" wait_for synchronous "$2"
	env_file "$(uri rollcode_login "$2" "$1")" \
	    "$(uri rollcode_admin "$2" "$1")"
}

# failover SIGNAL PRIMARY STANDBY: the first, which is named first, gets the
# signal in the middle of logins, and the other is promoted.
failover() {
	local line promoted first again=0 typed
	rm -f "$T/stream" "$T/stream.end"
	touch "$T/stream"
	start stream
	check "$1: logins go on with a standby" wait_for streamed 3 SUCCESS
	signal_server "$1" "$2"
	line=$(($(wc -l <"$T/stream") + 1))
	check "$1: without the primary logins are denied" \
	    wait_for streamed 2 AUTHINFO_UNAVAIL "$line"
	check "$1: and the log names the server" \
	    logged "127.0.0.1 port $(postgres_port "$2")"
	promoted=${EPOCHREALTIME/./}
	sql "$3" "SELECT pg_promote()" >"$T/out"
	line=$(($(wc -l <"$T/stream") + 1))
	check "$1: logins go on after the promotion" \
	    wait_for streamed 3 SUCCESS "$line"
	touch "$T/stream.end"
	wait "$started"
	first=$(tail -n "+$line" "$T/stream" |
	    awk '$2 == "SUCCESS" { print $4; exit }')
	check "$1: the first within 5 seconds" \
	    test $((first - promoted)) -lt 5000000
	equal "$1: no attempt took 5 seconds" \
	    "$(awk '$3 >= 5000' "$T/stream")" ""
	none_again "$1: no code that was accepted works again"
	show "$(cut -d' ' -f2 "$T/stream" | uniq -c | xargs); first after the promotion: $(((first - promoted) / 1000)) ms"
}

none_again() {	# NAME
	local typed again=0
	while read -r typed; do
		[ "$(login ann "$typed")" != SUCCESS ] || again=$((again + 1))
	done < <(awk '$2 == "SUCCESS" { print $1 }' "$T/stream")
	equal "$1" "$again" 0
}

# The old primary, which nobody told, and which is the first in the list.
back_from_the_dead() {
	local got ms
	wait_for is_off one
	postgres_start one
	none_again "the old primary, back: what was spent does not work"
	equal "and the next code lets in, on the new one" \
	    "$(login ann "$(code ann)")" SUCCESS
	env_file "$(uri rollcode_login one)"
	read -r _ got ms _ < <(printf 'ann\t%s\n' "$(code ann)" |
	    "$PAMRUN" "$T/pam" rc)
	equal "the old one alone accepts nothing, without its standby" "$got" \
	    AUTHINFO_UNAVAIL
	check "which is said in time" test "$ms" -lt 5000
	power_off one
	env_file "$(uri rollcode_login two)" "$(uri rollcode_admin two)"
	equal "the new one lets in" "$(code ann -n 2 >"$T/pair"
	login ann "$(cat "$T/pair")")" SUCCESS
}

# One that hangs and is never told, with the links that the service has kept.
hung() {
	waited_for three two
	resident_start
	failover STOP two three
	signal_server CONT two
	none_again "a primary that was stopped goes on: what was spent does not work"
	equal "and the next code lets in, on the other" \
	    "$(login ann "$(code ann)")" SUCCESS
	resident_stop
	equal "also where each login makes its own link" \
	    "$(login ann "$(code ann)")" SUCCESS
	power_off two
	env_file "$(uri rollcode_login three)" "$(uri rollcode_admin three)"
}

waits_on() {	# SERVER NAMES
	[ "$(sql "$1" "SHOW synchronous_standby_names")" = "$2" ]
}

# The wait of every commit that waits for a standby is given up; their number
# is printed.
give_up() {
	sql one "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
	    WHERE wait_event='SyncRep'"
}

nobody_waits() {
	[ "$(give_up)" = 0 ]
}

somebody_waited() {
	[ "$(give_up)" = 1 ]
}

# A server that waits for a standby which never comes.
lost_standby() {
	local right
	sql one "ALTER SYSTEM SET synchronous_standby_names='nobody'"
	sql one "SELECT pg_reload_conf()" >"$T/out"
	wait_for waits_on one nobody
	right=$(code ann)
	read -r _ got ms _ < <(printf 'ann\t%s\n' "$right" |
	    "$PAMRUN" "$T/pam" rc)
	equal "the standby is gone: denied" "$got" AUTHINFO_UNAVAIL
	check "in time" test "$ms" -lt 5000
	# Whoever gives the wait up makes a commit of it that only one disk has.
	: >"$T/syslog"
	wait_for nobody_waits
	wait_for somebody_waited &
	right=$(code bob)
	equal "a wait that somebody gives up is no acceptance" \
	    "$(login bob "$right")" AUTHINFO_UNAVAIL
	check "for the server warns" logged 'not known whether .*synchronous'
	wait "$!"
	sql one "ALTER SYSTEM RESET synchronous_standby_names"
	sql one "SELECT pg_reload_conf()" >"$T/out"
	wait_for waits_on one ''
	equal "without waiting it goes on" "$(login ann "$(code ann)")" SUCCESS
}

# --- another key ------------------------------------------------------------

rekeyed() {
	env_file "$(uri rollcode_login three)" "$(uri rollcode_admin three)"
	check "rekey gives this host both keys, and waits for the others" \
	    sh -c "rollcode-admin rekey | grep -q -- --everywhere"
	equal "logins go on with both" "$(login ann "$(code ann)")" SUCCESS
	check "rekey --everywhere seals anew" rollcode-admin rekey --everywhere
	equal "and the new key opens" "$(login ann "$(code ann)")" SUCCESS
	refused "backup says whose business it is" rollcode-admin backup "$T/copy"
}

# --- moving house -----------------------------------------------------------

old_admin() {
	rollcode-admin --conf "$T/old.env" "$@"
}

# counter_at COMMAND...: carol's counter in that store
counter_at() {
	"$@" show carol --json | tr -d ' \n' |
	    sed -nE 's/.*"label":"token"[^}]*"counter":([0-9]+).*/\1/p'
}

moved() {
	local spent
	install -d -m 700 -o rollcode "$T/old"
	sed "s,^DATABASE=.*,DATABASE=sqlite:$T/old,;/^DATABASE_ADMIN/d" "$CONF" \
	    >"$T/old.env"
	chmod 600 "$T/old.env"
	old_admin init >"$T/out"
	old_admin enroll carol --no-account 2>"$T/out" | token carol add >"$T/out"
	old_admin enroll dave --no-account >"$T/uri" 2>"$T/out"
	old_admin disable dave >"$T/out"
	old_admin recovery carol >"$T/sheet" 2>"$T/out"
	spent=$(code carol)
	old_admin verify carol <<<"$spent" >"$T/out"
	check "import --from takes users over from files" \
	    rollcode-admin import --from "sqlite:$T/old"
	equal "with their counters" "$(counter_at rollcode-admin)" 1
	equal "what was spent there is spent here" \
	    "$(login carol "$spent")" AUTH_ERR
	equal "and the next code opens" "$(login carol "$(code carol)")" SUCCESS
	check "there she is disabled" grep -q '^carol .*disabled' \
	    <(old_admin list)
	check "who was disabled is here, and still is" \
	    grep -q '^dave .*disabled' <(rollcode-admin list)
	check "a second run takes nothing back" \
	    rollcode-admin import --from "sqlite:$T/old"
	equal "no counter" "$(counter_at rollcode-admin)" 2
	equal "and nobody's way in" "$(login carol "$(code carol)")" SUCCESS
	equal "a recovery code of there opens here" \
	    "$(login carol "$(sed -n 1p "$T/sheet")")" SUCCESS
	rollcode-admin enroll carol --label card --no-account 2>"$T/out" |
	    token card add >"$T/out"
	refused "no other option stands beside --from" \
	    rollcode-admin import --from "sqlite:$T/old" --force
	refused "nor a file" rollcode-admin import --from "sqlite:$T/old" "$T/uri"
	check "--from sqlite is the directory that is the default" \
	    grep -q '^rollcode-admin: /var/lib/rollcode' \
	    <(rollcode-admin import --from sqlite 2>&1)
	check "and back" old_admin import --from "$(uri rollcode_admin three)"
	equal "with the counters of here" "$(counter_at old_admin)" 3
	equal "here she is disabled" "$(login carol "$(code carol)")" AUTH_ERR
	check "there a code opens" old_admin verify carol <<<"$(code carol)"
	check "so does one of the token she got here" \
	    old_admin verify carol <<<"$(code card)"
	refused "what she used here is used there" \
	    old_admin verify carol <<<"$(sed -n 1p "$T/sheet")"
	check "and the rest of the sheet is good" \
	    old_admin verify carol <<<"$(sed -n 2p "$T/sheet")"
}

# --- the service ------------------------------------------------------------

serviced() {
	resident_start
	equal "through the service a code lets in" \
	    "$(login ann "$(code ann)")" SUCCESS
	kill -HUP "$resident"
	equal "and after a reload" "$(login ann "$(code ann)")" SUCCESS
	resident_stop
}

# --- all of it --------------------------------------------------------------

long=${1-}
pgsql_server one
contract
pgsql_place
made
enroll bob
if [ -z "$long" ]; then
	not_a_login
	troubles
	words
	shadowed
	silent_first
	lost_answer cut
	at_once
	lost_standby
	exit 0
fi
lost_answer hold
more_troubles
certificates
hostile
waited_for two one
check "promotions of it are followed" admin restored --promotions follow
failover KILL one two
back_from_the_dead
hung
rekeyed
serviced
moved
