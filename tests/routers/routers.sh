# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# shellcheck shell=bash
# Routing daemons in the namespaces of tests/netns/topology.sh. Source it after that.
#
#        A  a0 ── ra  R  rb ── b0  B        R and B have a second link, rc ── b1: 10.0.3.0/24 and 2001:db8:3::/64
#                        rc ── b1           B announces tables over both
#
# B is a BIRD with three sessions to R for each family, each with a next hop of its own: 1 over rb, 2 and 3 over rc. A
# prefix is announced by a set of them that its place in the table chooses, so that R has single paths and ECMP of two
# and three. B runs OSPF on both links too, and announces 192.0.2.1/32, 198.51.100.0/24 and 2001:db8:f::/48 by it.
#
#   routers__make           the second link, addresses, and the tables: $DIR/v4 and $DIR/v6, ROUTES4 (100,000) and
#                           ROUTES6 (5,000) prefixes of the generator, or of the files TABLE4 and TABLE6
#   routers__bird NAME CMD… starts a BIRD by $DIR/NAME.conf; CMD… enters the namespace
#   birdc NAME WORD…        a command to it
#   routers__announce       starts B
#   routers__left FILE LOST STEP    how many prefixes of a table are left
#   routers__stop           ends every daemon that was started here
#   routers__converge SECONDS N4 N6    waits until the kernel of R has just so many routes of BGP
#   routers__same           does xfib say of all routes what the kernel says? Prints the differences
#   routers__answers_same   and for addresses, asked one by one?
#   routers__traffic        sends packets to $DIR/destinations, all of which XDP has to forward, until there are enough;
#                           prints how many were, how many that arrived were not, and how many went by each link
#   routers__check WHAT     the checks that follow each step
#
# None of the daemons is a service of the system: they run in the foreground of this test, with their files in $DIR.

routers__make() {
	topology__link "$B" b1 10.0.3.1/24 2001:db8:3::1/64 rc 10.0.3.254/24 2001:db8:3::fe/64
	in_b ip address add 10.0.3.2/24 dev b1
	in_b ip address add 2001:db8:3::2/64 dev b1
	in_r ip address add 10.0.3.253/24 dev rc
	in_r ip address add 2001:db8:3::fd/64 dev rc
	in_r sysctl -qw net.ipv4.fib_multipath_hash_policy=0
	chmod 711 "$DIR"
	routers__prefixes "${TABLE4:-}" "${ROUTES4:-100000}" >"$DIR/v4"
	routers__prefixes "${TABLE6:-}" "${ROUTES6:-5000}" -6 >"$DIR/v6"
	# Of the half that stays, by the third session, which stays.
	awk -F '[./]' 'NR % 2 == 0 && 1 + (NR * 7919) % 7 >= 4 { print $1 "." $2 "." $3 "." $4 + ($5 < 32) }' "$DIR/v4" |
		shuf -n 20000 --random-source="$DIR/v4" >"$DIR/destinations"
	COUNT4=$(wc -l <"$DIR/v4") COUNT6=$(wc -l <"$DIR/v6")
}

routers__prefixes() { # file, number, arguments for the generator
	local file=$1 count=$2
	shift 2
	case $file in
	'') "$BUILD/tests/tools/xfib-gen" --seed 1 --count "$count" "$@" ;;
	*.xz) xz -dc "$file" ;;
	*.gz) gzip -dc "$file" ;;
	*) cat "$file" ;;
	esac | awk -v count="$count" 'NR <= count { print $1 }'
}

# ---- BIRD ----

routers__bird() { # name, the words that enter the namespace
	local name=$1
	shift
	"$@" bird -c "$DIR/$name.conf" -s "$DIR/$name.ctl" -P "$DIR/$name.pid" -f >"$DIR/$name.out" 2>&1 &
	disown $!
	eventually 10 [ -s "$DIR/$name.pid" ] || { cat "$DIR/$name.out"; return 1; }
	cat "$DIR/$name.pid" >>"$DIR/daemons"
	eventually 10 birdc "$name" show status
}

birdc() { # name, words
	local name=$1
	shift
	command birdc -s "$DIR/$name.ctl" "$@" >"$DIR/birdc.out" 2>&1 && ! grep -qE 'Unable|syntax error' "$DIR/birdc.out"
}

# Static routes with a community that says by which sessions: 1 to 7, one bit each.
routers__static() { awk -v odd="$1" 'NR % 2 == odd { print "route", $1, "blackhole { bgp_community.add((65002," 1 + (NR * 7919) % 7 ")); };" }'; }

routers__session() { # number, own address, that of R, family, channel
	local set='' i
	for i in 1 2 3 4 5 6 7; do [ $((i >> ($1 - 1) & 1)) = 0 ] || set="$set${set:+, }(65002,$i)"; done
	cat <<-END
		protocol bgp s$1v$4 {
			local $2 as 65002;
			neighbor $3 as 65001;
			strict bind yes;
			connect delay time 1; connect retry time 1; error wait time 1, 2;
			$5 { import none; next hop self; export where source = RTS_STATIC && bgp_community ~ [$set]; };
		}
	END
}

routers__announce() {
	local odd
	for odd in 0 1; do
		routers__static $odd <"$DIR/v4" >"$DIR/static4.$odd"
		routers__static $odd <"$DIR/v6" >"$DIR/static6.$odd"
	done
	{
		cat <<-END
			router id 10.0.2.1;
			log "$DIR/b.log" all;
			protocol device {}
			protocol static half0v4 { ipv4;
			include "$DIR/static4.0";
			}
			protocol static half1v4 { ipv4;
			include "$DIR/static4.1";
			}
			protocol static half0v6 { ipv6;
			include "$DIR/static6.0";
			}
			protocol static half1v6 { ipv6;
			include "$DIR/static6.1";
			}
			ipv4 table ospf4;
			ipv6 table ospf6;
			protocol static external4 { ipv4 { table ospf4; }; route 198.51.100.0/24 blackhole; }
			protocol static external6 { ipv6 { table ospf6; }; route 2001:db8:f::/48 blackhole; }
		END
		routers__ospf 2 ospf4 ipv4 'stubnet 192.0.2.1/32;' b0 b1
		routers__ospf 3 ospf6 ipv6 '' b0 b1
		routers__session 1 10.0.2.1 10.0.2.254 4 ipv4
		routers__session 2 10.0.3.1 10.0.3.254 4 ipv4
		routers__session 3 10.0.3.2 10.0.3.253 4 ipv4
		routers__session 1 2001:db8:2::1 2001:db8:2::fe 6 ipv6
		routers__session 2 2001:db8:3::1 2001:db8:3::fe 6 ipv6
		routers__session 3 2001:db8:3::2 2001:db8:3::fd 6 ipv6
	} >"$DIR/b.conf"
	routers__bird b in_b
}

# Prefixes of a file that are left without some sessions, a bit each, of one in so many lines.
routers__left() {
	awk -v lost="$2" -v step="$3" 'function left(set,  bit) { for (bit = 1; bit < 8; bit *= 2) if (int(set / bit) % 2 && !(int(lost / bit) % 2)) return 1; return 0 }
		NR % step == 0 { count += left(1 + (NR * 7919) % 7) } END { print count }' "$1"
}

routers__ospf() { # version, table, channel, further words of the area, interfaces
	local version=$1 table=$2 channel=$3 words=$4 device
	shift 4
	echo "protocol ospf v$version o$version { ecmp yes; $channel { table $table; import all; export where source = RTS_STATIC; }; area 0 { $words"
	for device; do echo "interface \"$device\" { type ptp; hello 1; dead count 4; };"; done
	echo "}; }"
}

routers__stop() {
	local pid
	[ -e "$DIR/daemons" ] || return 0
	xargs -r kill <"$DIR/daemons" 2>/dev/null
	for pid in $(cat "$DIR/daemons"); do eventually 10 routers__gone "$pid"; done
	rm -f "$DIR/daemons" "$DIR"/[br].pid "$DIR"/frr/*.pid
}
routers__gone() { ! kill -0 "$1" 2>/dev/null; }

# ---- what the kernel has ----

# Routes of a family by BGP: those of metric 20 by the protocol that the routing daemon gives them, $BGP.
routers__count() { in_r ip "$1" route show proto "$BGP" | grep -c '^[^[:space:]].* metric 20'; }
routers__has() { [ "$(routers__count -4)" = "$1" ] && [ "$(routers__count -6)" = "$2" ]; }

routers__converge() {
	local begin=$EPOCHREALTIME
	while ! routers__has "$2" "$3" && [ "${EPOCHREALTIME/./}" -lt $((${begin/./} + $1 * 1000000)) ]; do sleep 1; done
	routers__has "$2" "$3" || { echo "the kernel has $(routers__count -4) and $(routers__count -6) routes, not $2 and $3"; return 1; }
	echo "# the kernel has them after $(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }') s" >&2
}

# One line a route: type and prefix, metric, source, and each path. Both print routes alike but for ids, protocols and
# states, and the weight of an only path, which the kernel prints of groups with one member.
routers__normal() {
	awk '
	function word(name,  i) { for (i = 1; i < NF; i++) if ($i == name) return $(i + 1); return "-" }
	function hop() { return word("via") == "inet6" ? "inet6" : word("via") " " word("dev") }
	function flush() { if (gsub(/ \[- -\] \[/, " [", line) && gsub(/\[/, "[", line) == 1) sub(/ [0-9]+\]$/, "]", line); if (line) print line }
	/^[ \t]/ { line = line " [" hop() " " word("weight") "]"; next }
	{ flush()
	  special = $1 ~ /^(blackhole|unreachable|prohibit|throw|multicast)$/
	  line = (special ? $1 " " $2 : $1) " " word("metric") " " word("src") " [" (special ? "-" : hop()) "]" }
	END { flush() }' | sort
}
# The kernel may name paths of an IPv6 route in another order than they came.
routers__same() {
	diff <(in_r ip -4 route show table main | routers__normal) <(xfib -4 route show table main | routers__normal) &&
		diff <(in_r ip -6 route show table main | grep -v '^multicast' | routers__normal | routers__sort_hops) \
			<(xfib -6 route show table main | grep -v '^multicast' | routers__normal | routers__sort_hops)
}
routers__sort_hops() { awk '{ n = split($0, part, /[][]/); print part[1]; for (i = 2; i <= n; i++) if (part[i] !~ /^ *$/) print part[1], part[i] }' | sort; }

# Where paths are several the kernel takes one by its own hash: their routes are compared above.
routers__line() { jq -r '.[] | select(.error == null) | "\(.dst) \(.gateway // .via.host // "-") \(.dev)"'; }
routers__answers_same() {
	local several
	xfib -j get - <"$DIR/addresses" >"$DIR/answers"
	jq -r '.[] | select((.paths // 1) > 1) | .dst' "$DIR/answers" >"$DIR/several"
	diff <(grep -vxFf "$DIR/several" "$DIR/addresses" | sed 's/^/route get /' | in_r ip -force -j -batch - 2>/dev/null | routers__line) \
		<(grep -vxFf "$DIR/several" "$DIR/addresses" | xfib -j get - | routers__line)
}

routers__received() { in_b cat "/sys/class/net/$1/statistics/rx_packets"; }
# A queue of A's that is full loses packets before R sees them: a busy machine needs more of them.
routers__traffic() {
	local forwarded arrived rb rc tries
	forwarded=$(reason forwarded ra) arrived=$(routers__arrived)
	rb=$(routers__received b0) rc=$(routers__received b1)
	for tries in 1 2 3 4 5 6 7 8 9 10; do
		in_a "$BUILD/tests/tools/pktgen" send a0 0.05 "$(in_r cat /sys/class/net/ra/address)" 10.0.1.1 <"$DIR/destinations" || return 1
		[ $(($(reason forwarded ra) - forwarded)) -lt 100000 ] || break
	done
	forwarded=$(($(reason forwarded ra) - forwarded))
	echo "$forwarded $(($(routers__arrived) - arrived - forwarded)) $(($(routers__received b0) - rb)) $(($(routers__received b1) - rc))"
}
routers__arrived() { xfib -j stats ra | jq '[.[].packets] | add // 0'; }

routers__check() {
	check "$1: xfib has the kernel's routes" eventually 10 routers__same
	check "  and gives its answers" routers__answers_same
	check "  the compiled FIB says what the tries say" xfib verify
}
