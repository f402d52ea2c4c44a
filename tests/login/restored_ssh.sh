#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# restored_ssh.sh - people who log in by ssh when a backup has taken the place
# of the store, with the clock of this machine: it takes minutes.
# apart
. "$(dirname "$0")/../support/lib.sh"
need sshd ssh ssh-keygen
private_machine "$@"

in_by() {	# USER CODE
	[ "$(ssh_as "$1" "$2" 2>"$T/out")" = "$1" ]
}

installed GUARD_AFTER=100 GUESSES=1000
syslog_start
for user in hal tim; do
	add_user "$user"
done
enroll hal
enroll tim --form timed
sshd_start
install -d -m 700 -o rollcode "$T/copies"
admin backup "$T/copies/b" >"$T/out"
for user in hal tim; do
	for _ in 1 2 3 4 5; do
		code "$user" >>"$T/used.$user"
		in_by "$user" "$(tail -n 1 "$T/used.$user")"
	done
	check "the last of five logins of $user lets in" test "$?" -eq 0
done

rm -rf "$T/store"
cp -a "$T/copies/b" "$T/store"
placed=$(($(date +%s) / 120))
: >"$T/syslog"
refused "a code that does not expire is refused" in_by hal "$(code hal)"
check "and the log says what ends it" logged 'no decision.*restored --end'
refused "a timed one is, of these two steps" in_by tim "$(code tim)"
check "and the log says so" logged 'reason=restored'
while [ "$(date +%s)" -le $(((placed + 2) * 120)) ]; do nap 1; done
for user in hal tim; do
	while read -r one; do
		refused "a used code of $user is refused" in_by "$user" "$one"
	done <"$T/used.$user"
	refused "and so are two that follow each other" in_by "$user" \
	    "$(head -n 2 "$T/used.$user" | tr -d '\n')"
done
check "timed codes that are made now let in" in_by tim "$(code tim -n 2)"
equal "it does not end while hal's would" "$(admin restored --end 2>&1 |
    grep -o '^hal: the token "token"')" 'hal: the token "token"'
code hal -n 2 | admin resync hal >"$T/out"
patience=400 check "after that it does" \
    wait_for admin restored --end
check "and hal gets in" in_by hal "$(code hal)"
