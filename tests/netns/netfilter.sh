#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# xfib attach sees the rules of netfilter that forwarded packets would go past, and goes on only by force.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibn$$" || exit 1
check "starts" xfibd__start
nft() { in_r nft "$@"; }
refused() { # DESC PATTERN: attaching fails, and says this
	check_status "$1: refused" 1 xfib attach ra
	check_match "  says which" "$2" "$ERR"
	check_match "  and what to do" "say force$" "$ERR"
	check_output "  attaches nothing" null sh -c 'ip netns exec "$0" "$1" -j link show ra | jq -r ".[0].hook"' "$R" "$BUILD/xfib"
}
accepted() {
	check "$1: attaches" xfib attach ra
	xfib detach ra
}

accepted "no rules"
nft add table inet filter
nft add chain inet filter forward '{ type filter hook forward priority 0; policy accept; }'
nft add chain inet filter input '{ type filter hook input priority 0; policy drop; }'
nft add rule inet filter input ct state established accept
nft add chain inet filter other
nft add rule inet filter other drop
accepted "an empty chain, chains for the machine itself, one that is no hook's"
nft add rule inet filter forward tcp dport 23 drop
refused "a rule at hook forward" 'nftables: chain inet filter forward, hook forward, 1 rule:'
check "force attaches" xfib attach ra force
xfib detach ra
check_status "the same at TC" 1 xfib attach ra hook tc
nft add rule inet filter forward udp dport 23 drop
refused "two rules" 'hook forward, 2 rules'
nft flush chain inet filter forward
accepted "none again"
nft add chain inet filter forward '{ policy drop; }'
refused "a policy" 'hook forward, policy drop'
nft delete table inet filter
nft add table ip nat
nft add chain ip nat post '{ type nat hook postrouting priority 100; }'
nft add rule ip nat post masquerade
refused "NAT" 'chain ip nat post, hook postrouting, 1 rule, NAT'
nft delete table ip nat
nft add table ip6 raw
nft add chain ip6 raw pre '{ type filter hook prerouting priority -300; }'
nft add rule ip6 raw pre notrack
refused "a rule of IPv6 at hook prerouting" 'chain ip6 raw pre, hook prerouting'
nft delete table ip6 raw
nft add table netdev early
nft add chain netdev early in '{ type filter hook ingress device "rb" priority 0; }'
nft add rule netdev early in drop
accepted "a rule at the ingress of another device"
nft delete table netdev early
nft add table netdev early
nft add chain netdev early in '{ type filter hook ingress device "ra" priority 0; }'
nft add rule netdev early in counter
refused "a rule at its own ingress" 'chain netdev early in, hook ingress, 1 rule'
nft delete table netdev early
nft add table inet fast
# Not every kernel is built with them; those of check-kernels, which sets XFIB_KERNEL, are.
if nft add flowtable inet fast others '{ hook ingress priority 0; devices = { "rb" }; }' 2>/dev/null || [ -n "${XFIB_KERNEL:-}" ]; then
	accepted "a flowtable of another device"
	nft delete flowtable inet fast others
	check "one of two devices" nft add flowtable inet fast flows '{ hook ingress priority 0; devices = { "rb", "ra" }; }'
	refused "a flowtable" 'nftables: flowtable inet fast flows'
fi
nft delete table inet fast
nft add table inet many
for number in 1 2 3 4 5 6 7 8 9; do
	nft add chain inet many "a_chain_with_a_long_name_$number" "{ type filter hook forward priority $number; policy drop; }"
done
refused "many" 'a_chain_with_a_long_name_1.*; and others:'
nft delete table inet many

if in_r iptables-legacy -L -n >/dev/null 2>&1 || [ -n "${XFIB_KERNEL:-}" ]; then # likewise
	accepted "iptables-legacy has been looked at"
	in_r iptables-legacy -A INPUT -p tcp --dport 22 -j DROP
	accepted "a rule for the machine itself"
	in_r iptables-legacy -A FORWARD -p tcp --dport 23 -j DROP
	refused "a rule of iptables-legacy" 'iptables: chain ip filter FORWARD, hook forward, 1 rule:'
	in_r iptables-legacy -F FORWARD
	in_r iptables-legacy -P FORWARD DROP
	refused "its policy" 'iptables: chain ip filter FORWARD, hook forward, policy drop'
	in_r iptables-legacy -P FORWARD ACCEPT
	in_r iptables-legacy -t nat -A POSTROUTING -j MASQUERADE
	refused "its NAT" 'iptables: chain ip nat POSTROUTING, hook postrouting, 1 rule, NAT'
	in_r iptables-legacy -t nat -F
	in_r ip6tables-legacy -A FORWARD -j DROP
	refused "ip6tables-legacy" 'iptables: chain ip6 filter FORWARD, hook forward, 1 rule'
	in_r ip6tables-legacy -F
fi
in_r iptables-nft -A FORWARD -p tcp --dport 23 -j DROP
refused "iptables-nft" 'nftables: chain ip filter FORWARD, hook forward, 1 rule'
finish
