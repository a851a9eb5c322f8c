# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# shellcheck shell=bash
# Full tables for the benchmarks. Source it after tests/netns/topology.sh, when the topology is made.
#
#   TABLE4=FILE TABLE6=FILE   prefixes, one a line, .xz, .gz and .bz2 too, in place of 1,042,325 and 246,175 generated ones
#
#   tables__make     writes the prefixes to $DIR/v4 and $DIR/v6, and the routes, in ip route's words, to $DIR/routes4 and
#                    $DIR/routes6: by 64 next hops behind rb, chosen by chance
#   tables__load     writes them to the kernel's table main of R, whose 64 neighbours are known for good
#   tables__spread N FILE    N addresses, each within a random one of the prefixes of the file

tables__prefixes() { # file, arguments for the generator
	local file=$1
	shift
	case $file in
	'') "$BUILD/tests/tools/xfib-gen" --seed 1 "$@" ;;
	*.xz) xz -dc "$file" ;;
	*.gz) gzip -dc "$file" ;;
	*.bz2) bzip2 -dc "$file" ;;
	*) cat "$file" ;;
	esac | awk '{ print $1 }'
}

tables__routes() { # beginning of the gateway
	awk -v via="$1" 'BEGIN { srand(1) } { print $1, "via", via int(rand() * 64) + 11 }'
}

tables__make() {
	tables__prefixes "${TABLE4:-}" --count 1042325 >"$DIR/v4"
	tables__prefixes "${TABLE6:-}" -6 --count 246175 >"$DIR/v6"
	[ -s "$DIR/v4" ] && [ -s "$DIR/v6" ] || { echo "TABLE4, TABLE6: no prefixes" >&2; return 1; }
	tables__routes 10.0.2. <"$DIR/v4" >"$DIR/routes4"
	tables__routes 2001:db8:2:: <"$DIR/v6" >"$DIR/routes6"
}

tables__load() {
	local i
	for i in $(seq 11 74); do
		echo "neighbour replace 10.0.2.$i lladdr 02:00:00:00:04:$i nud permanent dev rb"
		echo "neighbour replace 2001:db8:2::$i lladdr 02:00:00:00:06:$i nud permanent dev rb"
	done | in_r ip -batch -
	xfib --backend private route import "$DIR/routes4" >/dev/null
	xfib --backend private route import "$DIR/routes6" >/dev/null
}

tables__spread() { "$BUILD/tests/bench/lookup" addresses "$1" <"$2"; }
