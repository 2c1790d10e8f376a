#!/bin/sh
# Pack a release: one folder with the executable, its manual page, completions and all licences.
# The same input gives the same bytes.
# Usage: tarball.sh EXECUTABLE BUILD LIBRARIES TIME TARBALL
# BUILD has the manual page and the completions; LIBRARIES has the sources and the compiler.
set -eu

executable=$1 build=$2 libraries=$3 time=$4 tarball=$5
name=$(basename "$tarball" .tar.gz)
folder=$(dirname "$executable")/pack
root=$folder/$name

# Copy the licence of a source: Debian's list of all its files, or else the author's own.
put_licence() {
  for licence in debian/copyright COPYING LICENSE; do
    [ -f "$libraries/sources/$1/$licence" ] || continue
    install -m 644 "$libraries/sources/$1/$licence" "$root/licences/$1"
    return
  done
  echo "release: the source of $1 has no licence" >&2
  exit 1
}

rm -rf "$folder"
mkdir -p "$root/completions" "$root/licences"
install -m 755 "$executable" "$root/azureml"
install -m 644 "$build/azureml.1" README.md LICENSE "$root"
install -m 644 "$build/completion.bash" "$root/completions/azureml"
install -m 644 "$build/completion.zsh" "$root/completions/_azureml"
install -m 644 "$build/completion.fish" "$root/completions/azureml.fish"
while read -r source _; do put_licence "$source"; done < "$libraries/sources/versions"
compiler=$(dirname "$(readlink -f "$libraries/zig/bin/zig")")
install -m 644 "$compiler/lib/libc/musl/COPYRIGHT" "$root/licences/musl"
install -m 644 "$compiler/LICENSE" "$root/licences/zig"
install -m 644 "$libraries/sources/versions" "$root/licences/versions"

tar --sort=name --mtime="@$time" --owner=0 --group=0 --numeric-owner --format=ustar \
  -cf - -C "$folder" "$name" | gzip -9n > "$tarball"
rm -rf "$folder"
