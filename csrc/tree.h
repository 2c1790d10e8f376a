/* tree.h: remove a directory with all that is in it. */
#ifndef TREE_H
#define TREE_H

/* Follow no link and leave the file system of the directory alone below a mount point. Return 0,
   also when there is nothing at the path; or -1 with errno. */
int tree_remove(const char *path);

#endif
