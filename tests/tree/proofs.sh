#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# proofs.sh - each threat of tests/threats has its tests, and they ran
#
# For the end of a whole run: what ran is in $BUILD/tests/ran, what was skipped
# in $BUILD/tests/skipped.  A test of the long ring is looked for in its script
# where that ring did not run.
# apart
. "$(dirname "$0")/../support/lib.sh"
cd "$TREE" || exit 2
RAN=$BUILD/tests/ran
SKIPPED=$BUILD/tests/skipped
THREATS=78
for file in "$RAN" "$SKIPPED"; do
	[ -f "$file" ] && continue
	not_ok "each threat has its proofs" "$file is missing: run tests/run"
	exit 1
done

declare -A ran programs skipped
while read -r line; do
	ran[$line]=1
	programs[${line%%: *}]=1
done <"$RAN"
while read -r line; do
	skipped[${line%%: *}]=$line
done <"$SKIPPED"

# Whether a test of that name ran; * stands for anything.
did_run() {
	local pattern
	if [[ $1 != *'*'* ]]; then
		[ -n "${ran[$1]-}" ]
		return
	fi
	# shellcheck disable=SC2016	# no variables
	pattern=$(sed 's/[][\\.^$()|+?{}]/\\&/g; s/\*/.*/g' <<<"$1")
	grep -qxE -- "$pattern" "$RAN"
}

# The script of each test, and what has been read of them, each on one line.
declare -A scripts texts
while read -r name file _; do
	scripts[$name]=$file
done < <(tests/run --long --list)

# Every piece of a name between its variables stands in a script, maybe with
# variables of another name.
in_source() {	# SCRIPT SENTENCE
	local piece pieces
	IFS='*' read -ra pieces <<<"$2"
	for piece in "${pieces[@]}"; do
		piece=${piece#"${piece%%[! ]*}"}
		piece=${piece%"${piece##*[! ]}"}
		[[ ${texts[$1]} == *"$piece"* ]] || return 1
	done
}

exists() {	# PROGRAM SENTENCE
	local script=${scripts[$1]-}
	[ -n "$script" ] || return 1
	: "${texts[$script]:=$(tr -s '\\\n\t' ' ' <"$script")}"
	in_source "$script" "$2"
}

# proof PROGRAM SENTENCE: adds to $said what is wrong with it, if anything
proof() {
	local program=${1//\//.}
	if [ "$1" = MISSING ]; then
		said+="missing: $2"$'\n'
	elif did_run "$program: $2"; then
		:
	elif [[ $1 == long/* ]] && [ -z "${programs[$program]-}" ]; then
		exists "$1" "$2" || said+="not in its script: $1: $2"$'\n'
	elif [ -n "${skipped[$program]-}" ]; then
		said+="skipped: ${skipped[$program]}"$'\n'
	else
		said+="did not run: $1: $2"$'\n'
	fi
}

# threat FILE: what must not happen, then a test a line
threat() {
	local name=${1##*/} test count=0 said=''
	while IFS= read -r test; do
		count=$((count + 1))
		proof "${test%%: *}" "${test#*: }"
	done < <(tail -n +2 "$1")
	if [ "$count" -eq 0 ]; then
		not_ok "$name has its proofs" "there is none"
	elif [ -z "$said" ]; then
		ok "$name has its proofs"
	elif grep -qv '^skipped: ' <<<"${said%$'\n'}"; then
		not_ok "$name has its proofs" "not all of $count"
		show "${said%$'\n'}"
	else
		skip "$name has its proofs" "$(head -n 1 <<<"$said")"
	fi
}

rows=()
for file in tests/threats/*; do
	threat "$file"
	rows+=("* [${file##*/}](threats/${file##*/}): $(head -n 1 "$file")")
done
equal "no threat is lost" "${#rows[@]}" "$THREATS"
check "tests/README.md lists each with its first line" \
    diff <(grep -F '](threats/' tests/README.md | sort) \
    <(printf '%s\n' "${rows[@]}" | sort)
[ "$failures" -eq 0 ]
