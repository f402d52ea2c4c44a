#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# readers.sh - whatever command of rollcode-admin reads what somebody else made,
# a store, a server's answers, a file of a user: it is the account then, without
# rights and in bounds.  The kernel stops each read until that was looked at.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/pgsql.sh"
need python3
pgsql=
if postgres_find && [ -f "$BUILD/rollcode-pgsql.so" ]; then
	pgsql=yes
	pgsql_machine "$@"
else
	skip "PostgreSQL" "needs a server's program, and libpq when it is built"
	private_machine
fi
. "$(dirname "$0")/../support/formats.sh"
add_user alice
HOME_A=$T/home/alice
installed

cannot=$("$TREE/tests/tools/readers.py" "$T" 0 0 true 2>&1) || {
	skip "$SCRIPT" "${cannot:-what reads cannot be looked at here}"
	exit 0
}

account=$(id -u rollcode)
STATE="uid $account $account $account $account caps 0 0 0 0"
STATE="$STATE new-privileges no memory limited"
RELAY=(0 0)
COMMANDS="backup check disable enable enroll export import init list log qr
recovery rekey remove restored resync show stats unlock uri verify"
equal "every command is in this list" \
    "$(echo "$COMMANDS" | tr ' ' '\n')" \
    "$(admin help | sed -n 's/^  \([a-z]\+\) .*/\1/p' | sort)"

# of_alice NAME: a file of hers, with what comes on standard input
of_alice() {
	cat >"$HOME_A/$1"
	chown alice "$HOME_A/$1"
	chmod 600 "$HOME_A/$1"
}

# reads NAME WHOSE ARGUMENT...: the command ends well, and on its way it reads
# what all of these have made
reads() {
	local status whose wanted=''
	"$TREE/tests/tools/readers.py" "$T" "${RELAY[@]}" rollcode-admin \
	    --conf "$LOOKED" "${@:3}" <"$T/input" >"$T/seen" 2>"$T/said"
	status=$?
	case $status:$STORE:$3 in
	0:* | 1:*:check | 1:PostgreSQL:backup) ;;
	*) echo "status $status: $(cat "$T/said")" >>"$T/seen" ;;
	esac
	for whose in $2; do wanted+="$whose $STATE"$'\n'; done
	equal "$STORE: $1: what reads is the account, without rights, in bounds" \
	    "$(cat "$T/seen")" "${wanted%$'\n'}"
	echo "$3" >>"$T/looked"
}

read_by() {	# NAME ARGUMENT...
	: >"$T/input"
	reads "$1" "$MADE_BY" "${@:2}"
}

read_hers() {	# NAME ARGUMENT...: and a file of alice's
	reads "$1" "alice $MADE_BY" "${@:2}"
}

every_command() {
	local format
	rm -rf "$T/looked" "$T/wallet"
	read_by init init
	enroll ann
	code ann >"$T/code"
	echo "hex:$HEX" | of_alice secret
	read_hers "enroll with a secret of hers" enroll alice \
	    --secret-file "$HOME_A/secret"
	read_by "enroll, in the place of it" enroll alice --replace
	read_by list list
	read_by show show ann
	read_by uri uri ann
	read_by stats stats
	read_by "log of all" log
	read_by log log ann
	chown alice "$T/input"
	cp "$T/code" "$T/input"
	read_hers verify verify ann
	code ann -n 2 >"$T/input"
	read_hers resync resync ann
	chown root "$T/input"
	echo "Nov 29 10:00:00 here sshd[1]: pam_rollcode(sshd:auth): code" \
	    "accepted for ann; token=token counter=90 skipped=0" |
	    of_alice log
	read_hers "resync from a log of hers" resync --from-log "$HOME_A/log"
	read_by disable disable ann
	read_by enable enable ann
	read_by unlock unlock ann
	read_by recovery recovery ann
	of_alice pass <"$T/pass"
	read_by export export --plain
	read_hers "export, sealed" export --seal-file "$HOME_A/pass" ann
	if qr_there; then
		read_by qr qr ann
	else
		skip "$STORE: qr" "needs libqrencode"
		echo qr >>"$T/looked"
	fi
	admin remove --force alice >/dev/null
	for format in $SILENT oath; do
		format_file "$format" alice
		chown alice "${FILES[@]}"
		read_hers "import of $format" import --user alice \
		    --seal-file "$T/pass" "${FILES[@]}"
		admin remove --force alice >/dev/null
	done
	otpauth alice >"$T/input"
	chown alice "$T/input"
	read_hers "import of standard input" import --user alice
	read_by check check
	read_by backup backup "$T/home/rollcode/backup"
	read_by restored restored --force
	read_by "restored, the end of it" restored --end --force
	read_by rekey rekey
	[ "$STORE" != PostgreSQL ] ||
	    read_by "rekey, the end of it" rekey --everywhere
	read_by remove remove --force ann
	equal "$STORE: and every command was looked at" \
	    "$(sort -u "$T/looked")" "$(echo "$COMMANDS" | tr ' ' '\n')"
}

qr_there() {
	admin qr ann >/dev/null 2>&1
}

# Both of one key.
one_into_the_other() {
	local relay=$LOOKED other=/etc/rollcode/other.env
	install -d -m 700 -o rollcode -g rollcode "$T/other"
	{ grep ^SECRET_KEY "$CONF"; echo "DATABASE=sqlite:$T/other"; } >"$other"
	chmod 600 "$other"
	rollcode-admin --conf "$other" init >/dev/null
	enroll bob
	STORE=SQLite LOOKED=$other
	read_by "import from PostgreSQL" import \
	    --from "$(uri rollcode_admin relay)"
	rollcode-admin --conf "$other" enroll carol --no-account >/dev/null 2>&1
	STORE=PostgreSQL LOOKED=$relay
	read_by "import from SQLite" import --from "sqlite:$T/other"
}

if ! pskc_there; then
	skip "PSKC" "needs libxml2"
	SILENT=$(without_pskc "$SILENT")
fi

STORE=SQLite
MADE_BY=rollcode
LOOKED=$CONF
server ACCOUNT=rollcode
every_command

[ -n "$pgsql" ] || exit 0
STORE=PostgreSQL
pgsql_server one >"$T/made.log"
chown rollcode "$T/pgpass"
chmod 600 "$T/pgpass"
free_port >"$T/relay.port"
RELAY=("$(postgres_port relay)" "$(postgres_port one)")
LOOKED=/etc/rollcode/relay.env
usual
sed "s/:${RELAY[1]}\//:${RELAY[0]}\//" "$CONF" >"$LOOKED"
chmod 600 "$LOOKED"
MADE_BY="rollcode server"
read_by "init of a new one" init
one_into_the_other
every_command
