#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The life of an instance: started twice, killed, restarted, torn down, unloaded; and what it refuses to start on.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibe$$" || exit 1
daemon() { in_r timeout $((20 * ${XFIB_SLOW:-1})) "$BUILD/xfibd" "$@"; }
forwards() { # a ping that R's programs forward, both ways
	local before
	in_a ping -q -c 1 -W 1 10.0.2.1 >/dev/null
	before=$(reason forwarded)
	in_a ping -q -c 1 -W 1 10.0.2.1 >/dev/null && [ "$(reason forwarded)" = $((before + 2)) ]
}
attached_id() { in_r ip -j link show dev "$1" | jq '.[0].xdp.prog.id // 0'; }
state() { in_r bpftool -j map dump pinned "$XFIB_PIN/xfib_state" | jq ".[0] | (.formatted // .).value.$1"; }

# ---- nothing there yet ----
check_status "xfib without an instance" 0 xfib get 10.0.2.1
check_match "answers from a private copy" "dev rb src 10.0.2.254" "$OUT"
check_status "xfib without an instance, asked for the maps" 1 xfib --backend maps get 10.0.2.1
check_match "says what to do" 'no instance at .*start xfibd' "$ERR"
check_status "attach without an instance" 1 xfib attach ra
check_status "unload without an instance is fine" 0 xfib unload
check_status "an unknown device" 2 daemon ra nodevice
check_match "is named" "device 'nodevice': does not exist" "$ERR"
check_not "and nothing is left behind" ls "$XFIB_PIN"

# ---- one daemon ----
check "starts" xfibd__start ra rb
check "forwards" eventually 2 forwards
check_status "a second daemon fails" 1 daemon ra
check_match "and says that one runs, and its pid" "already at $XFIB_PIN \\(pid $(xfibd__pid)\\)" "$ERR"
check "the first one still forwards" forwards

# ---- killed and started again: forwarding goes on ----
id=$(attached_id ra)
xfibd__stop KILL
check "killed: forwards" forwards
in_a ping -q -i 0.002 -c 1500 10.0.2.1 >"$DIR/ping" 2>&1 &
pinger=$!
sleep 0.5
in_r tc qdisc add dev lo clsact
in_r tc filter add dev lo ingress bpf da pinned "$XFIB_PIN/progs/tc" # by hand, at a place of tc's choice
check "starts again on what is pinned" xfibd__start
check "a filter that was added by hand has the new program too" \
	[ "$(in_r bpftool -j prog show pinned "$XFIB_PIN/progs/tc" | jq .id)" = "$(in_r tc -j filter show dev lo ingress | jq '[.[].options.prog.id // empty][0]')" ]
wait "$pinger"
check_match "without the loss of a packet" '1500 received, 0% packet loss' "$(cat "$DIR/ping")"
check_not "the program has been replaced" [ "$(attached_id ra)" = "$id" ]
check "forwards by the new one" eventually 2 forwards
check_not "no directory of the change is left" ls "$XFIB_PIN-new" "$XFIB_PIN-old"

# ---- killed in the middle of a change: xfib_state.changes, 68 bytes from its beginning, is odd for good ----
xfibd__stop KILL
set_odd() {
	local bytes
	bytes=$(in_r bpftool -j map lookup pinned "$XFIB_PIN/xfib_state" key 0 0 0 0 |
		jq -r '.value | .[68] = (if .[68] | test("[13579bdf]$") then .[68] else "0x01" end) | join(" ")')
	# shellcheck disable=SC2086 # a list of bytes
	in_r bpftool map update pinned "$XFIB_PIN/xfib_state" key 0 0 0 0 value $bytes
}
check "the number of changes is odd" set_odd
check_status "verify does not wait for the end of the change" 1 timeout 10 ip netns exec "$R" "$BUILD/xfib" verify
check_match "  and says what to do" 'ended in the middle of a change, and look-ups go by the tries: start it again' "$ERR"
check "  routes are found" xfib get 10.0.2.1

# ---- killed between the publishing of its set and the replacing of the programs ----
id=$(attached_id ra)
mv "$XFIB_PIN" "$DIR/bpf/older"
check "a set without ports" xfibd__start
xfibd__stop KILL
mv "$DIR/bpf/older" "$XFIB_PIN-new"
check "the ports still have the older set's program" [ "$(attached_id ra)" = "$id" ]
check "starts on what a killed one left" xfibd__start
check "the port has the program of the new set" \
	[ "$(attached_id ra)" = "$(in_r bpftool -j prog show pinned "$XFIB_PIN/progs/xdp" | jq .id)" ]
check "forwards by it" eventually 2 forwards
check_not "the older set is not left" ls "$XFIB_PIN-new"
xfibd__stop TERM
check "stopped by SIGTERM: forwards" forwards
in_r ip route add 203.0.113.0/24 via 10.0.2.1
check "changes are not followed then" grep -q "no route" <<<"$(xfib get 203.0.113.1 2>&1)"
check "started again" xfibd__start
check "they are" xfib get 203.0.113.1

# ---- unload ----
check_status "unload stops the daemon" 0 xfib unload
has_ended() { ! kill -0 "$(xfibd__pid)"; }
check "it has ended" eventually 2 has_ended
xfibd__stop
check_output "detached" 0 attached_id ra
check_output "no filter is left" "" in_r tc filter show dev lo ingress
check_not "nothing is pinned" ls "$XFIB_PIN"
check_status "a second time is fine" 0 xfib unload
check "the kernel forwards" in_a ping -q -c 1 -W 1 10.0.2.1

# ---- teardown on exit ----
check "starts with --on-exit teardown" xfibd__start --on-exit teardown ra rb
check "forwards" eventually 2 forwards
xfibd__stop INT
check_output "SIGINT: detached" 0 attached_id ra
check_not "nothing is pinned" ls "$XFIB_PIN"

# ---- overrun of rtnetlink and SIGHUP: everything is compared anew ----
check "starts" xfibd__start ra rb
kill -HUP "$(xfibd__pid)"
resynced() { [ "$(state resyncs)" -ge 1 ]; }
check "SIGHUP starts a dump" eventually 2 resynced
kill -STOP "$(xfibd__pid)"
"$BUILD/tests/tools/xfib-gen" --count 60000 --via 10.0.2.1 --format ip-batch >"$DIR/batch"
in_r ip -batch "$DIR/batch"
in_r ip -batch <(head -n 50000 "$DIR/batch" | sed 's/ add / del /')
kill -CONT "$(xfibd__pid)"
follows() { [ "$(xfib -4 route show | wc -l)" = "$(in_r ip -4 route show | wc -l)" ]; }
check "more changes than the socket holds: the mirror follows" eventually 20 follows
check_match "and says why it started over" 'comparing everything with the kernel' "$(cat "$DIR/xfibd.log")"
in_r ip route flush proto boot
xfib unload
xfibd__stop

# ---- a full map ----
"$BUILD/tests/tools/xfib-gen" --count 300 --via 10.0.2.1 --format ip-batch >"$DIR/batch"
check "starts with room for 100 routes" xfibd__start --max-routes 100 ra rb
in_r ip -batch "$DIR/batch"
refused() { [ "$(state refused)" -ge 200 ]; }
check "refused routes are counted" eventually 3 refused
check_match "and logged" 'route .*/.* table 254 refused' "$(cat "$DIR/xfibd.log")"
check "what was there before still forwards" eventually 2 forwards
in_r ip -batch <(sed 's/ add / del /' "$DIR/batch")
in_r ip route add 203.0.113.0/24 via 10.0.2.1 2>/dev/null
check "with room again, routes are taken" eventually 3 xfib get 203.0.113.1
xfib unload
xfibd__stop

# ---- what is pinned is not ours ----
check "starts" xfibd__start
xfibd__stop
in_b mkdir -p "$DIR"
check_status "from another network namespace: get" 1 in_b "$BUILD/xfib" --backend maps get 10.0.2.1
check_match "says whose it is" 'belongs to network namespace [0-9]+' "$ERR"
check_status "from another network namespace: xfibd" 1 in_b timeout $((20 * ${XFIB_SLOW:-1})) "$BUILD/xfibd"
check_match "says whose it is" 'belongs to network namespace [0-9]+' "$ERR"
check_status "from another network namespace: unload" 1 in_b "$BUILD/xfib" unload
check_match "says whose it is" 'belongs to network namespace [0-9]+' "$ERR"
check "it is still there" ls "$XFIB_PIN/xfib_state"
in_r bpftool map update pinned "$XFIB_PIN/xfib_state" key 0 0 0 0 value 99 0 0 0 $(yes 0 | head -n 380) any
check_status "another layout version: get" 1 xfib --backend maps get 10.0.2.1
check_match "says which" 'layout version 99' "$ERR"
check_status "another layout version: xfibd" 1 daemon
check_match "says which" 'layout version 99.*xfib unload' "$ERR"
check_status "another layout version: unload removes it" 0 xfib unload
check_not "nothing is pinned" ls "$XFIB_PIN"

# ---- what the process and the machine lack ----
without() { in_r capsh --drop="$1" -- -c "timeout $((20 * ${XFIB_SLOW:-1})) $BUILD/xfibd"; }
check_status "without CAP_NET_ADMIN" 1 without cap_net_admin
check_match "says so" 'capability CAP_NET_ADMIN is missing' "$ERR"
check_status "without CAP_BPF" 1 without cap_bpf,cap_perfmon,cap_sys_admin
check_match "says so" 'capability CAP_BPF is missing' "$ERR"
check_match "and says the other one" 'capability CAP_PERFMON is missing' "$ERR"
check_status "a pin directory that is on no BPF file system" 1 in_r env XFIB_PIN="$DIR/xfib" timeout $((20 * ${XFIB_SLOW:-1})) "$BUILD/xfibd"
check_match "names it" "$DIR is not in a BPF file system" "$ERR"
check_not "nothing is left behind" ls "$DIR/xfib" "$DIR/xfib-new"
unmounted() { # in a mount namespace of its own without the default BPF file system
	unshare -m sh -c "umount -q /sys/fs/bpf; ip netns exec $R env -u XFIB_PIN timeout -s TERM $((5 * ${XFIB_SLOW:-1})) $BUILD/xfibd --on-exit teardown" 2>&1
}
check_match "mounts the BPF file system where it is not mounted" 'ready:.* at /sys/fs/bpf/xfib' "$(unmounted)"
finish
