#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# check.sh [long] - rollcode-admin check: mistakes that were planted are found
# by name, what it says mends them does, and on a right system it finds nothing.
# long: only more variants of the same mistakes.
# limit: 180
# shellcheck disable=SC2317,SC2016	# what spoils the system is called by name
. "$(dirname "$0")/lib.sh"
need sqlite3 python3
long=${1-}
private_machine "$@"

ENVFILE=/etc/rollcode/rollcode.env
JUDGE=/usr/local/libexec/rollcode/rollcode-verify
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
	installed
	module_installed
	MODULE=$PAMDIR/pam_rollcode.so
	enroll ann
	enroll root
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
	    "${PLACES[@]#/}" "${T#/}/store" 2>/dev/null
}

restore() {
	rm -rf "${PLACES[@]}" "$T/store" "$MODULE" /run/rollcode
	[ -d /run/sshd ] || mkdir /run/sshd
	tar -C / -xpf "$T/right/tar"
	[ -z "$with_sshd" ] ||
	    stack sshd "auth requisite pam_unix.so" "$OURS"
}
with_sshd=

# --- what is found ----------------------------------------------------------

# found [ARGUMENT...]: in $T/found; sets $status, $names of what was found, and
# by name its $severity and the $mend of the first
names='' status=''
declare -A severity mend
found() {
	local line name=
	admin check "$@" >"$T/found" 2>"$T/sum"
	status=$?
	severity=() mend=() names=
	while IFS= read -r line; do
		if [[ $line =~ ^(error|warning|note)\ +([a-z-]+)\ + ]]; then
			name=${BASH_REMATCH[2]}
			[ -n "${severity[$name]-}" ] || names+=${names:+ }$name
			severity[$name]=${BASH_REMATCH[1]}
		elif [[ $line =~ ^\ +mend:\ (.*) ]]; then
			mend[$name]=${mend[$name]-${BASH_REMATCH[1]}}
		fi
	done <"$T/found"
}

# wrong_with NAME REMEDY: what is wrong with what was found of a planted mistake
wrong_with() {
	local command
	found "${ARGS[@]}"
	case " $names " in
	*" $1 "*) ;;
	*) echo "it was not found; but: $names"; cat "$T/found"; return ;;
	esac
	case ${severity[$1]}:$status in
	note:0 | note:1 | warning:1 | error:1) ;;
	*) echo "status $status for ${severity[$1]}" ;;
	esac
	command=${mend[$1]-}
	[ -n "$command" ] || { echo "nothing mends it"; return; }
	[ "$2" = mend ] || command=$2
	if ! bash -c "$command" >"$T/mend.log" 2>&1; then
		echo "this fails: $command"
		cat "$T/mend.log"
	fi
	found "${ARGS[@]}"
	case " $names " in
	*" $1 "*) echo "it is still there after: $command"; cat "$T/found" ;;
	esac
}

# plant NAME REMEDY WHAT COMMAND...: a right system, but for what the command
# does.  The remedy is `mend`, the command that was printed, or another one.
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
ARGS=()

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
	planted env-file mend "an env file others can read" \
	    chmod 644 "$ENVFILE"
	also env-file mend "an env file of another owner" chown 1 "$ENVFILE"
	also env-file mend "an env file that is a link" link_to "$ENVFILE"
	also env-file mend "a folder of the env file others can write" \
	    chmod 777 /etc/rollcode
	also env-file "$back" "no env file" rm "$ENVFILE"
	planted env-line mend "an unknown key" add "$ENVFILE" TOLERENCE=5
	also env-line mend "a number that is none" \
	    add "$ENVFILE" TOLERANCE=five
	planted env-key "$back" "no key" edit "$ENVFILE" /^SECRET_KEY/d
	also env-key "$back" "a key that is none" \
	    edit "$ENVFILE" 's/^SECRET_KEY=.*/SECRET_KEY=secret/'
	planted env-previous mend "a change of key that was not ended" \
	    add "$ENVFILE" "SECRET_KEY_PREVIOUS=$(printf '%064d' 1)"
	planted account mend "an account that is not there" \
	    edit "$ENVFILE" 's/^ACCOUNT=.*/ACCOUNT=ghost/'
	planted account-person mend "an account with a shell" \
	    usermod --shell /bin/sh rollcode
	also account-person mend "an account with a password" \
	    usermod --password x rollcode
	also env-file mend "a file of somebody else's beside it" \
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
	planted store-place mend "a store others can read" chmod 755 "$u"
	also store-place mend "a store of another owner" chown 1 "$u"
	also store-place "$back" "no store" rm -r "$u"
	also store-marker mend "a marker others can read" \
	    chmod 640 "$u/marker"
	planted store-marker "$back" "no marker" rm "$u/marker"
	planted store-key "$back" "a key of another store" \
	    edit "$ENVFILE" 's/^SECRET_KEY=./&0/;s/^\(SECRET_KEY=.\{64\}\).*/\1/'
	planted store-backup "sed -i /^BACKUP=/d $u/marker" \
	    "a backup in the place of the store" add "$u/marker" BACKUP=1
	planted store-space "umount $T/store" "a file system that is read-only" \
	    read_only "$T/store"
	also store-space "umount $T/store" "a file system that is full" \
	    no_room "$T/store"
	planted user-file mend "a user's file that is empty" \
	    truncate -s 0 "$u/ann.db"
	also user-file mend "a user's file others can read" \
	    chmod 644 "$u/ann.db"
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
	planted token-ended mend "a token that is exhausted" last_codes 0
	planted token-ends mend "a token that soon is" last_codes 1
	planted token-policy mend "too much tolerance for 6 digits" tolerant
	planted token-digits mend "6 digits" \
	    eval 'admin enroll ann --replace --phone >"$T/uri" 2>&1'
	planted user-disabled mend "a user without an enabled token" \
	    admin disable ann
	planted user-guarded mend "a guarded user" guess
	ARGS=(bob)
	planted user-unenrolled mend "whom it was asked about has no token" true
	ARGS=()
	planted root-way mend "root has no token and is asked for one" \
	    eval 'admin remove root -f && stack su "$OURS"'
	also root-way mend "every way to root asks for a code" every_way
	planted nobody "rollcode-admin enroll ann" "nobody has a token" \
	    eval 'admin remove root -f && admin remove ann -f'
}

judge_cases() {
	local back="tar -C / -xpf $T/right/tar usr/local/libexec/rollcode"
	also helper mend "a judge others can change" chmod 777 "$JUDGE"
	planted helper mend "a judge that is no program" chmod 644 "$JUDGE"
	also helper "$back" "no judge" rm "$JUDGE"
	planted judge "$back" "a judge that is another program" \
	    cp --remove-destination /bin/true "$JUDGE"
	back="tar -C / -xpf $T/right/tar ${MODULE#/}"
	planted module "$back" "no module" rm "$MODULE"
	also module mend "a module others can change" chmod 666 "$MODULE"
	also module mend "a module others cannot read" chmod 600 "$MODULE"
	also module "$back" "a module that is none" \
	    eval "echo >$MODULE"
}

line_cases() {
	local sudo=/etc/pam.d/sudo
	planted pam-unused "stack sudo '$OURS'" "no service" rm "$sudo"
	ARGS=(--service sudo)
	planted pam-file mend "a service others can change" chmod 666 "$sudo"
	planted pam-line mend "a type that is none" \
	    add "$sudo" "auht required pam_unix.so"
	also pam-line mend "a control that is none" \
	    add "$sudo" "auth requird pam_unix.so"
	also pam-line mend "a line that goes on beyond the end" \
	    add "$sudo" $'auth required pam_unix.so \\'
	planted pam-include mend "a file that is not there" \
	    add "$sudo" "@include nothing"
	also pam-include mend "a file that includes itself" \
	    add "$sudo" "auth substack sudo"
	planted pam-conf mend "the module in pam.conf" \
	    add /etc/pam.conf "sudo $OURS"
	planted line-module "stack sudo '$OURS'" "a name without .so" \
	    edit "$sudo" 's/\.so$//'
	planted line-type mend "a line of another type" \
	    edit "$sudo" '$asession optional pam_rollcode.so'
	planted line-dash mend "a dash" edit "$sudo" '1s/^/-/'
	planted line-argument "sed -i 's/ nulok//' $sudo" "an argument" \
	    edit "$sudo" '1s/$/ nulok/'
	planted line-path mend "a helper others can change" \
	    eval "cp $JUDGE /etc/judge; chmod 777 /etc/judge
		sed -i '1s,$, helper=/etc/judge,' $sudo"
	planted line-conf "stack sudo '$OURS'" "another env file" \
	    eval "cp -a $ENVFILE /etc/other.env
		sed -i '1s,$, conf=/etc/other.env,' $sudo"
	planted line-pass mend "use_first_pass behind nothing" \
	    edit "$sudo" '1s/$/ use_first_pass/'
	also line-pass mend "forward_pass before nothing" \
	    edit "$sudo" '1s/$/ forward_pass/'
}

include_of() {
	stack shared "auth sufficient pam_unix.so" "auth required pam_deny.so"
	stack sudo "auth $1 shared" "$OURS"
}
export -f include_of
export OURS

stack_cases() {
	local unix="auth required pam_unix.so"
	planted stack-refusal mend "sufficient alone" \
	    stack sudo "auth sufficient pam_rollcode.so" "@include common-auth"
	planted stack-refusal mend "optional" control optional
	also stack-refusal mend "default=ignore" control '[default=ignore]'
	also stack-refusal mend "a jump over what does not decide" \
	    stack sudo "$unix" \
	    "auth [success=ok auth_err=1 default=die] pam_rollcode.so" \
	    "auth required pam_env.so"
	planted stack-error mend "authinfo_unavail=ignore" \
	    control '[success=ok authinfo_unavail=ignore default=die]'
	also stack-error mend "system_err=ignore" \
	    control '[success=ok system_err=ignore default=bad]'
	also stack-error mend "module_unknown=ignore" \
	    control '[success=ok module_unknown=ignore default=bad]'
	also stack-error mend "a reset, over two lines" stack sudo "$unix" \
	    $'auth [success=ok service_err=reset default=bad] \\' \
	    "  pam_rollcode.so nodelay" "auth required pam_permit.so"
	planted stack-bypass mend "behind a sufficient line" \
	    stack sudo "auth sufficient pam_unix.so" "$OURS"
	also stack-bypass mend "behind a jump that is too long" stack sudo \
	    "auth [success=2 default=ignore] pam_unix.so" \
	    "auth requisite pam_deny.so" "$OURS" "auth required pam_permit.so"
	also stack-bypass mend "behind done" stack sudo \
	    "auth [success=done default=die] pam_unix.so" "$OURS"
	also stack-bypass mend "behind whoever is let in" \
	    stack sudo "auth sufficient pam_permit.so" "$OURS"
	also stack-bypass "include_of substack" "behind an include" \
	    include_of include
	planted stack-exempt "stack sudo '$OURS'" "a group is exempt" \
	    stack sudo "auth [success=1 default=ignore] pam_succeed_if.so \
user ingroup staff" "$OURS" "auth required pam_permit.so"
	planted stack-unreached "stack sudo '$OURS'" "behind the end" \
	    stack sudo "auth requisite pam_deny.so" "$OURS"
	planted stack-closed "stack sudo '$OURS'" "a denial behind it" \
	    stack sudo "$OURS" "auth required pam_deny.so"
	planted nullok-closed mend "nullok alone" stack sudo "$OURS nullok"
	also nullok-closed mend "nullok behind what only sets something" \
	    stack sudo "auth required pam_env.so" "$OURS nullok"
	planted nullok-open mend "nullok and pam_permit" \
	    stack sudo "$OURS nullok" "auth required pam_permit.so"
	planted nullok mend "nullok behind a password" \
	    stack sudo "$unix" "$OURS nullok"
	ARGS=()
}

setting() {	# KEY VALUE
	sed -i "s/^$1 .*/$1 $2/" "$SSHD"
}

sshd_cases() {
	with_sshd=1
	planted sshd-pam mend "UsePAM no" setting UsePAM no
	planted sshd-asks mend "nobody is asked" \
	    edit "$SSHD" '/^AuthenticationM/d;/^Kbd/s/yes/no/'
	planted sshd-password mend "passwords that answer every prompt" \
	    setting PasswordAuthentication yes
	planted sshd-key mend "a key alone" edit "$SSHD" /^AuthenticationM/d
	planted sshd-methods mend "a list of methods without a code" \
	    setting AuthenticationMethods \
	    "publickey,keyboard-interactive publickey"
	planted nullok-closed mend "no pam_permit behind nullok and a key" \
	    stack sshd "$OURS nullok"
	[ "$long" = long ] || check "it puts pam_permit behind it" \
	    grep -qx "auth required pam_permit.so" /etc/pam.d/sshd
	planted sshd mend "sshd's own folder is missing" rmdir /run/sshd
	planted sshd-config "sed -i /^Nonsense/d $SSHD" "a bad sshd_config" \
	    add "$SSHD" "Nonsense yes"
	ARGS=(ann)
	planted sshd-methods "sed -i '/^Match/,\$d' $SSHD" \
	    "a match for one user" \
	    add "$SSHD" $'Match User ann\nAuthenticationMethods publickey'
	ARGS=() with_sshd=
}

serve() {	# [ENVFILE]
	start "$JUDGE" serve "$@" 2>"$T/serve.log"
	echo "$started" >"$T/pid"
	wait_for test -S "$SOCKET" -a -S "$ROOT_SOCKET"
}

end_service() {	# where one runs
	kill "$started" 2>/dev/null
	wait "$started"
}

replace_judge() {
	serve && cp -p "$JUDGE" "$JUDGE.new" && mv "$JUDGE.new" "$JUDGE"
}

# A process of ann's that looks as a service does whose file was replaced.
feigned_service() {
	local feigned
	restore
	mkfifo "$T/home/ann/serve"
	cp "$JUDGE" "$T/judge"
	cp --remove-destination /bin/cat "$JUDGE"
	start setpriv --reuid ann --regid ann --init-groups \
	    env -C "$T/home/ann" "$JUDGE" serve
	feigned=$started
	wait_for runs_deleted "$JUDGE" "$feigned"
	cp --remove-destination "$T/judge" "$JUDGE"
	serve
	check "somebody's process looks like an old service" \
	    wait_for runs_deleted "$JUDGE (deleted)" "$feigned"
	found
	equal "and is not taken for one" "$names" ""
	kill "$feigned"
	end_service
}

runs_deleted() {	# PROGRAM PID
	[ "$(readlink "/proc/$2/exe")" = "$1" ]
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
	planted socket mend "a socket that not everybody can ask" \
	    eval 'serve && chmod 600 $SOCKET'
	end_service
	also socket mend "a socket of another owner" \
	    eval 'serve && chown 1 $SOCKET'
	end_service
	also socket mend "a socket in a folder others can change" \
	    eval 'serve && chmod 777 /run/rollcode'
	end_service
	also socket mend "a socket in a folder nobody can enter" \
	    eval 'serve && chmod 700 /run/rollcode'
	end_service
	also socket mend "no socket but a file" \
	    eval 'mkdir /run/rollcode && touch $SOCKET'
	also socket mend "root's socket in a folder others can enter" \
	    eval 'serve && chmod 711 ${ROOT_SOCKET%/*}'
	end_service
	also socket mend "root's socket for nobody" \
	    eval 'serve && chmod 0 $ROOT_SOCKET'
	end_service
	also service "touch $ROOT_SOCKET; rm $SOCKET $ROOT_SOCKET" \
	    "a service without root's socket" \
	    eval 'serve && rm $ROOT_SOCKET'
	end_service
	planted service "rm $SOCKET $ROOT_SOCKET" "a service that is gone" \
	    eval 'serve && kill -9 "$started"; wait "$started" 2>"$T/out"; true'
	planted service-old "$end" \
	    "a service that was replaced" replace_judge
	end_service
	[ "$long" = long ] || feigned_service
	planted judge-differs "$end" \
	    "a service with another store" other_store
	end_service
}

# What systemd says of both units.
systemd() {	# WORD...
	mkdir -p /run/systemd/system
	printf '%s\n' "$@" >/run/systemd/units
	cat >/usr/local/bin/systemctl <<-'SYSTEMCTL'
		#!/bin/sh
		cd /run/systemd || exit 2
		case $1 in
		is-*) grep -qx "${1#is-}" units ;;
		reset-failed) sed -i /failed/d units ;;
		start | restart) echo active >>units ;;
		enable) echo enabled >>units ;;
		*) exit 2 ;;
		esac
	SYSTEMCTL
	chmod 755 /usr/local/bin/systemctl
	# Where check looks first, and what a pasted command finds first.
	ln -sf /usr/local/bin/systemctl "$T/bin/systemctl"
}

# A member of the group that may write /usr/local/bin, as on Debian 12.
not_run() {
	restore
	printf '%s\n' '#!/bin/sh' "id -u >>$T/owned" >/usr/local/bin/systemctl
	chmod 2775 /usr/local/bin
	found
	refused "a program that others could have put there is not run" \
	    test -e "$T/owned"
	chmod 755 /usr/local/bin
	found
	check "but for that it would be" test -e "$T/owned"
}

unit_cases() {
	planted unit mend "a unit that has failed" systemd enabled failed
	planted unit-boot mend "a unit that is not active" systemd enabled
	also unit-boot mend "a unit that is gone after a boot" systemd active
	planted program mend "a program in a folder others can write" \
	    eval 'systemd enabled failed && chmod 775 /usr/local/bin'
	also program mend "a program others can write" \
	    eval 'systemd enabled failed && chmod 777 /usr/local/bin/systemctl'
	also program "rm /usr/local/sbin/systemctl" \
	    "a link that leads to somebody's" \
	    eval 'systemd enabled failed && cp /bin/true $T/home/ann &&
	    chown ann $T/home/ann/true &&
	    ln -s $T/home/ann/true /usr/local/sbin/systemctl'
	[ "$long" = long ] || not_run
	restore
	systemd enabled active
	found
	equal "nor where the unit is as it should be" "$names" ""
	rm -r /run/systemd
}

# --- and what is not --------------------------------------------------------

right() {
	with_sshd=1
	restore
	found
	equal "on a right system nothing is found" "$names" ""
	equal "and the status is 0" "$status" 0
	check "it says what it looked at" \
	    grep -qx "nothing wrong: 2 users, PAM services: sshd sudo" "$T/found"
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
	    grep -o 'lets in\|is denied' | xargs)" \
	    "lets in is denied is denied is denied is denied is denied is denied"
	control optional
	found --service sudo
	check "also where it is wrong" \
	    grep -qE '^  a wrong code +lets in$' "$T/found"
	stack sudo "$unix" "$OURS nullok"
	found --service sudo
	check "with nullok no token is let through" \
	    grep -qE '^  no token +lets in$' "$T/found"
	stack sudo "$unix" \
	    "auth [success=ok user_unknown=ignore default=die] pam_rollcode.so"
	found --service sudo
	check "with user_unknown=ignore it is not: that is a refusal like others" \
	    grep -qE '^  no token +is denied$' "$T/found"
	refused "a service that is not there is none" \
	    admin check --service nothing
	admin check one two >"$T/out" 2>&1
	equal "called wrongly it ends with 2" "$?" 2
	refused "only root can look" as ann rollcode-admin check
}

colours() {
	local escape=$'\e\\[31merror'
	restore
	control optional
	cat >"$T/terminal" <<-'PYTHON'
		import pty, sys
		pty.spawn(sys.argv[1:])
	PYTHON
	terminal() {
		env "$1" TERM=xterm python3 "$T/terminal" rollcode-admin check
	}
	check "on a terminal a severity has a colour" \
	    grep -q "$escape" <(terminal NO_COLOR=)
	refused "with NO_COLOR it has none" grep -q $'\e' <(terminal NO_COLOR=1)
	refused "nor anywhere else" \
	    grep -q $'\e' <(TERM=xterm rollcode-admin check 2>&1)
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
	    f["line"], it["outcomes"]["refused"], f["mend"])
	PYTHON
	)" "1 0 error stack-refusal /etc/pam.d/sudo 1 True \
sed -i '1,1c auth required pam_rollcode.so' /etc/pam.d/sudo"
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
right
env_file
store_cases
user_cases
judge_cases
line_cases
stack_cases
sshd_cases
service_cases
unit_cases
[ "$long" != long ] || exit 0
check "at least 25 mistakes were planted" test "$plants" -ge 25
# What a role can do is in roles.sh.
equal "and every finding that there is but a store nobody can list" \
    "$(sed -n 's/.*\[FOUND_[A-Z_]*\].*{ "\([a-z-]*\)".*/\1/p' \
	"$TREE/pam_rollcode/admin/check/findings.c" |
	grep -vxF "$(tr ' ' '\n' <<<"$planted" | grep .)" | xargs)" \
    "store-role store"
changes_nothing
dry_run
json
colours
hostile
exit 0
