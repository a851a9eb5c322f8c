# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# shellcheck shell=bash
# R as a BIRD. Source it after tests/routers/routers.sh.
#
#   bird__configure    writes $DIR/r.conf; routers__bird r in_r starts it

bird__session() { # name, own address, neighbour, channel
	cat <<-END
		protocol bgp $1 {
			local $2 as 65001;
			neighbor $3 as 65002;
			strict bind yes;
			connect delay time 1; connect retry time 1; error wait time 1, 2;
			$4 { import all; export none; };
		}
	END
}

bird__configure() {
	{
		cat <<-END
			router id 10.0.2.254;
			log "$DIR/r.log" all;
			protocol device { scan time 1; }
			protocol direct { ipv4; ipv6; interface "r*"; }
			filter to_kernel {
				if source = RTS_DEVICE then reject;
				if source = RTS_BGP then krt_metric = 20; else krt_metric = 30;
				accept;
			}
			protocol kernel kernel4 { metric 0; merge paths yes limit 8; ipv4 { export filter to_kernel; }; }
			protocol kernel kernel6 { metric 0; merge paths yes limit 8; ipv6 { export filter to_kernel; }; }
		END
		routers__ospf 2 master4 ipv4 '' rb rc
		routers__ospf 3 master6 ipv6 '' rb rc
		bird__session b1v4 10.0.2.254 10.0.2.1 ipv4
		bird__session b2v4 10.0.3.254 10.0.3.1 ipv4
		bird__session b3v4 10.0.3.253 10.0.3.2 ipv4
		bird__session b1v6 2001:db8:2::fe 2001:db8:2::1 ipv6
		bird__session b2v6 2001:db8:3::fe 2001:db8:3::1 ipv6
		bird__session b3v6 2001:db8:3::fd 2001:db8:3::2 ipv6
	} >"$DIR/r.conf"
}
