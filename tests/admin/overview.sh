#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# overview.sh - what an administrator sees of users and logins, and what asks
# before it is done.
. "$(dirname "$0")/../support/lib.sh"
need python3
private_machine
installed >"$T/log"

# value EXPRESSION: of the JSON on standard input, which is called j
value() {
	python3 -c 'import json, sys
j = json.load(sys.stdin)
print(eval(" ".join(sys.argv[1].split())))' "$1"
}

# --- columns and dates ----------------------------------------------------------

for user in alice jörg 日本 "$(printf '%040d' 7)"; do
	admin enroll "$user" --no-account >"$T/out" 2>"$T/log"
done
equal "JSON has null for what never happened" \
    "$(admin show alice --json | value 'j["last_success"], j["last_failure"],
	j["tokens"][0]["used"], j["recovery_issued"], j["once_expires"]')" \
    "(None, None, None, None, None)"
equal "and so has that of list" \
    "$(admin list --json | value '{u["last_success"] for u in j}')" "{None}"
