#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# rekey.sh [long] - the key is changed and the store is copied while people log
# in, and both are killed at a system call: nobody is refused, no counter is
# lost, and a second run goes on.
# limit: 180
# long: 600	at more calls, ROLLCODE_POINTS of each
# shellcheck disable=SC2317	# what is looked at afterwards is called by name
. "$(dirname "$0")/../support/lib.sh"
need python3 sqlite3 strace
private_machine "$@"
. "$TREE/tests/support/pam.sh"
. "$TREE/tests/support/inject.sh"

FIND=$TREE/tests/tools/find_secrets.py
rounds=2 changes=1 copies=2 points=6
[ "${1-}" != long ] ||
    rounds=3 changes=2 copies=4 points=${ROLLCODE_POINTS:-9}

key() {
	sed -n "s/^SECRET_KEY${1-}=//p" "$CONF"
}

key_id() {
	sed -n 's/^KEY_ID=//p' "$T/store/users/marker"
}

# What a change of key has to leave behind: ID is the old key's.
changed() {	# ID
	[ "$(grep -c '^SECRET_KEY' "$CONF")" = 1 ] ||
	    echo "not one key in the env file"
	[ "$(key_id)" != "$1" ] || echo "the store is still of the old key"
	# A service may still have what was read, of which nothing is left.
	find /etc/rollcode -type f ! -name rollcode.env ! -empty
	find "$T/store" -name '*.new*'
	grep -rlF "$1" "$T/store"
}

# The next code opens; who got in is in $T/opened.
gets_in() {	# USER...
	local user
	for user in "$@"; do
		[ "$(login "$user" "$(code "$user")")" = SUCCESS ] ||
		    echo "$user is refused"
		echo "$user" >>"$T/opened"
	done
}

# The counters as they are in the files: "USER N", a line each.
counters() {
	rm -rf "$T/look"
	cp -r "$T/store/users" "$T/look"
	local file
	for file in "$T"/look/*.db; do
		printf '.open %s\n%s;\n' "$file" \
		    "SELECT user, (SELECT sum(counter) FROM token) FROM account"
	done | sqlite3 -separator ' '
}

# The sealed secrets as they are, as what is looked for.
sealed() {
	local file
	for file in "$T"/before/users/*.db; do
		sqlite3 "$file" "SELECT 'sealed hex:'||lower(hex(secret))
		    FROM token"
	done
}

one_change() {
	local id old bad
	id=$(key_id)
	old=$(key)
	sed -i '1i# a line of mine\nTOLERANCE=6' "$CONF"
	cp -r "$T/store" "$T/before"
	sealed >"$T/needles"
	"$FIND" "$T/needles" "$T"/store/users/* >"$T/found"
	check "sealed secrets are found where they are" \
	    grep -q '^sealed in' "$T/found"
	counters >"$T/wanted"
	check "rekey seals everything with a new key" admin rekey
	equal "no counter moves" "$(counters)" "$(cat "$T/wanted")"
	say_ok "and leaves nothing of the old one" "$(changed "$id")"
	say_ok "no secret is there as it was sealed before" \
	    "$("$FIND" "$T/needles" "$T"/store/users/*)"
	equal "every other line of the env file stays" \
	    "$(head -n 2 "$CONF" | xargs)" "# a line of mine TOLERANCE=6"
	equal "which is root's alone" "$(stat -c '%a %U' "$CONF")" "600 root"
	say_ok "each user gets in behind it" "$(gets_in ann bob)"
	sed "s/^SECRET_KEY=.*/SECRET_KEY=$old/" "$CONF" >"$T/old.env"
	chmod 600 "$T/old.env"
	refused "with the old key alone nothing can be read" \
	    rollcode-admin --conf "$T/old.env" show ann
}

# --- a service that has the old key -----------------------------------------

both_there() {
	[ -n "$(key)" ] && [ -n "$(key _PREVIOUS)" ]
}

forgotten() {	# whether nobody has read the file before
	flock -n "$CONF.rekey" true
}

with_a_service() {
	local id began
	id=$(key_id)
	resident_start
	refused "rekey waits for a service that was not reloaded" \
	    admin rekey --wait 0
	check "and both keys are in the env file" both_there
	began=$(key)
	enroll carol
	say_ok "meanwhile the service lets everybody in, also who is new" \
	    "$(gets_in ann bob carol)"
	equal "nothing is sealed anew yet" "$(key_id)" "$id"
	admin rekey >"$T/rekey.log" 2>&1 &
	rekey=$!
	wait_for grep -q 'has to be reloaded' "$T/rekey.log"
	kill -HUP "$resident"
	wait "$rekey"
	equal "when it is reloaded rekey goes on by itself" "$?" 0
	equal "with the key that it has made before" "$(key)" "$began"
	say_ok "and leaves nothing of the old one with a service" \
	    "$(changed "$id")"
	say_ok "the service goes on, not started anew" \
	    "$(gets_in ann bob carol)"
	check "what it has read has a name, and nothing in it" \
	    test -e "$CONF.rekey" -a ! -s "$CONF.rekey"
	began=$(key)
	refused "the next change waits for what that service has read, too" \
	    admin rekey --wait 0
	equal "before it makes a key" "$(key)" "$began"
	say_ok "and nobody is refused" "$(gets_in ann bob carol)"
	kill -HUP "$resident"
	wait_for forgotten
	refused "once it is reloaded there is a new key to wait for" \
	    admin rekey --wait 0
	say_ok "and nobody is refused then" "$(gets_in ann bob carol)"
	resident_stop
	check "without a service it comes to its end" admin rekey
	refused "and nothing has the name of what was read" \
	    test -e "$CONF.rekey"
}

# --- a user whose file is of no use -----------------------------------------

with_an_unusable_file() {
	local old
	old=$(key)
	enroll dan
	cp "$T/store/users/dan.db" "$T/dan.db"
	: >"$T/store/users/dan.db"
	refused "a user who cannot be sealed anew is a failure" admin rekey
	check "who is named" grep -q '^rollcode-admin: dan: .*dan\.db' \
	    <<<"$(admin rekey 2>&1)"
	equal "the previous key stays" "$(key _PREVIOUS)" "$old"
	say_ok "and everybody else gets in" "$(gets_in ann bob)"
	admin backup "$T/copies/dan" >"$T/backup.log" 2>&1
	equal "a backup tells of such a user as well" "$?" 1
	check "who is in it, and of no use" test -f "$T/copies/dan/users/dan.db"
	rm -rf "$T/copies/dan"
	cat "$T/dan.db" >"$T/store/users/dan.db"
	check "when the file is mended rekey comes to its end" admin rekey
	say_ok "and that user gets in" "$(gets_in dan)"
	admin remove dan --force >"$T/out"
	equal "one key is left" "$(grep -c '^SECRET_KEY' "$CONF")" 1
}

# --- while people log in ----------------------------------------------------

# logins_during NAME COMMAND LEAST: again and again while 16 log in at once
logins_during() {
	local i bad
	counters | sed "s/\$/ + $rounds/" >"$T/wanted"
	for ((i = 0; i < 16; i++)); do
		codes "user$i" "$rounds" | sed "s/^/user$i\\t/" >"$T/codes.$i"
	done
	: >"$T/during"
	paste "$T"/codes.* | pam_run >"$T/out" &
	while kill -0 "$!" 2>/dev/null ||
	    [ "$(grep -cx "done" "$T/during")" -lt "$3" ]; do
		"$2" >>"$T/during" 2>&1
		echo "done" >>"$T/during"
	done
	wait "$!"
	say_ok "$1: every run of it ends well" \
	    "$(grep -vx "done" "$T/during")"
	bad=$(grep -v ' SUCCESS ' "$T/out")
	equal "$1: each of 16 logins at once gets in" \
	    "$(grep -c ' SUCCESS ' "$T/out")$bad" "$((16 * rounds))"
	say_ok "$1: no counter is lost" "$(diff <(counters | grep ^user) \
	    <(awk '/^user/ { print $1, $2 + $4 }' "$T/wanted"))"
}

change() {
	local id
	id=$(key_id)
	admin rekey >"$T/rekey.log" 2>&1 || cat "$T/rekey.log"
	changed "$id"
}

copy_and_look() {
	local before place=$T/copies/one
	before=$(counter user0)
	admin backup "$place" >"$T/backup.log" 2>&1 || cat "$T/backup.log"
	look_at "$place" "$before"
	rm -rf "$place"
}

# As a store with its key, and each file by SQLite itself.
look_at() {	# PLACE [COUNTER]: of user0 at least
	local file
	sed "s,^DATABASE=.*,DATABASE=sqlite:$1," "$CONF" >"$T/copy.env"
	chmod 600 "$T/copy.env"
	rollcode-admin --conf "$T/copy.env" list >"$T/list" 2>&1 ||
	    cat "$T/list"
	[ "$(grep -c ' normal ' "$T/list")" -eq "$enrolled" ] ||
	    { echo "not $enrolled users:"; cat "$T/list"; }
	for file in "$1"/users/*.db; do
		printf '.open %s\nPRAGMA integrity_check;\n' "$file"
	done | sqlite3 | grep -vx ok
	[ -z "${2-}" ] || [ "$(sqlite3 "$1/users/user0.db" \
	    "SELECT counter FROM token")" -ge "$2" ] ||
	    echo "user0 was at $2 before"
	find "$1" \( -perm /077 -o ! -user rollcode \) \
	    ! -name '*-wal' ! -name '*-shm' -ls
}

# --- killed -----------------------------------------------------------------

# A file $T/traced.PID of each process.
traced() {	# OPTION... COMMAND...
	rm -f "$T"/traced.*
	strace -ff -q -o "$T/traced" "$@" >"$T/out" 2>&1
} 2>/dev/null

# "NAME N" for each call whose effect others can see: the N-th of its kind.
with_effects() {	# TRACE...
	awk '
		/^[a-z]/ {
			name = substr($0, 1, index($0, "(") - 1)
			n = ++count[FILENAME, name]
		}
		/^(pwrite64|ftruncate|flock|clone|clone3|exit_group)\(/ ||
		/^(rename|link|unlink|mkdir)(at2?)?\(/ || /^rmdir\(/ ||
		/^write\(([3-9]|[1-9][0-9])/ || /^openat\(.*O_CREAT/ {
			if (!((name, n) in seen))
				print name, n
			seen[name, n]
		}' "$@"
}

# killed_everywhere NAME AFTER COMMAND...: a process of it, at each call that
# others can see the effect of; AFTER is called with where it was killed
killed_everywhere() {
	local call n bad=''
	traced "${@:3}" || bad+="it fails by itself: $(cat "$T/out")"
	with_effects "$T"/traced.* >"$T/plan"
	bad+=$("$2" "no call")
	tried=0
	while read -r call n; do
		traced -e "inject=$call:signal=KILL:when=$n" "${@:3}" </dev/null
		grep -q 'killed by SIGKILL' "$T"/traced.* ||
		    bad+="$call $n: lived"$'\n'
		tried=$((tried + 1))
		bad+=$("$2" "$call $n" </dev/null)
	done < <(evenly "$points" <"$T/plan")
	[ "$tried" -ge 5 ] || bad+="only $tried were killed"
	echo "# killed at $tried of $(wc -l <"$T/plan") calls"
	say_ok "$1" "$bad"
}

# The counters of those who got in, from where they were.
opened_from() {	# USER COUNTER
	[ "$(counter "$1")" -eq "$(($2 + $(grep -cx "$1" "$T/opened")))" ] ||
	    echo "$1: $(counter "$1"), not $2 and $(grep -cx "$1" "$T/opened")"
}

after_a_killed_rekey() {	# WHERE
	local said id key previous
	id=$(cat "$T/id") key=$(key) previous=$(key _PREVIOUS)
	said=$(gets_in ann)
	admin rekey --wait 5 >"$T/again.log" 2>&1 ||
	    said+="then: $(cat "$T/again.log")"
	[ -z "$previous" ] || [ "$(key)" = "$key" ] ||
	    said+="a third key was made"
	said+=$(changed "$id")
	said+=$(gets_in bob)
	[ -z "$said" ] || echo "killed at $1: $said"
	key_id >"$T/id"
}

rekey_dies() {
	local ann bob
	gets_in ann
	gets_in bob
	ann=$(counter ann) bob=$(counter bob)
	: >"$T/opened"
	key_id >"$T/id"
	killed_everywhere \
	    "rekey dies: logins go on, and a second run ends what it began" \
	    after_a_killed_rekey rollcode-admin rekey --wait 5
	say_ok "and no counter is lost by it" \
	    "$(opened_from ann "$ann"; opened_from bob "$bob")"
}

after_a_killed_backup() {	# WHERE
	local said='' place=$T/copies/killed
	if [ -e "$place" ]; then
		said+=$(look_at "$place")
		rm -rf "$place"
	fi
	admin backup "$place" >"$T/again.log" 2>&1 ||
	    said+="then: $(cat "$T/again.log")"
	said+=$(look_at "$place")
	rm -rf "$place"
	said+=$(find "$T/copies" -mindepth 1)
	said+=$(gets_in ann)
	[ -z "$said" ] || echo "killed at $1: $said"
}

backup_dies() {
	killed_everywhere \
	    "a backup dies: it is there whole or not at all, and made again" \
	    after_a_killed_backup rollcode-admin backup "$T/copies/killed"
}

# --- what is seen of it -----------------------------------------------------

# on_terminal COMMAND...: what it writes there
on_terminal() {
	python3 -c 'import pty, sys
pty.spawn(sys.argv[1:])' "$@"
}

seen() {
	local slowly=(strace -f -qq -o "$T/trace" -e 'trace=fsync,fdatasync'
	    -e 'inject=fsync,fdatasync:delay_enter=700000')
	on_terminal "${slowly[@]}" rollcode-admin backup "$T/copies/slow" \
	    >"$T/terminal" </dev/null
	check "on a terminal a bar shows how far it is" \
	    grep -qE 'copying \[#*\.*\] [0-9]+/[0-9]+' "$T/terminal"
	rm -rf "$T/copies/slow"
	"${slowly[@]}" rollcode-admin backup "$T/copies/slow" \
	    >"$T/out" 2>"$T/pipe"
	equal "and elsewhere nothing" "$(cat "$T/pipe")" ""
	rm -rf "$T/copies/slow"
}

refusals() {
	refused "a backup takes no place that is taken" \
	    admin backup "$T/copies"
	mkdir -m 700 "$T/roots"
	check "where the account cannot write it is told what to do" \
	    grep -q 'install -d -m 700 -o rollcode' \
	    <<<"$(admin backup "$T/roots/x" 2>&1)"
	admin backup "$T/copies/b" >"$T/out"
	equal "the key is in no file of a backup" \
	    "$(grep -rlF "$(key)" "$T/copies/b")" ""
	sed "s,^DATABASE=.*,DATABASE=sqlite:$T/copies/b," "$CONF" \
	    >"$T/copy.env"
	chmod 600 "$T/copy.env"
	pam_named restored
	sed -i "s,pam_rollcode.so,& conf=$T/copy.env," "$T/pam/restored"
	equal "no login takes a backup for a store" \
	    "$(login ann "$(code ann)" restored)" SYSTEM_ERR
	rollcode-admin --conf "$T/copy.env" restored --end --force >"$T/out"
	equal "before the administrator says so" \
	    "$(login ann "$(code ann)" restored)" SUCCESS
	rm -rf "$T/copies/b"
}

installed GUARD_AFTER=100 GUESSES=1000
pam_place
install -d -m 700 -o rollcode "$T/copies"
enroll ann
enroll bob
if [ "${1-}" = long ]; then
	enrolled=2
	rekey_dies
	backup_dies
else
	one_change
	with_a_service
	with_an_unusable_file
	refusals
	seen
fi
for ((i = 0; i < 16; i++)); do enroll "user$i"; done
enrolled=$(admin list | grep -c ' normal ')
logins_during "while the key is changed" change "$changes"
logins_during "while a backup is made" copy_and_look "$copies"
exit 0
