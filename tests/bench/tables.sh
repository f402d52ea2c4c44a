# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# tables.sh - what the rounds gave, as tables and plots.  Source it behind
# place.sh; $RAW has a file for each subject, with a line of numbers for each
# round.
#
#   figure FILE COLUMN     the median of the rounds, as it stands there
#   ms FILE COLUMN         the same from nanoseconds to milliseconds
#   milli NUMBER           nanoseconds as milliseconds
#   ratio NUMBER NUMBER
#   least FILE...          the least figure 1 of those that there are
#   most COLUMN FILE...    the greatest
#   table NAME HEADS       begins one; HEADS are separated by |
#   row CELL...
#   plots                  what gnuplot draws of them
#   bar TEXT               progress, on a terminal

OUT=$BUILD/bench
mkdir -p "$OUT"
tsv=

figure() {
	awk -v column="$2" '{ print $column }' "$RAW/$1" | sort -n |
	    awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

milli() {
	awk -v ns="$1" 'BEGIN {
		ms = ns / 1000000
		printf ms < 0.01 ? "%.5f" : ms < 10 ? "%.3f" : "%.1f", ms
	}'
}

ms() {
	milli "$(figure "$1" "$2")"
}

ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN {
		if (b > 0)
			printf "%.2f", a / b
		else
			printf "-"
	}'
}

each_figure() {	# COLUMN FILE...
	local file
	for file in "${@:2}"; do
		[ ! -s "$RAW/$file" ] || figure "$file" "$1"
	done
}

least() {
	each_figure 1 "$@" | sort -n | head -n 1
}

most() {
	each_figure "$@" | sort -rn | head -n 1
}

widths=()
table() {
	local heads head
	IFS='|' read -r -a heads <<<"$2"
	tsv=$OUT/$1.tsv
	(IFS=$'\t' && echo "${heads[*]}") >"$tsv"
	widths=()
	for head in "${heads[@]}"; do
		widths+=("$((${#head} < 8 ? 8 : ${#head}))")
	done
	widths[0]=54
	echo
	cells "${heads[@]}"
}

row() {
	(IFS=$'\t' && echo "$*") >>"$tsv"
	cells "$@"
}

cells() {
	local i=0 cell
	for cell in "$@"; do
		if [ "$i" -eq 0 ]; then
			printf '%-*s' "${widths[0]}" "$cell"
		else
			printf '  %*s' "${widths[i]}" "$cell"
		fi
		i=$((i + 1))
	done
	echo
}

bar() {
	[ ! -t 2 ] || printf '%s' "$1" >&2
}

# --- plots ------------------------------------------------------------------

# curves TSV COLUMN COLUMN: a curve for each name of the first column
curves() {
	local name
	cut -f1 "$OUT/$1.tsv" | sed 1d | uniq | while read -r name; do
		printf '"%s" using (strcol(1) eq "%s" ? $%d : NaN):%d ' \
		    "$OUT/$1.tsv" "$name" "$2" "$3"
		printf 'with linespoints title "%s", ' "$name"
	done
}

plots() {
	if ! command -v gnuplot >/dev/null; then
		printf '\ngnuplot is not installed, and the plots are left out\n'
		return
	fi
	gnuplot <<-PLOTS || stop "gnuplot failed"
	set terminal svg noenhanced size 720,480 dynamic background "white"
	set datafile separator "\t"
	set datafile missing NaN
	set key top left
	set grid
	set output "$OUT/latency.svg"
	set title "One login, median of $ROUNDS rounds"
	set xlabel "enrolled users"
	set ylabel "milliseconds"
	set logscale xy
	set xrange [0.8:$((MANY * 2))]
	plot $(curves users 2 3)
	set output "$OUT/throughput.svg"
	set title "Logins a second, as many users as processes"
	set xlabel "processes"
	set ylabel "logins a second"
	unset logscale
	set logscale x 2
	set xrange [0.9:9]
	set yrange [0:*]
	plot $(curves throughput 2 3)
	PLOTS
}
