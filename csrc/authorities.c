/* authorities.c: choose the certificate authorities that a client trusts: a bundle, or a directory
   with hashed names. A connection reads one small file of a directory, but the whole of a bundle,
   which takes 25 ms. So the directory stands in for the system's own bundle where both exist. */

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "authorities.h"
#include "text.h"

static const char *const directories[] = {
  "/etc/ssl/certs",               /* Debian, Alpine, Arch, SUSE, FreeBSD */
  "/etc/pki/tls/certs",
  "/etc/openssl/certs",           /* NetBSD */
  "/usr/local/share/certs",       /* FreeBSD */
  NULL
};

static const char *const bundles[] = {
  "/etc/ssl/certs/ca-certificates.crt",                     /* Debian, Arch */
  "/etc/pki/tls/certs/ca-bundle.crt",                       /* Fedora, RHEL */
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",      /* Fedora, RHEL */
  "/etc/ssl/ca-bundle.pem",                                 /* SUSE */
  "/etc/pki/tls/cacert.pem",                                /* OpenELEC */
  "/etc/ssl/cert.pem",                                      /* Alpine, macOS, OpenBSD */
  "/usr/local/etc/ssl/cert.pem",                            /* FreeBSD */
  "/etc/openssl/certs/ca-certificates.crt",                 /* NetBSD */
  NULL
};

enum { HASH = 8, MAX_NAMES = 10000 };

/* Tell whether a file has the name by which OpenSSL looks for an authority: "5ed36f99.0". */
static int is_hashed(const char *name) {
  for (int i = 0; i < HASH; i++)
    if (!isxdigit((unsigned char)name[i])) return 0;
  const char *number = name + HASH;
  return *number == '.' && isdigit((unsigned char)number[1]);
}

/* Tell whether a directory holds an authority with a hashed name. */
static int is_usable(const char *path) {
  DIR *directory = opendir(path);
  if (!directory) return 0;
  int found = 0;
  for (int count = 0; !found && count < MAX_NAMES; count++) {
    const struct dirent *entry = readdir(directory);
    if (!entry) break;
    found = is_hashed(entry->d_name);
  }
  closedir(directory);
  return found;
}

/* Return the first path for which a test holds. NULL: there is none, or memory is short; *failed
   tells which. The caller frees. */
static char *first(const char *const *paths, const char *root, int (*holds)(const char *),
                   int *failed) {
  for (; *paths; paths++) {
    char *path = text_format("%s%s", root, *paths);
    if (!path) *failed = 1;
    if (!path || holds(path)) return path;
    free(path);
  }
  return NULL;
}

static int is_file(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0;
}

static int is_directory(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Tell whether a text names a directory, or several with colons, as SSL_CERT_DIR may. Return -1
   when memory is short. */
static int names_directory(const char *text) {
  char *path = text_format("%.*s", (int)strcspn(text, ":"), text);
  int found = path ? is_directory(path) : -1;
  free(path);
  return found;
}

/* Tell whether a file is one of the system's own bundles, under whatever name. Return -1 when
   memory is short. */
static int is_system_bundle(const char *named, const char *root) {
  struct stat wanted, info;
  if (stat(named, &wanted) != 0) return 0;
  for (const char *const *name = bundles; *name; name++) {
    char *path = text_format("%s%s", root, *name);
    if (!path) return -1;
    int found = stat(path, &info) == 0;
    free(path);
    if (found && info.st_dev == wanted.st_dev && info.st_ino == wanted.st_ino) return 1;
  }
  return 0;
}

static int choose_system(Authorities *chosen, const char *root) {
  int failed = 0;
  chosen->directory = first(directories, root, is_usable, &failed);
  if (!chosen->directory && !failed) chosen->file = first(bundles, root, is_file, &failed);
  return !failed;
}

static int choose_named(Authorities *chosen, const char *named) {
  int is_list = names_directory(named);
  char *copy = is_list < 0 ? NULL : text_copy(named);
  if (is_list > 0) chosen->directory = copy;
  else chosen->file = copy;
  return copy != NULL;
}

int authorities_choose(Authorities *chosen, const char *named, const char *root) {
  *chosen = (Authorities){ NULL, NULL };
  int is_system = named ? is_system_bundle(named, root) : 1;
  if (is_system < 0) return 0;
  return is_system ? choose_system(chosen, root) : choose_named(chosen, named);
}

const char *const *authorities_directories(void) { return directories; }
const char *const *authorities_bundles(void) { return bundles; }

void authorities_clear(Authorities *chosen) {
  free(chosen->file);
  free(chosen->directory);
  *chosen = (Authorities){ NULL, NULL };
}
