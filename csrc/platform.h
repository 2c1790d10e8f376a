/* platform.h: what operating systems and C libraries do in different ways, under one name each. It
   works with glibc from 2.29 on and with musl; for macOS and FreeBSD it has been compiled only. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

struct pollfd;

/* -- the C library ----------------------------------------------------------------------------- */

#ifdef __APPLE__
void  explicit_bzero(void *memory, size_t len);
void *memrchr(const void *memory, int byte, size_t len);
#endif

/* A clock that runs while a laptop sleeps: tokens expire then too. */
#if defined __linux__
#define PLATFORM_CLOCK CLOCK_BOOTTIME
#else
#define PLATFORM_CLOCK CLOCK_MONOTONIC
#endif

/* -- memory ------------------------------------------------------------------------------------ */

/* Fill memory with random bytes. Return 0, or -1. */
int platform_random(void *to, size_t len);

/* Return the size of memory from malloc: as much as was asked for, or a little more. */
size_t platform_memory_size(void *memory);

/* Return a byte that is 1 in this process and 0 in a forked child: reading it needs no system call.
   Return NULL where the system has no such memory. */
char *platform_fork_mark(void);
void  platform_fork_mark_free(char *mark);

/* -- descriptors: close-on-exec, -1 with errno when they fail ---------------------------------- */

/* Make a pipe. flags: O_NONBLOCK or 0, for both ends. */
int platform_pipe(int ends[2], int flags);
int platform_socket(int family, int type, int protocol);
int platform_socket_pair(int ends[2]);      /* of local streams */

/* Accept a connection. Its socket does not block. */
int platform_accept(int listener);

/* Tell whether an error says that descriptors or memory are used up. After such an error of
   platform_accept the listener stays ready: wait PLATFORM_ACCEPT_PAUSE seconds before the next. */
int platform_is_exhausted(int why);
#define PLATFORM_ACCEPT_PAUSE 0.5

/* Return an empty file that has no name. It is in memory, or on disk where the system has no files
   in memory. */
int platform_unnamed_file(void);

/* Wait as poll does, but with other signals blocked meanwhile: those of mask, unless it is NULL. */
int platform_poll(struct pollfd *watched, size_t count, int ms, const sigset_t *mask);

/* Close all descriptors from `first` on. Safe after a fork. */
void platform_close_from(int first);

/* -- processes --------------------------------------------------------------------------------- */

/* Fork without the handlers of pthread_atfork, where the C library can. */
pid_t platform_fork(void);

/* Become a program that is looked up in this process's PATH. It returns only when that fails: -1
   with errno. Safe after a fork. */
int platform_exec(const char *program, char *const argv[], char *const environment[]);

/* Let a program that posix_spawn starts inherit no descriptor from `first` on. Pass
   PLATFORM_SPAWN_FLAGS as attributes too. */
void platform_spawn_close_from(posix_spawn_file_actions_t *actions, int first);
#ifdef __APPLE__
#define PLATFORM_SPAWN_FLAGS POSIX_SPAWN_CLOEXEC_DEFAULT
#else
#define PLATFORM_SPAWN_FLAGS 0
#endif

/* Return a descriptor that is ready to read when a child has ended; -1: the system has none. */
int platform_exit_descriptor(pid_t child);

/* Kill this process when its parent ends. macOS cannot do that. */
void platform_end_with_parent(void);

/* Become the parent of all descendants whose own parent ends. macOS cannot do that. */
void platform_adopt_descendants(void);

/* Send a signal to every child, after platform_adopt_descendants. macOS cannot do that. */
void platform_signal_children(int number);

/* Set the name by which ps shows this process. macOS cannot do that. */
void platform_name_process(const char *name);

/* Forbid core dumps and ptrace by other programs of the user. */
void platform_forbid_dumps(void);

/* Write the path of this program and return its length; 0: it is not known. */
size_t platform_program(char *path, size_t max);

#endif
