#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What `make install` puts where, whether it can be built against, and what `make uninstall` leaves.
set -u
. "$(dirname "$0")/../lib.sh"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
check "make install" make -s -C "$ROOT" install DESTDIR="$dir" PREFIX=/usr
for file in sbin/xfib sbin/xfibd lib/libxfib.so lib/libxfib.so.0 lib/libxfib.a lib/pkgconfig/xfib.pc lib/bpf/xfib.bpf.o \
	include/netioapi.h include/xfib/xfib.h include/xfib/abi.h include/xfib/lookup.h include/xfib/bpf.h share/man/man8/xfib.8 \
	share/man/man8/xfibd.8 share/bash-completion/completions/xfib lib/systemd/system/xfibd.service; do
	check "installs $file" test -s "$dir/usr/$file"
done

export PKG_CONFIG_PATH=$dir/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dir
read -ra flags <<<"$(pkg-config --cflags --libs xfib)"
read -ra static <<<"$(pkg-config --static --libs xfib)"
check "a program builds against it" cc -Wall -Wextra -Wconversion -Werror "$ROOT/demo/getbestroute2.c" "${flags[@]}" -o "$dir/demo"
check "and statically" cc "$ROOT/demo/getbestroute2.c" -I"$dir/usr/include" "$dir/usr/lib/libxfib.a" "${static[@]}" -o "$dir/demo-static"
check_status "and runs" 2 env LD_LIBRARY_PATH="$dir/usr/lib" "$dir/demo"
for header in netioapi.h xfib/xfib.h xfib/lookup.h xfib/abi.h; do
	echo "#include <$header>" >"$dir/header.c"
	check "$header is complete by itself" cc -std=c11 -Wall -Wextra -Werror -I"$dir/usr/include" -fsyntax-only "$dir/header.c"
	check "$header is C++ too" cc -x c++ -std=c++11 -Wall -Wextra -Werror -I"$dir/usr/include" -fsyntax-only "$dir/header.c"
done

check_output "the unit starts what is installed" "ExecStart=/usr/sbin/xfibd" grep ExecStart= "$dir/usr/lib/systemd/system/xfibd.service"
check "a BPF program builds against it" clang -g -O2 -target bpf -Wall -Wextra -Werror -I"$dir/usr/include" \
	-I"/usr/include/$(cc -print-multiarch)" -c "$ROOT/demo/xdp_forward.bpf.c" -o "$dir/demo.bpf.o"
check "and with vmlinux.h" clang -g -O2 -target bpf -Wall -Werror -I"$dir/usr/include" -I"$ROOT/vmlinux" \
	-c "$ROOT/tests/tools/fibcompare.bpf.c" -o "$dir/vmlinux.bpf.o"
check "and its loader" cc -Wall -Wextra -Werror "$ROOT/demo/xdp_forward.c" "${flags[@]}" -lbpf -o "$dir/loader"

# The library exports what its headers declare, and nothing else.
exported() { nm -D --defined-only "$dir/usr/lib/libxfib.so.0" | awk '$2 == "T" { sub("@.*", "", $3); print $3 }' | sort; }
declared() {
	{
		grep -ohE '\bxfib_[a-z0-9_]+\(' "$ROOT/include/xfib/xfib.h" | tr -d '(' | grep -v '^xfib_[a-z]*_fn$'
		# Functions of both contracts have two symbols, see NETIO_SYMBOL in the header; the others one.
		sed -nE 's/.*[^#e] *NETIO_SYMBOL\(([A-Za-z0-9]+)\);/\1\n\1_user/p' "$ROOT/include/netioapi.h"
		sed -nE 's/^void ([A-Z][A-Za-z0-9]+)\(.*/\1/p' "$ROOT/include/netioapi.h"
	} | sort -u
}
check "exports what the headers declare" diff <(exported) <(declared)

# One definition of every fact: the manual pages say what the sources say.
reasons() { sed -nE 's/^\tX\([A-Z0-9_]+, "([a-z0-9_]+)", ([A-Z]+), "(.*)"\).*/\1 \L\2 \3/p' "$ROOT/include/xfib/abi.h"; }
check_output "33 reasons" 33 wc -l <<<"$(reasons)"
while read -r reason verdict text; do
	check "xfib(8) has $reason" grep -A1 -F ".BR $reason \" ($verdict)\"" "$dir/usr/share/man/man8/xfib.8"
	check "  and its words" grep -qiF "$text" "$dir/usr/share/man/man8/xfib.8"
done < <(reasons)
explanations() { sed -nE '/XFIB_CANDIDATE_REASONS\(X\)/,/^$/s/^\tX\([A-Z_]+, "([a-z_]+)", "(.*)"\).*/\1 \2/p' "$ROOT/include/xfib/xfib.h"; }
check "15 explanations" [ "$(explanations | wc -l)" = 15 ]
while read -r reason text; do
	check "xfib(8) explains $reason" grep -A1 -Fx ".B $reason" "$dir/usr/share/man/man8/xfib.8"
	check "  in the library's words" grep -qixF "$text." "$dir/usr/share/man/man8/xfib.8"
done < <(explanations)
"$BUILD/xfibd" --help | grep -oE -- '--[a-z-]+' | sort -u >"$dir/options"
while read -r option; do
	check "xfibd(8) has $option" grep -qF -- "${option//-/\\-}" "$dir/usr/share/man/man8/xfibd.8"
	check "  the completion too" grep -qE -- "$option( |\"|\$)" "$dir/usr/share/bash-completion/completions/xfibd"
done <"$dir/options"

check "make uninstall" make -s -C "$ROOT" uninstall DESTDIR="$dir" PREFIX=/usr
check "make uninstall of nothing is fine" make -s -C "$ROOT" uninstall DESTDIR="$dir/none" PREFIX=/usr
check "and removes nothing of the source" test -s "$ROOT/include/netioapi.h"
check_output "leaves no file" "" find "$dir/usr" -type f -o -type l
finish
