#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# sudo_su.sh - logins through sudo and su, the module's arguments beside other
# modules, and what is logged.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
need sudo su setpriv setsid pamtester chpasswd logger
private_machine
. "$TREE/tests/support/logins.sh"
doors
for user in alice bob carol; do add_user "$user"; done
server
syslog_start
for user in alice carol; do enroll "$user"; done
add_user six
enroll six --digits 6

# --- the doors --------------------------------------------------------------

pam_service sudo nodelay debug
pam_service su nodelay debug
into=root every_login sudo alice
into=root guarding_press sudo alice
into=root owner_returns sudo alice 8
admin unlock alice >/dev/null
enroll visitor
every_login su carol
guarding_press su carol
owner_returns su six 6
kept_out "su: the code of who asks does not let in to another account" \
    su carol "$(code visitor)"
kept_out "sudo: another user's code does not let in" sudo alice \
    "$(code visitor)"
kept_out "su: a user without a token is refused" su bob "$(code visitor)"
admin disable visitor >/dev/null 2>&1
kept_out "sudo: a disabled token is refused" sudo visitor "$(code visitor)"
kept_out "su: a disabled token is refused" su visitor "$(code visitor)"
admin enable visitor >/dev/null 2>&1

cat >"$T/bin/give" <<-'GIVE'
	#!/bin/sh
	echo "$1" >"$HOME/prompt"
	cat "$HOME/code"
GIVE
chmod 755 "$T/bin/give"
code alice >"$T/home/alice/code"
equal "sudo: the code can come from SUDO_ASKPASS" \
    "$(as alice SUDO_ASKPASS="$T/bin/give" sudo -k -A id -un 2>&1)" root
equal "sudo: which is given the module's own prompt" \
    "$(cat "$T/home/alice/prompt")" "Rolling code: "

# --- nobody there to type -----------------------------------------------------

# counts COMMAND...: what a refused command added to alice's failures
counts() {
	local before
	before=$(state alice failures)
	"$@" >"$T/out" 2>&1 </dev/null && { echo "let in"; return; }
	echo $(($(state alice failures) - before))
}
try sudo alice 00000000
equal "a wrong code is counted" "$(state alice failures)" 1
equal "sudo: with -n nothing is counted" \
    "$(counts as alice sudo -k -n id -un)" 0
equal "sudo: without a terminal nothing is counted" \
    "$(counts as alice setsid -w sudo -k id -un)" 0
equal "sudo: at the end of its input nothing is counted" \
    "$(counts as alice sudo -k -S id -un)" 0
equal "su: at the end of its input nothing is counted" \
    "$(counts as visitor su alice -c id)" 0
malformed() {
	pamtester su alice authenticate <<<$'\b\n\r\177INCORRECT'
}
equal "what no token makes is not counted" "$(counts malformed)" 0

# --- beside other modules -----------------------------------------------------

# stack NAME LINE...: a service; ROLLCODE begins a line of ours
stack() {
	printf '%s\n' "${@:2}" "account required pam_permit.so" \
	    "session required pam_permit.so" |
	    sed "s|^ROLLCODE|$(pam_line nodelay)|" >"/etc/pam.d/$1"
}
# pam NAME USER LINE...: what pamtester ends with, and $shown
pam() {
	printf '%s\n' "${@:3}" | tr ' ' '\n' >>"$T/typed"
	printf '%s\n' "${@:3}" |
	    pamtester "$1" "$2" authenticate >"$T/out" 2>"$T/err"
	result=$?
	shown=$(cat "$T/out" "$T/err")
	return "$result"
}
prompts() {
	grep -o "$1: " <<<"$shown" | wc -l
}
answer() {
	sed -n 's/.*pamtester: //p' <<<"$shown"
}
password() {	# USER PASSWORD
	echo "$1:$2" | chpasswd -c SHA256 2>"$T/chpasswd.log" ||
	    cat "$T/chpasswd.log"
	echo "$2" >>"$T/passwords"
}
YES='successfully authenticated' NO='Authentication failure'

password carol sesam-offen
admin unlock carol >/dev/null
unix="auth required pam_unix.so try_first_pass nodelay"
stack both "ROLLCODE forward_pass" "$unix"
stack seen "ROLLCODE forward_pass" \
    "auth optional $BUILD/tests/tools/pam_item.so show"

pam both carol "sesam-offen$(code carol)"
equal "forward_pass: password and code on one line let in" "$(answer)" "$YES"
equal "forward_pass: with one prompt" \
    "$(prompts 'Rolling code') $(prompts Password)" "1 0"
pam both carol "sesam-zu$(code carol)"
equal "forward_pass: a wrong password does not" "$(answer)" "$NO"
code=$(code carol)
pam both carol "sesam-offen$(wrong "$code")"
equal "forward_pass: nor does a wrong code" "$(answer)" "$NO"
pam both carol "sesam-offen"
equal "forward_pass: nor does the password alone" "$(answer)" "$NO"
pam both carol "$code" sesam-offen
equal "forward_pass: a code alone leaves the password to be asked for" \
    "$(answer) $(prompts Password)" "$YES 1"
pam seen carol "sesam-offen$(code carol)"
check "forward_pass: the next module is given the password and no code" \
    grep -qx 'authtok=sesam-offen' "$T/out"
pam seen carol "$(code carol)"
check "forward_pass: and nothing where nothing is left" \
    grep -qx 'authtok=(none)' "$T/out"

guard carol
pam both carol "sesam-offen$(code carol)"
equal "forward_pass: guarded, a password and one code do not let in" \
    "$(answer)" "$NO"
pam both carol "sesam-offen$(code carol -n 2)"
equal "forward_pass: guarded, a password and two codes do not either" \
    "$(answer)" "$NO"
pam both carol "sesam-offen$(code carol -n 3)"
equal "forward_pass: three codes as rollcode-token prints them let in" \
    "$(answer)" "$YES"
pair=$(code carol -n 2)
pam both carol "sesam-offen${pair/ /}"
equal "forward_pass: a password and a pair let in" "$(answer)" "$YES"
admin unlock carol >/dev/null

stack six "ROLLCODE forward_pass digits=6" "$unix"
password six sesam-oeffne-dich
presses_line() {
	local i
	guard six 000000
	for i in 1 2 3 4 5 6; do
		pam six six "sesam-oeffne-dich$(code six)" && return 1
	done
	pam six six "sesam-oeffne-dich$(code six -n 3)"
}
presses_line
equal "forward_pass: guarded, three codes of 6 digits let in" \
    "$(answer)" "$YES"

password carol sesam12345678
pam both carol "sesam12345678$(code carol)"
equal "forward_pass: a password may end in digits" "$(answer)" "$YES"
pam seen carol "sesam12345678$(code carol)"
check "forward_pass: it reaches the next module whole" \
    grep -qx 'authtok=sesam12345678' "$T/out"
pam both carol "sesam12345678$(wrong 00000000)"
equal "forward_pass: with such a password a wrong code counts once" \
    "$(answer) $(state carol failures)" "$NO 1"
for i in 1 2 3; do pam both carol "sesam12345678$(wrong 00000000)"; done
pam both carol "sesam12345678$(code carol)"
equal "forward_pass: with such a password the last try before the guard counts" \
    "$(answer) $(state carol state)" "$YES normal"
guard carol
pam both carol "sesam12345678$(code carol -n 3)"
equal "forward_pass: with such a password too three codes end the guard" \
    "$(answer)" "$YES"
admin unlock carol >/dev/null
password carol 12345678
pam both carol "12345678$(code carol)"
equal "forward_pass: a password may be nothing but digits" "$(answer)" "$YES"

earlier() {	# WORD ARGUMENT: an earlier module left that word
	stack earlier \
	    "auth required $BUILD/tests/tools/pam_item.so set=$1" "ROLLCODE $2"
}
for how in try_first_pass use_first_pass; do
	earlier "$(code carol)" $how
	pam earlier carol ''
	equal "$how: a code that was typed before is taken" \
	    "$(answer) $(prompts 'Rolling code')" "$YES 0"
	earlier 00000000 $how
	pam earlier carol "$(code carol)"
	equal "$how: a wrong one is the one comparison" \
	    "$(answer) $(prompts 'Rolling code') $(state carol failures)" \
	    "$NO 0 1"
	admin unlock carol >/dev/null
done
code=$(code carol)
earlier password use_first_pass
pam earlier carol "$code"
equal "use_first_pass: a password is no code, and nobody is asked" \
    "$(answer) $(prompts 'Rolling code') $(state carol failures)" "$NO 0 0"
stack earlier "ROLLCODE use_first_pass"
pam earlier carol "$code"
equal "use_first_pass: where nothing was typed nobody is asked" \
    "$(answer) $(prompts 'Rolling code') $(state carol failures)" "$NO 0 0"
earlier password try_first_pass
pam earlier carol "$code"
equal "try_first_pass: a password is no code, and one is asked for" \
    "$(answer) $(prompts 'Rolling code')" "$YES 1"

stack optional "ROLLCODE nullok"
pam optional bob 00000000
refused "nullok: nobody comes in where no module decides" \
    test "$result" -eq 0
stack optional "ROLLCODE nullok" "auth required pam_permit.so"
pam optional bob 00000000
equal "nullok: another module decides for who has no token" \
    "$(answer) $(prompts 'Rolling code')" "$YES 0"
pam optional carol 00000000
equal "nullok: it does not for who has one" "$(answer)" "$NO"
pam optional nosuchuser 00000000
refused "nullok: nor for who does not exist" test "$result" -eq 0
admin disable carol >/dev/null 2>&1
pam optional carol 00000000
equal "nullok: nor where every token is disabled" "$(answer)" "$NO"
admin enable carol >/dev/null 2>&1
mv "$T/store" "$T/elsewhere"
pam optional bob 00000000
refused "nullok: nor where the store is gone" test "$result" -eq 0
mkdir -m 700 "$T/store"
pam optional bob 00000000
refused "nullok: nor where another one is mounted" test "$result" -eq 0
rmdir "$T/store"
mv "$T/elsewhere" "$T/store"

# --- time and words -----------------------------------------------------------

tenths() {
	local before=${EPOCHREALTIME/./}
	"$@"
	echo $(((${EPOCHREALTIME/./} - before) / 100000))
}
pam_service plain
pam_service quick nodelay
admin unlock carol >/dev/null
# libpam varies the two seconds by half.
check "a refusal takes its time" test "$(tenths pam plain carol 00000000)" \
    -ge 9
check "but not with nodelay" test "$(tenths pam quick carol 00000000)" -lt 9

words() {	# USER LINE: what is said of a refusal
	pam quick "$1" "$2" >/dev/null
	grep -v '^pamtester: ' "$T/out" "$T/err" | sed 's/pamtester: .*//'
}
wanted=$(words carol 00000000)
check "a refusal tells of three codes, and of the clock, in one short line" \
    grep -qE '^.{0,30}If codes .* next three .* your device.s clock\.$' \
    <<<"$wanted"
check "a line of a terminal has room for it" \
    test "$(grep -o 'If codes .*' <<<"$wanted" | wc -c)" -le 80
for what in "a malformed code:carol:1" "who has no token:bob:00000000" \
    "who does not exist:nosuchuser:00000000"; do
	IFS=: read -r name user line <<<"$what"
	equal "a refusal of $name says the same" "$(words "$user" "$line")" \
	    "$wanted"
done
guard carol
equal "a refusal of a guarded user says the same" \
    "$(words carol 00000000)" "$wanted"
pam_service quick nodelay quiet
equal "with quiet it says nothing" "$(words carol 00000000)" \
    "$T/err:Rolling code: "
pam_service quick nodelay
words=$(echo 00000000 |
    pamtester quick carol 'authenticate(PAM_SILENT)' 2>&1)
refused "nor does it where the application wants silence" \
    grep -q "next three" <<<"$words"
pam quick carol "$(code carol -n 3)"
check "a success tells what was tried meanwhile" \
    grep -q 'wrong codes were tried since the last login' <<<"$shown"
pam quick carol "$(code carol)"
refused "and only once" grep -qE 'tried|skipped' <<<"$shown"

# --- who has a token ----------------------------------------------------------

# What su says to visitor about a wrong code, and its status.
su_says() {
	as visitor su "$1" -c 'id -un' <<<00000000 2>&1
	echo "status $?"
}
admin unlock carol >/dev/null
wanted=$(su_says carol)
check "su: refuses a wrong code in words" grep -q 'su: ' <<<"$wanted"
equal "su: says the same of a user without a token" "$(su_says bob)" "$wanted"
said=$(su_says nosuchuser)
refused "su: a name that does not exist is refused by su itself: no prompt" \
    grep -q 'Rolling code' <<<"$said"
refused "su: and it is refused" grep -q 'status 0' <<<"$said"

# Three kinds of users by turns, with a wrong code.
kinds=(carol bob nosuchuser)
pam_service silent nodelay quiet
echo GUARD_AFTER=100 >>"$CONF"
for ((i = 0; i < 20; i++)); do
	printf '%s\t00000000\n' "${kinds[@]}"
done | "$BUILD/tests/tools/pamrun" /etc/pam.d silent >"$T/refusals"
sed -i '/^GUARD_AFTER=100$/d' "$CONF"
admin unlock carol >/dev/null
equal "enrolled, not enrolled, unknown: one result" \
    "$(cut -d' ' -f2,4 "$T/refusals" | sort | uniq -c | xargs)" \
    "20 AUTH_ERR bob 20 AUTH_ERR carol 20 AUTH_ERR nosuchuser"
# The ranges of their times have something in common.
overlap() {
	sort -k4,4 -k3,3n "$T/refusals" | awk '
		$4 != user { user = $4; n = 0; if ($3 > least) least = $3 }
		++n == 10 { printf "# a refusal of %s: median %d ms\n", user, $3 }
		n == 20 && (most == "" || $3 < most) { most = $3 }
		END { exit !(NR == 60 && least <= most) }'
}
overlap >"$T/medians"
equal "and the ranges of their times overlap" "$?" 0
cat "$T/medians"

# --- the log ------------------------------------------------------------------

pam_service quick nodelay debug
marks=0
settled() {	# all that was logged is in the file
	marks=$((marks + 1))
	logger -u /dev/log "mark $marks."
	logged "mark $marks\." >"$T/out"
}
forget() {	# what was logged so far, but keep it
	settled
	cat "$T/syslog" >>"$T/syslog.whole"
	: >"$T/syslog"
}
# logs NAME USER LINE PATTERN...: one attempt writes these lines of ours and
# no others, the lines of debug left out
logs() {
	local pattern missing='' lines
	forget
	pam quick "$2" "$3" >/dev/null
	settled
	lines=$(grep pam_rollcode "$T/syslog" | grep -v '^authpriv.debug ')
	for pattern in "${@:4}"; do
		grep -qE "^authpriv.$pattern" <<<"$lines" ||
		    missing+=" no line with: $pattern;"
	done
	[ "$(wc -l <<<"$lines")" -eq $(($# - 3)) ] ||
	    missing+=" not $(($# - 3)) lines;"
	[ -n "$missing" ] || { ok "the log: $1"; return; }
	not_ok "the log: $1" "$missing"
	show "$lines"
}
failure() {	# USER: its line, to the very end
	printf 'notice .*: authentication failure; logname=[^ ]* uid=0 euid=0 '
	printf 'tty= ruser= rhost=  user=%s$' "$1"
}
code=$(code carol)
logs "an accepted code is told as info" carol "$code" \
    'info .*: code accepted for carol; token=token counter='
logs "a used one is a warning" carol "$code" "$(failure carol)" \
    'warning .*: reason=replayed token=token counter=[0-9]+ distance=1: '
logs "a wrong one is a notice" carol 00000000 "$(failure carol)" \
    'notice .*: reason=wrong: '
logs "so is a malformed one" carol 1234 "$(failure carol)" \
    'notice .*: reason=malformed: '
token carol skip -n 9 >/dev/null 2>&1
logs "so is one far ahead" carol "$(code carol)" "$(failure carol)" \
    'notice .*: reason=far token=token counter=[0-9]+ distance=9: '
logs "the next press is told as such, with the replay before it" carol \
    "$(code carol)" 'info .*: code resynced for carol; ' \
    'warning .*: .*used codes.* tried for carol'
guard carol
logs "so is a single code of a guarded user" carol "$(code carol)" \
    "$(failure carol)" 'notice .*: reason=guarded'
logs "so is a user without a token, who is named" bob 00000000 \
    "$(failure bob)" 'notice .*: reason=unenrolled: '
logs "who does not exist is not named: it may be a password" sesam-offen \
    00000000 "$(failure '')" 'notice .*: reason=unenrolled: '
logs "nor where a malformed code was typed" sesam-offen 1 \
    "$(failure '')" 'notice .*: reason=malformed: '
logs "nor where the name is far too long" "$(printf '%0400d' 7)" \
    00000000 "$(failure '')" '(notice|err) '
mv "$T/store" "$T/elsewhere"
logs "a store that is gone is an error" carol 00000000 "$(failure carol)" \
    'err .*: no decision \('
logs "and then too nobody is named who does not exist" sesam-offen \
    00000000 "$(failure '')" 'err .*: no decision \('
refused "the log: nor in the sentence of that error" \
    grep -q sesam "$T/syslog"
mv "$T/elsewhere" "$T/store"
admin disable carol >/dev/null 2>&1
logs "a disabled token is a notice" carol 00000000 "$(failure carol)" \
    'notice .*: reason=disabled: '
admin enable carol >/dev/null 2>&1

# What su logs has the uid of who runs it, who can read it in a journal.
hidden() {
	forget
	pam_service su nodelay debug
	admin unlock carol >/dev/null 2>&1
	token carol skip -n 40 >/dev/null 2>&1
	try su carol "$(code carol)"
	try su carol 00000000
	settled
}
hidden
check "su: the verifier logs why a code was refused" \
    grep -q 'asked by uid=0 service=su user=carol: reason=far token=' \
    "$T/syslog"
check "su: what su itself logs does not say" \
    grep -q 'pam_rollcode(su:auth): reason=refused: ' "$T/syslog"
equal "su: nor do its other lines" "$(grep 'pam_rollcode(su:auth)' "$T/syslog" |
    grep -cE 'reason=(far|wrong)|counter=|token=|verdict=(far|wrong)|guarded=1')" 0
pam_service su nodelay
admin unlock carol >/dev/null 2>&1

# hostile NAME LINES ITEM...: one attempt with such items writes LINES lines
# of ours, with nothing in them but printable ASCII and the spaces of our own
hostile() {
	local lines
	forget
	pamtester "${@:3}" quick carol authenticate <<<1 >/dev/null 2>&1
	settled
	lines=$(grep pam_rollcode "$T/syslog" | grep -v '^authpriv.debug ')
	if [ "$(wc -l <<<"$lines")" -ne "$2" ] ||
	    grep -qvE '^[ -~]+$' <<<"$lines" ||
	    ! grep -qE '^[^;]*authentication failure; logname=[^ ]* uid=0 euid=0 tty=[^ ]* ruser=[^ ]* rhost=[^ ]*  user=carol$' \
		<<<"$lines"; then
		not_ok "the log: $1" "not as it should be"
		show "$lines"
		return 1
	fi
	ok "the log: $1"
}
hostile "spaces in a host's name do not make another word" 2 \
    -I 'rhost=a rhost=1.2.3.4  user=root'
hostile "nor those in a remote user's name" 2 -I 'ruser=a rhost=1.2.3.4'
hostile "what is no text is escaped" 2 -I $'rhost=\xff\x80' \
    -I $'tty=\e[2J\r' -I $'ruser=a\nb'
hostile "a format is text" 2 -I 'rhost=%n%s%n%s' -I 'ruser=%99999d'
hostile "a long item is cut" 2 -I "rhost=$(printf '%09999d' 7 | tr 0 x)"

forget
check "the log: with debug no code is in it" never_logged "$T/syslog.whole"
refused "the log: nor a password" \
    grep -F -f "$T/passwords" "$T/syslog.whole"
token carol uri | sed 's/.*secret=//; s/&.*//' >"$T/secret"
refused "the log: nor a secret" grep -qF -f "$T/secret" "$T/syslog.whole"
check "the log: debug has lines of its own" \
    grep -q '^authpriv.debug .*pam_rollcode' "$T/syslog.whole"
