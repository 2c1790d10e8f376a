/* managed_arc.c: answer Azure Arc's challenge, which names a key file that only root and the group
   himds can read and demands its text. Another program that listens on Arc's port could name any
   file, so open only keys in Arc's own directory. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "challenge.h"
#include "credential/managed.h"
#include "platform.h"
#include "text.h"

static const char KEYS[] = "/var/opt/azcmagent/tokens";

enum { MAX_KEY = 4096 };

/* Return 1 if a path is that of a .key file directly in a directory. */
static int is_key_in(const char *path, const char *directory) {
  size_t len = strlen(directory), path_len = strlen(path);
  if (strncmp(path, directory, len) != 0 || path[len] != '/') return 0;
  if (path_len < len + sizeof "/x.key" - 1) return 0;
  const char *name = path + len + 1;
  return !strchr(name, '/') && *name != '.' && strcmp(path + path_len - 4, ".key") == 0;
}

static const char *read_key(const char *path, char key[MAX_KEY + 1]) {
  struct stat info;
  const char *fault = NULL;
  int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return strerror(errno);
  if (fstat(fd, &info) != 0) fault = strerror(errno);
  else if (!S_ISREG(info.st_mode)) fault = "it is not a regular file";
  else if (info.st_size > MAX_KEY) fault = "it is larger than a key";
  ssize_t got = fault ? 0 : read(fd, key, MAX_KEY);
  close(fd);
  key[got > 0 ? got : 0] = '\0';
  if (fault || text_is_token(key)) return fault;
  return got < 0 ? strerror(errno) : "it does not hold a key";
}

char *managed_arc_proof(const Reply *reply, const char *directory, Error *error) {
  char key[MAX_KEY + 1];
  char *path = challenge_parameter(&reply->headers, "Basic", "realm"), *proof = NULL;
  if (!directory) directory = KEYS;
  if (!path) {
    error_set(error, ERROR_CREDENTIAL, "InvalidChallenge",
              "it wants a proof, but names no key file");
  } else if (!is_key_in(path, directory)) {
    error_set(error, ERROR_CREDENTIAL, "InvalidChallenge",
              "it names a file that is no .key directly in %s: not opened", directory);
  } else {
    const char *fault = read_key(path, key);
    if (!fault) proof = text_format("Authorization: Basic %s", key);
    if (!fault && !proof)
      error_set(error, ERROR_CREDENTIAL, "OutOfMemory",
                "there is not enough memory for the proof");
    if (fault)
      error_set(error, ERROR_CREDENTIAL, "KeyUnreadable",
                "its key file %s cannot be read: %s; it is for root and the group himds",
                path, fault);
    explicit_bzero(key, sizeof key);
  }
  free(path);
  return proof;
}
