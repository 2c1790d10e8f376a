# release.mk: single files that run on any Linux, and images for containers. A part of the Makefile.
#
# Their libraries are Debian's, built static by zig. Everything lies in build/release; RELEASE_LIBS
# names another folder of zig, sources and libraries.
#   linux-x86_64, linux-aarch64   need nothing but the kernel
#   linux-x86_64-gnu              needs glibc 2.29 or newer, and loads C modules

TARGETS      ?= linux-x86_64 linux-x86_64-gnu linux-aarch64
RELEASE      := build/release
RELEASE_LIBS ?= $(CURDIR)/$(RELEASE)
ZIG_TARGETS  := linux-x86_64=x86_64-linux-musl linux-x86_64-gnu=x86_64-linux-gnu.2.29 \
                linux-aarch64=aarch64-linux-musl
RELEASE_ZIG  := $(RELEASE_LIBS)/zig/bin/zig
# The time of each file in a release: when the newest commit was made.
RELEASE_TIME ?= $(or $(shell git log -1 --format=%ct 2>/dev/null),$(shell stat -c %Y csrc/aml.h))

# The sources, by their names in Debian, and the archives, in the order of linking.
RELEASE_SOURCES  := zlib lua5.4 lua-cjson lua-argparse lua-yaml libyaml wslay jansson nghttp2 \
                    ncurses libedit libmicrohttpd openssl curl
RELEASE_ARCHIVES := lua5.4-cjson lyaml lua5.4 yaml jansson edit tinfo microhttpd wslay curl \
                    nghttp2 ssl crypto z
RELEASE_PACKAGES := python3 python3-venv binutils dpkg-dev patch perl xz-utils

# $(call named,kind,name,pairs): the value of a name among pairs of NAME=VALUE.
# $(call zig_target,name): zig's name of a target. $(call usr,name): headers and archives for it.
named      = $(or $(patsubst $(2)=%,%,$(filter $(2)=%,$(3))),\
               $(error there is no $(1) "$(2)": known are $(subst =, as ,$(3))))
zig_target = $(call named,release,$(1),$(ZIG_TARGETS))
usr        = $(RELEASE_LIBS)/libraries/$(1)/usr
is_static  = $(findstring musl,$(call zig_target,$(1)))

$(RELEASE_ZIG): spec/portable/requirements.txt
	@echo ZIG $@
	@$(PYTHON) -m venv --clear $(RELEASE_LIBS)/zig
	@$(RELEASE_LIBS)/zig/bin/pip install -q --disable-pip-version-check --require-hashes \
	  --only-binary :all: -r $<
	@ln -s "$$(echo $(RELEASE_LIBS)/zig/lib/python*/site-packages/ziglang/zig)" $@

$(RELEASE_LIBS)/sources/versions: rockspec/release/sources.sh
	@$< $(@D) $(RELEASE_SOURCES)

$(RELEASE_LIBS)/libraries/%/built: rockspec/release/libraries.sh $(RELEASE_LIBS)/sources/versions \
                                   $(RELEASE_ZIG)
	@$(CURDIR)/$< $(RELEASE_ZIG) $(call zig_target,$*) $(RELEASE_LIBS)/sources $(@D)
	@touch $@

# The executable of a target: the ordinary rules with other flags, in a build directory of its own.
$(RELEASE)/%/azureml: $(RELEASE_LIBS)/libraries/%/built FORCE
	@mkdir -p $(@D) && touch $(@D)/checked
	@PKG_CONFIG_LIBDIR=/nowhere $(MAKE) -s --no-print-directory $@ B=$(@D) HTTPD=builtin WEBSOCKET=1 \
	  CC=$(RELEASE_LIBS)/libraries/$*/bin/cc \
	  CPPFLAGS="-DCURL_STATICLIB -isystem $(call usr,$*)/include" \
	  CFLAGS="-O2 -g0 -ffunction-sections -fdata-sections -Wno-c11-extensions \
	    -ffile-prefix-map=$(CURDIR)=." \
	  LDFLAGS="-s -Wl,--gc-sections $(if $(call is_static,$*),-static)" EXPORT= \
	  ARGPARSE=$(RELEASE_LIBS)/sources/lua-argparse/src/argparse.lua \
	  LYAML=$(RELEASE_LIBS)/sources/lua-yaml/lib/lyaml \
	  EXE_LIBS="$(patsubst %,$(call usr,$*)/lib/lib%.a,$(RELEASE_ARCHIVES)) \
	    $(if $(call is_static,$*),,$(call usr,$*)/lib/libexports.so) -lm -ldl"

# What lies beside an executable is the same for all targets, and made by the ordinary build.
$(RELEASE)/azureml-$(VERSION)-%.tar.gz: $(RELEASE)/%/azureml man $(B)/completion.bash \
                                        $(B)/completion.zsh $(B)/completion.fish
	@echo TARBALL $@
	@rockspec/release/tarball.sh $(RELEASE)/$*/azureml $(B) $(RELEASE_LIBS) $(RELEASE_TIME) $@

release: deps
	@: $(foreach target,$(TARGETS),$(call zig_target,$(target)))
	$(call need,$(RELEASE_PACKAGES))
	@$(MAKE) --no-print-directory $(patsubst %,$(RELEASE)/azureml-$(VERSION)-%.tar.gz,$(TARGETS))
	@cd $(RELEASE) && sha256sum azureml-$(VERSION)-linux-*.tar.gz > SHA256SUMS && cat SHA256SUMS

# Images for containers: the static files with authorities and time zones, as folders in OCI's
# layout and as tarballs of these. IMAGES names the architectures.
IMAGES         ?= amd64 arm64
IMAGE_PACKAGES := ca-certificates tzdata openssl
IMAGE_TARGETS  := amd64=linux-x86_64 arm64=linux-aarch64
image_target    = $(call named,image,$(1),$(IMAGE_TARGETS))

define put_image
	@echo IMAGE $(RELEASE)/azureml-$(VERSION)-image-$(1)
	@rockspec/release/image.sh $(RELEASE)/$(call image_target,$(1))/azureml $(1) $(VERSION) \
	  $(RELEASE_TIME) $(RELEASE)/azureml-$(VERSION)-image-$(1)

endef

image: deps
	$(call need,$(RELEASE_PACKAGES) $(IMAGE_PACKAGES))
	@$(MAKE) --no-print-directory \
	  $(foreach image,$(IMAGES),$(RELEASE)/$(call image_target,$(image))/azureml)
	$(foreach image,$(IMAGES),$(call put_image,$(image)))

# Slow, as root. Build the files again in another folder and compare the bytes, try them in a bare
# root and with other C libraries, and run the specs that use an executable. REBUILD=1 builds the
# libraries again as well, out of the same sources.
CHECK_PACKAGES := qemu-user-static umoci skopeo
release-check: test-deps
	$(call need,$(RELEASE_PACKAGES) $(IMAGE_PACKAGES) $(CHECK_PACKAGES))
	@$(MAKE) --no-print-directory release
	@$(MAKE) --no-print-directory release-again
	@for target in $(TARGETS); do \
	  rockspec/release/check.sh $$target $(RELEASE)/azureml-$(VERSION)-$$target.tar.gz \
	    $(RELEASE)/check || exit 1; done
	@$(MAKE) --no-print-directory $(patsubst %,release-specs-%,$(TARGETS))

AGAIN := $(CURDIR)/$(RELEASE)/again
release-again:
	@rm -rf $(AGAIN) && mkdir -p $(AGAIN)
	@tar -cf - $(WRITTEN_IN) | tar -xf - -C $(AGAIN)
	@mkdir -p $(AGAIN)/build/release
	@$(if $(REBUILD),ln -s $(RELEASE_LIBS)/sources $(RELEASE_LIBS)/zig $(AGAIN)/build/release)
	@$(MAKE) --no-print-directory -C $(AGAIN) release TARGETS="$(TARGETS)" \
	  RELEASE_TIME=$(RELEASE_TIME) \
	  RELEASE_LIBS=$(if $(REBUILD),$(AGAIN)/build/release,$(RELEASE_LIBS)) > $(AGAIN)/log
	@cd $(AGAIN)/build/release && sha256sum --check --ignore-missing $(CURDIR)/$(RELEASE)/SHA256SUMS
	@echo "the same bytes from another folder$(if $(REBUILD), with libraries built again)"

# Run the specs with the file of a release in the place of the executable. Plain lua5.4 still loads
# the modules of the ordinary build. Left out are specs that build something, C modules where the
# file is static, and under qemu the paths of modules, which name the architecture.
BUILDING_SPECS := $(patsubst %,spec/e2e/%_spec.lua,docs install make oom release rock) \
                  spec/console/server_module_spec.lua
RELEASE_SPECS  ?= $(filter-out $(BUILDING_SPECS),$(sort $(wildcard spec/e2e/*_spec.lua \
                  spec/console/*_spec.lua))) spec/cli_spec.lua spec/cli
QEMU_SPECS     ?= spec/e2e/lifecycle_spec.lua spec/e2e/executable_spec.lua spec/cli_spec.lua
TRIED           = $(CURDIR)/$(RELEASE)/tried/$*
release-specs-%: all man $(SPEC_MODULES)
	@echo SPECS of $*
	@rm -rf $(TRIED) && mkdir -p $(TRIED)
	@for part in lib spec reference azureml.1; do ln -s $(CURDIR)/$(B)/$$part $(TRIED)/; done
	@rockspec/release/put.sh $* $(RELEASE)/azureml-$(VERSION)-$*.tar.gz $(TRIED)
	@$(CLEAN) AZUREML_BUILD=$(TRIED) $(LUA) spec/suite.lua $(WORKERS) \
	  "$(RUNNER) $(BUSTED) -o spec/worker.lua" \
	  $(if $(findstring aarch64,$*),$(QEMU_SPECS),$(RELEASE_SPECS)) \
	  $(if $(call is_static,$*),--filter-out=C.modules) \
	  $(if $(findstring aarch64,$*),--filter-out=paths.that.the.environment.gives)

# Try the images: others read them, and a process that is not root starts with a read-only root.
image-check: test-deps
	$(call need,$(CHECK_PACKAGES))
	@$(MAKE) --no-print-directory image
	@for image in $(IMAGES); do \
	  rockspec/release/image_check.sh $(RELEASE)/azureml-$(VERSION)-image-$$image $(VERSION) \
	    $(RELEASE)/check || exit 1; done

FORCE:
.PRECIOUS: $(RELEASE)/%/azureml $(RELEASE_LIBS)/libraries/%/built
.PHONY: release image release-check release-again image-check FORCE
