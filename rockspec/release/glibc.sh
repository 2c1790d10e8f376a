#!/bin/sh
# Fetch the C library of a version of Debian, checked by apt. Put loader and libraries in FOLDER.
# Usage: glibc.sh SUITE FOLDER
set -eu

suite=$1 folder=$2
work=$folder.work
archive_keys=/usr/share/keyrings/debian-archive-keyring.gpg
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' \
           'Label: Debian' | head -n 1)

apt() {
  apt-get -qq -o APT::Sandbox::User=root -o Dir::Etc::SourceList="$work/sources.list" \
    -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$work/lists" \
    -o Dir::State::status=/dev/null -o Dir::Cache="$work/cache" "$@"
}

rm -rf "$work" "$folder"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$folder"
echo "deb [signed-by=$archive_keys] $mirror $suite main" > "$work/sources.list"
apt update
cd "$work"
apt download libc6
dpkg-deb -x libc6_*.deb unpacked
find unpacked -name '*.so*' -path '*x86_64-linux-gnu*' -exec cp -L {} "$folder" \; \
  2> /dev/null || true
dpkg-deb -f libc6_*.deb Version > "$folder/version"
rm -rf "$work"
