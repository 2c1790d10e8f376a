#!/bin/sh
# Fetch sources from Debian and unpack each into FOLDER/NAME. apt checks them against the signed
# index. Its lists stay in FOLDER: the system's own need no deb-src.
# Usage: sources.sh FOLDER NAME...
set -eu

folder=$(mkdir -p "$1" && cd "$1" && pwd)
shift
archive_keys=/usr/share/keyrings/debian-archive-keyring.gpg
index='deb-src [signed-by='$archive_keys'] $(REPO_URI) $(RELEASE) $(COMPONENT)'

apt() {
  apt-get -qq -o APT::Sandbox::User=root -o Dir::Etc::SourceList="$folder/sources.list" \
    -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$folder/lists" \
    -o Dir::Cache="$folder/cache" "$@"
}

# Download the newest version whose files are all there: an update can be half-way in a mirror.
download() {
  : > "$folder/log"
  for suite in '' $(sed 's|.*/ \([^ ]*\) .*|/\1|' "$folder/sources.list"); do
    apt source --download-only "$1$suite" >> "$folder/log" 2>&1 && return
  done
}

# Unpack the newest version; without Debian's changes when only those cannot be had.
unpack() {
  rm -rf "${folder:?}/$1"
  for description in $(printf '%s\n' "$1"_*.dsc | sort -rV); do
    version=$(sed -n 's/^Version: //p' "$description")
    dpkg-source -q -x "$description" "$folder/$1" >> "$folder/log" 2>&1 || continue
    echo "$1 $version" >> "$folder/versions"
    return
  done
  for tarball in $(printf '%s\n' "$1"_*.orig.tar.* | grep -v 'asc$' | sort -rV); do
    [ -f "$tarball" ] || break
    mkdir "$folder/$1"
    tar -xf "$tarball" -C "$folder/$1" --strip-components=1 || break
    version=${tarball#*_}
    echo "$1 ${version%.orig.*} without Debian's changes" >> "$folder/versions"
    return
  done
  cat "$folder/log" >&2
  echo "release: the source of $1 cannot be had from Debian" >&2
  exit 1
}

mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial" "$folder/archives"
apt-get indextargets --format "$index" 'Created-By: Packages' 'Origin: Debian' | sort -u \
  > "$folder/sources.list"
[ -s "$folder/sources.list" ] || {
  echo "release: apt knows no archive of Debian: run apt-get update on a Debian system" >&2
  exit 1
}
apt update
cd "$folder/archives"
rm -f "$folder/versions"
for name; do
  echo "SOURCE $name"
  download "$name" || true
  unpack "$name"
done
