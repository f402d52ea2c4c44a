# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# calls.sh - one login's system calls.  Source it behind place.sh.
#
#   calls_of SUBJECT       sets $calls, $syncs, $writes, $bytes of one login
#   calls_by_name SUBJECT  a line for each: COUNT NAME, the most frequent first
#
# Bytes and writes are those to files; to sockets and pipes are none.

MANY_LOGINS=33
SYNCS='^(fsync|fdatasync|sync_file_range|msync|sync|syncfs)$'

# Runs both; the traces are $T/trace.1 and $T/trace.33, and .served beside.
traces() {
	local count
	for count in 1 "$MANY_LOGINS"; do
		trace_of "$1" "$T/trace.$count" -n "$count" -u 0
	done
}

# A line for each call of traces: NAME BYTES, where it wrote to a file.
calls_in() {
	cat "$@" | sed -E 's/^[0-9]+ +//' | awk '
	    /^[a-z_0-9]+\(/ || /^<\.\.\. [a-z_0-9]+ resumed/ {
		resumed = /^</
		name = resumed ? $2 : substr($0, 1, index($0, "(") - 1)
		if (name ~ /^exit/)
			next
		if (resumed) {
			if (name in pending && $NF ~ /^[0-9]+$/)
				print name "+", $NF
			delete pending[name]
			next
		}
		file = name ~ /^p?write/ && $0 ~ /\([0-9]+<\//
		if (/<unfinished/ && file)
			pending[name] = 1
		print name, file && $NF ~ /^[0-9]+$/ ? $NF : 0
	    }'
}

differences() {
	calls_in "$T/trace.1" "$T/trace.1.served" | sed 's/^/- /'
	calls_in "$T/trace.$MANY_LOGINS" "$T/trace.$MANY_LOGINS.served" |
	    sed 's/^/+ /'
}

calls_of() {
	traces "$1"
	# shellcheck disable=SC2034	# for who sources this
	read -r calls syncs writes bytes < <(differences | awk \
	    -v logins="$((MANY_LOGINS - 1))" -v is_sync="$SYNCS" '
	    {
		sign = $1 == "+" ? 1 : -1
		bytes += sign * $3
		if ($3 > 0)
			writes += sign
		if ($2 ~ /\+$/)
			next
		calls += sign
		if ($2 ~ is_sync)
			syncs += sign
	    }
	    END { print calls / logins, syncs / logins, writes / logins,
		bytes / logins }')
}

calls_by_name() {
	traces "$1"
	differences | awk -v logins="$((MANY_LOGINS - 1))" '
	    $2 !~ /\+$/ { count[$2] += $1 == "+" ? 1 : -1 }
	    END {
		for (name in count)
			if (count[name] / logins > 0.01)
				printf "%8.2f %s\n", count[name] / logins, name
	    }' | sort -rn
}
