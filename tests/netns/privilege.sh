#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What the daemon may do once it is ready, and that all it does works with that: run by root, and by a user who is nobody
# with the capabilities that it takes to start.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
. "$(dirname "$0")/deeds.sh"
trap topology__remove EXIT
topology__make "xfibpr$$" || exit 1
net_admin=12 perfmon=38 bpf=39 # linux/capability.h
user=64010
needed='+net_admin,+bpf,+perfmon'
status() { sed -nE "s/^$1:\s*//p" "/proc/$(xfibd__pid)/status"; }
mask() { local bit sum=0; for bit; do sum=$((sum | 1 << bit)); done; printf '%016x' "$sum"; }

# Linux before 5.19 lets nobody without CAP_BPF write maps where unprivileged BPF is disabled; where it is not, it could be.
kept=$(mask $net_admin $bpf)
if printf '5.19\n%s\n' "$(uname -r)" | sort -VC && [ "$(cat /proc/sys/kernel/unprivileged_bpf_disabled)" != 0 ]; then
	kept=$(mask $net_admin)
fi

keeps_little() { # capabilities of the bounding set
	check_output "keeps only what it needs" "$kept" status CapEff
	check_output "  and can get no other" "$kept" status CapPrm
	check_output "  by itself" "0000000000000000 0000000000000000" echo "$(status CapInh)" "$(status CapAmb)"
	check_output "  or by a program" "$1" status CapBnd
	check_output "  now or ever" 1 status NoNewPrivs
}

takes_over() { # arguments of the daemon
	local before
	before=$(attached_id ra)
	in_a ping -q -i 0.002 -c 1000 10.0.2.1 >"$DIR/ping" 2>&1 &
	local pinger=$!
	sleep 0.2
	xfibd__stop KILL
	check "another one takes over" xfibd__start "$@"
	wait "$pinger"
	check_match "  without the loss of a packet" '1000 received, 0% packet loss' "$(cat "$DIR/ping")"
	check_not "  its program replaces the old one" [ "$(attached_id ra)" = "$before" ]
	check_output "  at each port" "$(program xdp)" attached_id rb
	check "  routes of xfib's own stay" has_route 192.0.2.1 table 1000
	check "  and those by FPM" has_route 100.64.1.1 table 2620
}

# ---- root ----
check "root starts it" xfibd__start --fpm ra rb
keeps_little 0000000000000000
deeds
takes_over --fpm
keeps_little 0000000000000000
xfibd__stop
takes_over --fpm --on-exit teardown
xfibd__stop
check_output "teardown detaches" 0 attached_id ra
check_not "  and removes the maps" ls "$XFIB_PIN"
in_b ip address del 198.51.100.1/32 dev lo

# ---- a user ----
chmod 711 "$DIR"
mkdir "$DIR/run"
chown "$user" "$DIR/bpf" "$DIR/run"
install -m 755 "$BUILD/xfibd" "$DIR"
export XFIB_SOCKET=$DIR/run/xfibd.sock
as() { # capabilities as setpriv writes them; CMD…
	local capabilities=$1
	shift
	# Before Linux 5.11 maps count as locked memory.
	printf '5.11\n%s\n' "$(uname -r)" | sort -VC || echo prlimit --memlock=unlimited
	echo setpriv --reuid="$user" --regid="$user" --clear-groups \
		--bounding-set="-all,$capabilities" --inh-caps="-all,$capabilities" --ambient-caps="-all,$capabilities" -- "$DIR/xfibd"
}
read -rd "" -a XFIBD <<<"$(as +net_admin)"
check_status "a user without CAP_BPF" 1 in_r "${XFIBD[@]}"
check_match "  is told" 'capability CAP_BPF is missing' "$ERR"
check_match "  both" 'capability CAP_PERFMON is missing' "$ERR"
read -rd "" -a XFIBD <<<"$(as "$needed")"
check "a user with three capabilities starts it" xfibd__start --fpm ra rb
check_output "  as itself" "$user" stat -c %u "/proc/$(xfibd__pid)"
keeps_little "$(mask $net_admin $bpf $perfmon)"
deeds
takes_over --fpm
xfibd__stop
XFIBD=("$BUILD/xfibd")
takes_over --fpm
xfibd__stop
chown -R "$user" "$XFIB_PIN"
read -rd "" -a XFIBD <<<"$(as "$needed")"
takes_over --fpm --on-exit teardown
xfibd__stop
check_output "teardown detaches" 0 attached_id ra
check_not "  and removes the maps" ls "$XFIB_PIN"
check_not "  and the socket" ls "$XFIB_SOCKET"
finish
