#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# recipes_vpn.sh - the recipes of pam_rollcode(8) for OpenVPN and ocserv, as they
# stand in the page, with the programs of both ends.  No packet is carried, so
# there is no need of a network device.  Arguments name one of them: openvpn,
# ocserv.
# shellcheck disable=SC2317	# some functions are called by name
# long
# limit: 150
. "$(dirname "$0")/../support/lib.sh"
need openvpn ocserv openconnect openssl chpasswd python3
# With a network of its own, for the devices.
if [ -z "${ROLLCODE_NETWORK-}" ]; then
	need_root
	if [ ! -c /dev/net/tun ] || ! unshare -n true 2>/dev/null; then
		skip "$SCRIPT" "needs a network of its own, and /dev/net/tun"
		exit 0
	fi
	ROLLCODE_NETWORK=1 exec unshare -n "$0" "$@"
fi
private_machine "$@"
ip link set lo up
mkdir /dev/net
mknod -m 666 /dev/net/tun c 10 200
. "$TREE/tests/support/logins.sh"
. "$TREE/tests/support/recipes.sh"
DENIED='AUTH_FAILED|Failed to complete authentication'

arrange() {
	recipe_machine
	recipe_users alice
	enroll alice
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -days 2 -subj /CN=vpn -addext subjectAltName=DNS:vpn \
	    -keyout "$T/vpn.key" -out "$T/vpn.crt" 2>"$T/openssl.log"
	touch "$T/told"
}

# vpn_logins NAME: what every door must do
vpn_logins() {
	local code
	code=$(code alice)
	let_in "$1: password and code let in" "$1" alice "$(both "$code")"
	kept_out "$1: a replay does not" "$1" alice "$(both "$code")"
	kept_out "$1: nor does a wrong code" "$1" alice \
	    "$(both "$(wrong "$code")")"
	token alice skip -n 3 >"$T/log" 2>&1
	let_in "$1: nor does a report of skipped codes stop a login" "$1" alice \
	    "$(both "$(code alice)")"
	try "$1" alice "wrong"$'\n'"$(code alice)"
	refused "$1: a wrong password does not let in" test "$result" -eq 0
	mv "$T/store" "$T/store.away"
	kept_out "$1: nor does a code without the store" "$1" alice \
	    "$(both "$(code alice)")"
	mv "$T/store.away" "$T/store"
	let_in "$1: then the next code lets in" "$1" alice \
	    "$(both "$(code alice)")"
}

# --- OpenVPN ----------------------------------------------------------------

openvpn_start() {
	local plugin=/usr/lib/openvpn/openvpn-plugin-auth-pam.so
	port=$(free_port)
	mkdir -p /etc/openvpn/server
	recipe_file OpenVPN /etc/openvpn/server/server.conf
	[ ! -e "$plugin" ] || sed -i "s,plugin [^ ]*,plugin $plugin," \
	    /etc/openvpn/server/server.conf
	cat >>/etc/openvpn/server/server.conf <<-CONF
	dev tun
	server 192.0.2.0 255.255.255.0
	topology subnet
	proto udp
	local 127.0.0.1
	port $port
	ca $T/vpn.crt
	cert $T/vpn.crt
	key $T/vpn.key
	dh none
	verify-client-cert none
	username-as-common-name
	keepalive 5 30
	CONF
	start openvpn --config /etc/openvpn/server/server.conf \
	    --log "$T/openvpn.log"
	wait_for grep -q 'Sequence Completed' "$T/openvpn.log" && return
	cat "$T/openvpn.log"
}

# The configuration of a user, who ends the connection when it is there.
client() {	# USER
	typed auth-user-pass >"$T/client.conf"
	cat >>"$T/client.conf" <<-CONF
	client
	dev tun
	ifconfig-noexec
	route-noexec
	proto udp
	explicit-exit-notify 1
	remote 127.0.0.1 $port
	ca $T/vpn.crt
	verify-x509-name vpn name
	script-security 2
	up $T/up
	CONF
	# shellcheck disable=SC2016	# the variable is the script's
	printf '#!/bin/sh\necho %s >%s\nkill $PPID\n' "$1" "$T/in" >"$T/up"
	chmod 755 "$T/up"
	rm -f "$T/in"
}

# It asks in words of its own.
door_openvpn() {
	client "$1"
	printf '%s\n' "$1" "$2" | "$TREE/tests/tools/console.py" \
	    openvpn --config "$T/client.conf" >"$T/screen"
	sed 's/CHALLENGE: //;s/Rolling code/&: /' "$T/screen" >&2
	cat "$T/in" 2>"$T/log"
}

recipe_openvpn() {
	stack_of OpenVPN openvpn
	checked openvpn openvpn ""
	openvpn_start
	vpn_logins openvpn
}

# --- ocserv -----------------------------------------------------------------

ocserv_config() {
	port=$(free_port)
	sed -i -e '/^ *auth *=/d' -e '/^ *\(tcp\|udp\)-port/d' \
	    -e '/^ *\(server-cert\|server-key\|ca-cert\|dh-params\)/d' \
	    -e '/^ *max-ban-score/d' /etc/ocserv/ocserv.conf
	{
		recipe ocserv /etc/ocserv/ocserv.conf
		cat <<-CONF
		listen-host = 127.0.0.1
		tcp-port = $port
		server-cert = $T/vpn.crt
		server-key = $T/vpn.key
		max-ban-score = 0
		CONF
	} >"$T/ocserv.conf"
	cat "$T/ocserv.conf" >>/etc/ocserv/ocserv.conf
}

# A new one for each login: that of Debian 12 may crash after some of them, with
# pam_unix alone too.
ocserv_start() {
	start ocserv -f -c /etc/ocserv/ocserv.conf 2>>"$T/ocserv.log"
	wait_for listening "$port" && return
	cat "$T/ocserv.log"
}

# What the server gives to who may connect is a cookie.
door_ocserv() {
	local status
	ocserv_start
	printf '%s\n' "$2" | "$TREE/tests/tools/console.py" openconnect \
	    --authenticate --user="$1" --cafile "$T/vpn.crt" \
	    --resolve "vpn:127.0.0.1" "https://vpn:$port" >"$T/screen"
	cat "$T/screen" >&2
	grep -q "^COOKIE='[^']" "$T/screen"
	status=$?
	kill "$started"
	wait "$started"
	[ "$status" -ne 0 ] || echo "$1"
	return "$status"
}

recipe_ocserv() {
	stack_of ocserv ocserv
	checked ocserv ocserv ""
	ocserv_config
	vpn_logins ocserv
}

arrange
[ $# -gt 0 ] || set -- openvpn ocserv
for part in "$@"; do
	"recipe_$part"
done
exit 0
