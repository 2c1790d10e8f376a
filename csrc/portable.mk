# portable.mk: other systems than this one, a part of the Makefile.

# The pollers as modules for the specs, which try them all. poller_select is what macOS has.
POLLERS := $(patsubst %,$(B)/spec/poller_%.so,\
             $(if $(call has_header,sys/epoll.h),epoll) poll select)
$(B)/spec/poller_epoll.so: csrc/poller_epoll.c
$(B)/spec/poller_poll.so: csrc/poller_poll.c csrc/platform.c
$(B)/spec/poller_select.so: csrc/poller_poll.c csrc/platform.c
$(B)/spec/poller_select.so: ALL_CFLAGS += -DAML_SELECT
$(POLLERS): spec/csrc/poller.c csrc/poller.h csrc/platform.h | $(B)/checked
	@echo LD $@
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LIBFLAG) -o $@ $(filter %.c,$^)

# platform.c for this C library, and as for one that lacks what glibc 2.34 brought.
PLATFORMS := $(patsubst %,$(B)/spec/platform_%.so,own plain)
$(B)/spec/platform_plain.so: ALL_CFLAGS += -DAML_PLAIN
$(PLATFORMS): spec/csrc/platform.c csrc/platform.c csrc/platform.h | $(B)/checked
	@echo LD $@
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LIBFLAG) -o $@ $(filter %.c,$^)

check: $(POLLERS) $(PLATFORMS)

# Zig is a C compiler with the headers of other systems and of glibc's older versions. Here it only
# compiles; what needs no library but the system's is linked as well. Nothing can run.
PORTABLE := build/portable
ZIG      := $(CURDIR)/$(PORTABLE)/zig
SYSTEMS  := x86_64-linux-musl x86_64-linux-gnu.2.29 aarch64-macos x86_64-macos x86_64-freebsd
SOURCES  := $(filter-out csrc/poller_%,$(wildcard csrc/*.c csrc/credential/*.c))

# The libraries' headers alone: none of this system's C library may be found.
FOREIGN  := (curl|openssl|wslay|editline)/.*\.h|(jansson|microhttpd|lua|lauxlib|histedit)[^/]*\.h
$(PORTABLE)/headers: $(SOURCES)
	@echo HEADERS $(@D)/include
	@$(CC) -M $(ALL_CFLAGS) $(WSLAY_INCS) $(HTTPD_INCS) $(SOURCES) | tr ' ' '\n' | sort -u | \
	  sed -nE 's#^/.*/($(FOREIGN))$$#& $(@D)/include/\1#p' | \
	  while read -r from to; do install -D -m 644 $$from $$to || exit 1; done
	@touch $@

# Compile each C file for macOS, FreeBSD, musl and an old glibc, with warnings as errors.
lint-portable: deps
	$(call need,python3 python3-venv)
	@python3 -m venv $(ZIG)
	@$(ZIG)/bin/pip install -q --disable-pip-version-check --require-hashes --only-binary :all: \
	  -r spec/portable/requirements.txt
	@$(MAKE) --no-print-directory $(PORTABLE)/headers
	@$(foreach system,$(SYSTEMS),echo SYSTEM $(system) && \
	  mkdir -p $(PORTABLE)/$(system) && touch $(PORTABLE)/$(system)/checked && \
	  $(MAKE) --no-print-directory lint-system B=$(PORTABLE)/$(system) HTTPD=1 WEBSOCKET=1 \
	    CC="$(ZIG)/bin/python -m ziglang cc -target $(system)" HARDEN_CFLAGS= HARDEN_LDFLAGS= \
	    CPPFLAGS="-idirafter $(CURDIR)/$(PORTABLE)/include" \
	    CFLAGS="-O1 -Werror -Wno-c11-extensions" \
	    LUA_INCDIR=csrc CURL_INCDIR=csrc JANSSON_INCDIR=csrc OPENSSL_INCDIR=csrc \
	    MICROHTTPD_INCDIR=csrc WSLAY_INCDIR=csrc && ) echo "lint-portable: clean"

# For musl zig would have to build the C library first, which takes minutes.
LINKED := platform poller_$(LOOP) wakeup terminal process file tree buf text date
lint-system: $(call objects,poller_$(LOOP) $(SOURCES:csrc/%.c=%)) \
             $(if $(findstring musl,$(B)),,$(B)/linked)

$(B)/linked: $(call objects,$(LINKED))
	@echo LD $@
	@echo 'int main(void) { return 0; }' > $@.c
	@$(CC) -o $@ $@.c $^

.PHONY: lint-portable lint-system
