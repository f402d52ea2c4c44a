#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# faults.sh - a system call fails, and then another one: nobody is let
# in but by a code that was recorded, nothing has to be mended, and nothing is
# left lying about.
# long
# shellcheck disable=SC2317	# what is looked at afterwards is called by name
. "$(dirname "$0")/../support/lib.sh"
need strace
private_machine
. "$TREE/tests/support/pam.sh"
. "$TREE/tests/support/inject.sh"

most=${ROLLCODE_POINTS:-4} tried=0 spared=0

# --- what fails how ---------------------------------------------------------

# points ERRNO...: "-e inject=..." for the calls on the input, each with the
# errors that fit it; or with those given, where they fit.
points() {
	awk -v only=" $* " '
	function fits(call) {
		if (call ~ /^(execve|exit|exit_group|arch_prctl|rseq|getpid)$/ ||
		    call ~ /^(set_tid_address|set_robust_list|futex)$/)
			return ""
		if (call ~ /^open/)
			return "EMFILE EACCES EIO ENOSPC ENOMEM EINTR"
		if (call ~ /^p?read/)
			return "EIO EINTR"
		if (call ~ /^p?write/)
			return "ENOSPC EIO EDQUOT EINTR"
		if (call ~ /^(fsync|fdatasync)$/)
			return "EIO ENOSPC EDQUOT EINTR"
		if (call ~ /^(ftruncate|fallocate|unlink|mkdir|rename)/)
			return "EIO ENOSPC EACCES EINTR"
		if (call == "fcntl" || call == "flock")
			return "ENOLCK EAGAIN EINTR EIO"
		# The kernel itself never says -1 to these.
		if (call == "brk" || call == "uname")
			return ""
		if (call ~ /^rt_sig/)	# nor no, to what a library asks
			return ""
		if (call ~ /^(mmap|mprotect|mremap)$/)
			return "ENOMEM"
		if (call ~ /stat|^access|^readlink|^getcwd|^getdents/)
			return "EIO ENOMEM EACCES"
		if (call ~ /^(poll|ppoll|recv|send|connect)/)
			return "EINTR EAGAIN ENOMEM"
		if (call ~ /^socket/)
			return "EMFILE ENOMEM EACCES"
		if (call ~ /^(clone|fork|vfork)/)
			return "EAGAIN ENOMEM"
		if (call == "getrandom")
			return "EINTR EAGAIN EIO"
		if (call ~ /^(wait|clock_nanosleep|nanosleep)/)
			return "EINTR"
		if (call == "close")
			return "EIO EINTR"
		return "EINTR EACCES ENOMEM"
	}
	{
		n = split(fits($1), e, " ")
		for (i = 1; i <= n; i++)
			if (only == "  " || index(only, " " e[i] " "))
				print "-e inject=" $1 ":error=" e[i] ":when=" $2
	}'
}

plan() {	# NAME-OF-CALLS [ERRNO...]
	"$1" | points "${@:2}" | evenly "$most" >"$T/plan"
}

# failed_there WHERE: counts, and adds a crash to $bad
failed_there() {
	tried=$((tried + 1))
	grep -qs '(INJECTED)' "$T/trace" || spared=$((spared + 1))
	bad+=$(grep -s 'killed by' "$T/trace" | sed "s/^/$1: /")$'\n'
}

# looked_at NAME WRONG: a run in which nothing failed would be no test.
looked_at() {
	local bad=$2
	[ "$tried" -ge 4 ] && [ "$spared" -le $((tried / 3)) ] ||
	    bad+="$tried tried, $spared without the fault"
	echo "# $tried points"
	tried=0 spared=0
	say_ok "$1" "$(grep . <<<"$bad")"
}

# --- logins -----------------------------------------------------------------

results() {	# LINE...: of these attempts, one after the other
	printf 'ann\t%s\n' "$@" | pam_run | cut -d' ' -f2 | tr '\n' ' '
}

# What is left over is told once.
nothing_left() {	# WHERE
	local left
	left=$(find "$T/store/users" -type f ! -name ann.db \
	    ! -name ann.db-wal ! -name marker)
	[ -z "$left" ] || echo "$1: left $left"
	[ -z "$left" ] || rm -f "$left"
}

# What a right code became: granted and spent, or denied by a right name.
after_a_code() {	# WHERE CODE RESULT
	local later
	later=$(results "$2" "$2" "$(code ann)")
	case "$3 then $later" in
	"SUCCESS then AUTH_ERR AUTH_ERR SUCCESS ") ;;
	SUCCESS*) echo "$1: $3, then: $later" ;;
	*"then SUCCESS AUTH_ERR SUCCESS ") ;;
	*"then AUTH_ERR AUTH_ERR SUCCESS ") ;;
	*) echo "$1: $3, then: $later" ;;
	esac
	nothing_left "$1"
}

after_a_guess() {	# WHERE CODE RESULT
	[ "$(results "$2")" = "SUCCESS " ] ||
	    echo "$1: $3, then the right code is refused"
}

# The verifier's own failures; a right code is never called a wrong one.
ERRORS='AUTHINFO_UNAVAIL|SYSTEM_ERR|SERVICE_ERR|BUF_ERR|CRED_INSUFFICIENT'
VERIFIER="SUCCESS|$ERRORS"
GUESS="AUTH_ERR|$ERRORS"

# verifier_fails NAME SERVICE RESULTS AFTER TEXT [ERRNO...]: TEXT is a guess, or
# empty for the next code.
verifier_fails() {
	rm -f "$T/trace"
	local inject bad='' code got typed
	verifier_with "$TRACED"
	login ann "${5:-$(code ann)}" "$2" >"$T/out"
	verifier_ended
	plan calls_of_main "${@:6}" <"$T/trace"
	while read -r inject; do
		verifier_with "$TRACED $inject"
		code=$(code ann)
		typed=${5:-$code}
		got=$(login ann "$typed" "$2")
		verifier_ended
		failed_there "$inject"
		grep -qxE "$3" <<<"$got" || bad+="$inject: $got"$'\n'
		bad+=$("$4" "$inject" "$code" "$got")$'\n'
	done <"$T/plan"
	looked_at "$1" "$bad"
}

# From where the module is loaded; its own names, and what libpam makes of a
# module that cannot be.  Nothing is printed where printing fails.
MODULE="$VERIFIER|CONV_ERR|USER_UNKNOWN|ABORT|MODULE_UNKNOWN"
MODULE+='|PERM_DENIED|'

calls_of_module() {
	local loaded
	loaded=$(grep -n -m 1 'pam_rollcode\.so' "$T/trace" | cut -d: -f1)
	numbered <"$T/trace" | tail -n "+$((loaded + 1))"
}

module_fails() {	# NAME [ERRNO...]
	local inject bad='' code got
	printf 'ann\t%s\n' "$(code ann)" |
	    "$STRACE" -q -o "$T/trace" "$PAMRUN" "$T/pam" rc >"$T/out"
	plan calls_of_module "${@:2}"
	while read -r inject; do
		code=$(code ann)
		rm -f "$T/trace"
		# shellcheck disable=SC2086	# two words
		got=$(printf 'ann\t%s\n' "$code" | "$STRACE" -q -o "$T/trace" \
		    $inject "$PAMRUN" "$T/pam" rc 2>"$T/err" | cut -d' ' -f2)
		failed_there "$inject"
		grep -qxE "$MODULE" <<<"$got" || bad+="$inject: $got"$'\n'
		bad+=$(after_a_code "$inject" "$code" "$got")$'\n'
	done <"$T/plan"
	looked_at "$1" "$bad"
}

# --- commands ---------------------------------------------------------------

# fails OPTIONS COMMAND...: sets $status
fails() {
	rm -f "$T/trace"
	# shellcheck disable=SC2086	# two words
	"$STRACE" -q -o "$T/trace" $1 "${@:2}" >"$T/out" 2>"$T/err" <"$T/line"
	status=$?
}

# command_fails NAME BEFORE AFTER COMMAND...: AFTER knows $status, $T/out
command_fails() {
	rm -f "$T/trace"
	local inject bad='' status
	"$2"
	fails "" "${@:4}"
	plan calls_of_main
	while read -r inject; do
		"$2"
		fails "$inject" "${@:4}"
		failed_there "$inject"
		[ "$status" -le 1 ] || bad+="$inject: status $status"$'\n'
		bad+=$("$3" "$inject, status $status" </dev/null)$'\n'
	done <"$T/plan"
	looked_at "$1" "$bad"
}

admin_fails() {	# NAME BEFORE AFTER ARGUMENT...
	command_fails "$1" "$2" "$3" rollcode-admin --conf "$CONF" "${@:4}"
}

# A line that was printed without an error is that of the token.
enrolled_or_absent() {
	local line
	line=$(cat "$T/out")
	[[ $1 != *"status 0" ]] ||
	    [ "$line" = "$(admin uri ann 2>&1)" ] ||
	    echo "$1: the line is not the token's"
	whole_or_absent "$1"
	nothing_left "$1"
}

removed_or_not() {
	[[ $1 != *"status 0" ]] ||
	    ! is_enrolled ann || echo "$1: the user is still there"
	still_or_absent "$1"
	nothing_left "$1"
}

# Its codes have been spent, and a counter that falls would show.
somebody_used() {
	somebody
	results "$(code ann)" "$(code ann)" >"$T/used"
	login ann "$(code ann | tee "$T/spent")" >>"$T/used"
}

replaced_or_not() {
	[ "$(login ann "$(cat "$T/spent")")" != SUCCESS ] ||
	    echo "$1: a spent code works again"
	old_or_new "$1"
	nothing_left "$1"
}

# Looks at the user's file, two in a row: where it cannot be seen, it is not
# absent, and its log is not anybody's.
lookups_fail() {
	local at bad='' replace=(rollcode-admin --conf "$CONF" enroll ann
	    --no-account --replace)
	somebody_used
	fails "" "${replace[@]}"
	while read -r at; do
		somebody_used
		fails "-e inject=newfstatat:error=EIO:when=$at..$((at + 1))" \
		    "${replace[@]}"
		failed_there "look $at"
		[ "$status" = 0 ] || grep -qE 'Input/output|cannot be opened' \
		    "$T/err" ||
		    bad+="look $at: $(cat "$T/err")"$'\n'
		bad+=$(replaced_or_not "look $at, status $status")$'\n'
	done < <(sed '/^rename(/q' "$T/trace" | grep '^newfstatat(' |
	    grep -n 'users/ann\.db".*NOFOLLOW' | cut -d: -f1)
	looked_at "where a file cannot be looked at, no spent code returns" \
	    "$bad"
}

# Syncs of the new file alone; all of them, for a lost one showed much later.
syncs_fail() {
	local call at bad=''
	nobody
	fails "" rollcode-admin --conf "$CONF" enroll ann --no-account
	calls | grep -E '^f(data)?sync ' >"$T/syncs"
	while read -r call at; do
		nobody
		fails "-e inject=$call:error=EIO:when=$at" \
		    rollcode-admin --conf "$CONF" enroll ann --no-account
		failed_there "$call $at"
		bad+=$(enrolled_or_absent "$call $at, status $status")$'\n'
	done <"$T/syncs"
	looked_at "a sync fails in an enrolment: the user is whole or absent" \
	    "$bad"
}

made_or_again() {
	[ "$(stat -c %a "$CONF" 2>&1)" = 600 ] || echo "$1: a wrong mode"
	init_again "$1"
	nothing_left "$1"
	[ "$(echo "$CONF"*)" = "$CONF" ] || echo "$1: left $(echo "$CONF"*)"
}

a_token() {
	:
}

# Either a code or an error, and never a code that was there before.
printed_once() {
	case $1 in
	*"status 0") [ "$(wc -l <"$T/out")" = 1 ] ||
	    echo "$1: no code, and no error" ;;
	*) [ ! -s "$T/out" ] || [ "$(wc -l <"$T/out")" -le 1 ] ||
	    echo "$1: printed $(cat "$T/out")" ;;
	esac
	cat "$T/out" >>"$T/codes"
	code ann >>"$T/codes" 2>"$T/err" || echo "$1: then: $(cat "$T/err")"
	cmp -s "$T/wallet/ann.db-journal" <(head -c 28 /dev/zero) ||
	    echo "$1: its journal is not 28 zeros"
	[ "$(ls "$T/wallet")" = "ann.db
ann.db-journal" ] || echo "$1: left $(ls "$T/wallet")"
}

added_or_not() {
	[[ $1 != *"status 0" ]] || grep -qx 'added web.*' "$T/out" ||
	    echo "$1: nothing was said"
	added_or_absent "$1"
}

deeper() {
	verifier_fails "a call of the verifier fails over a guess: the right code opens" \
	    faulty "$GUESS" after_a_guess 00000000
	verifier_fails "a call of the verifier fails: nobody is ignored by nullok" \
	    faulty-nullok "$GUESS" after_a_guess 00000000
	module_fails "a call of the module is interrupted: granted, or denied" \
	    EINTR
	admin_fails "a call of a removal fails: the user is whole or absent" \
	    somebody removed_or_not remove ann --force
	admin_fails "a call of a replacement fails: the old token or the new one" \
	    somebody_used replaced_or_not enroll ann --no-account --replace
}

last() {
	command_fails "a call of add fails: the token is whole or absent" \
	    no_wallet added_or_not \
	    rollcode-token --store "$(wallet ann)" add web
	admin_fails "a call of init fails: it goes on where it was" \
	    nothing_made made_or_again init
}

server GUARD_AFTER=100 GUESSES=1000
pam_place
verifier_service faulty
verifier_service faulty-nullok nullok
echo "auth required pam_permit.so" >>"$T/pam/faulty-nullok"
enroll ann
results "$(code ann)" >"$T/out"
cp "$T/uri" "$T/line"

verifier_fails "a call of the verifier fails: granted and spent, or denied" \
    faulty "$VERIFIER" after_a_code ''
verifier_fails "a call of the verifier is interrupted: granted and spent, or denied" \
    faulty "$VERIFIER" after_a_code '' EINTR EAGAIN
module_fails "a call of the module fails: granted and spent, or denied"
admin_fails "a call of an enrolment fails: the user is whole or absent" \
    nobody enrolled_or_absent enroll ann --no-account
lookups_fail
deeper
syncs_fail
a_line
: >"$T/codes"
command_fails "a call of next fails: one code, or an error" \
    a_token printed_once rollcode-token --store "$(wallet ann)" next
say_ok "and no code is printed twice" "$(sort "$T/codes" | uniq -d)"
last
exit 0
