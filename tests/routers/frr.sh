# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# shellcheck shell=bash
# R as an FRR: zebra, bgpd, ospfd and ospf6d. Source it after tests/routers/routers.sh.
#
#   frr__configure [LINE…]  writes the configurations; LINEs go to zebra's
#   frr__start [WORD…]      starts the daemons; the words go to zebra
#   frr__vtysh COMMAND      a command to them

frr__configure() {
	local address b4="10.0.2.1 10.0.3.1 10.0.3.2" b6="2001:db8:2::1 2001:db8:3::1 2001:db8:3::2"
	mkdir -p "$DIR/frr"
	printf '%s\n' "log file $DIR/frr/zebra.log" "$@" >"$DIR/frr/zebra.conf"
	{
		cat <<-END
			log file $DIR/frr/bgpd.log
			ip prefix-list none deny any
			ipv6 prefix-list none deny any
			router bgp 65001
			 bgp router-id 10.0.2.254
			 no bgp ebgp-requires-policy
			 no bgp default ipv4-unicast
			 bgp bestpath as-path multipath-relax
			 neighbor b peer-group
			 neighbor b remote-as 65002
			 neighbor b advertisement-interval 0
			 neighbor b timers connect 1
		END
		for address in $b4 $b6; do echo " neighbor $address peer-group b"; done
		printf ' neighbor %s update-source %s\n' 10.0.3.1 10.0.3.254 10.0.3.2 10.0.3.253 \
			2001:db8:3::1 2001:db8:3::fe 2001:db8:3::2 2001:db8:3::fd
		frr__family ipv4 $b4
		frr__family ipv6 $b6
	} >"$DIR/frr/bgpd.conf"
	frr__ospf ospf "ip ospf" "router ospf" >"$DIR/frr/ospfd.conf"
	frr__ospf ospf6 "ipv6 ospf6" "router ospf6" >"$DIR/frr/ospf6d.conf"
	chown -R frr:frr "$DIR/frr"
}

frr__family() { # its name, neighbours: they announce, and are told nothing
	local family=$1 address
	shift
	echo " address-family $family unicast"
	for address; do printf '%s\n' "  neighbor $address activate" "  neighbor $address prefix-list none out"; done
	printf '%s\n' "  maximum-paths 8" " exit-address-family"
}

frr__ospf() { # daemon, words before settings of an interface, those of the router
	local device
	echo "log file $DIR/frr/$1d.log"
	for device in rb rc; do
		printf '%s\n' "interface $device" " $2 area 0" " $2 network point-to-point" " $2 hello-interval 1" " $2 dead-interval 4"
	done
	printf '%s\n' "$3" " ospf${1#ospf} router-id 10.0.2.254" " maximum-paths 8"
}

# bgpd is told of its neighbours when it knows the interfaces: one without a link-local address makes it wait for a minute.
frr__start() {
	local daemon directory=/usr/lib/frr
	[ -d "$directory" ] || directory=/usr/libexec/frr # Fedora
	for daemon in zebra bgpd ospfd ospf6d; do
		[ "$daemon" = zebra ] || set --
		[ "$daemon" != bgpd ] || set -- -f /dev/null
		in_r "$directory/$daemon" -u frr -g frr -P 0 -z "$DIR/frr/zserv.api" -i "$DIR/frr/$daemon.pid" --vty_socket "$DIR/frr" \
			-f "$DIR/frr/$daemon.conf" "$@" >"$DIR/frr/$daemon.out" 2>&1 &
		disown $!
		eventually 10 [ -s "$DIR/frr/$daemon.pid" ] || { cat "$DIR/frr/$daemon.out"; return 1; }
		cat "$DIR/frr/$daemon.pid" >>"$DIR/daemons"
	done
	sleep 1
	in_r vtysh --vty_socket "$DIR/frr" -d bgpd -f "$DIR/frr/bgpd.conf"
}

frr__vtysh() { in_r vtysh --vty_socket "$DIR/frr" -c "$1"; }
