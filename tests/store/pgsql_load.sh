#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# pgsql_load.sh - a database of 10,000 users, or ROLLCODE_USERS, and of one,
# side by side; and 32 logins at once, again and again for 5 seconds or
# ROLLCODE_SECONDS.
# long
# alone
. "$(dirname "$0")/../support/lib.sh"
. "$TREE/tests/support/pgsql.sh"
pgsql_machine "$@"
users=${ROLLCODE_USERS:-10000} seconds=${ROLLCODE_SECONDS:-5}
PAIRS=21	# of logins side by side
CROWD=32
WORKERS=16	# WORKERS_MAX

# The store with one user is in a database of its own, on the same server.
arrange() {
	pgsql_server one
	sql one "CREATE DATABASE few OWNER rollcode_admin"
	echo "*:*:few:rollcode_login:secret of rollcode_login" >>"$T/pgpass"
	echo "*:*:few:rollcode_admin:secret of rollcode_admin" >>"$T/pgpass"
	pgsql_place
	admin init >"$T/out"
	sed 's,/rollcode?,/few?,' "$CONF" >/etc/rollcode/few.env
	chmod 600 /etc/rollcode/few.env
	rollcode-admin --conf /etc/rollcode/few.env init >"$T/out"
	sed 's,quiet,& conf=/etc/rollcode/few.env,' "$T/pam/rc" >"$T/pam/few"
	enroll ann
	rollcode-admin --conf /etc/rollcode/few.env enroll ann --no-account \
	    2>"$T/out" | token few add >"$T/out"
	for i in $(seq "$CROWD"); do
		enroll "user$i"
	done
}

# Rows as ann's are; nobody logs in with them.
fill() {
	SQL_DATABASE=rollcode sql one "
	INSERT INTO rollcode.account(name,created,key_id)
	    SELECT 'filler'||n,created,key_id FROM rollcode.account,
	    generate_series(1,$users) AS n WHERE name='ann';
	INSERT INTO rollcode.token
	    SELECT 'filler'||n,id,label,form,algorithm,digits,key_id,secret,
	    counter,far_counter,far_time,enabled,created,used
	    FROM rollcode.token,generate_series(1,$users) AS n WHERE name='ann';
	INSERT INTO rollcode.event
	    SELECT 'filler'||n,slot+m,sequence,time,service,rhost,token,outcome,
	    counter,distance FROM rollcode.event,generate_series(1,$users) AS n,
	    generate_series(1,5) AS m WHERE name='ann' AND slot=0;
	ANALYZE"
	equal "there are more than $users users" "$(SQL_DATABASE=rollcode \
	    sql one "SELECT count(*)>$users FROM rollcode.account")" t
}

middle() {
	sort -n "$1" | sed -n "$((PAIRS / 2 + 1))p"
}

side_by_side() {
	local many few at wrong=0 with without
	mapfile -t many < <(code ann -n $PAIRS | tr ' ' '\n')
	mapfile -t few < <(code few -n $PAIRS | tr ' ' '\n')
	for ((at = 0; at < PAIRS; at++)); do
		printf 'ann\t%s\n' "${many[at]}" |
		    "$PAMRUN" "$T/pam" rc >>"$T/many.out"
		printf 'ann\t%s\n' "${few[at]}" |
		    "$PAMRUN" "$T/pam" few >>"$T/few.out"
	done
	wrong=$(cat "$T/many.out" "$T/few.out" | grep -vc ' SUCCESS ')
	equal "$PAIRS logins with one user and $PAIRS with $users: each gets in" \
	    "$wrong" 0
	for at in many few; do
		cut -d' ' -f3 "$T/$at.out" >"$T/$at.ms"
	done
	with=$(middle "$T/many.ms") without=$(middle "$T/few.ms")
	check "and takes no longer with $users: $with ms, $without ms with one" \
	    test "$with" -le $((without + without / 3 + 5))
}

# Rounds of CROWD codes, until the time is over.
rounds() {
	local line start=$SECONDS
	while [ $((SECONDS - start)) -lt "$seconds" ] && read -r line; do
		pam_run <<<"$line"
	done <"$T/codes"
	: >"$T/ended"
}

press_all() {
	local i
	for i in $(seq "$CROWD"); do
		for _ in $(seq 0 "$seconds"); do
			code "user$i" -n 50
		done | tr ' ' '\n' | sed "s/^/user$i\t/" >"$T/codes.$i"
	done
	paste "$T"/codes.* >"$T/codes"
}

COUNT="SELECT count(*) FROM pg_stat_activity WHERE usename='rollcode_login'"

# The most connections, asked for ten times a second until the rounds end.
most_connections() {
	"$PG_BIN/psql" -X -q -A -t -d "$(postgres_uri one)" \
	    < <(until [ -e "$T/ended" ]; do
		echo "$COUNT;"
		nap 0.1
	    done) | sort -n | tail -n 1
}

crowd() {
	local most
	press_all
	resident_start
	rounds >"$T/crowd" &
	most=$(most_connections)
	equal "$CROWD logins at once for $seconds seconds: each gets in" \
	    "$(cut -d' ' -f2 "$T/crowd" | sort -u)" SUCCESS
	check "there were several rounds, and codes for more" \
	    test "$(wc -l <"$T/crowd")" -ge $((2 * CROWD)) -a \
		"$(wc -l <"$T/crowd")" -lt $((CROWD * $(wc -l <"$T/codes")))
	check "with $WORKERS connections at most" test "$most" -le $WORKERS
	check "and more than one" test "$most" -gt 1
	show "$(wc -l <"$T/crowd") logins, at most $most connections; ms at \
half and at most: $(cut -d' ' -f3 "$T/crowd" | sort -n |
	    awk '{ ms[NR] = $1 } END { print ms[int((NR + 1) / 2)], ms[NR] }')"
	resident_stop
	equal "none of them is left" "$(sql one "$COUNT")" 0
}

arrange
fill
side_by_side
crowd
