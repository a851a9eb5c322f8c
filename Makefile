# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# `make help` lists the targets. Everything that is built is in build/.

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
CC ?= cc

# SANITIZE=1 builds what runs in user space once more, beside the rest, with the address and undefined-behaviour
# sanitizers, SANITIZE=thread with the thread sanitizer; FUZZ=1 likewise by clang, with what libFuzzer needs.
B := build$(if $(SANITIZE),/$(if $(filter thread,$(SANITIZE)),thread,sanitize))$(if $(FUZZ),/fuzz)
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

WARN := -Wall -Wextra -Wshadow -Wconversion $(if $(WERROR),-Werror)
# With the sanitizers half of the time of compiling goes into what -O2 does beyond -O1.
CFLAGS ?= $(if $(SANITIZE)$(FUZZ),-O1 -g1,-O2 -g)
override CPPFLAGS += -std=gnu11 -D_GNU_SOURCE -DXFIB_VERSION='"$(VERSION)"' -Iinclude -MMD -MP
override CFLAGS += $(WARN) -fPIC -fvisibility=hidden
ifdef SANITIZE
sanitizers := $(if $(filter thread,$(SANITIZE)),thread,address,undefined)
override CFLAGS += -fsanitize=$(sanitizers) -fno-sanitize-recover=all -fno-omit-frame-pointer \
	$(if $(filter thread,$(SANITIZE)),-Wno-tsan)
override LDFLAGS += -fsanitize=$(sanitizers)
endif
ifdef FUZZ
CC := $(CLANG)
override CFLAGS += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -Wall -Werror -Iinclude -Ivmlinux

LIB_O := $(patsubst %.c,$(B)/%.o,$(wildcard user/lib/*.c user/mirror/*.c))
CMD_O := $(patsubst %.c,$(B)/%.o,$(wildcard user/xfib/*.c))
DAEMON_O := $(patsubst %.c,$(B)/%.o,$(wildcard user/xfibd/*.c))
UNIT := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/*_test.c))
PROG_O := $(patsubst %.c,$(B)/%.o,$(wildcard tests/prog/*.c))
TOOLS := $(patsubst tests/tools/%.c,$(B)/tests/tools/%,$(filter-out %.bpf.c,$(wildcard tests/tools/*.c))) \
	$(patsubst %,$(B)/tests/chaos/%,traffic reader)
# peers.c needs DPDK, which only `make bench-peers` installs.
BENCHES := $(patsubst tests/bench/%.c,$(B)/tests/bench/%,$(filter-out %.bpf.c %/peers.c,$(wildcard tests/bench/*.c)))
# The tables of cases are compiled once for each contract; layout.* and ported.c are of the test of what is installed.
CONFORMANCE_TABLES := $(filter-out main harness expect layout ported,$(patsubst tests/conformance/%.c,%,$(wildcard tests/conformance/*.c)))
CONFORMANCE_O := $(patsubst %,$(B)/tests/conformance/%.o,main harness expect $(CONFORMANCE_TABLES) $(CONFORMANCE_TABLES:=.user))
DIFFERENTIAL_O := $(patsubst %.c,$(B)/%.o,$(filter-out %.bpf.c,$(wildcard tests/differential/*.c)))
PARITY_O := $(patsubst %.c,$(B)/%.o,$(wildcard tests/parity/*.c))
ORACLE_O := $(patsubst %.c,$(B)/%.o,$(wildcard tests/oracle/*.c))
THREADS := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/threads/*_test.c)) \
	$(patsubst %,$(B)/tests/unit/netioapi_%_test,change notify cancel)
# What every test of the compiled FIB is linked with.
FIB_O := $(patsubst %,$(B)/tests/fib/%.o,oracle subject tables)
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/tests/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
SKELETON := $(B)/bpf/xfib.skel.h

LIB_LIBS := -lbpf -lmnl
DAEMON_LIBS := -lbpf -lmnl -lcap-ng
CMD_LIBS := -lbpf -lmnl -ljansson -lz -llzma -lbz2 -ldl

.PHONY: all demo check check-exhaustive check-kernels check-systemd bench bench-peers fuzz install uninstall deps clean help tools plain-tests tests unit threads fuzzers
.SECONDARY:

all: $(B)/bpf/xfib.bpf.o $(B)/lib/libxfib.so $(B)/lib/libxfib.a $(if $(CMD_O),$(B)/xfib) $(B)/xfibd

help:
	@echo 'all        programs, library, command and daemon, into build/ (V=1 shows commands, WERROR=1, PREFIX=, DESTDIR=)'
	@echo 'demo       (root) a router in network namespaces, with traffic'
	@echo 'check      (root) all tests; ends with N passed, N failed, N skipped'
	@echo 'check-exhaustive  (root) the compiled FIB at every IPv4 address, a day of updates, readers for a minute; TABLE4=, UPDATES4=, …'
	@echo 'fuzz       (root) every fuzzer for FUZZ_SECONDS (60) seconds, on its corpus, and one of packets; FUZZ_PACKETS=10000000: so many'
	@echo 'bench      (root) all benchmarks, into build/bench.json; BENCH=lookup, queries or small: one of them; TABLE4=, TABLE6='
	@echo 'check-kernels  (root) the tests on other kernels, in an emulator; KERNELS="5.10 6.1 6.12", SHORT=1: the short form, TESTS='
	@echo 'check-systemd  (root) the unit under a real systemd, in an emulator; makes a Debian in SYSTEMD_DIR (/var/tmp/xfib-systemd)'
	@echo 'bench-peers  (root) look-ups in user space beside those of DPDK, which it installs; TABLE4=, TABLE6='
	@echo 'deps       (root) installs what the build and the tests need'
	@echo 'install, uninstall, clean'

# What the tests run beside the kernel.
ROUTERS := frr bird2

deps:
	$(Q)packaging/deps $(ROUTERS)

tools: all $(TOOLS) $(BENCHES) $(B)/tests/chaos/netlink-chaos.so $(B)/tests/tools/pass.bpf.o $(B)/tests/tools/count.bpf.o $(B)/demo/xdp_forward $(B)/demo/xdp_forward.bpf.o
	@:

# What is built without sanitizers, and runs on other kernels too.
plain-tests: tools $(B)/tests/unit/private_test $(patsubst %,$(B)/tests/fib/%_test,full readers updates) $(if $(PROG_O),$(B)/tests/prog/prog_test) $(B)/tests/fuzz/packets $(B)/tests/conformance/conformance $(B)/tests/parity/side-by-side $(B)/tests/oracle/best_route_test $(B)/tests/differential/differential
	@:

tests: plain-tests
	$(Q)$(MAKE) --no-print-directory SANITIZE=1 unit
	$(Q)$(MAKE) --no-print-directory SANITIZE=thread threads
	$(Q)$(MAKE) --no-print-directory FUZZ=1 WERROR= fuzzers

unit: $(UNIT) $(patsubst %,$(B)/tests/fib/%_test,fib failures)
	@:

threads: $(THREADS)
	@:

fuzzers: $(FUZZERS)
	@:

fuzz:
	$(root)
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) FUZZ=1 fuzzers
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) $(B)/tests/fuzz/packets
	$(Q)FUZZ_SECONDS=$${FUZZ_SECONDS:-60} tests/fuzz/run.sh

# Network namespaces, BPF and packages are root's.
root = @[ "$$(id -u)" = 0 ] || { echo "make $@: only root can do this: sudo make $@" >&2; exit 1; }

check:
	$(root)
	$(Q)packaging/deps $(ROUTERS)
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) WERROR=1 tests
	$(Q)tests/run

check-exhaustive:
	$(root)
	$(Q)packaging/deps
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) WERROR=1 tools $(patsubst %,$(B)/tests/fib/%_test,full readers updates)
	$(Q)$(B)/tests/fib/full_test exhaustive
	$(Q)$(B)/tests/fib/readers_test 60
	$(Q)$(B)/tests/fib/updates_test full

demo bench:
	$(root)
	$(Q)packaging/deps
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) tools
	$(Q)$(if $(filter demo,$@),demo/run,tests/bench/run)

# See tests/kernels/run.
check-kernels:
	$(root)
	$(Q)packaging/deps qemu-system-x86 cpio kmod bsdutils debian-archive-keyring wireguard-tools
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) WERROR=1 plain-tests
	$(Q)KERNELS='$(KERNELS)' SHORT='$(SHORT)' RENEW='$(RENEW)' tests/kernels/run $(TESTS)

# See tests/systemd/run.
check-systemd:
	$(root)
	$(Q)packaging/deps qemu-system-x86 cpio kmod debootstrap debian-archive-keyring
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) WERROR=1 tools
	$(Q)tests/systemd/run

bench-peers:
	$(root)
	$(Q)packaging/deps libdpdk-dev
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) tools $(B)/tests/bench/peers
	$(Q)tests/bench/peers.sh

$(B)/bpf/xfib.bpf.o: bpf/xfib.bpf.c $(wildcard bpf/*.h) $(wildcard include/xfib/*.h) vmlinux/vmlinux.h
	@mkdir -p $(@D)
	@command -v $(CLANG) >/dev/null && command -v $(BPFTOOL) >/dev/null || { echo "clang or bpftool is missing: 'make deps' as root installs what the build needs" >&2; exit 1; }
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@.tmp && $(BPFTOOL) gen object $@ $@.tmp && rm $@.tmp

# Programs of the tests and benchmarks.
# The headers of all: a benchmark of an old look-up would mislead.
$(B)/tests/%.skel.h: tests/%.bpf.c $(wildcard bpf/*.h include/xfib/*.h tests/*/*.h) vmlinux/vmlinux.h
	@mkdir -p $(@D)
	$(call say,SKEL,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $(@:.skel.h=.bpf.o)
	$(Q)$(BPFTOOL) gen skeleton $(@:.skel.h=.bpf.o) name $(notdir $*) > $@.tmp && mv $@.tmp $@

$(B)/tests/tools/pass.bpf.o $(B)/tests/tools/count.bpf.o: $(B)/%.o: %.c vmlinux/vmlinux.h
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

# As somebody else builds it: with the system's headers, not with vmlinux.h.
$(B)/demo/%.bpf.o: demo/%.bpf.c $(wildcard include/xfib/*.h)
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(CLANG) -g -O2 -target bpf -Wall -Werror -Iinclude -I/usr/include/$(shell $(CC) -print-multiarch) -c $< -o $@

$(B)/demo/%: $(B)/demo/%.o $(B)/lib/libxfib.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIB_LIBS)

$(B)/tests/tools/pktgen.o: $(B)/tests/tools/pktgen.skel.h
$(B)/tests/tools/fibcompare.o: $(B)/tests/tools/fibcompare.skel.h
$(B)/tests/tools/fibcompare.skel.h: tests/tools/fibcompare.h $(wildcard include/xfib/*.h)
$(B)/tests/bench/bench.o: $(B)/tests/bench/reference.skel.h
$(B)/tests/fib/readers_test.o: $(B)/tests/fib/readers.skel.h $(SKELETON)
$(B)/tests/fib/readers.skel.h: tests/fib/readers.h $(wildcard include/xfib/*.h)
$(B)/tests/bench/lookup.o: $(B)/tests/bench/lookup.skel.h
$(B)/tests/bench/lookup.skel.h: tests/bench/lookup.h $(wildcard include/xfib/*.h)

$(SKELETON): $(B)/bpf/xfib.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name xfib_bpf > $@.tmp && mv $@.tmp $@

$(B)/user/%.o $(B)/tests/%.o: private override CPPFLAGS += -Iuser/mirror -Iuser/lib
$(B)/user/xfibd/%.o $(B)/tests/%.o: private override CPPFLAGS += -Iuser/xfibd -Iuser/xfib -isystem $(B)/bpf -isystem $(B)/tests/tools -isystem $(B)/tests/bench -isystem $(B)/tests/fib -isystem $(B)/tests/differential
# Tables of cases name what is not zero.
$(B)/tests/%.o: private override CFLAGS += -Wno-missing-field-initializers
$(B)/user/xfib/dispatcher.o: private override CPPFLAGS += -isystem $(B)/bpf
$(B)/user/xfib/dispatcher.o $(DAEMON_O) $(PROG_O) $(patsubst %.c,$(B)/%.o,$(wildcard tests/unit/*.c)): $(SKELETON)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(B)/%.user.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,"$< for user mode")
	$(Q)$(CC) $(CPPFLAGS) -DNETIOAPI_USER_MODE $(CFLAGS) -c $< -o $@

$(B)/lib/libxfib.a: $(LIB_O)
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/lib/libxfib.so: $(LIB_O) user/lib/libxfib.map
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -shared -Wl,-soname,libxfib.so.0 -Wl,--version-script=user/lib/libxfib.map -Wl,-z,defs $(LDFLAGS) -o $@.0 $(LIB_O) $(LIB_LIBS)
	$(Q)ln -sf libxfib.so.0 $@

# The command but for main(), for its unit tests.
$(B)/lib/command.a: $(filter-out %/main.o,$(CMD_O))
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/xfib: $(CMD_O) $(B)/lib/libxfib.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(CMD_LIBS)

$(B)/xfibd: $(DAEMON_O) $(B)/lib/libxfib.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(DAEMON_LIBS)

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/lib/libxfib.a $(B)/lib/command.a $(filter-out %/main.o,$(DAEMON_O))
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter-out %.a,$^) $(B)/lib/command.a $(B)/lib/libxfib.a -lcmocka -lcap-ng $(CMD_LIBS)

# Functions of the library that a test puts its own in the place of, as __wrap_….
wrap = $(patsubst %,-Wl$(comma)--wrap=%,$1)
comma := ,
$(B)/tests/unit/netioapi_change_test: private override LDFLAGS += $(call wrap,netio__instance netio__find xfib_instance__state \
	xfib_link__by_index xfib_route__change xfib_transaction__new xfib_transaction__add xfib_transaction__commit xfib_transaction__free)
$(patsubst %,$(B)/tests/unit/netioapi_%_test,notify cancel): private override LDFLAGS += $(call wrap,netio__instance \
	xfib_watch__open xfib_watch__fd xfib_watch__next xfib_watch__close)

# A fuzzer takes what it needs of library, command and daemon; some of their files have the same name.
$(B)/lib/all.a: $(LIB_O) $(filter-out %/main.o,$(CMD_O) $(DAEMON_O))
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) qcs $@ $^

$(FUZZERS): $(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(B)/lib/all.a
	$(call say,LD,$@)
	$(Q)$(CC) -fsanitize=fuzzer,address,undefined -o $@ $^ $(sort $(DAEMON_LIBS) $(CMD_LIBS))

$(B)/tests/prog/prog_test: $(PROG_O) $(B)/lib/libxfib.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LIB_LIBS)

# The fuzzer of packets runs the programs in the kernel: libFuzzer would see nothing of them.
$(B)/tests/fuzz/packets: $(patsubst %,$(B)/tests/fuzz/%.o,packets packet_draw) \
		$(filter-out %/prog_test.o %/flows.o,$(PROG_O)) $(B)/lib/libxfib.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LIB_LIBS)

$(B)/tests/fib/failures_test: private override LDFLAGS += $(call wrap,arena__take arena__take_chunks malloc calloc realloc)
$(B)/tests/fib/%: $(B)/tests/fib/%.o $(FIB_O) $(filter %/bpf_maps.o %/trie_queue.o,$(DAEMON_O)) $(B)/lib/libxfib.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LIB_LIBS)

$(B)/tests/conformance/conformance: $(CONFORMANCE_O) $(B)/lib/libxfib.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIB_LIBS)

$(B)/tests/differential/judge.o: $(SKELETON) $(B)/tests/differential/helper.skel.h
$(B)/tests/differential/helper.skel.h: tests/differential/helper.h
$(B)/tests/differential/differential: $(DIFFERENTIAL_O) $(patsubst %,$(B)/user/xfibd/%.o,bpf_maps trie_queue) $(B)/lib/libxfib.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIB_LIBS)

$(B)/tests/parity/side-by-side: $(PARITY_O)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

$(B)/tests/oracle/best_route_test: $(ORACLE_O) $(B)/lib/libxfib.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -ljansson $(LIB_LIBS)

$(B)/tests/bench/updates.o: $(SKELETON)
$(B)/tests/bench/updates: $(B)/user/xfibd/bpf_maps.o $(B)/user/xfibd/trie_queue.o
$(BENCHES) $(TOOLS) $(B)/tests/threads/threads_test: $(B)/%: $(B)/%.o $(B)/lib/libxfib.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIB_LIBS)

$(B)/tests/chaos/netlink-chaos.so: $(B)/tests/chaos/netlink-chaos.o
	$(call say,LD,$@)
	$(Q)$(CC) -shared $(LDFLAGS) -o $@ $< -ldl

# DPDK's headers are a system's: no warnings.
DPDK = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags libdpdk))
$(B)/tests/bench/peers.o: private override CPPFLAGS += $(DPDK)
$(B)/tests/bench/peers: $(B)/tests/bench/peers.o $(B)/lib/libxfib.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIB_LIBS) -lrte_fib -lrte_lpm -lrte_eal

UNIT_DIR := lib/systemd/system

INSTALLED := sbin/xfibd sbin/xfib lib/libxfib.so.0 lib/libxfib.so lib/libxfib.a lib/pkgconfig/xfib.pc \
	lib/bpf/xfib.bpf.o include/netioapi.h $(patsubst include/%,include/%,$(wildcard include/xfib/*.h)) \
	$(patsubst docs/man/%,share/man/man8/%,$(wildcard docs/man/*.8)) \
	share/bash-completion/completions/xfib share/bash-completion/completions/xfibd \
	$(UNIT_DIR)/xfibd.service

install: all
	$(Q)install -D -m 755 -t $(DESTDIR)$(PREFIX)/sbin $(B)/xfibd $(wildcard $(B)/xfib)
	$(Q)install -D -m 755 -t $(DESTDIR)$(PREFIX)/lib $(B)/lib/libxfib.so.0
	$(Q)ln -sf libxfib.so.0 $(DESTDIR)$(PREFIX)/lib/libxfib.so
	$(Q)install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib $(B)/lib/libxfib.a
	$(Q)install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/bpf $(B)/bpf/xfib.bpf.o
	$(Q)install -D -m 644 -t $(DESTDIR)$(PREFIX)/include include/netioapi.h
	$(Q)install -D -m 644 -t $(DESTDIR)$(PREFIX)/include/xfib $(wildcard include/xfib/*.h)
	$(Q)install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' packaging/xfib.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/xfib.pc
	$(Q)install -d $(DESTDIR)$(PREFIX)/$(UNIT_DIR)
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' packaging/xfibd.service.in > $(DESTDIR)$(PREFIX)/$(UNIT_DIR)/xfibd.service
	$(Q)install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/bash-completion/completions packaging/completion/xfib
	$(Q)ln -sf xfib $(DESTDIR)$(PREFIX)/share/bash-completion/completions/xfibd
	$(Q)for page in $(wildcard docs/man/*.8); do install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 $$page; done

uninstall:
	$(Q)if [ -d $(DESTDIR)$(PREFIX) ]; then cd $(DESTDIR)$(PREFIX) && rm -f $(INSTALLED) && { rmdir include/xfib lib/bpf 2>/dev/null || true; }; fi

clean:
	$(Q)rm -rf $(B)

-include $(shell find $(B) -path $(B)/kernels -prune -o -name '*.d' -print 2>/dev/null)
