#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# unprivileged.sh - the recipes of pam_rollcode(8) for programs that run without
# privileges, as they stand in the page: a screen locker of its user, and the
# workers of a web server.
# shellcheck disable=SC2317	# some functions are called by name
# long
# limit: 150
. "$(dirname "$0")/../support/lib.sh"
need i3lock Xvfb xdotool nginx curl
private_machine
. "$TREE/tests/support/recipes.sh"
MODULES=/usr/lib/nginx/modules

arrange() {
	add_user ann
	grep -q '^www-data:' /etc/passwd || add_user www-data
	recipe_machine "$(recipe nginx /etc/rollcode/rollcode.env)"
	syslog_start
	enroll ann
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
	# It goes into the background when it has the keyboard and a window.
	as ann env DISPLAY="$DISPLAY" i3lock -c 000000 2>"$T/i3lock.log"
	wait_for locked
}

type_in() {
	on_screen xdotool type --delay 50 "$1"
	on_screen xdotool key Return
}

# For two seconds after a refusal it takes no keys.
types_anew() {
	for _ in 1 2 3 4 5; do
		type_in "$(code ann)"
		patience=3 wait_for unlocked && return
	done
	return 1
}

locker() {
	local spent
	stack_of i3lock i3lock
	checked i3lock i3lock ""
	display
	lock
	equal "i3lock runs as its user" "$(ps -o user= -C i3lock | sort -u)" ann
	spent=$(code ann)
	type_in "$spent"
	check "a code unlocks the screen" wait_for unlocked
	check "by the service" logged 'i3lock:auth.: code accepted for ann'
	lock
	type_in "$spent"
	check "the same code is verified, and the verifier says how" \
	    logged 'asked by uid=.*user=ann: reason=replayed'
	nap 1
	check "and the screen stays locked" locked
	check "another code unlocks it" types_anew
	lock
	resident_stop
	type_in "$(code ann)"
	check "without the service it stays locked" \
	    logged 'i3lock.*so it needs the service rollcode-verify'
	check "and runs on" locked
	resident_start
	check "with the service it can be unlocked again" types_anew
	password ann sesam
	stack_in_one_line i3lock
	checked "i3lock, in one line" i3lock ""
	lock
	type_in "sesam$(code ann)"
	check "password and code in one line unlock it" wait_for unlocked
}

# --- a web server -----------------------------------------------------------

web_config() {
	mkdir -p "$T/web/root/data" "$T/web/tmp"
	echo inside >"$T/web/root/data/file"
	echo open >"$T/web/root/open"
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
	        $(recipe nginx /etc/nginx/sites-enabled/default)
	    }
	}
	CONF
}

# fetch [CODE]: the page's own command; with a code in place of the next one
fetch() {
	local script
	script=$(typed flock | sed "s,https://[^/]*,http://127.0.0.1:$port,")
	# shellcheck disable=SC2016	# it is replaced as it stands
	[ $# -eq 0 ] || script=${script/'$(rollcode-token next backup)'/$1}
	as ann sh -c "$script" 2>"$T/fetch.log"
}

# How many of N that run at once get the file.
fetch_at_once() {	# N
	local i jobs=()
	for ((i = 0; i < $1; i++)); do
		fetch &
		jobs+=("$!")
	done >"$T/fetched"
	wait "${jobs[@]}"
	grep -cx inside "$T/fetched"
}

# A curl that tells what it was called with.
curl_shim() {
	printf '#!/bin/sh\necho "$*" >>%s\nexec %s "$@"\n' "$T/arguments" \
	    "$(command -v curl)" >"$T/bin/curl"
	chmod 755 "$T/bin/curl"
	: >"$T/arguments"
	chmod 666 "$T/arguments"
}

web_start() {
	port=$(free_port)
	stack_of nginx nginx
	checked nginx nginx ""
	web_config
	curl_shim
	start nginx -c "$T/web/nginx.conf" -e "$T/web/error.log"
	nginx=$started
	wait_for listening "$port"
	check "a script is enrolled as the page says" eval \
	    "$(typed 'rollcode-admin enroll backup --no-account' |
	    sed 's/ssh job@client/as ann/')"
}

next() {
	as ann rollcode-token next backup
}

web() {
	local spent port nginx
	[ -e "$MODULES/ngx_http_auth_pam_module.so" ] || {
		skip "nginx" "needs its module auth_pam"
		return
	}
	web_start
	equal "nginx lets in with the next code" "$(fetch)" inside
	spent=$(next)
	equal "and with another one" "$(fetch "$spent")" inside
	equal "its worker is the account that asked" \
	    "$(ps -o user= --ppid "$nginx" | sort -u)" www-data
	refused "a replay is refused" fetch "$spent"
	check "and the log names who asked" \
	    logged 'nginx:auth.: authentication failure.* rhost=127.0.0.1 '
	refused "a wrong code is refused" fetch "$(wrong "$(next)")"
	refused "without a code nobody gets in" \
	    curl -fsS "http://127.0.0.1:$port/data/file"
	equal "outside of the location no code is asked for" \
	    "$(curl -fsS "http://127.0.0.1:$port/open")" open
	refused "no code was an argument" grep -E '[0-9a-f]{64}' "$T/arguments"
	check "which were looked at" grep -q -- '-K -' "$T/arguments"
	: >"$T/syslog"
	equal "twenty at once, with the page's lock, get it" \
	    "$(fetch_at_once 20)" 20
	refused "and none of them is a replay" \
	    grep -q 'reason=replayed' "$T/syslog"
	second_worker
	web_errors
}

# A worker with a token of its own, which is its user's too.
second_worker() {
	check "a second worker gets a token of its own" eval \
	    "$(typed 'rollcode-admin enroll backup --label two' |
	    sed 's/ssh job@client/as ann/')"
	equal "with which it is let in beside the first" \
	    "$(fetch "$(as ann rollcode-token next backup-two)") $(fetch)" \
	    "inside inside"
}

web_errors() {
	mv "$T/store" "$T/store.away"
	refused "nginx: without the store nobody gets in" fetch
	mv "$T/store.away" "$T/store"
	resident_stop
	refused "nginx: nor without the service" fetch
	sed -i /^CALLERS/d "$CONF"
	resident_start
	refused "nginx: nor where its account is not in CALLERS" fetch
	check "and the log says why" \
	    logged 'asked about another account'
	recipe nginx /etc/rollcode/rollcode.env >>"$CONF"
	resident_reload
	equal "nginx: then the next code lets in" "$(fetch)" inside
}

arrange
locker
web
exit 0
