#!/bin/sh
# Unpack the executable of a release into FOLDER/azureml, for specs. One of another architecture is
# FOLDER/file; FOLDER/azureml runs it under qemu-user-static.
# Usage: put.sh NAME TARBALL FOLDER
set -eu

name=$1 tarball=$2 folder=$3
tar -xzf "$tarball" -C "$folder" --strip-components=1 --wildcards '*/azureml' \
  --no-wildcards-match-slash
case $name in
  *-aarch64)
    mv "$folder/azureml" "$folder/file"
    printf '#!/bin/sh\nexec qemu-aarch64-static "%s" "$@"\n' "$folder/file" > "$folder/azureml"
    chmod +x "$folder/azureml" ;;
esac
