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
admin list >"$T/list"
equal "the columns of list are aligned, whatever is in them" \
    "$(python3 -c 'import sys, unicodedata
def width(s):
    return sum(2 if unicodedata.east_asian_width(c) == "W" else 1 for c in s)
print(*{width(line[:line.index(word)])
    for line in open(sys.argv[1], encoding="utf-8")
    for word in ("STATE", "normal") if word in line})' "$T/list")" 41
equal "JSON has null for what never happened" \
    "$(admin show alice --json | value 'j["last_success"], j["last_failure"],
	j["tokens"][0]["used"], j["recovery_issued"], j["once_expires"]')" \
    "(None, None, None, None, None)"
equal "and so has that of list" \
    "$(admin list --json | value '{u["last_success"] for u in j}')" "{None}"

# --- who has a token, and who has an account -----------------------------------

for user in alice jörg 日本 "$(printf '%040d' 7)"; do
	admin remove -f "$user" >"$T/log"
done
equal "a list of nobody says what to do, and has no header" \
    "$(admin list 2>&1)" \
    "nobody is enrolled; rollcode-admin enroll USER adds a token"
equal "in JSON it is an empty list" "$(admin list --json 2>/dev/null)" "[]"

# Those of the machine itself are people too.
sed -i '/:x:[1-9][0-9][0-9][0-9]:/d' /etc/passwd
for user in zoe ann bob; do add_user "$user"; done
echo 'daemon2:x:998:998::/:/bin/bash' >>/etc/passwd
echo 'nologin:x:4321:4321::/:/usr/sbin/nologin' >>/etc/passwd
admin enroll bob >"$T/out" 2>"$T/log"
admin enroll radius --no-account >"$T/out" 2>"$T/log"
equal "list --missing: who can log in and has no token, by name" \
    "$(admin list --missing | xargs)" "ann zoe"
equal "in JSON too" "$(admin list --missing --json | value j)" "['ann', 'zoe']"
equal "list --stale: who has a token and no account" \
    "$(admin list --stale)" radius
admin enroll ann >"$T/out" 2>"$T/log"
admin enroll zoe >"$T/out" 2>"$T/log"
admin remove -f radius >"$T/log"
equal "where nobody is missing, nothing is printed but a note" \
    "$(admin list --missing 2>&1 >"$T/out"; cat "$T/out")" \
    "everybody who can log in has a token"
equal "nor where nobody is stale" \
    "$(admin list --stale 2>&1 >"$T/out"; cat "$T/out")" \
    "every user with a token has an account"
sed -i /^bob:/d /etc/passwd
equal "the token of an account that was deleted is stale" \
    "$(admin list --stale)" bob
admin list --missing --stale >"$T/out" 2>&1
equal "both at once is a wrong call" "$?" 2
