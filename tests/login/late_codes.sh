#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# late_codes.sh - codes that expire, through sshd: one that somebody caught and
# kept lets nobody in, and is told to its owner.
. "$(dirname "$0")/../support/lib.sh"
need sshd ssh ssh-keygen setpriv sudo python3
private_machine
. "$TREE/tests/support/logins.sh"
doors
for user in alice bob carol; do add_user "$user"; done
server
syslog_start
enroll alice --form timed
enroll bob
enroll carol --form timed --digits 64
pam_service sshd nodelay
sshd_start

# age USER: of the last code of theirs that came too late, by the log
age() {
	logged "reason=expired token=token counter=[0-9]+ age=" >"$T/out"
	sed -n 's/.*reason=expired .* age=\(-\{0,1\}[0-9]*\):.*/\1/p' \
	    "$T/syslog" | tail -n 1
}
about() {	# SECONDS AGE: to one step
	[ "$2" -ge $(($1 - 120)) ] && [ "$2" -le $(($1 + 120)) ]
}

# --- caught, kept, and tried ---------------------------------------------------

kept=$(off -300 code alice)
kept_out "ssh: a code that was kept for five minutes does not let in" \
    ssh alice "$kept"
check "the log says that it came too late, and how old it is" \
    about 300 "$(age)"
check "as a slip, not as an alarm" grep -qE \
    'pam_rollcode\(sshd:auth\): reason=expired token=token counter=0 age=' \
    "$T/syslog"
equal "nothing is counted for it" \
    "$(state alice failures) $(state alice spent) $(state alice late)" "0 0 1"
equal "it is an event of the log" \
    "$(admin log alice | grep -c ' expired ')" 1
kept_out "ssh: it does not let in a second time either" ssh alice "$kept"
let_in "ssh: the owner's next code does" ssh alice "$(code alice)"
equal "then nothing is left to tell" "$(state alice late)" 0

kept=$(off -300 code bob)
let_in "ssh: of a token without a clock such a code lets in" ssh bob "$kept"

kept=$(off -300 code alice -n 2)
kept_out "ssh: nor do two codes that were kept" ssh alice "$kept"
guard alice
kept=$(off -300 code alice -n 3)
kept_out "ssh: nor three, where the account is guarded" ssh alice "$kept"
let_in "ssh: three new ones do" ssh alice "$(code alice -n 3)"

kept=$(off -300 code carol)
kept_out "ssh: nor a code of 64 digits" ssh carol "$kept"
let_in "ssh: a new one does" ssh carol "$(code carol)"

# --- what the owner hears --------------------------------------------------------

cp /etc/pam.d/sshd /etc/pam.d/sudo
kept=$(off -300 code alice)
kept_out "sudo: a code that was kept does not let in" sudo alice "$kept"
check "what its user can read says only that" logged \
    'pam_rollcode\(sudo:auth\): reason=refused: '
check "and the verifier says why" logged \
    'asked by uid=[0-9]+ service=sudo user=alice: reason=expired token=token '
into=root
let_in "sudo: the next one does" sudo alice "$(code alice)"
kept=$(off -300 code alice)
into=
kept_out "ssh: a code that was kept is refused again" ssh alice "$kept"
at_terminal alice "$(code alice)" >"$T/shown"
check "ssh: the next login tells the owner" \
    grep -q '^1 code came too late since the last login: ' "$T/shown"
at_terminal alice "$(code alice)" >"$T/shown"
refused "ssh: and that once" grep -q 'too late' "$T/shown"

# --- clocks that are off ------------------------------------------------------------

let_in "ssh: a device that is 90 seconds slow gets in" ssh alice \
    "$(off -90 code alice)"
let_in "ssh: so does one that is 90 seconds fast" ssh alice \
    "$(off 90 code alice)"
kept_out "ssh: one that is ten minutes fast does not" ssh alice \
    "$(off 600 code alice)"
check "and the log says so" about -600 "$(age)"
check "no code is in a log" never_logged "$T/syslog" "$T/sshd.log"
