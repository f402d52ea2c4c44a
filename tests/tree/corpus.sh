#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The inputs that the fuzzers keep, fed once more to what they fuzz: among them
# every one that ever broke a promise.  tests/fuzz says what is promised.
. "$(dirname "$0")/../support/lib.sh"
scratch
export FUZZ_PLACE=$T

replay() {	# NAME
	local inputs=("$TREE/tests/fuzz/corpus/$1"/*) status
	"$BUILD/tests/fuzz/$1" "${inputs[@]}" >"$T/log" 2>&1
	status=$?
	if [ "$status" -eq 0 ] && [ -f "${inputs[0]}" ] &&
	    [ "$(tail -n 1 "$T/log")" = "${#inputs[@]} inputs" ]; then
		ok "$1: the kept inputs break no promise"
		return
	fi
	not_ok "$1: the kept inputs break no promise" "status $status, at the last of"
	show "$(tail -n 30 "$T/log")"
}

for source in "$TREE"/tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	replay "${name#fuzz_}"
done
