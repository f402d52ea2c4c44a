#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# memory.sh - at 40 allocations of each process, or ROLLCODE_POINTS, and at
# every one of a login, an enrolment and a code.
# limit: 900
. "$(dirname "$0")/../lib.sh"
if ROLLCODE_STEP=1 CK_TIMEOUT_MULTIPLIER=6 "$BUILD/tests/unit/test_memory"
then
	ok "whichever allocation of a login fails, it denies or has spent"
else
	not_ok "whichever allocation of a login fails, it denies or has spent" \
	    "see above"
fi
"$(dirname "$0")/../memory.sh" long || failures=$((failures + 1))
[ "$failures" -eq 0 ]
