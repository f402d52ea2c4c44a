#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# handbook.sh - the tasks of rollcode-handbook(7), each line as it stands there:
# roll out, restore, codes that expire, a lost laptop, another server.  Nobody
# who follows them is locked out, and no used code works again.
# limit: 120
. "$(dirname "$0")/../support/lib.sh"
need python3 su
private_machine
HANDBOOK=$TREE/pam_rollcode/rollcode-handbook.7

# block TITLE WORDS: of that section the example that has these words
block() {
	local lines
	lines=$(awk -v title="$1" -v words="$2" '
	    $1 == ".Sh" { on = substr($0, 5) == title }
	    $1 == ".Ed" { if (on && index(text, words)) { print text; exit }
		here = 0 }
	    here { text = text $0 "\n" }
	    $1 == ".Bd" { here = 1; text = "" }' "$HANDBOOK" | sed 's/\\e/\\/g')
	[ -n "$lines" ] || echo "false # no $2 in: $1"
	echo "$lines"
}

# said TITLE WORDS: of that section the command that begins so, in its text
said() {
	awk -v title="$1" -v words=".Ql $2" '
	    $1 == ".Sh" { on = substr($0, 5) == title }
	    on && index($0, words) == 1 { print substr($0, 5); exit }' \
	    "$HANDBOOK" | sed 's/ [.,]$//' | grep . || echo "false # no $2"
}

typed() {	# as root, each line
	bash -e -c "$1" >"$T/out" 2>"$T/said" </dev/null
}

# at_terminal LINES COMMAND: what it asks is answered by these
at_terminal() {
	printf '%s\n' "$1" |
	    "$TREE/tests/tools/console.py" bash -c "$2" >"$T/out"
}

theirs() {	# USER ARGUMENT...: of the token program
	as "$1" rollcode-token "${@:2}"
}

accepted() {	# USER CODE
	rollcode-admin verify "$1" <<<"$2" >"$T/verified" 2>&1
}

for place in /var/lib /var/backups /root; do
	mount -n -t tmpfs -o mode=0755 place "$place"
done
installed
install -d -m 700 -o rollcode /var/lib/rollcode /var/lib/rollcode-witness
new_server() {
	rm -rf /var/lib/rollcode/* /var/lib/rollcode-witness/*
	(umask 077 && echo "# nothing" >/etc/rollcode/rollcode.env)
}
new_server
sed -i '/:x:[1-9][0-9][0-9][0-9]:/d' /etc/passwd
for user in alice bob; do add_user "$user"; done
mkdir -p /etc/pam.d
echo "auth required pam_rollcode.so" >/etc/pam.d/sshd
rollcode-admin init >"$T/log"

# --- roll out -----------------------------------------------------------------

check "roll out: everybody is enrolled" \
    typed "$(block "ROLL OUT" --all-missing)"
refused "while nobody is asked" grep -q rollcode /etc/pam.d/sshd
check "roll out: each token is put into the home of its user" \
    typed "$(block "ROLL OUT" token.uri)"
equal "and none is left in root's" "$(ls /root/tokens)" ""
for user in alice bob; do
	# What ssh does, and then the pipe of the page.
	fetch=$(block "ROLL OUT" "ssh alice@server")
	fetch=${fetch#*\'} fetch=${fetch%%\'*}
	as "$user" sh -c "$fetch" | theirs "$user" add server >"$T/out"
	accepted "$user" "$(theirs "$user" next server)" || echo "$user"
done >"$T/wrong" 2>&1
equal "roll out: each user fetches theirs, and its code is accepted" \
    "$(cat "$T/wrong")" ""
equal "and nothing stays on the server" \
    "$(find "$T/home" -name token.uri)" ""

# --- backup and restore ---------------------------------------------------------

rollcode-admin recovery bob >"$T/sheet" 2>"$T/log"
mkdir -p /etc/cron.daily
block "BACKUP AND RESTORE" "#!/bin/sh" >/etc/cron.daily/rollcode
chmod 755 /etc/cron.daily/rollcode
check "backup: the script of the page makes one" \
    env -i /etc/cron.daily/rollcode
nap 1.1
used=$(theirs bob next server)
accepted bob "$used"
mkdir /var/log/remote
line="$(date "+%b %e %T") server sshd[7]: pam_rollcode(sshd:auth): code accepted for"
echo "$line bob; token=token counter=1 skipped=0" >/var/log/remote/server.log
day=$(basename /var/backups/rollcode/*)
restore=$(block "BACKUP AND RESTORE" "rollcode.old")
check "restore: the copy takes the place of the store" \
    typed "${restore//2026-11-29/$day}"
refused "restore: a used code does not work again" accepted bob "$used"
end=$(block "BACKUP AND RESTORE" from-log)
check "restore: counters are raised by the log of another host" \
    typed "${end%%$'\n'*}"
check "restore: or by the two codes that the user reads out" at_terminal \
    "$(theirs alice pair server)" "$(sed -n 2p <<<"$end")"
check "restore: then it ends" typed "$(sed -n 3p <<<"$end")"
refused "and a used code does not work" accepted bob "$used"
refused "nor a recovery code of before" accepted bob "$(head -n 1 "$T/sheet")"
check "and the next one of each does" accepted bob "$(theirs bob next server)"
check "of the other, too" accepted alice "$(theirs alice next server)"

# --- codes that expire ------------------------------------------------------------

check "codes that expire: a second token is enrolled" \
    typed "$(block "CODES THAT EXPIRE" "--form timed" | head -n 1)"
cp "$T/out" "$T/uri"
next=$(block "CODES THAT EXPIRE" "add timed")
theirs alice "$(sed -n '1s/^rollcode-token \([a-z]*\) .*/\1/p' <<<"$next")" \
    timed <"$T/uri" >"$T/out"
check "its code is accepted" accepted alice \
    "$(as alice sh -c "$(sed -n 2p <<<"$next")")"
as alice sh -c "$(said "CODES THAT EXPIRE" "rollcode-token default")" >"$T/out"
check "it is the default now" accepted alice "$(theirs alice next)"
check "and the old one can go" at_terminal yes \
    "$(said "CODES THAT EXPIRE" "rollcode-admin remove")"
check "after which its codes are still accepted" accepted alice \
    "$(theirs alice next)"

# --- a lost laptop ----------------------------------------------------------------

lost() {	# WORDS: for bob, whose token is the usual one
	said "LOST LAPTOP OR PHONE" "$1" | sed 's/alice/bob/'
}
check "lost laptop: the token is disabled" typed "$(lost "rollcode-admin disable")"
refused "and its codes are refused" accepted bob "$(theirs bob next server)"
check "lost laptop: show names it, log says what was done" \
    typed "$(lost "rollcode-admin show"); $(lost "rollcode-admin log")"
check "lost laptop: a new one is enrolled" typed "$(lost "rollcode-admin enroll")"
cp "$T/out" "$T/uri"
check "and the old one removed" at_terminal yes "$(lost "rollcode-admin remove")"
check "lost laptop: a code is issued to read out" \
    typed "$(lost "rollcode-admin recovery alice --once")"
check "which lets in once" accepted bob "$(cat "$T/out")"
theirs bob add new <"$T/uri" >"$T/out"
check "and then the new token does" accepted bob "$(theirs bob next new)"

# --- another server ---------------------------------------------------------------

move=$(block "MOVE TO ANOTHER SERVER" "export -o")
check "move: the tokens are exported" at_terminal \
    $'correct horse\ncorrect horse' "$(sed -n 2p <<<"$move")"
equal "for root alone" "$(stat -c '%U %a' /root/rollcode.sealed)" "root 600"
new_server
there=$(block "MOVE TO ANOTHER SERVER" "rollcode-admin import")
check "move: a store is made there" typed "$(sed -n 1p <<<"$there")"
check "move: and they are imported" at_terminal "correct horse" \
    "$(sed -n 2p <<<"$there")"
check "move: the next code of each user is accepted" \
    accepted bob "$(theirs bob next new)"
check "of the other one, too" accepted alice "$(theirs alice next)"
