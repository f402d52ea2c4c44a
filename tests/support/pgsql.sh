# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# pgsql.sh - hosts whose store is on a PostgreSQL server, for scripts that have
# read lib.sh.
#
#   pgsql_machine ARGUMENT...  private_machine with a network of its own, the
#                              script's arguments; skips it where there is no
#                              server's program or no plug-in
#   pgsql_server NAME          makes and starts it, with a database and roles
#   usual                      the env file that names the server one
#   pgsql_place [COMMAND...]   accounts, usual (or COMMAND), the services rc and
#                              nullok
#   uri ROLE SERVER... [?SETTINGS]   what an env file says
#   env_file LOGIN [ADMIN]     an env file with these; the key stays
#   authority NAME             $T/NAME.crt and its key
#   certificate AUTHORITY NAME [FILE]  $T/FILE.crt and its key, of that name;
#                              FILE is NAME if it is not given
#   stream                     logins of ann, one after the other, until there is
#                              $T/stream.end; each line of $T/stream is CODE
#                              RESULT MILLISECONDS TIME
#   streamed COUNT RESULT [LINE]  so many ended so, from that line on
#   pgsql_hosts NAME...        hosts, each a network namespace on one bridge,
#                              where this one is 10.99.0.254
. "$TREE/tests/support/postgres.sh"

pgsql_machine() {
	if ! postgres_find; then
		skip "$SCRIPT" "needs a PostgreSQL server"
		exit 0
	fi
	if [ ! -f "$BUILD/rollcode-pgsql.so" ]; then
		skip "$SCRIPT" "needs libpq when it is built"
		exit 0
	fi
	if [ -z "${ROLLCODE_PGSQL_NET-}" ] && command -v ip >/dev/null &&
	    unshare -n true 2>/dev/null; then
		ROLLCODE_PGSQL_NET=1 exec unshare -n -- "$0" "$@"
	fi
	private_machine "$@"
	[ -z "${ROLLCODE_PGSQL_NET-}" ] || ip link set lo up
	. "$TREE/tests/support/pam.sh"
}

# uri ROLE SERVER... [?SETTINGS]: what a host's env file says.
uri() {
	local hosts='' settings='&sslmode=disable' role=$1 server
	shift
	for server in "$@"; do
		case $server in
		\?*) settings="&${server#?}" ;;
		*) hosts+=,127.0.0.1:$(postgres_port "$server") ;;
		esac
	done
	echo "postgresql://$role@${hosts#,}/rollcode?passfile=$T/pgpass$settings"
}

# env_file LOGIN [ADMIN]: the URIs of a host; the key stays.
env_file() {
	(
		umask 077
		printf 'SECRET_KEY=%064d\n' 7 | tr 0 3 >"$CONF"
		printf 'DATABASE=%s\n' "$1" >>"$CONF"
		[ $# -lt 2 ] || printf 'DATABASE_ADMIN=%s\n' "$2" >>"$CONF"
	)
}

usual() {
	env_file "$(uri rollcode_login one)" "$(uri rollcode_admin one)"
}

pgsql_server() {
	local role
	postgres_make "$1"
	postgres_start "$1"
	for role in rollcode_login rollcode_admin; do
		sql "$1" "CREATE ROLE $role LOGIN PASSWORD 'secret of $role'"
		echo "*:*:rollcode:$role:secret of $role"
	done >"$T/pgpass"
	sql "$1" "CREATE DATABASE rollcode OWNER rollcode_admin"
}

pgsql_place() {
	add_user ann
	add_user eve
	syslog_start
	installed >"$T/installed.log"
	chown rollcode "$T/pgpass"
	chmod 600 "$T/pgpass"
	"${@:-usual}"
	pam_place
	pam_named nullok nullok
	echo "auth required pam_permit.so" >>"$T/pam/nullok"
}

EC=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)

authority() {
	openssl req -x509 "${EC[@]}" -days 2 -subj "/CN=$1" \
	    -keyout "$T/$1.key" -out "$T/$1.crt"
}

certificate() {
	local file=$T/${3:-$2}
	openssl req -new "${EC[@]}" -subj "/CN=$2" -keyout "$file.key" \
	    -out "$file.csr" &&
	    openssl x509 -req -days 2 -in "$file.csr" -CA "$T/$1.crt" \
		-CAkey "$T/$1.key" -CAcreateserial -out "$file.crt"
}

# Whoever is denied because of the server types the same code again.
stream() {
	local typed got='' ms
	while [ ! -e "$T/stream.end" ]; do
		[ "$got" = AUTHINFO_UNAVAIL ] || typed=$(code ann)
		read -r _ got ms _ < <(printf 'ann\t%s\n' "$typed" |
		    "$PAMRUN" "$T/pam" rc)
		echo "$typed $got $ms ${EPOCHREALTIME/./}" >>"$T/stream"
	done
}

streamed() {	# COUNT RESULT [FROM-LINE]
	[ "$(tail -n "+${3:-1}" "$T/stream" | grep -c " $2 ")" -ge "$1" ]
}

pgsql_hosts() {
	local i=0 host
	ip link add rc0 type bridge && ip addr add 10.99.0.254/24 dev rc0 &&
	    ip link set rc0 up || return 1
	for host in "$@"; do
		i=$((i + 1))
		ip netns add "$host" &&
		    ip link add "v$host" type veth peer name eth0 netns "$host" &&
		    ip link set "v$host" master rc0 up &&
		    ip -n "$host" addr add "10.99.0.$i/24" dev eth0 &&
		    ip -n "$host" link set eth0 up &&
		    ip -n "$host" link set lo up || return 1
	done
}
