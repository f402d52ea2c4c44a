#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# import_many.sh - 600 users from one file, or ROLLCODE_USERS, with a bar on a
# terminal; killed, and run again, nothing is lost and nothing doubled.
# long
# limit: 600
. "$(dirname "$0")/../support/lib.sh"
need_root
need python3
scratch
server

USERS=${ROLLCODE_USERS:-600}

python3 - >"$T/users.oath" <<PYTHON
import hashlib
for i in range($USERS):
    secret = hashlib.sha1(b"%d" % i).hexdigest()
    print(f"HOTP/E/8\tuser{i:05}\t-\t{secret}\t{i}")
PYTHON

there() {
	find "$T/store/users" -name '*.db' | wc -l
}

# Killed when so many users are there, three times.
killed=0
for many in 20 $((USERS / 10)) $((USERS / 3)); do
	rollcode-admin --conf "$CONF" import --no-account "$T/users.oath" \
	    >/dev/null 2>&1 &
	while [ "$(there)" -lt $many ] && kill -0 $! 2>/dev/null; do
		sleep 0.05
	done
	kill -9 $! 2>/dev/null && killed=$((killed + 1))
	wait $! 2>/dev/null
done
check "it was killed on the way" test "$killed" -eq 3
some=$(admin list | grep -c '^user')
check "some users are there then, not all" test "$some" -gt 0 -a \
    "$some" -lt "$USERS"
check "and each of them whole" sh -c \
    "! rollcode-admin --conf '$CONF' list | grep unusable"

# took BEGAN: milliseconds since then
took() {
	echo $((($(date +%s%N) - $1) / 1000000))
}

began=$(date +%s%N)
"$TREE/tests/tools/confirm.py" no - rollcode-admin --conf "$CONF" \
    import --no-account "$T/users.oath" >"$T/typed"
status=$?
took=$(took "$began")
equal "run again it ends well" "$status" 0
# What is over in a second draws none.
if [ "$took" -gt 2000 ]; then
	check "with a bar on the terminal" grep -q 'importing \[#' "$T/typed"
elif [ "$took" -lt 1000 ]; then
	refused "so few users need no bar" grep -q 'importing \[' "$T/typed"
fi
check "and says what there was and what was added" grep -qE \
    "$USERS users, $((USERS - some)) tokens added, $some already there" \
    "$T/typed"
equal "nobody is lost, nobody doubled" \
    "$(admin list | grep -c '^user')" "$USERS"
equal "every token is there once, with its counter" \
    "$(admin export --plain 2>/dev/null | sed 's/.*counter=//' | sort -n |
    uniq | wc -l)" "$USERS"

rm -rf "$T/store"
server
began=$(date +%s%N)
admin import --no-account "$T/users.oath" >/dev/null 2>"$T/quiet"
took=$(took "$began")
check "without a terminal nothing is drawn" test ! -s "$T/quiet"
check "$USERS users are imported in under a minute" test "$took" -lt 60000
echo "# $USERS users in $took ms"
