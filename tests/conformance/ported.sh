#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The header's numbers in C and in C++, and a program as it is written for Windows, built by what is installed and run
# in both contracts over both backends.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/worlds.sh"
here=$ROOT/tests/conformance
tree=$(mktemp -d)
trap 'world__end; rm -rf "$tree"' EXIT
check "make install" make -s -C "$ROOT" install DESTDIR="$tree" PREFIX=/usr
export PKG_CONFIG_PATH=$tree/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$tree
read -ra cflags <<<"$(pkg-config --cflags xfib)"
read -ra flags <<<"$(pkg-config --cflags --libs xfib)"

warnings=(-Wall -Wextra -Werror)
for contract in driver user; do
	mode=()
	[ "$contract" = driver ] || mode=(-DNETIOAPI_USER_MODE)
	for standard in c11 c17 gnu11; do
		check "$contract: layout in $standard" cc "-std=$standard" "${warnings[@]}" "${mode[@]}" "${cflags[@]}" -fsyntax-only "$here/layout.c"
	done
	for standard in c++11 c++17 c++20; do
		check "$contract: layout in $standard" c++ "-std=$standard" "${warnings[@]}" "${mode[@]}" "${cflags[@]}" -fsyntax-only "$here/layout.cpp"
	done
	check "$contract: a program for Windows, in C" cc "${warnings[@]}" "${mode[@]}" "$here/ported.c" "${flags[@]}" -o "$tree/c-$contract"
	check "$contract: and in C++" c++ -x c++ "${warnings[@]}" "${mode[@]}" "$here/ported.c" -x none "${flags[@]}" -o "$tree/c++-$contract"
done

world__island || { tap__result 1 "the world is made"; finish; exit 1; }
check "xfibd starts" xfibd__start
export LD_LIBRARY_PATH=$tree/usr/lib
for program in c-driver c-user c++-driver c++-user; do
	for backend in maps private; do
		for what in read write; do
			check "$program: ${what}s over $backend" in_world env XFIB_BACKEND=$backend "$tree/$program" "$what"
		done
	done
done
finish
