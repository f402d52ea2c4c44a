#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# flat.sh [resident] - thousands of logins in one process leave nothing
# behind in it.
# long
# limit: 600
# long resident: 240
. "$(dirname "$0")/../support/lib.sh"
private_machine "$@"
. "$TREE/tests/support/pam.sh"
. "$TREE/tests/support/hosts.sh"

many=${ROLLCODE_LOGINS:-2000} verified=100
[ "$mode" != resident ] || many=1000

# field_of WORD LINE: the number behind it
field_of() {
	sed -nE "${2}s/.*$1 ([0-9]+).*/\\1/p" "$T/measured"
}

# grown WORD: from the first measure to the last
grown() {
	echo $(($(field_of "$1" 2) - $(field_of "$1" 1)))
}

# flat one|each USER NAME: each code is typed twice
flat() {
	local i
	for ((i = 0; i < verified / 2; i += 25)); do
		code "$2" -n 25 | tr -s ' ' '\n'
	done | sed 'p' >"$T/typed"
	"$BUILD/tests/tools/flat" "$1" "$many" "$T/pam" rc "$2" \
	    <"$T/typed" >"$T/out"
	grep '^after' "$T/out" >"$T/measured"
	sed 's/^/# /' "$T/measured"
	equal "$3: each code opens once" \
	    "$(grep -E '^(SUCCESS|AUTH_ERR) ' "$T/out" | xargs)" \
	    "SUCCESS $((verified / 2)) AUTH_ERR $((many - verified / 2))"
	equal "$3: no descriptor more" "$(grown descriptors)" 0
	equal "$3: no map more" "$(grown maps)" 0
	check "$3: memory is flat" test "$(grown kB)" -le 64
	equal "$3: the module is gone in the end" "$(grep loaded "$T/out")" ""
}

hosts_place
enroll daemon
enroll visitor
flat one daemon "$many logins on one handle, $verified of them with a verifier"
flat each ann "$many handles, $verified of them with a verifier"
many=1000
flat each visitor "the same for a name that is no account"
exit 0
