# azureml: `make` builds, `make test` builds and tests, `make demo` shows an instance's life.
# `make deps` installs what a build needs from Debian 12; test and demo do that by themselves.
# A packager sets the variables below with ?=; LuaRocks sets the *_INCDIR and *_LIBDIR.

PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
LUADIR  ?= $(PREFIX)/share/lua/5.4
LIBDIR  ?= $(PREFIX)/lib/lua/5.4
MANDIR  ?= $(PREFIX)/share/man/man1
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
# Types for lua-language-server: name this folder in its setting workspace.library.
TYPEDIR ?= $(PREFIX)/share/azureml/library
CFLAGS  ?= -O2 -g
LIBFLAG ?= -shared
LUA     ?= lua5.4
SUDO    ?= $(if $(filter-out 0,$(shell id -u)),sudo)

# The build directory. Objects are not rebuilt when flags change: use another B for other flags.
B       ?= build

VERSION := $(shell sed -n 's/^\#define AML_VERSION "\(.*\)"/\1/p' csrc/aml.h)

# The Debian packages that a build and a test run need.
BUILD_PACKAGES := gcc libc6-dev pkg-config ca-certificates lua5.4 liblua5.4-dev \
                  libcurl4-openssl-dev libssl-dev libjansson-dev libmicrohttpd-dev \
                  libwslay-dev libedit-dev libbsd-dev lua-cjson lua-cjson-dev lua-argparse \
                  tzdata
TEST_PACKAGES  := lua-busted lua-check luarocks clang libclang-rt-14-dev binutils curl openssl \
                  tmux man-db nghttp2-server python3-fastjsonschema lua-yaml openssh-client

# $(call inc,NAME,package): where the headers are. $(call lib,NAME,-lname): how to link.
# $(call found,name): the path of libname.a; empty when the library is not installed.
# $(call archive,name,libraries): libname.a and the libraries it needs, or the shared library.
inc     = $(if $($(1)_INCDIR),-I$($(1)_INCDIR),$(shell pkg-config --cflags $(2) 2>/dev/null))
lib     = $(if $($(1)_LIBDIR),-L$($(1)_LIBDIR)) $(2)
found   = $(wildcard $(shell $(CC) -print-file-name=lib$(1).a 2>/dev/null))
archive = $(if $(call found,$(1)),$(call found,$(1)) $(2),-l$(1))

# Hardening. These flags come before CPPFLAGS, CFLAGS and LDFLAGS, so that a packager's flags win;
# HARDEN_CFLAGS= and HARDEN_LDFLAGS= turn them off. FORTIFY works only in optimised code, not under
# sanitizers, and is left out where the packager's flags set it.
ALL_FLAGS       = $(CPPFLAGS) $(CFLAGS)
optimised       = $(filter-out -O0,$(lastword $(filter -O%,$(CFLAGS))))
has_own_fortify = $(findstring _FORTIFY_SOURCE,$(ALL_FLAGS))$(findstring -fsanitize,$(ALL_FLAGS))
FORTIFY         = $(if $(optimised),$(if $(has_own_fortify),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
HARDEN_CFLAGS  ?= $(FORTIFY) -fstack-protector-strong
HARDEN_LDFLAGS ?= -Wl,-z,relro,-z,now

WARN := -Wall -Wextra -pedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings
INCS := -Icsrc $(call inc,LUA,lua5.4) $(call inc,CURL,libcurl) $(call inc,JANSSON,jansson) \
        $(call inc,OPENSSL,libcrypto)
ALL_CFLAGS  = -std=c99 -D_GNU_SOURCE -fPIC -fvisibility=hidden $(WARN) $(HARDEN_CFLAGS) \
              $(CPPFLAGS) $(CFLAGS) $(INCS)
ALL_LDFLAGS = $(CFLAGS) $(HARDEN_LDFLAGS) $(LDFLAGS)

# $(call has_header,name,flags): 1 when the compiler finds the header.
has_header = $(shell $(CC) $(ALL_FLAGS) $(2) -include $(1) -E -xc /dev/null >/dev/null 2>&1 && \
               echo 1)

# How the loop waits for descriptors: epoll, or poll where the system has no epoll. Such a default
# is assigned again by := so that the compiler is asked once: that halves the time of an idle make.
LOOP ?= $(if $(call has_header,sys/epoll.h),epoll,poll)
LOOP := $(LOOP)
ifeq ($(filter epoll poll,$(LOOP)),)
$(error LOOP is $(LOOP): it must be epoll or poll)
endif
ifeq ($(LOOP),poll)
INCS += -DAML_LOOP_POLL
endif

# The emulator's server is built when libmicrohttpd is installed. It is a module of its own also for
# the executable: Debian's libmicrohttpd needs GnuTLS and eight more libraries. Where libcurl does
# not load them anyway (Debian's does, for LDAP and RTMP), they would take a fifth of the
# executable's start. HTTPD=builtin links the server into the executable as well, which then needs
# no file beside it.
HTTPD_INCS := $(call inc,MICROHTTPD,libmicrohttpd)
HTTPD ?= $(call has_header,microhttpd.h,$(HTTPD_INCS))
HTTPD := $(HTTPD)

# Websockets, which terminals and kernels need, are built when libwslay is installed.
WSLAY_INCS := $(call inc,WSLAY,libwslay)
WEBSOCKET ?= $(call has_header,wslay/wslay.h,$(WSLAY_INCS))
WEBSOCKET := $(WEBSOCKET)

CORE_LIBS  := $(call lib,CURL,-lcurl) $(call lib,JANSSON,-ljansson) $(call lib,OPENSSL,-lcrypto)
HTTPD_LIBS := $(call lib,MICROHTTPD,-lmicrohttpd) $(call lib,OPENSSL,-lssl -lcrypto)
INCS       += $(if $(HTTPD),$(HTTPD_INCS))
WSLAY_LIBS := $(call lib,WSLAY,-lwslay)
ifneq ($(WEBSOCKET),)
INCS     += -DAML_WEBSOCKET $(WSLAY_INCS)
EXE_WEBSOCKET := $(WSLAY_LIBS)
endif
EDIT_LIBS := $(call archive,edit,$(call archive,bsd,$(call found,md)) $(call archive,tinfo))
# The dynamic loader searches the libraries for each symbol in this order, which is most of the time
# of a start. Most symbols come from libcrypto and libc, so they stand before the others.
EXE_LIBS  := $(call archive,lua5.4-cjson) $(call archive,lua5.4) $(call archive,jansson) \
             $(EDIT_LIBS) $(call lib,OPENSSL,-lcrypto) -lc $(call lib,CURL,-lcurl) -lm -ldl \
             $(EXE_WEBSOCKET) $(if $(filter builtin,$(HTTPD)),$(HTTPD_LIBS))

PURE   := platform buf text scan url headers error retry lro fold throttle pace transport activity \
          base64 signature certificate jwt challenge trace traffic date callback mask handshake
CORE   := $(PURE) authorities file tree terminal poller_$(LOOP) loop route transfer child process \
          request exchange op stream client credential question token cache \
          loopback $(patsubst csrc/%.c,%,$(sort $(wildcard csrc/credential/*.c)))
BORDER := $(CORE) lua_value lua_options lua_error lua_loop lua_core lua_stream lua_credential \
          lua_json lua_scan lua_system lua_terminal lua_process lua_journal lua_state_file \
          lua_crypto lua_digest lua_certificate lua_library lua_build lua_module
LUA_SOURCES := $(sort $(shell find lua -name '*.lua'))
PAGE_FILES  := $(sort $(wildcard lua/azureml/studio/page/*))
REFERENCE   := $(B)/reference/azureml/reference/data.lua
# An executable that cannot load C modules reads YAML when it has lyaml inside: LYAML is the folder
# of its Lua files; liblyaml.a and libyaml.a are among EXE_LIBS.
LYAML       ?=
LYAML_FILES := $(if $(LYAML),lyaml=$(LYAML)/init.lua $(foreach part,explicit functional implicit,\
                 lyaml.$(part)=$(LYAML)/$(part).lua))
INCS        += $(if $(LYAML),-DAML_YAML)
ARGPARSE    ?= $(shell $(LUA) -e 'print(package.searchpath("argparse", package.path) or "")' \
                 2>/dev/null)

objects  = $(patsubst %,$(B)/obj/%.o,$(1))
MODULES := $(B)/lib/azureml/core.so $(if $(HTTPD),$(B)/lib/azureml/httpd.so) \
           $(if $(WEBSOCKET),$(B)/lib/azureml/websocket.so)

all: $(MODULES) $(B)/azureml

# -- requirements of a build -----------------------------------------------------------------------

# The first build in a directory checks that compiler, headers and libraries are there, and says in
# one sentence what is missing. Later builds see the file and check nothing.
command_missing = $(if $(shell command -v $(firstword $(1)) 2>/dev/null),,$(firstword $(1)))
header_missing  = $(if $(call has_header,$(1),$(INCS)),,$(1))
links           = $(shell echo 'int main(void) { return 0; }' | \
                    $(CC) $(ALL_LDFLAGS) -xc - -o /dev/null $(filter -L%,$(CORE_LIBS)) $(1) \
                    >/dev/null 2>&1 && echo 1)
library_missing = $(if $(call links,$(1)),,$(patsubst -l%,lib%,$(1)))

NEEDED_HEADERS   := lua.h curl/curl.h jansson.h openssl/evp.h editline/readline.h
NEEDED_LIBRARIES  = $(sort $(filter -l%,$(CORE_LIBS) $(EXE_LIBS) $(if $(HTTPD),$(HTTPD_LIBS))))

headers_missing   = $(foreach header,$(NEEDED_HEADERS),$(call header_missing,$(header)))
libraries_missing = $(if $(call links,$(NEEDED_LIBRARIES)),,\
                      $(foreach library,$(NEEDED_LIBRARIES),$(call library_missing,$(library))))
# pkg-config is named only when a header was not found without it.
found_by_compiler = $(if $(headers_missing),$(call command_missing,pkg-config) $(headers_missing)) \
                    $(libraries_missing)
build_missing     = $(strip $(call command_missing,$(LUA)) \
                      $(if $(ARGPARSE),,$(if $(call command_missing,$(LUA)),,argparse.lua)) \
                      $(or $(compiler_missing),$(found_by_compiler)))
# A ~ stands for a blank within a name.
compiler_missing  = $(if $(call command_missing,$(CC)),a~C~compiler~($(firstword $(CC))))

comma  := ,
empty  :=
space  := $(empty) $(empty)
listed  = $(subst ~,$(space),$(subst $(space),$(comma)$(space),$(1)))

# $(call refuse,names): stop when something is missing.
refuse  = $(if $(1),$(error cannot build without $(call listed,$(1)): run make deps as root))

$(B)/checked:
	$(call refuse,$(build_missing))
	@mkdir -p $(@D) && touch $@

# -- building --------------------------------------------------------------------------------------

$(B)/obj/%.o: csrc/%.c | $(B)/checked
	@echo CC $<
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) -MMD -c -o $@ $<

$(B)/obj/embedded.o: $(B)/embedded.c
	@echo CC $<
	@$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/embedded.c: csrc/embed.lua csrc/bytecode.lua $(REFERENCE) $(LUA_SOURCES) $(PAGE_FILES) \
                 | $(B)/checked
	@echo EMBED lua/
	@mkdir -p $(@D)
	@LUA_PATH="csrc/?.lua" $(LUA) csrc/embed.lua $(ARGPARSE) azureml.reference.data=$(REFERENCE) \
	  $(LUA_SOURCES) $(LYAML_FILES) $(PAGE_FILES) > $@.tmp && mv $@.tmp $@

# What the comments say, for the prompt's help and for editors: bytecode has no comments.
$(REFERENCE): csrc/reference.lua $(LUA_SOURCES) | $(B)/checked
	@echo REFERENCE lua/
	@mkdir -p $(@D)
	@LUA_PATH="lua/?.lua;lua/?/init.lua" $(LUA) csrc/reference.lua $(LUA_SOURCES) > $@.tmp \
	  && mv $@.tmp $@

# These modules tell which libraries they run on.
$(B)/lib/azureml/httpd.so $(B)/lib/azureml/websocket.so: $(B)/obj/lua_library.o

$(B)/lib/azureml/core.so: $(call objects,$(BORDER))
	@echo LD $@
	@mkdir -p $(@D)
	@$(CC) $(ALL_LDFLAGS) $(LIBFLAG) -Wl,-z,nodelete -o $@ $^ $(CORE_LIBS)

HTTPD_OBJECTS := watchset front relay feed lua_relay lua_httpd
$(B)/lib/azureml/httpd.so: $(call objects,platform buf text lua_value $(HTTPD_OBJECTS))
	@echo LD $@
	@mkdir -p $(@D)
	@$(CC) $(ALL_LDFLAGS) $(LIBFLAG) -Wl,-z,nodelete -o $@ $^ $(HTTPD_LIBS)

# The executable looks for httpd.so in LIBDIR as well, unless it contains the server.
$(B)/obj/main.o: ALL_CFLAGS += -DAML_LIBDIR='"$(LIBDIR)"'
$(B)/obj/main_httpd.o: ALL_CFLAGS += -DAML_LIBDIR='"$(LIBDIR)"' -DAML_HTTPD
$(B)/obj/main_httpd.o: csrc/main.c | $(B)/checked
	@echo CC $< with httpd
	@$(CC) $(ALL_CFLAGS) -MMD -c -o $@ $<

$(B)/lib/azureml/websocket.so: $(call objects,platform buf lua_value websocket lua_websocket)
	@echo LD $@
	@mkdir -p $(@D)
	@$(CC) $(ALL_LDFLAGS) $(LIBFLAG) -Wl,-z,nodelete -o $@ $^ $(WSLAY_LIBS)

EXE_OBJECTS := $(BORDER) $(if $(WEBSOCKET),websocket lua_websocket) lua_edit heap wakeup embedded
# C modules find the functions of Lua in the executable.
EXPORT      ?= -Wl,-E
EXE_MAIN    := $(if $(filter builtin,$(HTTPD)),main_httpd $(HTTPD_OBJECTS),main)
$(B)/azureml: $(call objects,$(EXE_OBJECTS) $(EXE_MAIN))
	@echo LD $@
	@$(CC) $(ALL_LDFLAGS) $(EXPORT) -Wl,--as-needed -pthread -o $@ $^ $(EXE_LIBS)

# The executable of HTTPD=builtin, for the specs.
$(B)/spec/azureml: $(call objects,$(EXE_OBJECTS) main_httpd $(HTTPD_OBJECTS))
	@echo LD $@
	@mkdir -p $(@D)
	@$(CC) $(ALL_LDFLAGS) $(EXPORT) -Wl,--as-needed -pthread -o $@ $^ $(EXE_LIBS) $(HTTPD_LIBS)

# The C files without Lua and network as a module for the specs. It is never installed.
$(B)/spec/pure.so: $(call objects,$(PURE) authorities heap) $(B)/obj/spec/pure.o
	@echo LD $@
	@mkdir -p $(@D)
	@$(CC) $(ALL_LDFLAGS) $(LIBFLAG) -o $@ $^ $(CORE_LIBS)

# A module with both forms of the scanner of JSON texts: with and without SSE2.
$(B)/spec/scan_forms.so: $(B)/obj/spec/scan_forms.o $(call objects,scan text buf platform)
	@echo LD $@
	@mkdir -p $(@D)
	@$(CC) $(ALL_LDFLAGS) $(LIBFLAG) -o $@ $^

# Two more modules for the specs: raw sockets, and the environment of the suite's process.
$(B)/spec/raw.so $(B)/spec/environment.so: $(B)/spec/%.so: $(B)/obj/spec/%.o
	@echo LD $@
	@mkdir -p $(@D)
	@$(CC) $(ALL_LDFLAGS) $(LIBFLAG) -o $@ $^

# The library that makes an allocation fail. Sanitizers must not look into it: it serves them.
$(B)/spec/oom.so: spec/oom/oom.c | $(B)/checked
	@echo LD $@
	@mkdir -p $(@D)
	@$(CC) $(filter-out -fsanitize%,$(ALL_CFLAGS)) $(LIBFLAG) -o $@ $< -ldl \
	  $(call lib,OPENSSL,-lcrypto)

$(B)/obj/spec/%.o: spec/csrc/%.c | $(B)/checked
	@echo CC $<
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) -MMD -c -o $@ $<

# -- installing ------------------------------------------------------------------------------------

$(B)/azureml.1: $(B)/azureml
	@echo MAN $@
	@$(B)/azureml -e 'io.write(require("azureml.console.manual").page())' > $@.tmp && mv $@.tmp $@

man: $(B)/azureml.1

TYPES := azureml.lua azureml/emulator.lua
$(B)/library/azureml.lua: $(B)/azureml
	@echo TYPES $(@D)
	@mkdir -p $(@D)/azureml
	@$(B)/azureml -e 'require("azureml.reference.library").write("$(@D)")'

library: $(B)/library/azureml.lua

# The documentation: Markdown out of the guide, the comments and the commands; HTML and manual pages
# out of Markdown. Open build/docs/index.html.
DOCS       := build/docs
GUIDE      := studio fleets credentials errors json emulator cookbook
DOCS_PAGES := index $(GUIDE) commands reference
docs: all man
	$(call need,pandoc)
	@rm -rf $(DOCS) && mkdir -p $(DOCS)/man && cp lua/azureml/guide/guide.css $(DOCS)
	@$(B)/azureml csrc/docs.lua $(DOCS)
	@echo '<nav><a href="index.html">azureml</a></nav>' > $(DOCS)/back
	@for page in $(DOCS_PAGES); do \
	  pandoc --standalone --columns 9999 --toc --toc-depth=3 --from markdown-smart --to html5 \
	    --css guide.css \
	    --metadata lang=en --metadata pagetitle="azureml: $$page" \
	    --include-before-body $(DOCS)/back \
	    --output $(DOCS)/$$page.html $(DOCS)/$$page.md || exit 1; done
	@for page in $(GUIDE); do \
	  pandoc --standalone --from markdown-smart --to man --metadata section=7 \
	    --metadata title=AZUREML-$$(echo $$page | tr a-z A-Z) \
	    --output $(DOCS)/man/azureml-$$page.7 $(DOCS)/man/$$page.md || exit 1; done
	@pandoc --standalone --from markdown-smart --to man --metadata section=3 \
	  --metadata title=AZUREML --output $(DOCS)/man/azureml.3 $(DOCS)/man/reference.md
	@cp $(B)/azureml.1 $(DOCS)/man
	@rm $(DOCS)/back $(DOCS)/man/*.md
	@echo $(DOCS)/index.html

$(B)/completion.%: $(B)/azureml
	@echo COMPLETION $@
	@$(B)/azureml completion $* > $@.tmp && mv $@.tmp $@

# $(call put,mode,file,target): install one file and say so.
define put
	@echo INSTALL $(3)
	@install -D -m $(1) $(2) $(3)

endef

install: all man library $(B)/completion.bash $(B)/completion.zsh $(B)/completion.fish
	$(call put,755,$(B)/azureml,$(DESTDIR)$(BINDIR)/azureml)
	$(foreach module,$(MODULES),\
	  $(call put,755,$(module),$(DESTDIR)$(LIBDIR)/azureml/$(notdir $(module))))
	@echo INSTALL $(DESTDIR)$(LUADIR)/azureml/
	@for file in $(LUA_SOURCES:lua/%=%) $(PAGE_FILES:lua/%=%); do \
	  install -D -m 644 lua/$$file $(DESTDIR)$(LUADIR)/$$file || exit 1; done
	@install -D -m 644 $(REFERENCE) $(DESTDIR)$(LUADIR)/azureml/reference/data.lua
	$(foreach file,$(TYPES),$(call put,644,$(B)/library/$(file),$(DESTDIR)$(TYPEDIR)/$(file)))
	$(call put,644,$(B)/azureml.1,$(DESTDIR)$(MANDIR)/azureml.1)
	$(call put,644,$(B)/completion.bash,$(DESTDIR)$(BASHDIR)/azureml)
	$(call put,644,$(B)/completion.zsh,$(DESTDIR)$(ZSHDIR)/_azureml)
	$(call put,644,$(B)/completion.fish,$(DESTDIR)$(FISHDIR)/azureml.fish)

# $(call take,path): remove a file or a directory and say so.
define take
	@echo REMOVE $(1)
	@rm -rf $(1)

endef

uninstall:
	$(call take,$(DESTDIR)$(BINDIR)/azureml)
	$(call take,$(DESTDIR)$(LIBDIR)/azureml)
	$(call take,$(DESTDIR)$(LUADIR)/azureml)
	$(call take,$(DESTDIR)$(TYPEDIR))
	$(call take,$(DESTDIR)$(MANDIR)/azureml.1)
	$(call take,$(DESTDIR)$(BASHDIR)/azureml)
	$(call take,$(DESTDIR)$(ZSHDIR)/_azureml)
	$(call take,$(DESTDIR)$(FISHDIR)/azureml.fish)

include rockspec/packages.mk

# -- a fresh machine -------------------------------------------------------------------------------

# $(call missing,packages): the Debian packages among them that are not installed.
is_installed = dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed'
missing      = $(shell for p in $(1); do $(is_installed) || echo $$p; done)

define need
	@missing="$(call missing,$(1))"; if [ -n "$$missing" ]; then \
	  command -v apt-get >/dev/null || { echo "install by hand: $$missing" >&2; exit 1; }; \
	  echo "INSTALL $$missing"; \
	  $(SUDO) apt-get update -q >/dev/null && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -q --no-install-recommends $$missing >/dev/null; fi
endef

deps:
	$(call need,$(BUILD_PACKAGES))

test-deps:
	$(call need,$(BUILD_PACKAGES) $(TEST_PACKAGES))

# The build runs in a second make, because this make looked for headers and archives before deps
# installed them. It compiles as many files at once as there are cores, unless -j says otherwise.
CORES    = $(shell getconf _NPROCESSORS_ONLN)
PARALLEL = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(CORES))
demo: deps
	@$(MAKE) --no-print-directory $(PARALLEL) all
	@$(B)/azureml --emulator --speed 200 run lifecycle

test: test-deps
	@$(MAKE) --no-print-directory $(PARALLEL) check

# Test with real machines behind the emulator's instances. The suite of `make test` needs none of
# these packages.
MACHINE_PACKAGES := openssh-server jupyter-server python3-ipykernel python3-venv \
                    r-base-core r-cran-irkernel
test-machine: test-deps
	$(call need,$(MACHINE_PACKAGES))
	@$(MAKE) --no-print-directory check SPECS="$(sort $(wildcard spec/machine/*.lua))"

# Test the studio in a real browser. Screenshots go into build/.
BROWSER_PACKAGES := chromium chromium-driver
test-browser: test-deps
	$(call need,$(BROWSER_PACKAGES))
	@$(MAKE) --no-print-directory check SPECS="$(sort $(wildcard spec/browser/*.lua))"

# -- checking --------------------------------------------------------------------------------------

BUSTED  ?= /usr/bin/busted
SPECS   ?= spec
RUNNER  ?= $(LUA)
# Processes that run spec files side by side: one more than cores, because specs also wait.
WORKERS ?= $(shell expr $(CORES) + 1)
# The suite runs without the user's settings, credentials and home directory.
CLEAN    = env -i PATH="$(PATH)" HOME="$(CURDIR)/$(B)/home" LANG=C.UTF-8 TERM="$(TERM)" \
           AZUREML_BUILD="$(B)" LUA_PATH="lua/?.lua;lua/?/init.lua;$(B)/reference/?.lua;;" \
           LOOP="$(LOOP)" LUA_CPATH="$(B)/lib/?.so;$(B)/spec/?.so;;" $(RECORD)
# Every process of the suite records what its emulators answer; the last spec checks the records.
# The emulators of all processes share a signing key.
RECORD   = LUA_INIT="dofile '$(CURDIR)/spec/recorder.lua' dofile '$(CURDIR)/spec/signing_key.lua'" \
           AZUREML_ANSWERS="$(CURDIR)/$(B)/answers" SUITE_SIGNING_KEY="$(CURDIR)/$(SIGNING_KEY)"

SIGNING_KEY := $(B)/spec/signing_key.pem
$(SIGNING_KEY):
	@mkdir -p $(@D)
	@openssl genrsa -out $@ -primes 3 2048 2>/dev/null

SPEC_MODULES := $(patsubst %,$(B)/spec/%.so,pure scan_forms raw environment oom)
check: all man $(B)/spec/azureml $(SPEC_MODULES) $(SIGNING_KEY)
	@mkdir -p $(B)/home
	@$(CLEAN) $(CHECK_ENV) $(LUA) spec/suite.lua $(WORKERS) "$(RUNNER) $(BUSTED) -o spec/worker.lua" \
	  $(SPECS)

SANITIZE       := -fsanitize=address,undefined
ASAN_CFLAGS    := -O1 -g -fno-omit-frame-pointer $(SANITIZE) -fno-sanitize-recover=undefined
ASAN_LIBRARIES  = $(foreach l,asan ubsan,$(shell $(CC) -print-file-name=lib$(l).so))
check-asan: test-deps
	@$(MAKE) --no-print-directory check B=build/asan RUNNER=build/asan/azureml \
	  CFLAGS="$(ASAN_CFLAGS)" LDFLAGS="$(SANITIZE)" \
	  CHECK_ENV='ASAN_OPTIONS=detect_leaks=1 AZUREML_PRELOAD="$(ASAN_LIBRARIES)"'

# Valgrind checks the suite's own process and its forked children, but no other program.
# platform_spec.lua is left out: its children leave without freeing what the suite has allocated,
# and valgrind lacks the system call that gives a child's descriptor.
VALGRIND_SPECS ?= $(filter-out %/platform_spec.lua,$(wildcard spec/csrc/*_spec.lua)) \
                  spec/client_spec.lua spec/credential_spec.lua spec/operation_spec.lua spec/task \
                  spec/e2e/transport_spec.lua
LEAK_KINDS     := definite,indirect,possible
check-valgrind: test-deps
	$(call need,valgrind)
	@$(MAKE) --no-print-directory check SPECS="$(VALGRIND_SPECS)" \
	  RUNNER="valgrind -q --leak-check=full --error-exitcode=9 --show-leak-kinds=$(LEAK_KINDS) \
	  --errors-for-leak-kinds=$(LEAK_KINDS) --suppressions=spec/valgrind.supp $(LUA)"

# Let each allocation of some jobs fail once: see spec/oom/sweep.lua.
oom: deps
	@$(MAKE) --no-print-directory all $(B)/spec/oom.so
	@AZUREML_BUILD=$(B) $(B)/azureml spec/oom/sweep.lua $(B)

oom-asan: test-deps
	@$(MAKE) --no-print-directory oom B=build/asan CFLAGS="$(ASAN_CFLAGS)" LDFLAGS="$(SANITIZE)" \
	  AZUREML_PRELOAD="$(ASAN_LIBRARIES)"

# Fuzz everything that reads the network, for FUZZ_SECONDS. A crash leaves its input in build/fuzz.
FUZZ_SECONDS ?= 60
$(B)/fuzz/%: spec/fuzz/%.c $(patsubst %,csrc/%.c,$(PURE))
	@echo FUZZ $<
	@mkdir -p $(@D)
	@clang $(filter-out -fPIC $(FORTIFY),$(ALL_CFLAGS)) -fsanitize=fuzzer,address,undefined \
	  -fno-sanitize-recover=undefined -o $@ $^ $(CORE_LIBS)

# The scanner of JSON texts, compared with lua-cjson and jansson.
SCAN_SOURCES := $(patsubst %,csrc/%.c,platform buf text scan lua_value lua_scan)
$(B)/fuzz/scan: spec/fuzz/scan.c spec/fuzz/scan.lua spec/csrc/scan_forms.c $(SCAN_SOURCES)
	@echo FUZZ $<
	@mkdir -p $(@D)
	@clang $(filter-out -fPIC $(FORTIFY),$(ALL_CFLAGS)) -DCOMPARE='"$(CURDIR)/spec/fuzz/scan.lua"' \
	  -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -o $@ \
	  $(filter %.c,$^) $(EXE_LIBS)

$(B)/fuzz/websocket: spec/fuzz/websocket.c csrc/websocket.c csrc/buf.c csrc/platform.c
	@echo FUZZ $<
	@mkdir -p $(@D)
	@clang $(filter-out -fPIC $(FORTIFY),$(ALL_CFLAGS)) -fsanitize=fuzzer,address,undefined \
	  -fno-sanitize-recover=undefined -o $@ $^ $(WSLAY_LIBS)

fuzz: test-deps
	@$(MAKE) --no-print-directory $(B)/fuzz/pure $(B)/fuzz/certificate $(B)/fuzz/websocket \
	  $(B)/fuzz/scan
	@cd $(B)/fuzz && ./websocket -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -print_final_stats=1
	@cd $(B)/fuzz && ./scan -max_total_time=$(FUZZ_SECONDS) -max_len=1900 -print_final_stats=1 \
	  -dict=$(CURDIR)/spec/fuzz/scan.dict
	@cd $(B)/fuzz && ./pure -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -print_final_stats=1
	@mkdir -p $(B)/fuzz/certificates
	@tar -xzf spec/fixtures/credentials/material.tar.gz -C $(B)/fuzz/certificates
	@cd $(B)/fuzz && ./certificate -max_total_time=$(FUZZ_SECONDS) -max_len=8192 \
	  -print_final_stats=1 certificates

# Test against third-party software. It comes from npm, pinned by a lock file, and stays in build/.
NODE_PACKAGES := $(if $(shell command -v npm),,nodejs npm)
# What the emulators answer to other programs is recorded apart from the answers of the suite.
ANSWERS        = $(CURDIR)/$(B)/conformance-answers
forget_answers = rm -rf $(ANSWERS) && mkdir -p $(B)/home $(ANSWERS)
conformance: test-deps
	$(call need,$(NODE_PACKAGES))
	@mkdir -p build/conformance
	@cp spec/conformance/*.json spec/conformance/*.mjs build/conformance
	@cd build/conformance && npm ci --no-audit --no-fund --loglevel=error
	@$(MAKE) --no-print-directory check SPECS="spec/conformance/polling.lua" \
	  CHECK_ENV='AZUREML_CONFORMANCE=$(CURDIR)/build/conformance'
	@$(forget_answers)
	@$(CLEAN) AZUREML_ANSWERS="$(ANSWERS)" node build/conformance/start.mjs $(B)/azureml
	@/usr/bin/python3 spec/specification/check.py $(ANSWERS)
	@$(MAKE) --no-print-directory conformance-oav

# Let Microsoft's validator of specifications judge the answers that the target before recorded.
conformance-oav:
	@mkdir -p build/conformance-oav
	@cp spec/conformance/oav/*.json spec/conformance/oav/*.mjs build/conformance-oav
	@cd build/conformance-oav && npm ci --no-audit --no-fund --loglevel=error
	@node build/conformance-oav/validate.mjs spec/fixtures/specification.json $(ANSWERS)

# Test against Microsoft's SDKs for Python, unmodified. They come from PyPI, pinned by hashes, and
# stay in build/. The versions are those for which the hashed packages were tried.
PYTHON        ?= /usr/bin/python3
PYTHON_NEEDED := 3.11 to 3.13
python_fits    = $(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
SDKS          := build/conformance-python
conformance-python: test-deps
	$(call need,python3 python3-venv)
	@$(python_fits) || { \
	  echo "conformance-python needs Python $(PYTHON_NEEDED): set PYTHON, now $(PYTHON)" >&2; exit 1; }
	@$(PYTHON) -m venv $(SDKS)
	@$(SDKS)/bin/pip install -q --disable-pip-version-check --require-hashes --only-binary :all: \
	  -r spec/conformance/python/requirements.txt
	@$(MAKE) --no-print-directory all
	@$(forget_answers)
	@$(CLEAN) PYTHONDONTWRITEBYTECODE=1 AZUREML_ANSWERS="$(ANSWERS)" \
	  $(SDKS)/bin/python spec/conformance/python/start.py $(B)/azureml
	@/usr/bin/python3 spec/specification/check.py $(ANSWERS)

# Check what `azureml run --as` writes: by Kubernetes' schemas, from PyPI, and by systemd itself.
ENGINES := build/conformance-engines
conformance-engines: test-deps
	$(call need,python3 python3-venv systemd)
	@$(PYTHON) -m venv $(ENGINES)
	@$(ENGINES)/bin/pip install -q --disable-pip-version-check --require-hashes \
	  --only-binary :all: -r spec/conformance/engines/requirements.txt
	@$(MAKE) --no-print-directory check SPECS="spec/conformance/engines/engines.lua" \
	  CHECK_ENV='AZUREML_CONFORMANCE=$(CURDIR)/$(ENGINES)'

# Test the credentials of applications against a server that verifies them.
conformance-auth: test-deps
	$(call need,$(NODE_PACKAGES))
	@mkdir -p build/conformance-auth
	@cp spec/conformance/auth/package.json spec/conformance/auth/package-lock.json \
	  spec/conformance/auth/server.mjs build/conformance-auth
	@cd build/conformance-auth && npm ci --no-audit --no-fund --loglevel=error
	@$(MAKE) --no-print-directory check SPECS="spec/conformance/auth/sign_in.lua" \
	  CHECK_ENV='AZUREML_CONFORMANCE=$(CURDIR)/build/conformance-auth'

# Remake the table of time zones, which the client and the emulator read, from CLDR and tzdata.
ZONES := lua/azureml/definition/windows_zones.lua
time-zones:
	$(call need,python3 tzdata unicode-cldr-core)
	@echo ZONES $(ZONES)
	@mkdir -p $(B)
	@/usr/bin/python3 spec/specification/time_zones.py > $(B)/zones.tmp && mv $(B)/zones.tmp $(ZONES)

include spec/bench/bench.mk
include rockspec/release.mk
include csrc/portable.mk
include spec/observe/observe.mk
include spec/simulation/simulation.mk

# The files that the checks of text read: all that is written by hand.
WRITTEN_IN = .ci csrc lua rockspec spec CHANGELOG.md LICENSE Makefile README.md
WRITTEN    = $(sort $(shell find $(WRITTEN_IN) -type f))

# Print each line of C, Lua or Markdown prose that has more than 100 columns.
lint-width:
	@$(LUA) spec/lint/columns.lua $(WRITTEN)

# Treat warnings as errors in lint alone: a user's newer compiler may give more warnings.
lint: test-deps
	@luacheck -q lua spec csrc/bytecode.lua csrc/embed.lua csrc/reference.lua
	@$(MAKE) --no-print-directory lint-width
	@LUA_PATH="./?.lua;;" $(LUA) spec/lint/citations.lua $(WRITTEN)
	@$(MAKE) --no-print-directory all B=build/gcc CC=gcc CFLAGS="-O2 -Werror"
	@$(MAKE) --no-print-directory all B=build/clang CC=clang CFLAGS="-O2 -Werror"
	@clang $(ALL_CFLAGS) -Werror -DCOMPARE='""' -fsyntax-only $(wildcard spec/fuzz/*.c)
	@luarocks --lua-version 5.4 lint rockspec/azureml-scm-1.rockspec
	@echo "lint: clean"

clean:
	rm -rf build

.PHONY: all man library install uninstall deps test-deps demo test test-machine test-browser \
        check check-asan check-valgrind fuzz oom oom-asan conformance conformance-python \
        conformance-oav \
        conformance-auth conformance-engines docs time-zones lint lint-width clean

-include $(wildcard $(B)/obj/*.d $(B)/obj/*/*.d)
