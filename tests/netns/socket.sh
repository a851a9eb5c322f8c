#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The daemon's socket: who may do what, clients that misbehave, what watchers are told, own routes over a restart.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
cleanup() {
	topology__remove
	[ -z "${R:-}" ] || rm -rf "/etc/netns/$R"
}
trap cleanup EXIT
topology__make "xfibk$$" || exit 1
# Groups that exist for processes in R alone (ip netns exec puts this file in place of /etc/group).
mkdir -p "/etc/netns/$R"
{ grep -v '^xfib:' /etc/group; echo "xfib:x:64001:"; echo "readers$$:x:64002:"; } >"/etc/netns/$R/group"
chmod 711 "$DIR" "$DIR/bpf"
install -m 755 "$BUILD/tests/tools/route-client" "$BUILD/tests/tools/raw-client" "$DIR"
client() { in_r "$DIR/route-client" "$@"; }
raw() { in_r "$DIR/raw-client" "$@"; }
as() { # GROUP SUPPLEMENTARY CMD…: as a user who is nobody
	local group=$1 groups=$2
	shift 2
	in_r setpriv --reuid=64009 --regid="$group" --groups="$groups" -- "$DIR/$1" "${@:2}"
}
socket=/run/xfib/$(tr / _ <<<"$XFIB_PIN").sock
count() { xfib route show table "$1" | wc -l; }
background() { # FILE CMD…: a client in the background; waits for its first line
	local file=$1
	shift
	: >"$file"
	ip netns exec "$R" "$DIR/$1" "${@:2}" >"$file" 2>&1 &
	BACKGROUND=$!
	eventually 10 test -s "$file"
}
end() { kill -KILL "$1" 2>/dev/null; wait "$1" 2>/dev/null; }

# ---- where it is ----
check_status "an unknown group" 2 in_r timeout $((20 * ${XFIB_SLOW:-1})) "$BUILD/xfibd" --group "nosuch$$"
check_match "is named" "group 'nosuch$$'" "$ERR"
check "starts" xfibd__start ra rb
check "listens where the pin directory says" test -S "$socket"
check_output "for everybody to ask" 666 stat -c %a "$socket"
check_output "in a directory that others cannot write" 755 stat -c %a /run/xfib
check_output "nobody but root gets to the maps" "700 0" stat -c '%a %g' "$XFIB_PIN"
check_status "another instance at the same socket" 1 in_r env XFIB_PIN="$DIR/bpf/other" timeout $((20 * ${XFIB_SLOW:-1})) "$BUILD/xfibd" --socket "$socket"
check_match "is told that one listens" "$socket: another process listens" "$ERR"
check_not "and leaves nothing" ls "$DIR/bpf/other" "$DIR/bpf/other-new"
check_output "the first one still listens" yes raw may watch
touch "$DIR/file"
check_status "a file in the socket's place" 1 in_r env XFIB_PIN="$DIR/bpf/other" timeout $((20 * ${XFIB_SLOW:-1})) "$BUILD/xfibd" --socket "$DIR/file"
check "is left alone" test -f "$DIR/file"

# ---- who may what ----
check_output "root may watch" yes raw may watch
check_output "root may change" yes raw may change 1000 rb 198.18.1.1
check_status "a stranger may not watch" 1 as 64009 64009 raw-client may watch
check_match "and is told who may" '^-13 .*root.*group xfib' "$OUT"
check_status "a stranger may not change" 1 as 64009 64009 raw-client may change 1000 rb 198.18.1.2
check_output "a member of group xfib may change" yes as 64001 64009 raw-client may change 1000 rb 198.18.1.2
check_output "by a supplementary group too" yes as 64009 64008,64001 raw-client may change 1000 rb 198.18.1.3
check_output "and watch" yes as 64009 64001 raw-client may watch
check_status "a member of the readers may not yet" 1 as 64002 64002 raw-client may watch
check_output "three routes are there" 3 count 1000
xfibd__stop
check_not "the socket goes with the daemon" test -e "$socket"
check "starts with --group" xfibd__start --group "readers$$" ra rb
check_output "its members may get to the maps" "750 64002" stat -c '%a %g' "$XFIB_PIN"
check_output "and read them" "640 64002" stat -c '%a %g' "$XFIB_PIN/xfib_routes"
check_output "not the programs" "700 0" stat -c '%a %g' "$XFIB_PIN/progs"
check_output "they may watch" yes as 64009 64002 raw-client may watch
check_status "but not change" 1 as 64009 64002 raw-client may change 1000 rb 198.18.1.4
check_match "and are told who may" '^-13 .*root.*group xfib' "$OUT"
XFIB_BACKEND=maps check_status "by the library too" 1 as 64009 64002 route-client change add 1000 rb 198.18.1.4 1
check_match "which says what it was about" '-13 of 1: add 198.18.1.4/32 table 1000: only root' "$ERR"
check_status "a stranger may neither" 1 as 64009 64009 raw-client may watch
if printf '5.19\n%s\n' "$(uname -r)" | sort -VC || [ "$(cat /proc/sys/kernel/unprivileged_bpf_disabled 2>/dev/null)" = 0 ]; then
	check_output "they read the maps, and cannot write them" read as 64009 64002 raw-client read "$XFIB_PIN/xfib_state"
else
	skip "they read the maps" "Linux before 5.19"
fi
check_status "a stranger does not" 1 as 64009 64009 raw-client read "$XFIB_PIN/xfib_state"

# ---- clients that misbehave ----
background "$DIR/silent" raw-client silent 200
silent=$BACKGROUND
check "200 clients that say nothing: others are served" client change add 1001 rb 198.19.0.0 1000
end "$silent"
background "$DIR/half" raw-client half 1002 rb 198.19.0.0 1000
check_match "a transaction that is sent but for its commit" sent "$(cat "$DIR/half")"
check "others are served meanwhile" client change del 1001 rb 198.19.0.0 1000
check_output "nothing of it is made" 0 count 1002
end "$BACKGROUND"
check "its client killed: the daemon goes on" raw may watch
check_output "and nothing of it is left" 0 count 1002
check "packets of garbage" raw garbage 500
check "the daemon goes on" raw may watch
background "$DIR/hold" raw-client hold 300
check_output "of 300 connections 256 are served" "256 served, 44 refused" cat "$DIR/hold"
check_status "another one is refused" 1 raw may watch
check_match "and told why" '^-87 .*as many clients as it can' "$OUT"
end "$BACKGROUND"
check "when they have gone, others are served" eventually 5 raw may watch
: >"$DIR/hold"
in_r setpriv --reuid=64009 --regid=64001 --groups=64009 -- "$DIR/raw-client" hold 300 >"$DIR/hold" 2>&1 &
BACKGROUND=$!
eventually 10 test -s "$DIR/hold"
check_output "of a group's members fewer" "240 served, 60 refused" cat "$DIR/hold"
check_output "so that root is served" yes raw may watch
end "$BACKGROUND"
check_status "a change that fails takes the others with it" 1 client change add 1003 nosuch 198.19.0.0 10
check_output "nothing is made" 0 count 1003

# ---- watching ----
background "$DIR/watch" route-client watch 60
client change add 1004 rb 198.19.0.0 2 >/dev/null
client change del 1004 rb 198.19.0.0 2 >/dev/null
told() { [ "$(wc -l <"$DIR/watch")" -ge "$1" ]; }
eventually 10 told 5
end "$BACKGROUND"
check_output "each change is told once, in order, with its device" "watching
added foreign 198.19.0.0/32 table 1004 dev rb
added foreign 198.19.0.1/32 table 1004 dev rb
deleted foreign 198.19.0.0/32 table 1004 dev rb
deleted foreign 198.19.0.1/32 table 1004 dev rb" cat "$DIR/watch"
check_output "own changes are marked, and a child has a watch of its own" "child:
resync
deleted own 198.19.0.0/32 table 1004 dev rb
parent:
added own 198.19.0.0/32 table 1004 dev rb
deleted foreign 198.19.0.0/32 table 1004 dev rb" client fork 1004 rb 198.19.0.0
mkfifo "$DIR/go"
ip netns exec "$R" "$DIR/route-client" count <"$DIR/go" >"$DIR/count" 2>&1 &
watch=$!
exec 9>"$DIR/go"
eventually 10 test -s "$DIR/count"
client change add 1005 rb 198.18.0.0 60000 >/dev/null
client change del 1005 rb 198.18.0.0 60000 >/dev/null
echo go >&9
exec 9>&-
wait "$watch"
check_match "one that does not read is told once that something is missing" '^[1-9][0-9]* events, 1 resyncs$' "$(tail -n 1 "$DIR/count")"

# ---- over a restart ----
{
	client change add 2000 ra 198.18.2.0 3
	client change append 2000 rb 198.18.2.1 1
	client change add 2001 rb 198.18.2.0 2
} >/dev/null
in_r ip link add gone type veth peer name gone-peer
in_r ip link set gone up
check "the daemon knows a new device" eventually 5 client change add 2000 gone 198.18.2.9 1
check "routes of every kind" client sample 2000 ra rb
{
	xfib route add 192.0.2.0/24 dev rb table 2002
	xfib route add default via 192.0.2.1 table 2002
	xfib route replace 192.0.2.0/24 dev rb table 2002 mtu 1400
	xfib route add 198.51.100.0/24 dev rb table 2003
	xfib route add default via 198.51.100.1 table 2003
	xfib route del 198.51.100.0/24 table 2003
}
xfib route show table 2002 >"$DIR/gateways"
xfib route show table 2003 >>"$DIR/gateways"
routes() { xfib -j route show table "$1" | jq -c 'map(del(.age))[]' | grep -v '"gone"'; }
routes 2000 >"$DIR/before"
check_match "are there" '^1[0-9]$' "$(grep -c . "$DIR/before")"
background "$DIR/watch" route-client watch 60
xfibd__stop KILL
check "killed, its socket is left" test -S "$socket"
check_status "a change while no daemon runs" 1 client change add 2000 rb 198.18.2.20 1
check_match "says what to do" "^route-client: -111 .*not running at $socket: start it, or set XFIB_SOCKET" "$ERR"
in_r ip link del gone
setpriv --reuid=64009 --regid=64009 --clear-groups flock /run/xfib sleep 60 &
locked=$!
check "starts again, whoever has locked the directory of its socket" xfibd__start --table 2001 --group "readers$$" ra rb
pkill -P "$locked"
check_output "own routes are as they were, in their order" "$(cat "$DIR/before")" routes 2000
check_output "  by gateways too whose own route came later, or has gone" "$(cat "$DIR/gateways")" \
	eval 'xfib route show table 2002; xfib route show table 2003'
flock=../../usr/bin/flock
check "who may read can lock the directory of the maps" as 64002 64009 "$flock" -n "$XFIB_PIN" true
check_not "but not lock what says that a daemon lives" as 64002 64009 "$flock" -n "$XFIB_PIN/progs" true
check_output "those of a table that is the kernel's now are not" 0 count 2001
check_match "which is said" 'route 198.18.2.0/32 of table 2001.* is mirrored from the kernel now' "$(cat "$DIR/xfibd.log")"
check_match "and that of a device that has gone" 'route 198.18.2.9/32 of table 2000.* interface has gone' "$(cat "$DIR/xfibd.log")"
eventually 10 told 2 # the watch has found the new daemon
check "a change is made by the new daemon" client change add 2000 rb 198.18.2.20 1
eventually 10 told 3
end "$BACKGROUND"
check_output "a watch says that it has missed something, and goes on" "watching
resync
added foreign 198.18.2.20/32 table 2000 dev rb" cat "$DIR/watch"
check_status "unload" 0 xfib unload
xfibd__stop
check_not "the socket has gone" test -e "$socket"
finish
