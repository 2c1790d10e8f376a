#!/bin/sh
# Write an image for containers, in OCI's layout, without a daemon and without being root. It has
# the executable, authorities, time zones and /tmp. The same input gives the same digest.
# Usage: image.sh EXECUTABLE ARCHITECTURE VERSION TIME IMAGE
# ARCHITECTURE is OCI's name: amd64, arm64. TIME is in seconds since 1970. IMAGE is a folder; all of
# it comes into IMAGE.tar as well. AUTHORITIES and ZONEINFO name the folders of Debian's packages.
set -eu

executable=$1 architecture=$2 version=$3 time=$4 image=$5
authorities=${AUTHORITIES:-/usr/share/ca-certificates/mozilla}
zones=${ZONEINFO:-/usr/share/zoneinfo}
created=$(date -u -d "@$time" +%Y-%m-%dT%H:%M:%SZ)
root=$image.root
blobs=$image/blobs/sha256

# Authorities get hashed names, so that a connection reads one file of them.
put_authorities() {
  mkdir -p "$root/etc/ssl/certs"
  cp "$authorities"/*.crt "$root/etc/ssl/certs"
  openssl rehash "$root/etc/ssl/certs"
}

put_zones() {
  mkdir -p "$root/usr/share"
  cp -rL "$zones" "$root/usr/share/zoneinfo"
  cd "$root/usr/share/zoneinfo"
  rm -rf posix right posixrules localtime tzdata.zi leap* ./*.tab
  cd - > /dev/null
}

put_files() {
  rm -rf "$root"
  mkdir -p "$root/usr/bin" "$root/tmp"
  install -m 755 "$executable" "$root/usr/bin/azureml"
  put_authorities
  put_zones
  chmod -R u=rwX,go=rX "$root"
  chmod 1777 "$root/tmp"
}

# Pack a folder: the same files give the same bytes.
pack() {
  tar --sort=name --mtime="@$time" --owner=0 --group=0 --numeric-owner --format=ustar \
    -cf "$2" -C "$1" .
}

digest_of() {
  sha256sum "$1" | cut -d ' ' -f 1
}

# Move a file to the blobs and print how others refer to it: media type, digest, size.
put_blob() {
  digest=$(digest_of "$2")
  size=$(stat -c %s "$2")
  mv "$2" "$blobs/$digest"
  printf '"mediaType":"application/vnd.oci.image.%s","digest":"sha256:%s","size":%s' \
    "$1" "$digest" "$size"
}

rm -rf "$image"
mkdir -p "$blobs"
put_files
pack "$root" "$image/layer"
layer_digest=$(digest_of "$image/layer")
gzip -9n "$image/layer"
layer=$(put_blob layer.v1.tar+gzip "$image/layer.gz")

cat > "$image/config" <<END
{"created":"$created","architecture":"$architecture","os":"linux","config":{
"User":"65532:65532","Env":["PATH=/usr/bin","HOME=/tmp"],"Entrypoint":["/usr/bin/azureml"],
"Labels":{"org.opencontainers.image.title":"azureml","org.opencontainers.image.licenses":"MIT",
"org.opencontainers.image.version":"$version"}},
"rootfs":{"type":"layers","diff_ids":["sha256:$layer_digest"]},
"history":[{"created":"$created","created_by":"rockspec/release/image.sh"}]}
END
config=$(put_blob config.v1+json "$image/config")

cat > "$image/manifest" <<END
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
"config":{$config},"layers":[{$layer}]}
END
manifest=$(put_blob manifest.v1+json "$image/manifest")

cat > "$image/index.json" <<END
{"schemaVersion":2,"manifests":[{$manifest,
"platform":{"architecture":"$architecture","os":"linux"},
"annotations":{"org.opencontainers.image.ref.name":"$version"}}]}
END
echo '{"imageLayoutVersion":"1.0.0"}' > "$image/oci-layout"
pack "$image" "$image.tar"
rm -rf "$root"
echo "$manifest" | sed 's/.*"\(sha256:[0-9a-f]*\)".*/\1/'
