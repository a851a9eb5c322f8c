#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# A long transaction keeps nobody waiting: while it is made or taken back, changes of the kernel's are followed, clients are
# served, and other transactions come when it is done.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibz$$" || exit 1
ROUTES=${XFIB_ROUTES:-200000}
socket=$DIR/socket
export XFIB_SOCKET=$socket
tool() { in_r "$BUILD/tests/tools/$1" "${@:2}"; }
change() { tool route-client change "$@" >/dev/null; }
is_open() { tool raw-client open "$XFIB_PIN/xfib_state" "${1:-0}"; } # within so many seconds
count() { xfib -j route show table "$1" 2>/dev/null | jq length; }
begin() { # TABLE: a long transaction, in the background, until it is under way
	change add "$1" rb 11.0.0.0 "$ROUTES" 2>/dev/null &
	client=$!
	is_open 30
}
follows() { [ "$(xfib -j get 198.51.100.1 2>/dev/null | jq -r '.[0].gateway // .[0].via // "none"')" = "$1" ]; }
replaced() { # two paths in turn, until one is seen before the transaction ends
	local gateway
	for gateway in 10.0.2.{2..40}; do
		in_r ip route replace 198.51.100.1/32 via "$gateway"
		eventually 5 follows "$gateway" || return 1
		! is_open || return 0
		kill -0 "$client" 2>/dev/null || return 1
	done
	return 1
}

# TABLE COUNT: adds so many routes, of which the last one is there already; who is served meanwhile is in $DIR/served.
taken_back() {
	local last=11.$(($2 - 1 >> 16 & 255)).$(($2 - 1 >> 8 & 255)).$(($2 - 1 & 255)) asker
	change add "$1" rb "$last" 1
	tool raw-client meanwhile "$XFIB_PIN/xfib_state" >"$DIR/served" &
	asker=$!
	change add "$1" rb 11.0.0.0 "$2" 2>"$DIR/why" &
	client=$!
	is_open 30
	change add 5001 rb 13.0.0.0 10 && ! is_open
	check "  another transaction waits for it" [ $? = 0 ]
	wait "$asker" "$client"
	check_match "  it fails" "^route-client: -17 of $(($2 - 1)): add $last/32 table [a-z0-9]+: .*already" "$(cat "$DIR/why")"
	check_match "  clients are served while it is made and while it is taken back" \
		'^[1-9][0-9]* answers while it was made, [1-9][0-9]* while it was taken back$' "$(cat "$DIR/served")"
	check "  the other one is made" change del 5001 rb 13.0.0.0 10
}

check "xfibd starts" xfibd__start --socket "$socket" --max-routes 1000000 ra rb
tool raw-client meanwhile "$XFIB_PIN/xfib_state" >"$DIR/served" &
asker=$!
for attempt in {1..8}; do # on a machine that is busy a transaction may be over before anybody has looked
	begin 5000
	! replaced || break
	[ "$attempt" -lt 8 ] || break
	wait "$client"
	xfib route flush table 5000
done
check "a change of the kernel's is followed meanwhile" [ "$attempt" -lt 8 ]
change add 5001 rb 12.0.0.0 10 &
second=$!
wait "$client"
check "the transaction is made" [ $? = 0 ]
wait "$second"
check "and then the other one" [ $? = 0 ]
wait "$asker"
check_match "clients are served meanwhile" '^[1-9][0-9]* answers while it was made' "$(cat "$DIR/served")"
check_output "all of the first" "$ROUTES" count 5000
check_output "all of the second" 10 count 5001
begin 5002
kill -KILL "$client"
wait "$client" 2>/dev/null
closed() { ! is_open; }
check "a client that ends while its transaction is made" eventually 60 closed
check_output "does not undo it" "$ROUTES" count 5002
change del 5000 rb 11.0.0.0 "$ROUTES" # or the next daemon would have much to take over
change del 5002 rb 11.0.0.0 "$ROUTES"

echo "# a transaction of an own table that is taken back"
taken_back 5003 "$ROUTES"
check_output "  nothing of it is left" 1 count 5003
xfib route flush table 5003
echo "# one of the kernel's"
taken_back 254 $((ROUTES / 10))
check_output "  nothing of it is left" 1 grep -c . <<<"$(in_r ip route show root 11.0.0.0/8)"
in_r ip route flush root 11.0.0.0/8

begin 5003
xfibd__stop KILL
wait "$client"
check "xfibd killed meanwhile: the client is told" [ $? = 1 ]
check "another one starts" xfibd__start --socket "$socket" --max-routes 1000000 ra rb
check_output "and has nothing of it" 0 count 5003
check "xfib verify" xfib verify
finish
