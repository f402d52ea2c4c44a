#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# recipes_basic.sh - the recipes of pam_rollcode(8) for programs that pass a name
# and a word on: Cockpit, squid and saslauthd, as they stand in the page.
# Arguments name some of them: cockpit, squid, saslauthd.
# shellcheck disable=SC2317	# some functions are called by name
# long
# limit: 150
. "$(dirname "$0")/../support/lib.sh"
need curl chpasswd base64
private_machine "$@"
. "$TREE/tests/support/recipes.sh"

arrange() {
	recipe_machine "$(recipe squid /etc/rollcode/rollcode.env)"
	recipe_users ann bob
	enroll ann
	enroll bob
	resident_start
}

# --- squid ------------------------------------------------------------------

squid_start() {
	recipe_file squid /etc/squid/conf.d/codes.conf "${1-}"
	: >/etc/squid/conf.d/debian.conf
	port=$(free_port)
	nobody=$(free_port)
	sed -i "s/^http_port .*/http_port 127.0.0.1:$port/" /etc/squid/squid.conf
	cat >>/etc/squid/squid.conf <<-CONF
	pid_filename $T/squid.pid
	access_log none
	cache_log $T/squid/cache.log
	shutdown_lifetime 0 seconds
	CONF
	install -d -o proxy "$T/squid"
	start squid -N -f /etc/squid/squid.conf 2>"$T/squid.log"
	squid=$started
	wait_for listening "$port" && return
	cat "$T/squid.log" "$T/squid/cache.log"
}

# Nobody listens there: that squid tries is enough.
ask_squid() {
	case $(printf 'proxy-user = "%s:%s"\n' "$1" "$2" | curl -s -m 20 -K - \
	    -o "$T/page" -w '%{http_code}' -x "http://127.0.0.1:$port" \
	    "http://127.0.0.1:$nobody/") in
	407) echo out ;;
	502 | 503) echo in ;;
	*) echo "neither: see $T/page" ;;
	esac
}

recipe_squid() {
	local code
	has /usr/lib/squid/basic_pam_auth squid || return
	stack_of squid squid
	checked squid squid ""
	squid_start 's/credentialsttl .*/credentialsttl 1 second/'
	remembered=2.5 basic_logins squid ask_squid
	equal "squid: its helper is without privileges" \
	    "$(ps -o user= -C basic_pam_auth | sort -u)" proxy
	resident_stop
	equal "squid: without the service nobody gets in" \
	    "$(ask_squid ann "$(code ann)")" out
	resident_start
	kill "$squid"
	wait "$squid"
	squid_start
	code=$(code ann)
	equal "squid: a code lets in for an hour, as the page says" \
	    "$(ask_squid ann "$code") $(ask_squid ann "$code")" "in in"
}

# --- saslauthd --------------------------------------------------------------

sasl_start() {
	local OPTIONS MECHANISMS
	. /etc/default/saslauthd
	# shellcheck disable=SC2086	# it is a list of options
	# Told to end, it ends its process group, or waits for ever.
	start setsid saslauthd -d -a "$MECHANISMS" $OPTIONS "$@" >"$T/sasl.log" 2>&1
	sasl=$started
	wait_for test -S /run/saslauthd/mux && return
	cat "$T/sasl.log"
}

ask_sasl() {
	if testsaslauthd -s smtp -u "$1" -p "$2" >"$T/log" 2>&1; then
		echo in
	else
		echo out
	fi
}

recipe_saslauthd() {
	local code
	has /usr/sbin/saslauthd saslauthd || return
	stack_of saslauthd smtp
	checked saslauthd smtp ""
	recipe_file saslauthd /etc/default/saslauthd
	mkdir -p /run/saslauthd
	sasl_start
	basic_logins saslauthd ask_sasl
	kill -9 -- "-$sasl"
	wait "$sasl"
	rm -f /run/saslauthd/mux
	sasl_start -c
	code=$(code ann)
	equal "saslauthd: with -c a used code lets in, as the page says" \
	    "$(ask_sasl ann "$code") $(ask_sasl ann "$code")" "in in"
}

# --- Cockpit ----------------------------------------------------------------

cockpit_start() {
	cockpit_port=$(free_port)
	# In a session that a service manager does not begin.
	start /usr/lib/cockpit/cockpit-ws --no-tls --address 127.0.0.1 \
	    --port "$cockpit_port" 2>"$T/cockpit.log"
	wait_for listening "$cockpit_port" && return
	cat "$T/cockpit.log"
}

# The login page's own requests: name and password, and what is asked then.
ask_cockpit() {
	local url=http://127.0.0.1:$cockpit_port/cockpit/login words id status
	words=$(printf '%s:sesam %s' "$1" "$1" | base64 -w 0)
	curl -s -m 20 -o "$T/page" -D "$T/headers" -w '%{http_code}' \
	    -H @<(echo "Authorization: Basic $words") "$url" >"$T/status"
	id=$(sed -n 's/^WWW-Authenticate: X-Conversation \([^ ]*\) .*/\1/ip' \
	    "$T/headers")
	words=$(sed -n 's/^WWW-Authenticate: X-Conversation [^ ]* \([^ \r]*\).*/\1/ip' \
	    "$T/headers" | base64 -d)
	[ "$words" = "Rolling code: " ] || {
		echo "asked: $words"
		return
	}
	words=$(printf '%s' "$2" | base64 -w 0)
	status=$(curl -s -m 20 -o "$T/page" -w '%{http_code}' \
	    -H @<(echo "Authorization: X-Conversation $id $words") "$url")
	case $status in
	200) echo in ;;
	401 | 403) echo out ;;
	*) echo "neither: $status" ;;
	esac
}

recipe_cockpit() {
	has /usr/lib/cockpit/cockpit-ws Cockpit || return
	stack_of Cockpit cockpit
	checked Cockpit cockpit ""
	cockpit_start
	basic_logins Cockpit ask_cockpit
}

arrange
[ $# -gt 0 ] || set -- cockpit squid saslauthd
for part in "$@"; do
	"recipe_$part"
done
exit 0
