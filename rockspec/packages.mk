# packages.mk: what is given to others, a part of the Makefile: the source, Debian packages, a rock.

has_git = $(and $(wildcard .git),$(shell command -v git))

# All files in a package have the time of the last commit; without git, that of the unpacked source.
SOURCE_DATE_EPOCH ?= $(shell $(if $(has_git),git log -1 --format=%ct,stat -c %Y Makefile))

SOURCE  := azureml-$(VERSION)
DIST    := build/dist
TARBALL := $(DIST)/$(SOURCE).tar.gz

# The files of the source: those that git tracks; without git, those that are here.
tree_files = find . \( -path ./.git -o -path ./build -o -name __pycache__ \) -prune -o \
               -type f -printf '%P\0'
list_files = $(if $(has_git),git ls-files -z,$(tree_files))

# Make the source tarball. The same source gives the same bytes.
dist:
	@echo DIST $(TARBALL)
	@mkdir -p $(DIST)
	@$(list_files) > $(DIST)/files && LC_ALL=C sort -z -o $(DIST)/files $(DIST)/files
	@tar -I 'gzip -9n' -cf $(TARBALL).tmp --format=ustar --no-recursion --null -T $(DIST)/files \
	  --transform='s,^,$(SOURCE)/,' --mtime=@$(SOURCE_DATE_EPOCH) --mode=u+rw,go=u-w \
	  --owner=root:0 --group=root:0 && mv $(TARBALL).tmp $(TARBALL)
	@rm $(DIST)/files

# -- Debian packages -------------------------------------------------------------------------------

DEB          := build/deb
DEB_REVISION := 0upstream1
DEB_TREE     := $(DEB)/$(SOURCE)
deb_date      = $(shell LC_ALL=C date -u -R -d @$(SOURCE_DATE_EPOCH))

define deb_changelog
azureml ($(VERSION)-$(DEB_REVISION)) unstable; urgency=medium

  * Release $(VERSION). CHANGELOG.md tells what has changed.

 -- $(shell sed -n 's/^Maintainer: //p' rockspec/debian/control)  $(deb_date)

endef

# Make the Debian packages azureml and lua-azureml in build/deb from the source tarball.
deb: export DEB_CHANGELOG = $(deb_changelog)
deb: dist
	$(call need,debhelper dpkg-dev $(BUILD_PACKAGES))
	@echo DEB $(DEB)/
	@rm -rf $(DEB) && mkdir -p $(DEB) && tar -xzf $(TARBALL) -C $(DEB)
	@cp -r $(DEB_TREE)/rockspec/debian $(DEB_TREE)/debian
	@printf '%s\n' "$$DEB_CHANGELOG" > $(DEB_TREE)/debian/changelog
	@cd $(DEB_TREE) && $(DEB_BUILD) dpkg-buildpackage -us -uc -b > ../build.log 2>&1 \
	  || { tail -n 20 ../build.log >&2; exit 1; }

# The packages are built without the settings of the make that calls.
DEB_BUILD = env -i PATH="$(PATH)" LANG=C.UTF-8

# Check the Debian packages. Slow; lintian brings many packages.
packages-check: test-deps deb
	$(call need,lintian man-db)
	@$(MAKE) --no-print-directory check SPECS="spec/debian/debian.lua"

# -- LuaRocks --------------------------------------------------------------------------------------

ROCK      := build/rock
ROCK_SCM  := rockspec/azureml-scm-1.rockspec
ROCK_NAME := azureml-$(VERSION)-1
# Where the source tarball is published: below the address of the repository.
SOURCE_AT   ?= $(shell sed -n 's|^source = { url = "git+\(.*\)\.git" }$$|\1|p' $(ROCK_SCM))
tarball_sum  = $$(md5sum < $(TARBALL) | cut -c1-32)
rock_source  = { url = "$(SOURCE_AT)/$(SOURCE).tar.gz", md5 = "'$(tarball_sum)'" }

# Make the rockspec of this version and the rock with its source in build/rock.
rock: dist
	$(call need,zip)
	@echo ROCK $(ROCK)/$(ROCK_NAME).src.rock
	@rm -rf $(ROCK) && mkdir -p $(ROCK) && cp $(TARBALL) $(ROCK)
	@sed -e 's|^version = .*|version = "$(VERSION)-1"|' -e 's|^source = .*|source = $(rock_source)|' \
	  $(ROCK_SCM) > $(ROCK)/$(ROCK_NAME).rockspec
	@cd $(ROCK) && touch -d @$(SOURCE_DATE_EPOCH) * && \
	  TZ=UTC zip -q -X $(ROCK_NAME).src.rock $(ROCK_NAME).rockspec $(SOURCE).tar.gz && \
	  rm $(SOURCE).tar.gz

.PHONY: dist deb packages-check rock
