#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# unprivileged.sh - real programs that run without privileges: a screen locker
# of its user, and the workers of a web server.
# shellcheck disable=SC2317	# some functions are called by name
# limit: 150
. "$(dirname "$0")/../lib.sh"
need i3lock Xvfb xdotool nginx curl
private_machine
MODULES=/usr/lib/nginx/modules

arrange() {
	add_user ann
	add_user bob
	grep -q '^www-data:' /etc/passwd || add_user www-data
	installed CALLERS=www-data
	syslog_start
	enroll ann
	enroll bob --form hex
	resident_start
}

# --- a screen locker --------------------------------------------------------

# By TCP and without a lock, for /tmp is not a private one.
display() {
	local number=$((100 + RANDOM % 800))
	while listening "$((6000 + number))"; do
		number=$((number + 1))
	done
	DISPLAY=127.0.0.1:$number
	start Xvfb ":$number" -screen 0 640x480x24 -noreset -nolock \
	    -listen tcp -nolisten unix -nolisten local 2>"$T/xvfb.log"
	wait_for listening "$((6000 + number))"
}

on_screen() {
	as ann env DISPLAY="$DISPLAY" "$@"
}

locked() {
	[ -n "$(pgrep -x i3lock)" ]
}

unlocked() {
	! locked
}

lock() {
	as ann env DISPLAY="$DISPLAY" i3lock -n -c 000000 2>"$T/i3lock.log" &
	servers+=("$!")
	wait_for locked
	# It has the keyboard a moment after it has a window.
	sleep 1.5
}

type_in() {
	on_screen xdotool type --delay 50 "$1"
	on_screen xdotool key Return
}

locker() {
	local spent
	pam_service i3lock
	display
	lock
	equal "i3lock runs as its user" "$(ps -o user= -C i3lock | sort -u)" ann
	spent=$(code ann)
	type_in "$spent"
	check "a code unlocks the screen" wait_for unlocked
	check "by the service" logged 'i3lock:auth.: code accepted for ann'
	lock
	type_in "$spent"
	check "the same code is judged" logged 'i3lock:auth.: reason=replayed'
	sleep 3
	check "and the screen stays locked" locked
	type_in "$(code ann)"
	check "the next code unlocks it" wait_for unlocked
	lock
	resident_stop
	type_in "$(code ann)"
	check "without the service it stays locked" \
	    logged 'i3lock.*so it needs the service rollcode-verify'
	check "and runs on" locked
	resident_start
	sleep 3
	type_in "$(code ann)"
	check "with the service it can be unlocked again" wait_for unlocked
}

# --- a web server -----------------------------------------------------------

web_config() {
	mkdir -p "$T/web/root" "$T/web/tmp"
	echo inside >"$T/web/root/file"
	chown -R www-data: "$T/web"
	cat >"$T/web/nginx.conf" <<-CONF
	load_module $MODULES/ngx_http_auth_pam_module.so;
	user www-data;
	worker_processes 2;
	daemon off;
	pid $T/web/nginx.pid;
	error_log $T/web/error.log;
	events { worker_connections 64; }
	http {
	    access_log off;
	    client_body_temp_path $T/web/tmp;
	    proxy_temp_path $T/web/tmp;
	    fastcgi_temp_path $T/web/tmp;
	    uwsgi_temp_path $T/web/tmp;
	    scgi_temp_path $T/web/tmp;
	    server {
	        listen 127.0.0.1:$port;
	        root $T/web/root;
	        auth_pam "codes";
	        auth_pam_service_name web;
	    }
	}
	CONF
}

# The code comes to curl by its standard input, and stands in no argv.
fetch() {
	printf 'user = "bob:%s"\n' "$1" |
	    curl -s -K - -w '%{http_code}\n' "http://127.0.0.1:$port/file"
}

web() {
	local spent port
	[ -e "$MODULES/ngx_http_auth_pam_module.so" ] || {
		skip "nginx" "needs its module auth_pam"
		return
	}
	port=$(free_port)
	pam_service web nodelay
	web_config
	start nginx -c "$T/web/nginx.conf" -e "$T/web/error.log"
	wait_for listening "$port"
	spent=$(code bob)
	equal "nginx lets in with a code" "$(fetch "$spent" | xargs)" \
	    "inside 200"
	equal "its worker is the account that asked" \
	    "$(ps -o user= --ppid "$started" | sort -u)" www-data
	equal "a replay is refused" "$(fetch "$spent" | tail -n 1)" 401
	equal "a wrong code is refused" \
	    "$(fetch "$(wrong "$(code bob)")" | tail -n 1)" 401
	sed -i /^CALLERS/d "$CONF"
	kill -HUP "$resident"
	sleep 1
	equal "without CALLERS nobody gets in" \
	    "$(fetch "$(code bob)" | tail -n 1)" 401
	check "and the log says why" \
	    logged 'asked about an account that is not its own'
}

arrange
locker
web
exit 0
