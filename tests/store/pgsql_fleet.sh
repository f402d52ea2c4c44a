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
	sql one "ALTER SYSTEM SET ssl=on"
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

# What the line for a new host runs goes to $T/ran; `systemctl` does nothing.
recorders() {
	local name
	mkdir "$T/recorders"
	for name in tar systemctl rollcode-admin; do
		cat >"$T/recorders/$name" <<-RECORDER
		#!/bin/bash
		echo "$name \$*" >>'$T/ran'
		[ $name = systemctl ] || PATH=\${PATH#*:} exec $name "\$@"
		RECORDER
	done
	chmod 755 "$T/recorders"/*
}

added() {
	local commands command
	recorders
	commands=$(said 'Another host' one |
	    sed "s,/root/host.tar,$T/host.tar,")
	command=$(sed -n "s/^ssh root@new '\(.*\)' <.*/\1/p" <<<"$commands")
	mkdir "$T/empty"
	check "the file of a new host is made" \
	    bash -ec "cd '$T/empty'; $(grep -v '^ssh' <<<"$commands")"
	refused "it has no password of the administrator's" \
	    grep -q rollcode_admin <(tar -xOf "$T/host.tar")
	code ann >"$T/code"
	new_host "PATH=$T/recorders:$PATH
	    { $command; } <'$T/host.tar' >'$T/check' 2>&1
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
	equal "the service has its new unit before it is used" \
	    "$(cat "$T/ran")" "tar -C / -xpf -
systemctl daemon-reload
systemctl try-restart rollcode-verify
rollcode-admin check"
}

# --- another role -------------------------------------------------------------

refusals() {
	awk '$2 != "SUCCESS"' "$T/stream"
}

# `systemctl` is what reloads the service there, and `vi` what edits its file.
each_host() {
	local line
	while read -r line; do
		case $line in
		systemctl*) resident_reload ;;
		vi*) edited ;;
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

# The server gets what a step says: its lines come before the others.
at_server() {	# FILE
	recipe Certificates "/etc/postgresql/15/main/$1" |
	    sed "s/rollcode_login/rollcode_b/;s,/etc/postgresql/15/main,$T/one," |
	    cat - "$T/one/$1" >"$T/lines"
	cat "$T/lines" >"$T/one/$1"
	server_reload
}

# The files count for whoever connects when this is over.
server_reload() {
	local before
	before=$(sql one "SELECT pg_conf_load_time()")
	sql one "SELECT pg_reload_conf()" >"$T/out"
	wait_for loaded_again "$before"
}

loaded_again() {
	[ "$(sql one "SELECT pg_conf_load_time()")" != "$1" ]
}

# The login of a host with that configuration file, which has no service.
login_with() {	# FILE
	local typed
	typed=$(code ann)
	unshare -m --propagation private bash -c "
	mount -n --bind '$1' '$CONF' && mount -n -t tmpfs none /run/rollcode &&
	'$PAMRUN' '$T/pam' rc" <<<$'ann\t'"$typed" | cut -d' ' -f2
}

# web1 is the one that gets a certificate here, web2 one that has none.
step() {	# NAME WEB1 WEB2
	equal "$1: web1" "$(login_with "$CONF")" "$2"
	equal "$1: a host without a certificate" \
	    "$(login_with "$T/web2.env")" "$3"
}

in_order() {
	awk '$1 == ".Ss" { on = $2 == "Certificates" }
	    on && /^# \// { sub(".*/", ""); print }
	    on && /^[a-z0-9]+# / { print $1 }' "$RECIPES" | uniq | xargs
}

certificate_made() {	# [DAYS]
	bash -ec "cd '$T'; $(said Certificates ca |
	    sed "s/-days 365/-days ${1-365}/")" >"$T/openssl.log" 2>&1
}

certificate_given() {
	(cd "$T" && each_host Certificates web1)
}

# What stands below `vi`.
edited() {
	local settings
	settings=$(sed -n 's/^  DATABASE=.*\(?sslcert.*\)/\1/p' "$RECIPES")
	sed -i "s,^DATABASE=.*,&${settings//&/\\&}," "$CONF"
}

# What the page asks before the last step; all is well where it is 0.
without_certificate() {
	local query
	query=$(sed -n "s/^\.Ql \(SELECT client_addr .*client_dn.*\)/\1/p" \
	    "$RECIPES" | sed 's/rollcode_login/rollcode_b/')
	sql one "$query" | grep -c .
}

all_have_one() {
	[ "$(without_certificate)" = 0 ]
}

certified() {
	equal "the steps are in this order" "$(in_order)" \
	    "postgresql.conf ca# web1# pg_ident.conf pg_hba.conf"
	cp -p "$CONF" "$T/web2.env"
	install -m 600 -o pg "$T/ca.crt" "$T/one/ca.crt"
	resident_start
	at_server postgresql.conf
	step "the server knows the authority" SUCCESS SUCCESS
	resident_reload
	login ann "$(code ann)" >"$T/out"
	refused "a host without a certificate is found" all_have_one
	check "a certificate is made" certificate_made
	certificate_given
	step "web1 has a certificate" SUCCESS SUCCESS
	equal "it logs in by its service" "$(login ann "$(code ann)")" SUCCESS
	check "then no such host is found" wait_for all_have_one
	at_server pg_ident.conf
	step "web1 has a line" SUCCESS SUCCESS
	at_server pg_hba.conf
	step "the server demands certificates" SUCCESS AUTHINFO_UNAVAIL
	: >"$STATE/pgpass"
	renewed
	sed -i '/web1/d' "$T/one/pg_ident.conf"
	server_reload
	wait_for shut_out
	equal "one whose line is removed is shut out" \
	    "$(login ann "$(code ann)")" AUTHINFO_UNAVAIL
}

# One that is out of date, and by the same commands one that is not.  The
# configuration file stays.
renewed() {
	edited() { :; }
	equal "with one it needs no password" "$(login_with "$CONF")" SUCCESS
	certificate_made 0
	certificate_given
	nap 1
	equal "one that is out of date lets nobody in" \
	    "$(login_with "$CONF")" AUTHINFO_UNAVAIL
	check "it is renewed by the same commands" certificate_made
	certificate_given
	equal "and lets in again" "$(login_with "$CONF")" SUCCESS
	equal "through the service too" "$(login ann "$(code ann)")" SUCCESS
	resident_stop
}

shut_out() {
	[ "$(login ann "$(code ann)")" != SUCCESS ]
}

arrange
added
rotated
certified
