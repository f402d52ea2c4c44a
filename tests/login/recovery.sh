#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# recovery.sh - codes for who has lost a token, from rollcode-admin to a login.
. "$(dirname "$0")/../support/lib.sh"
need sshd ssh ssh-keygen pamtester su sudo setpriv sqlite3
private_machine
. "$TREE/tests/support/logins.sh"
. "$TREE/tests/support/pam.sh"
doors
pam_place
for user in alice bob; do add_user "$user"; done
server
syslog_start
for user in alice bob; do enroll "$user"; done
pam_service sshd nodelay debug
pam_service su nodelay
sshd_start

# issue USER [OPTION...]: into $T/sheet, the note into $T/note
issue() {
	admin recovery "$@" >"$T/sheet" 2>"$T/note" || {
		not_ok "recovery $*" "$(cat "$T/note")"
		return 1
	}
	cat "$T/sheet" >>"$T/issued"
}

# line N: a code of the sheet
line() {
	sed -n "$1p" "$T/sheet"
}

# row SQL: about alice's codes, as somebody who may write the file
row() {
	sqlite3 "file:$T/store/users/alice.db?vfs=unix-excl" "$1" 2>&1
}

# The same through libpam alone, which is quicker.
opens() {	# NAME USER CODE
	equal "$1" "$(login "$2" "$3")" SUCCESS
}

denied() {
	equal "$1" "$(login "$2" "$3")" AUTH_ERR
}

# --- a sheet ----------------------------------------------------------------

issue alice
equal "recovery prints ten codes in groups, and nothing else" \
    "$(grep -cE '^([A-Z2-7]{4}-){3}[A-Z2-7]{4}$' "$T/sheet") $(
	wc -l <"$T/sheet")" "10 10"
check "what they are is said beside it" \
    grep -q '10 recovery codes for alice.*not shown again' "$T/note"
equal "show says how many are left" "$(state alice recovery_left)" 10
check "and when they were issued" grep -qE \
    'recovery codes +10 left, issued [0-9]{4}-' <<<"$(admin show alice)"

let_in "a recovery code lets in" ssh alice "$(line 1)"
check "and the user is told how many are left" \
    grep -q 'Recovery codes left: 9\.' <<<"$told"
check "the log warns of it" \
    logged 'warning .*recovery code accepted for alice; 9 left'
kept_out "it does not let in again" ssh alice "$(line 1)"
denied "a code of the sheet is good for its user alone" bob "$(line 2)"
let_in "small letters without dashes let in too" ssh alice \
    "$(line 2 | tr -d - | tr '[:upper:]' '[:lower:]')"
equal "no token was touched" "$(state alice counter)" 0
let_in "and its next code lets in" ssh alice "$(code alice)"
refused "with many left a login by token says nothing of them" \
    grep -q 'Recovery' <<<"$told"
let_in "su takes one as well" su alice "$(line 3)"
pam_service sudo nodelay
into=root let_in "so does sudo" sudo alice "$(line 4)"

guard alice
kept_out "guarded, a wrong recovery code does not let in" ssh alice \
    AAAA-AAAA-AAAA-AAAA
let_in "guarded, a recovery code does" ssh alice "$(line 5)"
equal "which ends the guard" "$(state alice state)" normal

# eight with one code: how many of them it lets in
at_once() {
	local i
	for i in 1 2 3 4 5 6 7 8; do
		line 6 | admin verify alice >"$T/verify.$i" 2>&1 &
		jobs[i]=$!
	done
	wait "${jobs[@]}"
	cat "$T"/verify.? | grep -c '^accepted'
}
equal "eight logins at once with one recovery code: one success" \
    "$(at_once)" 1
opens "the last but three lets in" alice "$(line 7)"
let_in "with three left a login by token says so" ssh alice "$(code alice)"
check "it does" grep -q 'Recovery codes left: 3\.' <<<"$told"
pam_service sshd nodelay quiet
let_in "with quiet a recovery code lets in as well" ssh alice "$(line 8)"
refused "and nothing is said of it" grep -q 'Recovery' <<<"$told"
pam_service sshd nodelay debug

old=$(line 9)
issue alice
denied "a sheet issued later voids the one before" alice "$old"
equal "and is whole" "$(state alice recovery_left)" 10
opens "a code of it lets in" alice "$(line 1)"

# --- a code that is read to somebody ----------------------------------------

kept=$(line 2)
issue alice --once --expires 15m
equal "--once prints one code" "$(wc -l <"$T/sheet")" 1
check "and until when it is good" grep -qE \
    'accepted once and until [0-9T:+-]+;' "$T/note"
equal "it expires when it was said to" \
    "$(($(state alice once_expires) - $(date +%s) > 880))" 1
check "show has it" grep -q 'one-time code .*valid until' \
    <<<"$(admin show alice)"
let_in "it lets in" ssh alice "$(line 1)"
denied "and not again" alice "$(line 1)"
equal "show has it no longer" "$(state alice once_expires)" null
equal "the sheet is as it was" "$(state alice recovery_left)" 9

issue alice --once
old=$(line 1)
issue alice --once
denied "another one voids the one before" alice "$old"
equal "an hour passes" "$(row "UPDATE recovery SET issued=issued-3600,
    expires=expires-3600 WHERE expires<>0")" ""
equal "show knows it as expired" "$(state alice once_expires)" null
kept_out "when it has expired it does not let in" ssh alice "$(line 1)"
check "nor is it good again, whatever is set back" \
    grep -q 'a used recovery code stays used' <<<"$(row "UPDATE recovery
	SET issued=issued+3600, expires=expires+3600, used=0
	WHERE expires<>0")"
denied "so it still does not let in" alice "$(line 1)"
issue alice --once
row "UPDATE recovery SET issued=issued+60, expires=expires+60
    WHERE expires<>0"
denied "a clock before its time does not let it in" alice "$(line 1)"
row "UPDATE recovery SET issued=issued-60, expires=expires-60
    WHERE expires<>0"
opens "and does not spend it" alice "$(line 1)"

# --- what is refused ---------------------------------------------------------

# called_wrongly OPTION...
called_wrongly() {
	admin recovery alice "$@" >"$T/out" 2>&1
	[ $? -eq 2 ] && [ "$(state alice recovery_left)" = 9 ]
}
for wrong in "--expires 1h" "--once --void" "--once --expires 0m" \
    "--once --expires 1" "--once --expires m" "--once --expires 31d" \
    "--once --expires -1h" "--once --expires 1h1" "--once --expires 1w"; do
	# shellcheck disable=SC2086	# several words
	check "recovery $wrong is refused, and nothing is issued" \
	    called_wrongly $wrong
done
refused "who is not enrolled gets no codes" admin recovery nobody
admin disable alice >"$T/out"
refused "nor does who has no enabled token" admin recovery alice
check "and to enable one is not what is said first, because it may be lost" \
    grep -q 'first run rollcode-admin enroll .* only if no token was lost' \
    <(admin recovery alice 2>&1)
denied "and no recovery code lets in there" alice "$kept"
admin enable alice >"$T/out"
refused "codes that cannot be shown are a failure" \
    sh -c "rollcode-admin --conf $CONF recovery alice >/dev/full"
denied "after which the sheet before is void" alice "$kept"

issue alice
check "--void takes them back" admin recovery alice --void
denied "then they do not let in" alice "$(line 1)"
equal "none is left" "$(state alice recovery_left)" 0
opens "the token's code does" alice "$(code alice)"

# --- a store that is restored -------------------------------------------------

issue bob
admin backup "$T/copy" >"$T/out" 2>&1
opens "a code is used after a backup" bob "$(line 1)"
sed "s,^DATABASE=.*,DATABASE=sqlite:$T/copy," "$CONF" >"$T/copy.env"
chmod 600 "$T/copy.env"
check "resync in the backup says that recovery codes are void" \
    grep -q 'recovery codes of bob are void' <<<"$(code bob -n 2 |
	rollcode-admin --conf "$T/copy.env" resync bob 2>&1)"
rollcode-admin --conf "$T/copy.env" restored --end --force >"$T/out" 2>&1
refused "so the one that was used does not come back with it" \
    rollcode-admin --conf "$T/copy.env" verify bob <<<"$(line 1)"
code bob -n 2 | admin resync bob >"$T/out" 2>&1
equal "elsewhere resync leaves them alone" "$(state bob recovery_left)" 9

# --- what is left of them ----------------------------------------------------

tr -d - <"$T/issued" >"$T/plain"
cat "$T/issued" >>"$T/plain"
check "codes are found where they are" grep -qF -f "$T/plain" "$T/sheet"
equal "no code is in a file of the store, or in a log" \
    "$(grep -lF -f "$T/plain" "$T"/store/users/* "$T/syslog" \
	"$T/sshd.log")" ""
