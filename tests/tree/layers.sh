#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# layers.sh - who includes whom: the tree is as the tables of
# tests/tree/layers.py say, and each of eleven includes that they forbid is
# found where it is planted.
. "$(dirname "$0")/../support/lib.sh"
need python3
scratch
LAYERS=$TREE/tests/tree/layers.py

copy() {
	rm -rf "$T/tree"
	mkdir "$T/tree"
	cp -r "$TREE"/{common,pam_rollcode,rollcode-token} "$T/tree"
}

copy
equal "nobody includes what the table does not allow" \
    "$("$LAYERS" "$T/tree" 2>&1)" ""

# Each: the file, what it shall not include, what is said of it.
planted=0
while read -r file header said; do
	planted=$((planted + 1))
	sed -i "1a #include $header" "$T/tree/$file"
	"$LAYERS" "$T/tree" >"$T/said" 2>&1
	equal "$file: $header is found" "$?" 1
	grep -qF "$file:2: $said" "$T/said" ||
	    not_ok "$file: and $header is named" "$(cat "$T/said")"
	cp "$TREE/$file" "$T/tree/$file"
done <<'PLANTED'
pam_rollcode/rules/verify.c "store/store.h" pam_rollcode/rules/ may not
pam_rollcode/protocol/input.c "rules/account.h" pam_rollcode/protocol/ may not
pam_rollcode/module/converse.c "ask/ask.h" pam_rollcode/module/ may not
pam_rollcode/store/sqlite/read.c "store/pgsql/pgsql.h" pam_rollcode/store/sqlite/ may not
pam_rollcode/config/config.h "rules/verify.h" pam_rollcode/config/ may not
pam_rollcode/service/workers.c "store/sqlite/parts.h" pam_rollcode/service/ may not
common/base/error.c "common/token/token.h" common/base/ may not
common/token/code.c "pam_rollcode/rules/account.h" common/token/ may not
rollcode-token/wallet/wallet.c "protocol/protocol.h" "protocol/protocol.h" is not the path
pam_rollcode/login/login.c <sqlite3.h> <sqlite3.h> is for other rooms
pam_rollcode/rules/verify.c <store/store.h> <store/store.h> is ours, and not in
PLANTED
equal "eleven were planted" "$planted" 11
equal "nothing is left of them" "$("$LAYERS" "$T/tree" 2>&1)" ""

# said TEXT: of the tree as it is now
said() {
	"$LAYERS" "$T/tree" >"$T/said" 2>&1
	grep -qF "$1" "$T/said"
}

sed -i '1a #include "config/config.h"' "$T/tree/pam_rollcode/system/path.h"
check "a circle of rooms is found" \
    said "a circle of rooms: pam_rollcode/config pam_rollcode/system"
copy
sed -i '1a #include "account.h"' "$T/tree/pam_rollcode/rules/verify.c"
check "so is a header without its path" said '"account.h" is not the path of'
copy
sed -i 's/ROLLCODE_RULES_VERIFY_H/ROLLCODE_VERIFY_H/' \
    "$T/tree/pam_rollcode/rules/verify.h"
check "so is a guard that could be another header's" \
    said "its guard is not ROLLCODE_RULES_VERIFY_H"
copy
mkdir "$T/tree/pam_rollcode/util"
touch "$T/tree/pam_rollcode/util/misc.c"
check "and a folder that is in no table" \
    said "pam_rollcode/util/ is no room of"
