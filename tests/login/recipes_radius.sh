#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# recipes_radius.sh - the recipe of pam_rollcode(8) for FreeRADIUS, as it stands
# in the page: codes of people who log in by ssh to a host without a store.
# Both hosts are this machine, under two addresses.
# shellcheck disable=SC2317	# some functions are called by name
# long
# limit: 150
. "$(dirname "$0")/../support/lib.sh"
need freeradius sshd ssh ssh-keygen chpasswd openssl
private_machine
. "$TREE/tests/support/logins.sh"
. "$TREE/tests/support/recipes.sh"
TITLE='FreeRADIUS, for hosts without a store'
RADDB=/etc/freeradius/3.0
if ! grep -qs '^freerad:' /etc/passwd || [ ! -d "$RADDB" ]; then
	skip "$SCRIPT" "needs FreeRADIUS as Debian installs it"
	exit 0
fi

arrange() {
	recipe_machine "$(recipe "$TITLE" /etc/rollcode/rollcode.env)"
	recipe_users alice bob
	enroll alice
	resident_start
}

# --- the host with the store ------------------------------------------------

radius_config() {
	rm "$RADDB"/sites-enabled/{default,inner-tunnel} "$RADDB/mods-enabled/eap"
	ln -s ../mods-available/pam "$RADDB/mods-enabled/pam"
	recipe_file "$TITLE" "$RADDB/sites-enabled/codes" \
	    "s/port = 1812/port = $radius_port/"
	recipe_file "$TITLE" "$RADDB/clients.conf" \
	    "s/192.0.2.5/127.0.0.5/;s/SECRET/$secret/"
	stack_of "$TITLE" radiusd
}

radius_start() {
	install -d -o freerad /run/freeradius /var/log/freeradius
	start freeradius -f -l "$T/radius.log"
	radius=$started
	wait_for grep -q 'Ready to process' "$T/radius.log" && return
	echo "FreeRADIUS did not start:"
	cat "$T/radius.log"
}

# --- the host that asks it --------------------------------------------------

client_config() {
	recipe_file "$TITLE" /etc/pam_radius_auth.conf \
	    "s/192.0.2.1/127.0.0.1:$radius_port/;s/SECRET/$secret/;s/$/ 127.0.0.5/"
	chmod 600 /etc/pam_radius_auth.conf
	sshd_start "$(recipe 'sshd: password and code' /etc/ssh/sshd_config)"
	stack_of "$TITLE" sshd
}

codes() {
	local code
	code=$(code alice)
	let_in "radius: a code lets in" ssh alice "$(both "$code")"
	check "radius: verified for FreeRADIUS" \
	    logged 'radiusd:auth.: code accepted for alice'
	equal "radius: which is without privileges" \
	    "$(ps -o user= -p "$radius")" freerad
	kept_out "radius: a replay does not" ssh alice "$(both "$code")"
	kept_out "radius: nor does a wrong code" ssh alice \
	    "$(both "$(wrong "$code")")"
	kept_out "radius: who has no token is denied" ssh bob \
	    "$(both "$code" bob)"
	try ssh alice $'wrong\n00000000'
	equal "radius: a wrong password is asked for no code" \
	    "$result $(grep -c 'Rolling code: ' <<<"$told")" "255 0"
}

# gone NAME: with what the caller took away a code is asked for and refused
gone() {
	kept_out "radius: $1" ssh alice "$(both "$(code alice)")"
}

errors() {
	mv "$T/store" "$T/store.away"
	gone "without the store nobody gets in"
	mv "$T/store.away" "$T/store"
	resident_stop
	gone "nor without the service"
	check "radius: the log says so" \
	    logged 'radiusd.*so it needs the service rollcode-verify'
	sed -i /^CALLERS/d "$CONF"
	resident_start
	gone "nor where FreeRADIUS is not among CALLERS"
	recipe "$TITLE" /etc/rollcode/rollcode.env >>"$CONF"
	resident_reload
	let_in "radius: then the next code lets in" ssh alice \
	    "$(both "$(code alice)")"
	sed -i "s/$secret/another/" /etc/pam_radius_auth.conf
	sed -i 's/ 12 / 1 /' /etc/pam_radius_auth.conf
	gone "nor by a host with another secret"
	kill "$radius"
	wait "$radius"
	gone "nor where no server answers"
}

radius_port=$(free_port)
secret=$(openssl rand -hex 16)
arrange
radius_config
checked radius radiusd ""
radius_start
client_config
codes
errors
check "no code is in any log" never_logged "$T/syslog" "$T/radius.log" \
    "$T/sshd.log"
exit 0
