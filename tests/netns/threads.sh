#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Readers, a writer and a registration in one process, compiled with the thread sanitizer, over a private copy of the
# kernel's routes and over a daemon's maps. XFIB_THREAD_SECONDS: how long each of them runs.
set -u
. "$(dirname "$0")/../lib.sh"
NAME=xfibthr$$
DIR=$(mktemp -d "/tmp/$NAME.XXXXXX")
daemon=
remove() {
	[ -z "$daemon" ] || { kill "$daemon" && wait "$daemon"; } 2>/dev/null
	ip netns del "$NAME" 2>/dev/null
	umount -l "$DIR/bpf" 2>/dev/null
	rm -rf "$DIR"
}
trap remove EXIT
inside() { ip netns exec "$NAME" "$@"; }

mkdir "$DIR/bpf" && mount -t bpf -o mode=0700 "$NAME" "$DIR/bpf" && ip netns add "$NAME" || exit 1
export XFIB_PIN=$DIR/bpf/xfib XFIB_SOCKET=$DIR/socket
while read -r words; do
	# shellcheck disable=SC2086 # words
	inside $words || exit 1
done <<-END
	ip link set lo up
	ip link add t1 type veth peer name p1
	ip link add t2 type veth peer name p2
	sysctl -qw net.ipv6.conf.t1.accept_dad=0 net.ipv6.conf.t2.accept_dad=0
	ip address add 10.1.0.254/24 dev t1
	ip address add 10.2.0.254/24 dev t2
	ip address add 2001:db8:2::fe/64 dev t2 nodad
	ip link set p1 up
	ip link set p2 up
	ip link set t1 up
	ip link set t2 up
	ip route add 203.0.113.0/24 via 10.1.0.1 metric 7
	ip route add default via 10.2.0.1
	ip route add 2001:db8:100::/48 via 2001:db8:2::1 metric 9
END

# ---- the functions alone ----
for test in netioapi_change netioapi_notify netioapi_cancel; do
	check "$test, thread sanitizer" env CMOCKA_MESSAGE_OUTPUT=STDOUT "$BUILD/thread/tests/unit/${test}_test"
done

# ---- all of it ----
threads() { # backend
	inside env XFIB_BACKEND="$1" TSAN_OPTIONS="halt_on_error=1 ${TSAN_OPTIONS:-}" \
		timeout 280 "$BUILD/thread/tests/threads/threads_test" "${XFIB_THREAD_SECONDS:-5}"
}
check_status "8 readers, 1 writer, 1 registration: a private copy" 0 threads private
echo "# $OUT"
ip netns exec "$NAME" "$BUILD/xfibd" >"$DIR/xfibd.log" 2>&1 &
daemon=$!
check "the daemon starts" eventually 20 grep -q ready "$DIR/xfibd.log"
check_status "8 readers, 1 writer, 1 registration: a daemon's maps" 0 threads maps
echo "# $OUT"
finish
