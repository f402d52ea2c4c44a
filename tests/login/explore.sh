#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# explore.sh - the rules, explored so deep that there are millions of states: the
# program unit/test_explore says which.
# long
. "$(dirname "$0")/../support/lib.sh"
scratch

search() {
	ROLLCODE_DEPTH=2 "$BUILD/tests/unit/rules/test_explore" \
	    >"$T/said" 2>&1 || { grep -v ' steps: ' "$T/said"; false; }
}

check "no way through millions of states breaks a promise" search
states=$(awk -F': ' '/ steps: / { of[$1] = $3 + 0 }
    END { for (world in of) sum += of[world]; print sum + 0 }' "$T/said")
echo "    $states states"
check "so many they are" test "$states" -gt 2000000
