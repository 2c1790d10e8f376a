#!/bin/sh
# Build the libraries of a release, all static, for one target of zig, such as aarch64-linux-musl.
# Usage: libraries.sh ZIG TARGET SOURCES FOLDER [LIBRARY...]
# SOURCES is what sources.sh made. Headers and archives come into FOLDER/usr, and what the commands
# print into FOLDER/log. The compiler is FOLDER/bin/cc. No path of this machine gets into an
# archive.
set -eu

zig=$1 target=$2 sources=$3 folder=$4
shift 4
machine=${target%%-*}
usr=$folder/usr
mkdir -p "$folder/bin" "$folder/work" "$usr/include" "$usr/lib"
exec 3>&1 >> "$folder/log" 2>&1
trap '[ $? -eq 0 ] || echo "release: a library cannot be built: see $folder/log" >&3' EXIT

# Make a command of FOLDER/bin. OpenSSL writes CC and CFLAGS into its archive: CC is a bare name,
# and flags with paths stay here.
command_of_zig() {
  {
    echo '#!/bin/sh'
    echo "export ZIG_GLOBAL_CACHE_DIR='$folder/../cache' ZIG_LOCAL_CACHE_DIR='$folder/../cache'"
    echo "exec '$zig' $2 \"\$@\""
  } > "$folder/bin/$1"
  chmod +x "$folder/bin/$1"
}
command_of_zig cc "cc -target $target -ffile-prefix-map=$folder/work=. -Qunused-arguments"
command_of_zig ar ar
command_of_zig ranlib ranlib

export PATH="$folder/bin:$PATH" CC=cc AR=ar RANLIB=ranlib
export CFLAGS='-O2 -g0 -ffunction-sections -fdata-sections -fno-sanitize=undefined'
export CPPFLAGS="-I$usr/include -D__STDC_ISO_10646__=201103L"
export LDFLAGS="-L$usr/lib" SOURCE_DATE_EPOCH=0
export PKG_CONFIG_LIBDIR="$usr/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$folder"

# Print a source's version without Debian's revision.
version_of() {
  sed -n "s/^$1 \([^- ]*\).*/\1/p" "$sources/versions"
}

# Copy a source and go there.
enter() {
  echo "LIBRARY $1 for $target" >&3
  rm -rf "$folder/work/$1"
  cp -a "$sources/$1" "$folder/work/$1"
  cd "$folder/work/$1"
}

made() {
  make -j2 ACLOCAL=: AUTOMAKE=: AUTOCONF=: AUTOHEADER=: DESTDIR="$folder" "$@"
}

# configured NAME "FOLDERS" ARGUMENT...: configure a library, and make and install some folders.
configured() {
  name=$1 folders=$2
  shift 2
  enter "$name"
  ./configure --host="$machine-linux" --build="$(uname -m)-pc-linux" --prefix=/usr \
    --disable-dependency-tracking --disable-shared --enable-static "$@"
  for part in $folders; do made -C "$part" install; done
  rm -f "$usr/lib/"*.la
}

# compiled NAME ARCHIVE "FLAGS" "FILES": compile the files into an archive. The flags tell what a
# configure would find out, which takes much longer.
compiled() {
  enter "$1"
  printf '%s\n' $4 | xargs -n 1 -P 2 "$CC" $CPPFLAGS $CFLAGS $3 -c
  rm -f "$usr/lib/$2"
  "$AR" rcs "$usr/lib/$2" ./*.o
}

# filled NAME FILE HEADER EXPRESSION...: make a header of a source's template.
filled() {
  template=$sources/$1/$2 header=$usr/include/$3
  shift 3
  mkdir -p "$(dirname "$header")"
  sed -e '' "$@" "$template" > "$header"
}

build_zlib() {
  compiled zlib libz.a '-DHAVE_HIDDEN -DHAVE_UNISTD_H -DHAVE_STDARG_H' '*.c'
  cp zlib.h zconf.h "$usr/include"
}

# Lua looks for C modules where Debian's Lua does.
build_lua() {
  echo "#define DEB_HOST_MULTIARCH \"$machine-linux-gnu\"" > "$usr/include/lua5.4-deb-multiarch.h"
  compiled lua5.4 liblua5.4.a '-DLUA_USE_LINUX -DLUA_COMPAT_5_3' 'src/l[!u]*.c src/lu[!a]*.c'
  cp src/lua.h src/luaconf.h src/lauxlib.h src/lualib.h "$usr/include"
}

# A library that only refers to the public functions of Lua. An executable linked with it exports
# them, and nothing of the other archives: a C module must not find another OpenSSL there.
build_exports() {
  case $target in *-musl) return ;; esac
  nm -g --defined-only "$usr/lib/liblua5.4.a" | awk '$3 ~ /^lua(_|L_|open_)/ {
    printf "extern char %s; const void *const refer_%s = &%s;\n", $3, $3, $3 }' \
    > "$folder/work/exports.c"
  "$CC" -shared -fPIC -o "$usr/lib/libexports.so" "$folder/work/exports.c"
}

build_lua_cjson() {
  compiled lua-cjson liblua5.4-cjson.a '' 'lua_cjson.c strbuf.c fpconv.c'
}

build_libyaml() {
  version=$(version_of libyaml)
  numbers=$(echo "$version" | awk -F . '{
    printf "-DYAML_VERSION_MAJOR=%s -DYAML_VERSION_MINOR=%s -DYAML_VERSION_PATCH=%s", $1, $2, $3 }')
  compiled libyaml libyaml.a "-Iinclude -DYAML_VERSION_STRING=\"$version\" $numbers" 'src/*.c'
  cp include/yaml.h "$usr/include"
}

build_lyaml() {
  compiled lua-yaml liblyaml.a "-DVERSION=\"$(version_of lua-yaml)\"" 'ext/yaml/*.c'
}

build_wslay() {
  filled wslay lib/includes/wslay/wslay.h wslay/wslay.h
  filled wslay lib/includes/wslay/wslayver.h.in wslay/wslayver.h -e "s/@.*@/$(version_of wslay)/"
  compiled wslay libwslay.a '-DHAVE_ARPA_INET_H -DHAVE_NETINET_IN_H' 'lib/*.c'
}

build_jansson() {
  filled jansson src/jansson.h jansson.h
  filled jansson src/jansson_config.h.in jansson_config.h -e s/@json_inline@/inline/ -e s/@.*@/1/
  : > "$usr/include/jansson_private_config.h"
  compiled jansson libjansson.a '-DUSE_URANDOM -DHAVE_STDINT_H -DHAVE_ENDIAN_H -DHAVE_FCNTL_H
    -DHAVE_SCHED_H -DHAVE_UNISTD_H -DHAVE_SYS_PARAM_H -DHAVE_SYS_STAT_H -DHAVE_SYS_TIME_H
    -DHAVE_SYS_TYPES_H -DHAVE_CLOSE -DHAVE_GETPID -DHAVE_GETTIMEOFDAY -DHAVE_LOCALECONV -DHAVE_OPEN
    -DHAVE_READ -DHAVE_SCHED_YIELD -DHAVE_ATOMIC_BUILTINS -DHAVE_SYNC_BUILTINS' 'src/*.c'
}

# curl asks pkg-config for it.
build_nghttp2() {
  version=$(version_of nghttp2)
  number=$(echo "$version" | awk -F . '{ printf "0x%02x%02x%02x", $1, $2, $3 }')
  filled nghttp2 lib/includes/nghttp2/nghttp2.h nghttp2/nghttp2.h
  filled nghttp2 lib/includes/nghttp2/nghttp2ver.h.in nghttp2/nghttp2ver.h \
    -e "s/@PACKAGE_VERSION@/$version/" -e "s/@PACKAGE_VERSION_NUM@/$number/"
  compiled nghttp2 libnghttp2.a '-DNGHTTP2_STATICLIB -DHAVE_ARPA_INET_H -DHAVE_NETINET_IN_H
    -DHAVE_TIME_H -DHAVE_CLOCK_GETTIME' 'lib/*.c'
  mkdir -p "$usr/lib/pkgconfig"
  printf 'Name: nghttp2\nDescription: HTTP/2\nVersion: %s\nLibs: -L/usr/lib -lnghttp2\n' \
    "$version" > "$usr/lib/pkgconfig/libnghttp2.pc"
}

build_libedit() {
  configured libedit src --disable-examples
}

# OpenSSL writes its flags into the archive: a folder's path must not be among them.
build_openssl() {
  enter openssl
  CPPFLAGS='' ./Configure "linux-$machine" --prefix=/usr --libdir=lib --openssldir=/etc/ssl \
    no-shared no-tests no-engine no-module no-async no-comp no-ui-console no-afalgeng no-ssl3 \
    no-dtls no-srp no-psk no-gost no-cms no-ts no-ct no-ocsp no-rfc3779 no-idea no-seed \
    no-camellia no-bf no-cast no-mdc2 no-rmd160 no-whirlpool no-sm2 no-sm3 no-sm4 no-aria
  make build_generated
  make -j2 libcrypto.a libssl.a
  made install_dev
}

build_curl() {
  configured curl 'lib include' --with-openssl="$usr" --with-nghttp2="$usr" --with-zlib="$usr" \
    --enable-threaded-resolver --without-ca-bundle --without-ca-path --without-brotli \
    --without-zstd --without-libpsl --without-libidn2 --without-libssh2 --without-librtmp \
    --without-gssapi --disable-ldap --disable-ldaps --disable-ftp --disable-file --disable-dict \
    --disable-telnet --disable-tftp --disable-pop3 --disable-imap --disable-smtp --disable-smb \
    --disable-gopher --disable-mqtt --disable-rtsp --disable-manual --disable-ntlm-wb \
    --disable-tls-srp --disable-alt-svc --disable-hsts
}

build_libmicrohttpd() {
  configured libmicrohttpd 'src/include src/microhttpd' --disable-https --disable-doc \
    --disable-examples --disable-curl --disable-bauth --disable-dauth --disable-postprocessor
}

build_tinfo() {
  terminfo=/usr/share/terminfo
  enter ncurses
  ./configure --host="$machine-linux" --build="$(uname -m)-pc-linux" --prefix=/usr \
    --without-shared --with-normal --without-debug --without-ada --without-cxx \
    --without-cxx-binding --without-progs --without-tests --without-manpages \
    --with-termlib=tinfo --enable-widec --disable-db-install \
    --with-default-terminfo-dir=$terminfo \
    --with-terminfo-dirs=/etc/terminfo:/lib/terminfo:$terminfo BUILD_CC="$zig cc"
  made -C include
  made -C ncurses ../lib/libtinfo.a
  cp lib/libtinfo.a "$usr/lib"
  cp include/curses.h include/ncurses_dll.h include/term.h include/unctrl.h "$usr/include"
  cp include/curses.h "$usr/include/ncurses.h"
}

# In this order: a library stands behind those that it needs.
[ $# -gt 0 ] || set -- zlib lua exports lua_cjson libyaml lyaml wslay jansson nghttp2 tinfo \
  libedit libmicrohttpd openssl curl
for library; do "build_$library"; done
