#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# xfibd under a service manager: what it tells it, SIGHUP and SIGTERM, and whether the unit's sandbox leaves all that it
# does. The manager is not there: a program of the tests listens in its place.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
. "$(dirname "$0")/deeds.sh"
trap 'kill "${LISTENER:-}" 2>/dev/null; topology__remove' EXIT
topology__make "xfibsv$$" || exit 1
conf=$DIR/xfibd.conf
export XFIB_CONFIG=$conf
listen() { # PATH; not in check, which is a subshell
	: >"$DIR/notified"
	ip netns exec "$R" "$BUILD/tests/tools/notify-listen" "$1" >"$DIR/notified" 2>&1 &
	LISTENER=$!
	disown "$LISTENER"
	export NOTIFY_SOCKET=$1
}
listens() { eventually 5 grep -q listening "$DIR/notified"; }
told() { sed -n "$(($1 + 1))p" "$DIR/notified" | grep -E "$2"; } # N PATTERN: the Nth message
log_lines() { wc -l <"$DIR/xfibd.log"; }
said_since() { tail -n "+$(($1 + 1))" "$DIR/xfibd.log" | grep -E "$2"; } # LINE PATTERN
audit_interval() { xfib -j status | jq '.[0].audited'; }

# ---- what the manager is told ----
printf '%s\n' 'port = ra' 'table = 77' 'audit = 0' >"$conf"
listen "$DIR/notify"
check "a manager listens" listens
check "starts by its configuration file" xfibd__start
check "tells that it is ready" eventually 3 told 1 '^READY=1 STATUS=ready with [0-9]+ IPv4 and [0-9]+ IPv6 routes$'
check "  once it forwards" [ "$(attached_id ra)" = "$(program xdp)" ]
check_output "  by the ports of the file alone" 0 attached_id rb

# ---- SIGHUP ----
in_r ip link add x0 type veth peer name x1
in_r ip link set x0 up
in_r ip link set x1 up
printf '%s\n' 'port = rb' 'port = x0' 'mode = generic' 'table = 78' 'audit = 1' 'max-routes = 2000' >"$conf"
echo 'on-exit = teardown' >>"$conf"
from=$(log_lines)
before=$(audit_interval)
kill -HUP "$(xfibd__pid)"
check "SIGHUP: tells that it reloads" eventually 3 told 2 '^RELOADING=1 MONOTONIC_USEC=[0-9]+$'
check "  and that it is ready again" eventually 10 told 3 '^READY=1 STATUS=reloaded with '
check "  says what has changed" said_since "$from" 'changed: port, mode, on-exit, audit$'
check "  and what takes a restart" said_since "$from" \
	'warning: changed, which takes effect when xfibd is started again: table, max-routes$'
check "  everything is compared" said_since "$from" 'comparing everything with the kernel: SIGHUP'
check_output "  new ports have the program" "$(program xdp)" attached_id x0
check_output "  all of them" "$(program xdp)" attached_id rb
check_output "  in the new mode" 2 eval "in_r ip -j link show dev x0 | jq '.[0].xdp.mode'"
check_output "  others keep it" "$(program xdp)" attached_id ra
check "  which is said" said_since "$from" "port ra is not named any more, and keeps its program until 'xfib detach ra'"
audits() { [ "$(audit_interval)" -gt "$before" ]; }
check "  the audit has begun" eventually 10 audits

printf '%s\n' 'port = rb' 'audit = x' 'mode = native' >"$conf"
from=$(log_lines)
kill -HUP "$(xfibd__pid)"
check "SIGHUP with a mistake in the file: ready again" eventually 10 told 5 '^READY=1'
check "  names it" said_since "$from" "$conf:2: audit 'x': must be a number"
check "  and changes nothing" said_since "$from" 'the options stay as they were'
check_not "  nothing at all" said_since "$from" 'changed'
in_r ip link del x0
printf '%s\n' 'port = ra' 'port = rb' 'mode = auto' 'on-exit = teardown' >"$conf"
in_r ip link set dev ra xdp off
kill -HUP "$(xfibd__pid)"
check "SIGHUP: ready again" eventually 10 told 7 '^READY=1'
check_output "  a port that has lost its program has it again" "$(program xdp)" attached_id ra
check "forwards" eventually 3 forwards 10.0.2.1
# The second one has to wait: after a full dump the mirror rests, the longer the more it has read.
resyncs() { in_r bpftool -j map dump pinned "$XFIB_PIN/xfib_state" | jq '.[0] | (.formatted // .).value.resyncs'; }
for ((i = 0; i < 40000; i++)); do echo "route add 100.64.$((i / 256)).$((i % 256))/32 via 10.0.2.1"; done | in_r ip -batch -
before=$(resyncs)
kill -HUP "$(xfibd__pid)"
eventually 10 told 9 '^READY=1'
kill -HUP "$(xfibd__pid)"
check "SIGHUP: ready again" eventually 10 told 11 '^READY=1'
check "  not before everything has been compared" [ "$(resyncs)" -ge $((before + 2)) ]
in_r ip route flush root 100.64.0.0/16

# ---- SIGTERM ----
xfibd__stop
check "SIGTERM: tells that it ends" told 12 '^STOPPING=1$'
check_output "  by the options of the last reload" 0 attached_id ra
check_not "  nothing is pinned" ls "$XFIB_PIN"
kill "$LISTENER"
listen "@$DIR/notify"
check "a manager listens at a name" listens
check "xfibd starts" xfibd__start
check "  and tells it" eventually 3 told 1 '^READY=1'
kill "$LISTENER"
export NOTIFY_SOCKET=/nonexistent/notify
from=$(log_lines)
kill -HUP "$(xfibd__pid)"
check "no manager there is said" eventually 3 said_since "$from" 'NOTIFY_SOCKET=.*: Connection refused'
check "  and xfibd goes on" eventually 10 said_since "$from" 'reloaded: '
xfibd__stop
unset NOTIFY_SOCKET

# ---- the unit ----
unit=$DIR/installed/lib/systemd/system/xfibd.service
check "make install" make -s -C "$ROOT" install PREFIX="$DIR/installed"
check "the unit is right" systemd-analyze --man=no verify "$unit"
check_output "  without a word" "" systemd-analyze --man=no verify "$unit"
if [ "$(systemd-analyze --version | sed -nE 's/^systemd ([0-9]+).*/\1/p')" -ge 250 ]; then
	check "its sandbox is tight" systemd-analyze security --offline=true --threshold=24 --no-pager "$unit"
else
	skip "its sandbox is tight" "systemd before 250 cannot tell without the unit being loaded"
fi
# Under a real manager (make check-systemd) it would.
check_not "nothing makes /sys/fs/bpf read-only again" grep -E '^ProtectKernelTunables=' "$unit"
check_output "it starts what is installed" "$DIR/installed/sbin/xfibd" sed -nE 's/^ExecStart=//p' "$unit"

# The calls that its filter allows, as the manager reads it: later lines add to those before, with ~ they take away.
expand() { # a name of a call or a @group
	case $1 in
	@*)
		systemd-analyze syscall-filter --no-pager "$1" | sed -nE 's/^    ([@a-z_0-9-]+)$/\1/p' |
			while read -r name; do expand "$name"; done
		;;
	*) echo "$1" ;;
	esac
}
allowed() {
	local line word
	: >"$DIR/allowed"
	sed -nE 's/^SystemCallFilter=//p' "$unit" | while read -r line; do
		for word in ${line#\~}; do expand "$word"; done | sort -u >"$DIR/line"
		if [ "${line#\~}" = "$line" ]; then
			sort -u -o "$DIR/allowed" "$DIR/allowed" "$DIR/line"
		else
			comm -23 "$DIR/allowed" "$DIR/line" >"$DIR/less" && mv "$DIR/less" "$DIR/allowed"
		fi
	done
}
allowed
check "the filter has calls" grep -qx bpf "$DIR/allowed"
check_not "  not all" grep -qx mount "$DIR/allowed"
printf '%s\n' 'port = ra' 'port = rb' "group = daemon" fpm >"$conf"
XFIBD=(strace -D -f -qq -o "$DIR/calls" "$BUILD/xfibd")
check "xfibd starts, watched" xfibd__start
deeds
printf '%s\n' 'port = ra' 'port = rb' fpm 'on-exit = teardown' verbose >"$conf"
kill -HUP "$(xfibd__pid)"
check "SIGHUP" eventually 10 logged 'reloaded: '
xfibd__stop KILL
check "another one takes over, watched" xfibd__start
xfibd__stop
check_not "and ends" ls "$XFIB_PIN"
# execve is the manager's own, before it.
sed -nE 's/^[0-9]+ +([a-z_0-9]+)\(.*/\1/p' "$DIR/calls" | sort -u | grep -vx execve >"$DIR/called"
check_output "it makes calls" bpf grep -x bpf "$DIR/called"
check_output "the filter allows all that it makes" "" comm -23 "$DIR/called" "$DIR/allowed"
families() { sed -nE 's/^[0-9]+ +socket\((AF_[A-Z0-9]+).*/\1/p' "$DIR/calls" | sort -u; }
allowed_families() { sed -nE 's/^RestrictAddressFamilies=//p' "$unit" | tr ' ' '\n' | sort -u; }
check_output "  and the families of its sockets" "" comm -23 <(families) <(allowed_families)
written() { # paths that it opened for writing, made, renamed or removed, but for those of the two places it may write
	local calls='open|openat|mkdir|mkdirat|rename|renameat2|unlink|unlinkat|rmdir|chmod|fchmodat|chown|fchownat'
	grep -E "^[0-9]+ +($calls)\(" "$DIR/calls" |
		grep -vE '^[0-9]+ +open(at)?\(.*O_RDONLY' | grep -oE '"/[^"]*"' | tr -d '"' |
		grep -vE "^($DIR/bpf|/run/xfib)(/|$)" | sort -u
}
check_output "it writes in the two places that are writable, and nowhere else" "" written
executable() { grep -E 'PROT_WRITE\|PROT_EXEC' "$DIR/calls" || true; }
check_output "and no memory is writable and executable" "" executable
finish
