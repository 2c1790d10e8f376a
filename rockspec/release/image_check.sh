#!/bin/sh
# Try an image: skopeo and umoci read it, and the executable starts as the image's user in a root
# that is mounted read-only. It must run as root, for the mounts. arm64 runs under qemu-user-static.
# Usage: image_check.sh IMAGE VERSION FOLDER
set -eu

image=$1 version=$2 name=$(basename "$1")
folder=$(mkdir -p "$3" && cd "$3" && pwd)
root=$folder/$name/rootfs
emulation=

worked() {
  echo "ok: $name: $*"
}

fail() {
  echo "release: $name: $*" >&2
  exit 1
}

# contained MODE WORD...: run the executable with a /tmp that is mounted rw or ro.
contained() {
  mode=$1
  shift
  root=$root mode=$mode unshare -m sh -c '
    mount --bind "$root" "$root"
    mount -t tmpfs -o "mode=1777,$mode" tmpfs "$root/tmp"
    mount -o remount,bind,ro "$root"
    exec env -i PATH=/usr/sbin:/usr/bin HOME=/tmp chroot --userspec=65532:65532 "$root" "$@"
  ' sh $emulation /usr/bin/azureml "$@" > "$folder/out" 2>&1
}

skopeo inspect "oci:$image:$version" > /dev/null || fail "skopeo cannot read it"
skopeo inspect "oci-archive:$image.tar:$version" > /dev/null ||
  fail "skopeo cannot read its tarball"
rm -rf "${folder:?}/$name"
umoci unpack --image "$image:$version" "$folder/$name" 2> "$folder/out" ||
  fail "$(cat "$folder/out")"
worked "skopeo and umoci read it, $(stat -c %s "$image.tar") bytes as a tarball"

case $name in
  *-arm64)
    cp /usr/bin/qemu-aarch64-static "$root/qemu"
    emulation=/qemu ;;
esac
contained rw --emulator --speed 1000 run lifecycle ||
  fail "the lifecycle fails: $(cat "$folder/out")"
worked "a root that is read-only: the lifecycle, as user 65532"
contained ro --emulator --speed 1000 run lifecycle || fail "without /tmp: $(cat "$folder/out")"
worked "all read-only, /tmp as well: the lifecycle"
contained rw -e 'os.exit(io.open("/usr/x", "w") and 1 or 0)' ||
  fail "the root can be written"
contained ro emulator --tls && fail "an authority was made in a /tmp that is read-only"
grep -q 'authority, /tmp/.*, cannot be used' "$folder/out" || fail "$(cat "$folder/out")"
worked "without a place for an authority, --tls says so"
