#!/bin/sh
# Try the file of a release as a user has it: unpacked, in a root without any package, with old and
# new C libraries. Each line that it prints is one thing that worked; the first failure ends it.
# Usage: check.sh NAME TARBALL FOLDER
# NAME is a target, such as linux-x86_64-gnu. FOLDER is for what it unpacks and downloads. It must
# run as root, for chroot. Another architecture runs under qemu-user-static.
set -eu

name=$1 tarball=$2
folder=$(mkdir -p "$3" && cd "$3" && pwd)
root=$folder/root
here=$(cd "$(dirname "$0")" && pwd)
served=

stop() {
  [ -z "$served" ] || kill "$served" 2> /dev/null || true
}
trap stop EXIT

worked() {
  echo "ok: $name: $*"
}

fail() {
  echo "release: $name: $*" >&2
  exit 1
}

# Run the file in the bare root, as the user of nothing: no environment, no package, no /proc.
bare() {
  env -i PATH=/usr/sbin:/usr/bin HOME=/root "$@"
}

emulator_serves() {
  for _ in $(seq 300); do
    grep -q '^https://' "$folder/served" && return
    sleep 0.1
  done
  fail "the emulator does not start: $(cat "$folder/served")"
}

prepare() {
  rm -rf "$root" "$folder/unpacked"
  mkdir -p "$root/etc/ssl/certs" "$root/root" "$root/tmp" "$folder/unpacked"
  tar -xzf "$tarball" -C "$folder/unpacked" --strip-components=1
  file=$folder/unpacked/azureml
  cp "$file" "$root/azureml"
  cp /etc/resolv.conf /etc/hosts "$root/etc"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs"
}

# Print the file's directory of libraries, of a version of Debian, with its loader in it.
libraries_of() {
  [ -d "$folder/$1" ] || "$here/glibc.sh" "$1" "$folder/$1"
  echo "$folder/$1"
}

try_root() {
  run="chroot $root ${emulation:-} /azureml"
  bare $run --version > "$folder/version"
  worked "an empty root: $(head -n 1 "$folder/version")"
  bare $run --emulator --speed 1000 run lifecycle > "$folder/lifecycle" 2>&1 ||
    fail "the lifecycle fails: $(cat "$folder/lifecycle")"
  worked "an empty root: the lifecycle in the emulator"
  bare $run emulator --tls --quiet --speed 1000 > "$folder/served" 2>&1 &
  served=$!
  emulator_serves
  url=$(grep -m 1 '^https://' "$folder/served")
  bare AZUREML_EMULATOR="$url" $run run lifecycle > "$folder/lifecycle" 2>&1 ||
    fail "a client does not trust the emulator: $(cat "$folder/lifecycle")"
  worked "an empty root: the lifecycle by TLS, with the emulator's authority"
  if bare XDG_STATE_HOME=/tmp AZUREML_EMULATOR="$url" $run run lifecycle > "$folder/lifecycle" 2>&1
  then fail "a client trusts an emulator of unknown authority"; fi
  grep -q certificate "$folder/lifecycle" ||
    fail "an unknown authority is not named: $(cat "$folder/lifecycle")"
  worked "an empty root: a client refuses an unknown authority"
  stop
}

# The loader of each glibc runs the file with its own libraries.
try_glibc() {
  newest=$(objdump -T "$file" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1)
  [ "$(printf 'GLIBC_2.29\n%s\n' "$newest" | sort -V | tail -n 1)" = GLIBC_2.29 ] ||
    fail "it needs $newest; the floor is GLIBC_2.29"
  worked "it needs no symbol above $newest"
  for suite in bullseye bookworm trixie; do
    libraries=$(libraries_of "$suite")
    bare "$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" "$file" --emulator \
      --speed 1000 run lifecycle > "$folder/lifecycle" 2>&1 ||
      fail "the lifecycle fails with the C library of $suite: $(cat "$folder/lifecycle")"
    worked "Debian's $suite, glibc $(cat "$libraries/version"): the lifecycle in the emulator"
  done
}

prepare
case $name in
  *-gnu) try_glibc ;;
  *-aarch64)
    cp /usr/bin/qemu-aarch64-static "$root/qemu"
    emulation=/qemu
    try_root ;;
  *) try_root ;;
esac
