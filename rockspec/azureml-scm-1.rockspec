rockspec_format = "3.0"
package = "azureml"
version = "scm-1"
source = { url = "git+https://example.org/azureml.git" }
description = {
  summary = "Azure Machine Learning compute instances in a few lines of Lua",
  detailed = [[
Creates, starts, stops, restarts, lists and deletes the compute instances of an Azure Machine
Learning workspace. A C core does REST, credentials and the polling of long-running operations; an
emulator of the service is built in. It needs libcurl 7.84 or newer, OpenSSL 3, jansson and libedit;
libmicrohttpd for the emulator, libwslay for terminals and kernels.]],
  license = "MIT",
}
dependencies = { "lua ~> 5.4", "lua-cjson >= 2.1.0", "argparse >= 0.7.1" }
external_dependencies = {
  CURL = { library = "curl" },      -- no header: where it lies differs, and pkg-config knows
  JANSSON = { header = "jansson.h", library = "jansson" },
  OPENSSL = { header = "openssl/evp.h", library = "crypto" },
}
build = {
  type = "make",
  copy_directories = {},
  variables = {
    CFLAGS = "$(CFLAGS)", LIBFLAG = "$(LIBFLAG)", LUA = "$(LUA)", LUA_INCDIR = "$(LUA_INCDIR)",
    CURL_INCDIR = "$(CURL_INCDIR)", CURL_LIBDIR = "$(CURL_LIBDIR)",
    JANSSON_INCDIR = "$(JANSSON_INCDIR)", JANSSON_LIBDIR = "$(JANSSON_LIBDIR)",
    OPENSSL_INCDIR = "$(OPENSSL_INCDIR)", OPENSSL_LIBDIR = "$(OPENSSL_LIBDIR)",
  },
  -- Manual page and completions go below PREFIX, which is the directory of the rock itself.
  install_variables = {
    PREFIX = "$(PREFIX)", BINDIR = "$(BINDIR)", LUADIR = "$(LUADIR)", LIBDIR = "$(LIBDIR)",
    TYPEDIR = "$(PREFIX)/library",
  },
}
test = { type = "busted" }
