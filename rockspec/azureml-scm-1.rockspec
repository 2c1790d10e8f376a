rockspec_format = "3.0"
package = "azureml"
version = "scm-1"
source = { url = "git+https://example.org/azureml.git" }
description = {
  summary = "Azure Machine Learning compute instances in a few lines of Lua",
  detailed = [[
Creates, starts, stops, restarts, lists and deletes the compute instances of an Azure Machine Learning workspace.
A C core does REST, credentials and the polling of long-running operations; an emulator of the service is built in.]],
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
  install_variables = {
    BINDIR = "$(BINDIR)", LUADIR = "$(LUADIR)", LIBDIR = "$(LIBDIR)", MANDIR = "$(PREFIX)/share/man/man1",
    TYPEDIR = "$(PREFIX)/library",
  },
}
test = { type = "busted" }
