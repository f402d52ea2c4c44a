#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# recipes.sh - the recipes of pam_rollcode(8) for sshd, login, sudo, su and doas,
# as they stand in the page, with the programs themselves.  Arguments name some
# of them: sshd, exempt, login, sudo, su, doas.
# shellcheck disable=SC2317	# some functions are called by name
# long
# limit: 150
. "$(dirname "$0")/../support/lib.sh"
need sshd ssh ssh-keygen login sudo su chpasswd python3
private_machine "$@"
. "$TREE/tests/support/logins.sh"
. "$TREE/tests/support/recipes.sh"
VERIFIER=/usr/local/libexec/rollcode/rollcode-verify
ASKED='Rolling code: '

arrange() {
	doors
	recipe_machine
	recipe_users alice guest
	for user in alice guest; do
		install -d -m 700 -o "$user" -g "$user" "$T/home/$user/.ssh"
	done
	enroll alice
	enroll root
	password root "sesam root"
	echo "nocode:x:4999:guest" >>/etc/group
	ssh-keygen -q -t ed25519 -N '' -C '' -f "$T/key"
	ssh-keygen -q -t ed25519 -N '' -C '' -f "$T/host_key"
	for user in alice guest; do
		install -m 600 -o "$user" -g "$user" "$T/key.pub" \
		    "$T/home/$user/.ssh/authorized_keys"
	done
	# A shell that says who somebody has become.
	printf '#!/bin/sh\nid -un\n' >"$T/bin/who"
	chmod 755 "$T/bin/who"
}

# --- what each recipe promises ----------------------------------------------

# turned_away NAME DOOR USER LINES: refused before a code was asked for
turned_away() {
	local before
	before=$(state alice failures)
	try "${@:2}"
	equal "$1" "$([ "$result" -ne 0 ] && echo refused) \
$(grep -c "$ASKED" <<<"$told") $(state alice failures)" "refused 0 $before"
}

unasked() {	# NAME DOOR USER LINES: let in, and asked for no code
	let_in "$@" || return
	equal "$1, unasked" "$(grep -c "$ASKED" <<<"$told")" 0
}

# denied_by NAME DOOR LINES: no verifier, no store: denied; then all is well again
denied_by() {
	: >"$T/syslog"
	mv "$VERIFIER" "$VERIFIER.away"
	try "$2" alice "$("$3" "$(code alice)")"
	mv "$VERIFIER.away" "$VERIFIER"
	refused "$1: without the verifier nobody gets in" test "$result" -eq 0
	mv "$T/store" "$T/store.away"
	try "$2" alice "$("$3" "$(code alice)")"
	mv "$T/store.away" "$T/store"
	refused "$1: nor without the store" test "$result" -eq 0
	check "$1: the log names the verifier" logged '\(rollcode-verify failed\)'
	check "$1: and the store" logged '\(temporarily unavailable\)'
	let_in "$1: then the next code lets in" "$2" alice \
	    "$("$3" "$(code alice)")"
}

# every_code NAME DOOR LINES: LINES makes what is typed of a code
every_code() {
	local code
	code=$(code alice)
	let_in "$1: a code lets in" "$2" alice "$("$3" "$code")"
	kept_out "$1: a replay does not" "$2" alice "$("$3" "$code")"
	kept_out "$1: nor does a wrong code" "$2" alice \
	    "$("$3" "$(wrong "$code")")"
	denied_by "$1" "$2" "$3"
}

# --- sshd -------------------------------------------------------------------

# ssh_recipe TITLE FOUND: sshd as the page says, and what check finds in it
ssh_recipe() {
	stack_of "$1" sshd
	recipe_file "$1" /etc/ssh/sshd_config
	checked "$1" sshd "$2"
	SSHD_PORT=$(free_port)
	# Before a Match block.
	sed -i "1i Port $SSHD_PORT\nListenAddress 127.0.0.1\n\
HostKey $T/host_key\nPidFile none" /etc/ssh/sshd_config
	start /usr/sbin/sshd -D -E "$T/sshd.log"
	wait_for listening "$SSHD_PORT" || cat "$T/sshd.log"
}

door_key_alone() {
	ssh_answered "$2" -- -o IdentitiesOnly=yes -i "$T/key" \
	    -o PreferredAuthentications=publickey "$1@127.0.0.1"
}

# From another address than 127.0.0.1.
door_near() {
	ssh_answered "$2" -- -b 127.0.0.2 \
	    -o PreferredAuthentications=keyboard-interactive "$1@127.0.0.1"
}

just() {
	echo "$1"
}

recipe_sshd() {
	local title='sshd: password and code'
	ssh_recipe "$title" "note sshd-key"
	every_code "$title" ssh both
	turned_away "$title: a wrong password is asked for no code" ssh alice \
	    $'wrong\n00000000'
	unasked "$title: a key alone lets in, as the page says" key_alone \
	    alice ""

	title='sshd: key and code'
	ssh_recipe "$title" ""
	every_code "$title" key just
	turned_away "$title: without the key no code is asked for" ssh alice \
	    "$(code alice)"
	turned_away "$title: a key alone does not let in" key_alone alice ""

	title='sshd: code alone'
	ssh_recipe "$title" ""
	every_code "$title" ssh just
	turned_away "$title: a key alone does not let in" key_alone alice ""
}

recipe_exempt() {
	local title='A group without codes'
	ssh_recipe 'sshd: password and code' "note sshd-key"
	stack_of "$title" sshd
	checked "$title" sshd "note stack-exempt note sshd-key"
	every_code "$title" ssh both
	unasked "$title: its members need their password" ssh guest \
	    "sesam guest"
	turned_away "$title: and need it" ssh guest wrong
	sed -i 's/ingroup nocode/ingroup nobody-has-it/' /etc/pam.d/sshd
	kept_out "$title: a group that is not there exempts nobody" ssh guest \
	    "$(both 00000000 guest)"

	title='A network without codes'
	stack_of "$title" sshd
	recipe_file "$title" /etc/security/nocode.conf \
	    's,192\.0\.2\.0/24,127.0.0.2/31,'
	checked "$title" sshd "note stack-exempt note sshd-key"
	every_code "$title" ssh both
	unasked "$title: from there the password is enough" near alice \
	    "sesam alice"
	turned_away "$title: and is needed" near alice wrong
	sed -i '$d' /etc/security/nocode.conf
	unasked "$title: without its last line all are exempt, as the page says" \
	    ssh alice "sesam alice"
	rm /etc/security/nocode.conf
	kept_out "$title: without the file everybody is asked" ssh alice \
	    "$(both 00000000)"

	title='A group without codes, after a key'
	ssh_recipe "$title" "note stack-exempt"
	every_code "$title" key just
	unasked "$title: its members need their key" key guest ""
	turned_away "$title: and need it" ssh guest ""
	sed -i /pam_permit/d /etc/pam.d/sshd
	try key guest ""
	refused "$title: without its last line they are denied" \
	    test "$result" -eq 0
}

# --- login, sudo, su --------------------------------------------------------

door_login() {
	printf '%s\n' "$1" "$2" |
	    "$TREE/tests/tools/console.py" login >"$T/screen"
	set -- $?
	# What was on it last is who came in.
	tail -n 1 "$T/screen"
	cat "$T/screen" >&2
	return "$1"
}

recipe_login() {
	stack_of login login
	checked login login "note stack-exempt"
	sed -i "/^alice:/s,[^:]*$,$T/bin/who,;/^root:/s,[^:]*$,$T/bin/who," \
	    /etc/passwd
	DENIED='Login incorrect' every_code login login both
	turned_away "login: a wrong password is asked for no code" login alice \
	    $'wrong\n00000000'
	mv "$T/store" "$T/store.away"
	unasked "login: root gets in by password, without a store" login root \
	    "sesam root"
	mv "$T/store.away" "$T/store"
	turned_away "login: and needs it" login root wrong
	sed -i "s,$T/bin/who,/bin/sh," /etc/passwd
}

recipe_sudo() {
	stack_of sudo sudo
	checked sudo sudo ""
	into=root every_code sudo sudo both
	turned_away_sudo
}

# With -S sudo shows a prompt of its own for both.
turned_away_sudo() {
	local before
	before=$(state alice failures)
	try sudo alice $'wrong\n00000000'
	equal "sudo: a wrong password is asked for no code" \
	    "$result $(grep -o "$ASKED" <<<"$told" | wc -l) \
$(state alice failures)" "1 1 $before"
	sed -i /common-auth/d /etc/pam.d/sudo
	into=root let_in "sudo: without the first line a code is enough" \
	    sudo alice "$(code alice)"
}

recipe_su() {
	stack_of su su
	checked su su ""
	every_code su su both
	turned_away "su: a wrong password is asked for no code" su alice \
	    $'wrong\n00000000'
	equal "su: root is not asked" "$(su alice -c 'id -un' </dev/null)" alice
}

door_doas() {
	printf '%s\n' "$2" | as "$1" "$(tool console.py)" \
	    sh -c "${doas:-doas id -un}" >"$T/screen"
	set -- $?
	tail -n 1 "$T/screen"
	cat "$T/screen" >&2
	return "$1"
}

door_doas_twice() {
	doas="doas true && doas id -un" door_doas "$@"
}

recipe_doas() {
	command -v doas >/dev/null || {
		skip doas "needs doas"
		return
	}
	stack_of doas doas
	checked doas doas ""
	echo "permit alice" >/etc/doas.conf
	DENIED='Authentication failed' into=root every_code doas doas both
	turned_away "doas: a wrong password is asked for no code" doas alice \
	    $'wrong\n00000000'
	sed -i /common-auth/d /etc/pam.d/doas
	into=root let_in "doas: without the first line a code is enough" \
	    doas alice "$(code alice)"
	echo "permit persist alice" >/etc/doas.conf
	into=root let_in "doas: with persist the second one is not asked" \
	    doas_twice alice "$(code alice)"
	echo "permit nopass alice" >/etc/doas.conf
	equal "doas: with nopass nothing is asked" \
	    "$(as alice doas id -un </dev/null)" root
}

arrange
[ $# -gt 0 ] || set -- sshd exempt login sudo su doas
for part in "$@"; do
	"recipe_$part"
done
exit 0
