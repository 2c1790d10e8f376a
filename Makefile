# azureml: `make` builds, `make test` builds and tests, `make demo` shows. Both install what Debian 12 lacks.
# A packager sets what is ?= below; LuaRocks sets the *_INCDIR and *_LIBDIR.

PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
LUADIR  ?= $(PREFIX)/share/lua/5.4
LIBDIR  ?= $(PREFIX)/lib/lua/5.4
MANDIR  ?= $(PREFIX)/share/man/man1
CFLAGS  ?= -O2 -g
LIBFLAG ?= -shared
LUA     ?= lua5.4
B       ?= build#                 another B for each set of flags: objects do not depend on them
SUDO    ?= $(if $(filter-out 0,$(shell id -u)),sudo)

VERSION := $(shell sed -n 's/^\#define AML_VERSION "\(.*\)"/\1/p' csrc/aml.h)

# what Debian calls the things we stand on
BUILD_PACKAGES := gcc libc6-dev pkg-config ca-certificates lua5.4 liblua5.4-dev libcurl4-openssl-dev libssl-dev libjansson-dev \
                  libmicrohttpd-dev libedit-dev libbsd-dev lua-cjson lua-cjson-dev lua-argparse tzdata
TEST_PACKAGES  := lua-busted lua-check luarocks clang libclang-rt-14-dev curl openssl tmux man-db \
                  nghttp2-server python3-fastjsonschema

inc     = $(if $($(1)_INCDIR),-I$($(1)_INCDIR),$(shell pkg-config --cflags $(2) 2>/dev/null))
lib     = $(if $($(1)_LIBDIR),-L$($(1)_LIBDIR)) $(2)
found   = $(wildcard $(shell $(CC) -print-file-name=lib$(1).a 2>/dev/null))
archive = $(if $(call found,$(1)),$(call found,$(1)) $(2),-l$(1))# static where installed; $(2): what the archive needs

WARN := -Wall -Wextra -pedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings
INCS := -Icsrc $(call inc,LUA,lua5.4) $(call inc,CURL,libcurl) $(call inc,JANSSON,jansson) $(call inc,OPENSSL,libcrypto)
HTTPD ?= $(shell echo | $(CC) $(CPPFLAGS) $(call inc,MICROHTTPD,libmicrohttpd) -include microhttpd.h -E - >/dev/null 2>&1 && echo 1)
ALL_CFLAGS = -std=c99 -D_GNU_SOURCE -fPIC -fvisibility=hidden $(WARN) $(CPPFLAGS) $(CFLAGS) $(INCS)

CORE_LIBS  := $(call lib,CURL,-lcurl) $(call lib,JANSSON,-ljansson) $(call lib,OPENSSL,-lcrypto)
HTTPD_LIBS := $(call lib,MICROHTTPD,-lmicrohttpd)
ifneq ($(HTTPD),)
INCS     += -DAML_HTTPD $(call inc,MICROHTTPD,libmicrohttpd)
EXE_HTTPD := $(call archive,microhttpd,$(call lib,OPENSSL,-lcrypto) -lgnutls)
endif
# The loader looks for each symbol in this order: what has most of them itself, libcrypto, stands before all that is shared.
EXE_LIBS := $(call archive,lua5.4-cjson) $(call archive,lua5.4) $(call archive,jansson) \
            $(call archive,edit,$(call archive,bsd,$(call found,md)) $(call archive,tinfo)) $(EXE_HTTPD) \
            $(call lib,OPENSSL,-lcrypto) $(call lib,CURL,-lcurl) -lm -ldl

PURE := buf text url headers error retry lro throttle base64 signature certificate jwt challenge trace date callback
CORE := $(PURE) file loop transfer child op client credential question token cache loopback $(patsubst csrc/%.c,%,$(sort $(wildcard csrc/credential/*.c)))
BORDER := $(CORE) lua_core lua_options lua_credential lua_json lua_system lua_journal lua_crypto lua_certificate lua_state lua_sandbox
LUA_SOURCES := $(sort $(shell find lua -name '*.lua'))
ARGPARSE    ?= $(shell $(LUA) -e 'print((assert(package.searchpath("argparse", package.path))))')

objects  = $(patsubst %,$(B)/obj/%.o,$(1))
MODULES := $(B)/lib/azureml/core.so $(if $(HTTPD),$(B)/lib/azureml/httpd.so)

all: $(MODULES) $(B)/azureml

$(B)/obj/%.o: csrc/%.c
	@echo CC $<
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) -MMD -c -o $@ $<

$(B)/obj/embedded.o: $(B)/embedded.c
	@echo CC $<
	@$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/embedded.c: csrc/embed.lua $(LUA_SOURCES)
	@echo EMBED lua/
	@mkdir -p $(@D)
	@$(LUA) csrc/embed.lua $(ARGPARSE) $(LUA_SOURCES) > $@.tmp && mv $@.tmp $@

$(B)/lib/azureml/core.so: $(call objects,$(BORDER))
	@echo LD $@
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(LDFLAGS) $(LIBFLAG) -Wl,-z,nodelete -o $@ $^ $(CORE_LIBS)

$(B)/lib/azureml/httpd.so: $(call objects,buf text lua_httpd)
	@echo LD $@
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(LDFLAGS) $(LIBFLAG) -Wl,-z,nodelete -o $@ $^ $(HTTPD_LIBS)

$(B)/azureml: $(call objects,$(BORDER) $(if $(HTTPD),lua_httpd) lua_edit heap main embedded)
	@echo LD $@
	@$(CC) $(CFLAGS) $(LDFLAGS) -Wl,-E -Wl,--as-needed -o $@ $^ $(EXE_LIBS)

# the pure files as a module for the specs; never installed
$(B)/spec/pure.so: $(call objects,$(PURE) heap) $(B)/obj/spec/pure.o
	@echo LD $@
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(LDFLAGS) $(LIBFLAG) -o $@ $^ $(CORE_LIBS)

# more for the specs: sockets byte by byte, this process's environment
$(B)/spec/raw.so $(B)/spec/environment.so: $(B)/spec/%.so: $(B)/obj/spec/%.o
	@echo LD $@
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(LDFLAGS) $(LIBFLAG) -o $@ $^

$(B)/obj/spec/%.o: spec/csrc/%.c
	@echo CC $<
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) -MMD -c -o $@ $<

# -- installing ------------------------------------------------------------------------------------------------------------

$(B)/azureml.1: $(B)/azureml
	@echo MAN $@
	@$(B)/azureml -e 'io.write(require("azureml.console.manual").page())' > $@.tmp && mv $@.tmp $@

man: $(B)/azureml.1

install: all man
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/azureml $(DESTDIR)$(MANDIR)
	install -m 755 $(B)/azureml $(DESTDIR)$(BINDIR)/azureml
	install -m 755 $(MODULES) $(DESTDIR)$(LIBDIR)/azureml
	for file in $(LUA_SOURCES:lua/%=%); do install -D -m 644 lua/$$file $(DESTDIR)$(LUADIR)/$$file; done
	install -m 644 $(B)/azureml.1 $(DESTDIR)$(MANDIR)/azureml.1

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/azureml $(DESTDIR)$(MANDIR)/azureml.1
	rm -rf $(DESTDIR)$(LIBDIR)/azureml $(DESTDIR)$(LUADIR)/azureml

# -- a fresh machine -------------------------------------------------------------------------------------------------------

missing = $(shell for p in $(1); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done)

define need
	@missing="$(call missing,$(1))"; if [ -n "$$missing" ]; then \
	  command -v apt-get >/dev/null || { echo "install by hand: $$missing" >&2; exit 1; }; \
	  echo "INSTALL $$missing"; \
	  $(SUDO) apt-get update -q >/dev/null && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing >/dev/null; fi
endef

deps:
	$(call need,$(BUILD_PACKAGES))

test-deps:
	$(call need,$(BUILD_PACKAGES) $(TEST_PACKAGES))

# Everything after deps runs in a make of its own: this one looked for headers and archives before they were there.
demo: deps
	@$(MAKE) --no-print-directory all
	@$(B)/azureml --emulator --speed 200 run lifecycle

test: test-deps
	@$(MAKE) --no-print-directory check

# -- checking --------------------------------------------------------------------------------------------------------------

BUSTED  ?= /usr/bin/busted
SPECS   ?= spec
RUNNER  ?= $(LUA)
# nothing of the person who runs it: no settings, no credentials, no home
CLEAN    = env -i PATH="$(PATH)" HOME="$(CURDIR)/$(B)/home" LANG=C.UTF-8 TERM="$(TERM)" AZUREML_BUILD="$(B)" \
           LUA_PATH="lua/?.lua;lua/?/init.lua;;" LUA_CPATH="$(B)/lib/?.so;$(B)/spec/?.so;;" $(RECORD)
# what emulators answer in any process of the suite is recorded, and checked at its end
RECORD   = LUA_INIT="@$(CURDIR)/spec/recorder.lua" AZUREML_ANSWERS="$(CURDIR)/$(B)/answers"

check: all man $(B)/spec/pure.so $(B)/spec/raw.so $(B)/spec/environment.so
	@rm -rf $(B)/answers && mkdir -p $(B)/home $(B)/answers
	@$(CLEAN) $(CHECK_ENV) $(RUNNER) $(BUSTED) -o spec/output.lua $(SPECS) spec/answers.lua

SANITIZE := -fsanitize=address,undefined
check-asan: test-deps
	@$(MAKE) --no-print-directory check B=build/asan RUNNER=build/asan/azureml \
	  CFLAGS="-O1 -g -fno-omit-frame-pointer $(SANITIZE) -fno-sanitize-recover=undefined" LDFLAGS="$(SANITIZE)" \
	  CHECK_ENV='ASAN_OPTIONS=detect_leaks=1 AZUREML_PRELOAD="$(foreach l,asan ubsan,$(shell $(CC) -print-file-name=lib$(l).so))"'

# Slow: what stays in this process, and so under its eyes. VALGRIND_SPECS=spec is all.
VALGRIND_SPECS ?= spec/csrc spec/client_spec.lua spec/credential_spec.lua spec/operation_spec.lua spec/task_spec.lua spec/e2e/transport_spec.lua
check-valgrind: test-deps
	$(call need,valgrind)
	@$(MAKE) --no-print-directory check SPECS="$(VALGRIND_SPECS)" RUNNER="valgrind -q --leak-check=full --error-exitcode=9 \
	  --show-leak-kinds=definite,indirect,possible --errors-for-leak-kinds=definite,indirect,possible --suppressions=spec/valgrind.supp $(LUA)"

# what reads the network, for as long as asked; a crash leaves its input in build/fuzz
FUZZ_SECONDS ?= 60
$(B)/fuzz/%: spec/fuzz/%.c $(patsubst %,csrc/%.c,$(PURE))
	@echo FUZZ $<
	@mkdir -p $(@D)
	@clang $(filter-out -fPIC,$(ALL_CFLAGS)) -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -o $@ $^ $(CORE_LIBS)

fuzz: test-deps
	@$(MAKE) --no-print-directory $(B)/fuzz/pure $(B)/fuzz/certificate
	@cd $(B)/fuzz && ./pure -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -print_final_stats=1
	@mkdir -p $(B)/fuzz/certificates && tar -xzf spec/fixtures/credentials/material.tar.gz -C $(B)/fuzz/certificates
	@cd $(B)/fuzz && ./certificate -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -print_final_stats=1 certificates

# Against software that nobody here wrote: it comes from npm, pinned by its lock file, and stays in build/.
NODE_PACKAGES := $(if $(shell command -v npm),,nodejs npm)
conformance: test-deps
	$(call need,$(NODE_PACKAGES))
	@mkdir -p build/conformance
	@cp spec/conformance/*.json spec/conformance/*.mjs build/conformance
	@cd build/conformance && npm ci --no-audit --no-fund --loglevel=error
	@$(MAKE) --no-print-directory check SPECS="spec/conformance/polling.lua" CHECK_ENV='AZUREML_CONFORMANCE=$(CURDIR)/build/conformance'
	@$(CLEAN) node build/conformance/start.mjs $(B)/azureml
	@/usr/bin/python3 spec/specification/check.py $(B)/answers

# How applications prove themselves, against a server that verifies them.
conformance-auth: test-deps
	$(call need,$(NODE_PACKAGES))
	@mkdir -p build/conformance-auth
	@cp spec/conformance/auth/package.json spec/conformance/auth/package-lock.json spec/conformance/auth/server.mjs build/conformance-auth
	@cd build/conformance-auth && npm ci --no-audit --no-fund --loglevel=error
	@$(MAKE) --no-print-directory check SPECS="spec/conformance/auth/sign_in.lua" CHECK_ENV='AZUREML_CONFORMANCE=$(CURDIR)/build/conformance-auth'

# The table of time zones that the client and the emulator read, made anew from CLDR and tzdata.
ZONES := lua/azureml/definition/windows_zones.lua
time-zones:
	$(call need,python3 tzdata unicode-cldr-core)
	@echo ZONES $(ZONES)
	@mkdir -p $(B)
	@/usr/bin/python3 spec/specification/time_zones.py > $(B)/zones.tmp && mv $(B)/zones.tmp $(ZONES)

include spec/bench/bench.mk

# What the checks of text look at: all that is written by hand.
WRITTEN = $(sort $(shell find .ci csrc lua rockspec spec CHANGELOG.md LICENSE Makefile README.md -type f))

# Print each line of C, Lua or Markdown prose that has more than 100 columns.
lint-width:
	@$(LUA) spec/lint/columns.lua $(WRITTEN)

# The compilers' warnings are errors here, and only here: a user's newer compiler knows more of them.
lint: test-deps
	@luacheck -q lua spec csrc/embed.lua
	@LUA_PATH="./?.lua;;" $(LUA) spec/lint/citations.lua $(WRITTEN)
	@$(MAKE) --no-print-directory all B=build/gcc CC=gcc CFLAGS="-O2 -Werror"
	@$(MAKE) --no-print-directory all B=build/clang CC=clang CFLAGS="-O2 -Werror"
	@luarocks --lua-version 5.4 lint rockspec/azureml-scm-1.rockspec
	@echo "lint: clean"

clean:
	rm -rf build

.PHONY: all man install uninstall deps test-deps demo test check check-asan check-valgrind fuzz conformance conformance-auth time-zones lint \
        lint-width clean

-include $(wildcard $(B)/obj/*.d $(B)/obj/*/*.d)
