# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# recipes.sh - the recipes of pam_rollcode(8), as they stand there.  For scripts
# that have read lib.sh and called private_machine, on a system whose stacks
# name common-auth.
#
#   recipe_machine [KEY=VALUE...]   everything where `make install` puts it, the
#                         module too; passwords with pam_unix
#   recipe TITLE FILE     the lines of FILE in the section of that title
#   recipe_file TITLE FILE [SED]  puts them there, changed by a line of sed
#   stack_of TITLE NAME   puts them into /etc/pam.d/NAME of the distribution
#   stack_in_one_line NAME  those of the example of forward_pass
#   typed WORDS           the command in a recipe that begins so
#   recipe_users USER...  accounts with the password "sesam USER"; what is logged
#                         and typed is kept from here on
#   password USER WORD
#   both CODE [USER]      alice's password "sesam alice", or that user's, and a
#                         code, on lines of their own
#   checked NAME SERVICE FOUND
#                         rollcode-admin check finds only these in a service,
#                         and no error
#   has PROGRAM NAME      or NAME is skipped
#   basic_logins NAME ASK what every login with a name and a code must do; ASK
#                         USER CODE prints "in" or anything else.  For ann and
#                         bob, who are enrolled
#
# Delays are taken out, which would be most of the time of a test.
RECIPES=$TREE/pam_rollcode/pam_rollcode.8

recipe_machine() {
	if ! grep -qs '^@include common-auth' /etc/pam.d/login; then
		skip "$SCRIPT" "needs stacks with common-auth, as of Debian"
		exit 0
	fi
	installed "$@"
	module_installed
	cp -a /etc/pam.d "$T/pam.d"
	sed -i 's/pam_unix\.so.*/pam_unix.so nodelay/' /etc/pam.d/common-auth
}

recipe() {
	local lines
	lines=$(awk -v title="$1" -v file="$2" '
	    $1 == ".Ss" || $1 == ".Sh" { on = substr($0, 5) == title }
	    $1 == ".Ed" { here = 0 }
	    on && /^# \// { here = $2 == file || $2 == file ","; next }
	    on && here' "$RECIPES" | sed 's/\\e/\\/g')
	[ -n "$lines" ] || echo "pam_rollcode(8) has no $2 in: $1" >&2
	echo "$lines"
}

recipe_file() {
	local lines
	lines=$(recipe "$1" "$2" | sed "${3-}")
	echo "$lines" >"$2"
}

# In place of common-auth, or of all where the distribution has not that.
put_stack() {	# NAME [WHOLE]
	local common='^(@include|auth +substack) +common-auth'
	if [ -z "${2-}" ] && grep -qsE "$common" "$T/pam.d/$1"; then
		sed -E -e "/$common/{r $T/stack" -e 'd}' \
		    -e 's/pam_faildelay\.so .*/pam_permit.so/' \
		    "$T/pam.d/$1" >"/etc/pam.d/$1"
	else
		cp "$T/stack" "/etc/pam.d/$1"
	fi
}

stack_of() {
	local whole
	recipe "$1" "/etc/pam.d/$2" |
	    sed 's/pam_rollcode\.so$/& nodelay/' >"$T/stack"
	whole=$(grep -x "# /etc/pam.d/$2, and nothing else" "$RECIPES")
	put_stack "$2" "$whole"
}

stack_in_one_line() {
	awk '/^Password and code on one line/ { on = 1 }
	    $1 == ".Ed" { on = 0 } on && /^auth/' "$RECIPES" |
	    sed 's/pam_rollcode\.so/& nodelay/;s/pam_unix\.so/& nodelay/' \
	    >"$T/stack"
	put_stack "$1"
}

typed() {
	awk -v words="$1 " '
	    $1 == ".Ed" { on = 0 } index($0 " ", words) == 1 { on = 1 } on' \
	    "$RECIPES" | sed 's/\\e/\\/g'
}

recipe_users() {
	local user
	: >"$T/typed"
	syslog_start
	for user in "$@"; do
		add_user "$user"
		password "$user" "sesam $user"
	done
}

password() {
	echo "$1:$2" | chpasswd -c SHA256 2>"$T/chpasswd.log" ||
	    cat "$T/chpasswd.log"
}

both() {
	printf 'sesam %s\n%s' "${2:-alice}" "$1"
}

checked() {
	local found
	found=$(rollcode-admin check --service "$2" 2>&1)
	found=$(grep -oE '^(error|warning|note) +[a-z-]+' <<<"$found" |
	    tr -s ' \n' ' ')
	equal "$1: check finds ${3:-nothing}" "${found% }" "$3"
}

has() {
	[ -x "$1" ] && return
	skip "$2" "needs $1"
	return 1
}

basic_logins() {
	local code
	code=$(code ann)
	equal "$1: a code lets in" "$("$2" ann "$code")" in
	nap "${remembered:-0}"
	equal "$1: a replay does not" "$("$2" ann "$code")" out
	equal "$1: nor does a wrong code" "$("$2" ann "$(wrong "$code")")" out
	equal "$1: nor another user's" "$("$2" ann "$(code bob)")" out
	mv "$T/store" "$T/store.away"
	equal "$1: nor does a code without the store" \
	    "$("$2" ann "$(code ann)")" out
	mv "$T/store.away" "$T/store"
	equal "$1: then the next code lets in" "$("$2" ann "$(code ann)")" in
}
