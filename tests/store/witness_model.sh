#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# witness_model.sh - a model of logins, witnesses and files that are put back,
# tests/tools/witness.pml, searched whole by spin: nothing breaks it, and each
# mistake that is put into it does.
#
# The bounds: two verifiers, two codes, and up to four changes of an account,
# with one or two copies of its file; or one verifier, and commands that replace
# and remove.  ROLLCODE_CHANGES is how many changes more there may be.
# long
# limit: 400
. "$(dirname "$0")/../support/lib.sh"
need spin gcc
scratch
MODEL=$TREE/tests/tools/witness.pml
more=${ROLLCODE_CHANGES:-0}

SKIPPED="-DTOLERANCE=2 -DCHANGES=$((4 + more))"
WRONG="-DCOPIES=1 -DCHANGES=$((4 + more))"
COMMANDS="-DCOMMANDS -DALONE -DCODES=1 -DCHANGES=3"
COMMANDS+=" -DREMOVALS=$((1 + more))"

# search OPTION...: what was searched is in $T/said
search() {
	rm -rf "$T/search"
	mkdir "$T/search"
	(
		cd "$T/search" || exit 1
		spin -a "$@" "$MODEL" >"$T/said" 2>&1 &&
		    gcc -w "$optimised" -DSAFETY -o search pan.c \
			>>"$T/said" 2>&1 &&
		    ./search -m1000000 >>"$T/said" 2>&1
	)
}

holds() {	# NAME OPTIONS
	optimised=-O2
	# shellcheck disable=SC2086	# words
	search $2
	if grep -q 'errors: 0$' "$T/said" &&
	    ! grep -qE 'not completed|too small|error:' "$T/said"; then
		ok "$1"
		sed -n 's/^ *\([0-9]*\) states, stored.*/    \1 states/p' \
		    "$T/said"
		return
	fi
	not_ok "$1" "see what was said"
	show "$(grep -vE 'unreached|line' "$T/said" | head -20)"
}

breaks() {	# OPTION OPTIONS WHAT SENTENCE
	optimised=-O0
	# shellcheck disable=SC2086	# words
	search $2 "-D$1"
	if grep -qE "assertion violated.*$3" "$T/said"; then
		ok "$1: ${4}"
		return
	fi
	not_ok "$1: $4" "nothing was found"
	show "$(grep -vE 'unreached|line' "$T/said" | head -20)"
}

# shellcheck disable=SC2034	# they are named by the lines below
TWICE='admitted' ALARM='(raised|denied).*back' REVIVED='least'

holds "codes that are skipped: none is admitted twice, no false alarm" "$SKIPPED"
holds "codes that are wrong: none is admitted twice, no false alarm" "$WRONG"
holds "who is removed or replaced stays so" "$COMMANDS"

while IFS=: read -r option bounds what sentence; do
	breaks "$option" "${!bounds}" "${!what}" "$sentence"
done <<'MISTAKES'
NO_LOCK:SKIPPED:TWICE:two logins at once admit a code twice
NO_WITNESS:SKIPPED:TWICE:a file that is put back admits a code twice
NO_LOOK:SKIPPED:TWICE:so does one that is not compared
EARLY_UNLOCK:SKIPPED:TWICE:a slow witness overwrites a newer one
VERDICT_FIRST:SKIPPED:TWICE:a kill before the commit admits a code twice
WITNESS_FIRST:SKIPPED:ALARM:a kill before the commit is a false alarm
SEQUENCE_ALONE:SKIPPED:TWICE:two files of one sequence admit a code twice
RAISE_DROPPED:WRONG:ALARM:what a login has made good is not made good
NO_TOMBSTONE:COMMANDS:REVIVED:a removed user comes back
TOMBSTONE_UNSYNCED:COMMANDS:REVIVED:a removed user comes back with a power cut
SEQUENCE_ANEW:COMMANDS:REVIVED:a replaced token comes back
NO_GAP:COMMANDS:REVIVED:so it does after a login that was killed
OTHERS_IGNORED:COMMANDS:REVIVED:so it does where other tokens are let pass
FORGOTTEN:COMMANDS:TWICE:a command that is killed leaves nothing to compare with
LIMIT_CUT:SKIPPED:TWICE:the limit of a power cut and a file put back in one
LIMIT_BOTH:SKIPPED:TWICE:the limit of a witness that goes back too
LIMIT_SWAP:SKIPPED:TWICE:the limit of a file that is replaced during a login
MISTAKES

# What the model says of itself: NAME() of FILE.
tr -s ' \t\n*' ' ' <"$MODEL" | grep -oE '[a-z_]+\(\) of [a-z_/]+\.c' |
    sort -u >"$T/names"
check "it names what it stands for" test "$(wc -l <"$T/names")" -ge 8
while read -r name _ file; do
	grep -q "^${name%()}($" "$TREE/$file" 2>/dev/null ||
	    grep -q "^${name%()}(" "$TREE/$file" 2>/dev/null ||
	    echo "$name is not in $file"
done <"$T/names" >"$T/missing"
equal "and all of that is in the tree" "$(cat "$T/missing")" ""
