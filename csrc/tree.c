/* tree.c: remove a directory with all that is in it. */

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#include "tree.h"

enum { DESCRIPTORS = 32 };

/* Remove an entry; nftw has removed what is in it. */
static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place) {
  (void)info, (void)kind, (void)place;
  return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

/* Make a directory readable, so that nftw can enter it. */
static int open_entry(const char *path, const struct stat *info, int kind, struct FTW *place) {
  (void)place;
  if (kind == FTW_DNR && (info->st_mode & 0700) != 0700) return chmod(path, 0700) == 0 ? 1 : 0;
  if (kind == FTW_D && (info->st_mode & 0700) != 0700) chmod(path, 0700);
  return 0;
}

int tree_remove(const char *path) {
  while (nftw(path, open_entry, DESCRIPTORS, FTW_PHYS | FTW_MOUNT) == 1) { }
  if (nftw(path, remove_entry, DESCRIPTORS, FTW_PHYS | FTW_MOUNT | FTW_DEPTH) == 0) return 0;
  return errno == ENOENT ? 0 : -1;
}
