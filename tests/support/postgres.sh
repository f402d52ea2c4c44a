# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# postgres.sh - PostgreSQL servers of the tests' own, for scripts that have read
# lib.sh and called private_machine.  They run as the account pg, in $T/NAME,
# and end with the script.
#
#   postgres_find                 fails where there is no server's program
#   postgres_make NAME [LINE...]  a new cluster; LINEs for postgresql.conf
#   postgres_copy NAME FROM [LINE...]  a standby of FROM, which follows it
#   postgres_start NAME           sets $started; waits until it answers
#   postgres_port NAME            prints its port on 127.0.0.1
#   postgres_uri NAME [DATABASE]  of its administrator, through the socket
#   sql NAME STATEMENT            as its administrator; prints the values
#
# What the administrator asks goes through the socket in $T/NAME; everybody else
# needs a password, or a certificate where TLS is on.

postgres_find() {
	local dir
	for dir in /usr/lib/postgresql/*/bin "$(pg_config --bindir 2>/dev/null)"
	do
		[ -x "$dir/initdb" ] && PG_BIN=$dir
	done
	[ -n "${PG_BIN-}" ]
}

AS_PG=(setpriv --reuid pg --regid pg --init-groups env -i -C / "PATH=$PATH"
    LC_ALL=C)

postgres_port() {
	cat "$T/$1.port"
}

postgres_settings() {	# NAME LINE...
	{
		cat <<-CONF
		port = $(postgres_port "$1")
		listen_addresses = '*'
		unix_socket_directories = '$T/$1'
		shared_buffers = 16MB
		max_connections = 60
		log_destination = stderr
		wal_level = replica
		max_wal_senders = 4
		CONF
		printf '%s\n' "${@:2}"
	} >>"$T/$1/postgresql.conf"
	cat >"$T/$1/pg_hba.conf" <<-'HBA'
	local all,replication pg trust
	local all all scram-sha-256
	host replication all all trust
	host all all all scram-sha-256
	HBA
}

postgres_make() {
	grep -q '^pg:' /etc/passwd || add_user pg
	install -d -m 700 -o pg -g pg "$T/$1"
	free_port >"$T/$1.port"
	"${AS_PG[@]}" "$PG_BIN/initdb" -D "$T/$1" -U pg --no-sync -A trust \
	    -E SQL_ASCII --locale=C >"$T/$1.log" 2>&1 || {
		echo "initdb failed:"
		cat "$T/$1.log"
		exit 1
	}
	postgres_settings "$@"
}

postgres_copy() {
	install -d -m 700 -o pg -g pg "$T/$1"
	free_port >"$T/$1.port"
	"${AS_PG[@]}" "$PG_BIN/pg_basebackup" -D "$T/$1" -h "$T/$2" -U pg \
	    -p "$(postgres_port "$2")" --no-sync -c fast >"$T/$1.log" 2>&1 || {
		echo "pg_basebackup failed:"
		cat "$T/$1.log"
		exit 1
	}
	postgres_settings "$1" "primary_conninfo = 'host=$T/$2 \
port=$(postgres_port "$2") user=pg application_name=$1'" "${@:3}"
	touch "$T/$1/standby.signal"
	chown pg "$T/$1/standby.signal"
}

postgres_answers() {
	"$PG_BIN/psql" -X -q -d "$(postgres_uri "$1")" -c 'SELECT 1'
}

postgres_start() {
	start "${AS_PG[@]}" "$PG_BIN/postgres" -D "$T/$1" >>"$T/$1.log" 2>&1
	wait_for postgres_answers "$1" && return 0
	echo "PostgreSQL did not start:"
	tail -n 20 "$T/$1.log"
	exit 1
}

postgres_uri() {
	echo "postgresql://pg@/${2:-postgres}?host=$T/$1&port=$(postgres_port "$1")"
}

sql() {
	PGOPTIONS='-c client_min_messages=error' "$PG_BIN/psql" -X -q -A -t \
	    -v ON_ERROR_STOP=1 -d "$(postgres_uri "$1" "${SQL_DATABASE-}")" \
	    -c "$2"
}
