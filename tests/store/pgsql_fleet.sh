#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# pgsql_fleet.sh - what rollcode-handbook(7) says for many hosts, as it stands
# there: a host that is added by one file, a role that is replaced while people
# log in, and certificates in place of a password.
# long
. "$(dirname "$0")/../support/lib.sh"
need openssl tar
. "$TREE/tests/support/pgsql.sh"
. "$TREE/tests/support/recipes.sh"
pgsql_machine "$@"
RECIPES=$TREE/pam_rollcode/rollcode-handbook.7
STATE=/var/lib/rollcode

# said SECTION PROMPT: the commands behind that prompt
said() {
	awk -v title="$1" '$1 == ".Ss" || $1 == ".Sh" {
		on = substr($0, 5) == title } on' "$RECIPES" |
	    sed -n "s/^$2# //p"
}

# As the handbook's hosts are: TLS, and the files where they are by default.
arrange() {
	pgsql_server one
	{
		authority ca
		certificate ca db1
		certificate ca web1
	} >"$T/openssl.log" 2>&1
	install -m 600 -o pg "$T/db1.key" "$T/one/server.key"
	install -m 600 -o pg "$T/db1.crt" "$T/one/server.crt"
	install -m 600 -o pg "$T/ca.crt" "$T/one/ca.crt"
	sql one "ALTER SYSTEM SET ssl=on"
	sql one "ALTER SYSTEM SET ssl_ca_file='ca.crt'"
	sql one "SELECT pg_reload_conf()" >"$T/out"
	echo "127.0.0.1 db1" >>/etc/hosts
	pgsql_place default_places
	admin init >"$T/out"
	enroll ann
	mkdir -p /etc/systemd/system/rollcode-verify.service.d
	echo "[Service]" \
	    >/etc/systemd/system/rollcode-verify.service.d/override.conf
}

default_places() {
	mkdir -p "$STATE"
	install -m 600 -o rollcode "$T/pgpass" "$STATE/pgpass"
	install -m 644 "$T/ca.crt" "$STATE/root.crt"
	env_file "postgresql://rollcode_login@db1:$(postgres_port one)/rollcode" \
	    "postgresql://rollcode_admin@db1:$(postgres_port one)/rollcode"
}

# --- another host -----------------------------------------------------------

# A machine whose /etc/rollcode and /var/lib/rollcode are as the package leaves
# them.
new_host() {
	unshare -m --propagation private bash -c "
	mount -n -t tmpfs new /etc/rollcode &&
	mount -n -t tmpfs -o mode=0700,uid=$(id -u rollcode) new $STATE &&
	mount -n -t tmpfs new /etc/systemd/system && $1"
}

added() {
	local commands command
	commands=$(said 'Another host' one |
	    sed "s,/root/host.tar,$T/host.tar,")
	command=$(sed -n "s/^ssh root@new '\(.*\)' <.*/\1/p" <<<"$commands")
	mkdir "$T/empty"
	check "the file of a new host is made" \
	    bash -ec "cd '$T/empty'; $(grep -v '^ssh' <<<"$commands")"
	refused "it has no password of the administrator's" \
	    grep -q rollcode_admin <(tar -xOf "$T/host.tar")
	code ann >"$T/code"
	new_host "{ $command; } <'$T/host.tar' >'$T/check' 2>&1
	    echo \$?
	    find /etc/rollcode /var/lib/rollcode -type f -printf '%p %m %u\n' |
	    sort
	    sed 's/^/ann\t/' '$T/code' | '$PAMRUN' '$T/pam' rc |
	    cut -d' ' -f2" >"$T/new" 2>&1
	equal "with it and one command a code lets in there" "$(cat "$T/new")" \
	    "0
/etc/rollcode/rollcode.env 600 root
$STATE/pgpass 600 rollcode
$STATE/root.crt 644 root
SUCCESS"
}

# --- another role -------------------------------------------------------------

refusals() {
	awk '$2 != "SUCCESS"' "$T/stream"
}

# `systemctl` is what reloads the service there.
each_host() {
	local line
	while read -r line; do
		case $line in
		systemctl*) resident_reload ;;
		*) bash -c "$line" ;;
		esac
	done < <(said "$1" "$2")
}

more_logins() {	# COUNT
	wait_for streamed "$1" SUCCESS "$(($(wc -l <"$T/stream") + 1))"
}

rotated() {
	resident_start
	: >"$T/stream"
	start stream
	streaming=$started
	more_logins 5
	equal "a role is made beside the one that is used" \
	    "$(said 'Another password' db | head -n 1)" \
	    "createuser --pwprompt -g rollcode_login rollcode_b"
	sql one "CREATE ROLE rollcode_b LOGIN PASSWORD 'PASSWORD'
	    IN ROLE rollcode_login"
	each_host 'Another password' each
	more_logins 20
	wait_for nobody_uses rollcode_login
	each_host 'Another password' one >"$T/out"
	sql one "DROP ROLE rollcode_login"
	more_logins 20
	touch "$T/stream.end"
	wait "$streaming"
	equal "the role is replaced, and no login was refused meanwhile" \
	    "$(refusals)" ""
	equal "which were many" "$(test "$(wc -l <"$T/stream")" -gt 40 &&
	    echo yes)" yes
	equal "the old one is gone" "$(sql one "SELECT count(*) FROM pg_roles
	    WHERE rolname='rollcode_login'")" 0
	check "check finds nothing wrong with the new one" nothing_found
	resident_stop
}

nobody_uses() {
	[ "$(sql one "SELECT count(*) FROM pg_stat_activity
	    WHERE usename='$1'")" = 0 ]
}

nothing_found() {
	! rollcode-admin check 2>&1 | grep -E '^(error|warning) +store'
}

# --- certificates -------------------------------------------------------------

at_server() {	# FILE: its lines come before the others
	recipe Certificates "/etc/postgresql/15/main/$1" | sed 's/rollcode_login/rollcode_b/' |
	    cat - "$T/one/$1" >"$T/lines"
	cat "$T/lines" >"$T/one/$1"
}

certified() {
	local settings
	at_server pg_hba.conf
	at_server pg_ident.conf
	sql one "SELECT pg_reload_conf()" >"$T/out"
	: >"$STATE/pgpass"
	equal "a host without a certificate is refused" \
	    "$(login ann "$(code ann)")" AUTHINFO_UNAVAIL
	(cd "$T" && cp web1.crt client.crt && cp web1.key client.key &&
	    bash -c "$(said Certificates web1 | grep ^install)")
	settings=$(sed -n 's/^  DATABASE=.*\(?sslcert.*\)/\1/p' "$RECIPES")
	sed -i "s,^DATABASE=.*,&${settings//&/\\&}," "$CONF"
	equal "with one it needs no password" "$(login ann "$(code ann)")" \
	    SUCCESS
	resident_start
	equal "through the service too" "$(login ann "$(code ann)")" SUCCESS
	resident_stop
	sed -i '/web1/d' "$T/one/pg_ident.conf"
	sql one "SELECT pg_reload_conf()" >"$T/out"
	wait_for shut_out
	equal "one whose line is removed is shut out" \
	    "$(login ann "$(code ann)")" AUTHINFO_UNAVAIL
}

shut_out() {
	[ "$(login ann "$(code ann)")" != SUCCESS ]
}

arrange
added
rotated
certified
