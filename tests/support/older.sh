# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# older.sh - a store of version 2, as tests/vectors/version-2 has it, and the
# tokens of ann and bob.  For scripts that have read lib.sh and called
# private_machine; it needs sqlite3.
#
#   older_store [KEY=VALUE...]  that store, without users; or `installed` first
#   older_user USER             the user's file and log as they were, and the
#                               wallet with it
#   version USER                of the file as it is now
#   file_sums USER              of its bytes and the log's
VERSION_2=$TREE/tests/vectors/version-2

# The log stays, and no other file does.
older_file() {
	sqlite3 -cmd '.dbconfig no_ckpt_on_close on' \
	    -cmd '.filectrl persist_wal 1' "$1" <"$2" >"$T/out" 2>&1
	rm -f "$1-shm"
	chmod 600 "$1" "$1-wal"
}

older_store() {
	server "$(<"$VERSION_2/env")" "$@"
	cat "$VERSION_2/marker" >"$T/store/users/marker"
	mkdir -p "$T/older"
	local user
	for user in ann bob; do
		older_file "$T/older/$user.db" "$VERSION_2/$user.sql"
		rm -f "$(wallet "$user")"
		token "$user" add vm < <(head -n 1 "$VERSION_2/$user.uri")
		cp -p "$(wallet "$user")" "$T/older/$user.wallet"
	done >"$T/out" 2>&1
}

older_user() {
	local user=$1
	cp -p "$T/older/$user.db" "$T/older/$user.db-wal" "$T/store/users/"
	chown --reference="$T/store" "$T/store/users/$user.db"*
	cp -p "$T/older/$user.wallet" "$(wallet "$user")"
}

version() {
	rm -rf "$T/look"
	mkdir "$T/look"
	cp "$T/store/users/$1".db* "$T/look"
	sqlite3 "$T/look/$1.db" "PRAGMA user_version"
}

file_sums() {
	sha256sum "$T/store/users/$1.db" "$T/store/users/$1.db-wal"
}
