/* platform.c: what operating systems and C libraries do in different ways. All that depends on them
   is here: other files have no #if for a system. */

#ifdef __APPLE__
#define __STDC_WANT_LIB_EXT1__ 1      /* memset_s */
#define _DARWIN_UNLIMITED_SELECT      /* descriptors from FD_SETSIZE on */
#define AML_SELECT                    /* no ppoll, and a poll that knows no terminals */
#endif

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined __linux__
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#elif defined __FreeBSD__
#include <malloc_np.h>
#include <sys/procctl.h>
#include <sys/sysctl.h>
#include <sys/wait.h>
#elif defined __APPLE__
#include <mach-o/dyld.h>
#include <malloc/malloc.h>
#else
#error "platform.c knows Linux, FreeBSD and macOS"
#endif

#include "platform.h"

/* HAS_GLIBC(34): the C library is glibc 2.34 or newer. With AML_PLAIN the specs try what is for
   others. */
#if defined __GLIBC__ && !defined AML_PLAIN
#define HAS_GLIBC(minor) __GLIBC_PREREQ(2, minor)
#else
#define HAS_GLIBC(minor) 0
#endif

/* -- the C library ----------------------------------------------------------------------------- */

#ifdef __APPLE__

void explicit_bzero(void *memory, size_t len) { memset_s(memory, len, 0, len); }

void *memrchr(const void *memory, int byte, size_t len) {
  const unsigned char *bytes = memory;
  while (len--)
    if (bytes[len] == (unsigned char)byte) return (void *)(bytes + len);
  return NULL;
}

#endif

/* -- memory ------------------------------------------------------------------------------------ */

int platform_random(void *to, size_t len) {
#ifdef __APPLE__
  arc4random_buf(to, len);
  return 0;
#else
  return getrandom(to, len, 0) == (ssize_t)len ? 0 : -1;
#endif
}

size_t platform_memory_size(void *memory) {
#ifdef __APPLE__
  return malloc_size(memory);
#else
  return malloc_usable_size(memory);
#endif
}

/* Let a forked child find zeros in a page. Return 0, or -1. */
static int wipe_on_fork(void *page) {
#if defined __linux__ && defined MADV_WIPEONFORK
  return madvise(page, 1, MADV_WIPEONFORK);
#elif defined __FreeBSD__
  return minherit(page, 1, INHERIT_ZERO);
#else
  (void)page;
  return -1;
#endif
}

char *platform_fork_mark(void) {
  char *page = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
  if (page == MAP_FAILED) return NULL;
  if (wipe_on_fork(page) != 0) {
    munmap(page, 1);
    return NULL;
  }
  *page = 1;
  return page;
}

void platform_fork_mark_free(char *mark) { if (mark) munmap(mark, 1); }

/* -- descriptors ------------------------------------------------------------------------------- */

#ifdef __APPLE__

/* Set close-on-exec, and O_NONBLOCK if flags say so. */
static int prepare(int fd, int flags) {
  if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (fd >= 0 && flags) fcntl(fd, F_SETFL, flags);
  return fd;
}

int platform_pipe(int ends[2], int flags) {
  if (pipe(ends) != 0) return -1;
  for (int i = 0; i < 2; i++) prepare(ends[i], flags);
  return 0;
}

int platform_socket(int family, int type, int protocol) {
  return prepare(socket(family, type, protocol), 0);
}

int platform_socket_pair(int ends[2]) {
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return -1;
  for (int i = 0; i < 2; i++) prepare(ends[i], 0);
  return 0;
}

int platform_accept(int listener) { return prepare(accept(listener, NULL, NULL), O_NONBLOCK); }

int platform_unnamed_file(void) {
  char path[] = "/tmp/azureml-XXXXXX";
  int fd = prepare(mkstemp(path), 0);
  if (fd >= 0) unlink(path);
  return fd;
}

#else

int platform_pipe(int ends[2], int flags) { return pipe2(ends, O_CLOEXEC | flags); }

int platform_socket(int family, int type, int protocol) {
  return socket(family, type | SOCK_CLOEXEC, protocol);
}

int platform_socket_pair(int ends[2]) {
  return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
}

int platform_accept(int listener) {
  return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int platform_unnamed_file(void) { return memfd_create("azureml", MFD_CLOEXEC); }

#endif

int platform_is_exhausted(int why) {
  return why == EMFILE || why == ENFILE || why == ENOMEM || why == ENOBUFS;
}

static struct timespec time_of(int ms) {
  return (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
}

#ifdef AML_SELECT

/* A set of any descriptors is an array of fd_set. */

static void set_add(fd_set *set, int fd) { FD_SET(fd % FD_SETSIZE, &set[fd / FD_SETSIZE]); }

static int set_has(const fd_set *set, int fd) {
  return FD_ISSET(fd % FD_SETSIZE, &set[fd / FD_SETSIZE]) != 0;
}

/* Note the descriptors that are closed. Return how many there are. */
static int note_closed(struct pollfd *watched, size_t count) {
  int closed = 0;
  for (size_t i = 0; i < count; i++) {
    if (fcntl(watched[i].fd, F_GETFD) >= 0) continue;
    watched[i].revents = POLLNVAL;
    closed++;
  }
  return closed;
}

/* Note the descriptors that are ready. Return how many there are. */
static int note_ready(struct pollfd *watched, size_t count, const fd_set *in, const fd_set *out) {
  int ready = 0;
  for (size_t i = 0; i < count; i++) {
    if (set_has(in, watched[i].fd)) watched[i].revents |= POLLIN;
    if (set_has(out, watched[i].fd)) watched[i].revents |= POLLOUT;
    if (watched[i].revents) ready++;
  }
  return ready;
}

int platform_poll(struct pollfd *watched, size_t count, int ms, const sigset_t *mask) {
  struct timespec time = time_of(ms);
  int end = 0;
  for (size_t i = 0; i < count; i++)
    if (watched[i].fd >= end) end = watched[i].fd + 1;
  size_t len = (size_t)end / FD_SETSIZE + 1;
  fd_set *in = calloc(2 * len, sizeof *in), *out = in + len;
  if (!in) { errno = ENOMEM; return -1; }
  for (size_t i = 0; i < count; i++) {
    watched[i].revents = 0;
    if (watched[i].events & POLLIN) set_add(in, watched[i].fd);
    if (watched[i].events & POLLOUT) set_add(out, watched[i].fd);
  }
  int ready = pselect(end, in, out, NULL, ms < 0 ? NULL : &time, mask);
  int why = errno;
  if (ready > 0) ready = note_ready(watched, count, in, out);
  if (ready < 0 && why == EBADF) ready = note_closed(watched, count);
  free(in);
  errno = why;
  return ready;
}

#else

int platform_poll(struct pollfd *watched, size_t count, int ms, const sigset_t *mask) {
  struct timespec time = time_of(ms);
  return ppoll(watched, (nfds_t)count, ms < 0 ? NULL : &time, mask);
}

#endif

#if HAS_GLIBC(34) || defined __FreeBSD__

void platform_close_from(int first) { closefrom(first); }

void platform_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
  posix_spawn_file_actions_addclosefrom_np(actions, first);
}

#else

typedef void VisitDescriptor(void *user, int fd);

/* Visit the open descriptors from `first` on as /proc lists them, by system calls alone, so that it
   is safe after a fork. Return 0 when there is no list. */
static int visit_listed(int first, VisitDescriptor *visit, void *user) {
#ifdef __linux__
  enum { LENGTH = 16, NAME = 19 };      /* where an entry has its length, 2 bytes, and its name */
  char entries[2048];
  long got;
  int list = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (list < 0) return 0;
  while ((got = syscall(SYS_getdents64, list, entries, sizeof entries)) > 0)
    for (long at = 0; at < got; ) {
      unsigned short length;
      const char *name = entries + at + NAME;
      memcpy(&length, entries + at + LENGTH, sizeof length);
      int fd = *name == '.' ? -1 : atoi(name);
      if (fd >= first && fd != list) visit(user, fd);
      at += length;
    }
  close(list);
  return got == 0;
#else
  (void)first, (void)visit, (void)user;
  return 0;
#endif
}

/* Visit all descriptors from `first` on that may be open. */
static void visit_descriptors(int first, VisitDescriptor *visit, void *user) {
  if (visit_listed(first, visit, user)) return;
  long end = sysconf(_SC_OPEN_MAX);
  if (end < 0 || end > 1024 * 1024) end = 1024 * 1024;
  for (int fd = first; fd < end; fd++) visit(user, fd);
}

static void close_one(void *user, int fd) {
  (void)user;
  close(fd);
}

void platform_close_from(int first) {
#if defined SYS_close_range && !defined AML_PLAIN
  if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0) return;
#endif
  visit_descriptors(first, close_one, NULL);
}

#ifdef __APPLE__

void platform_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
  (void)actions, (void)first;      /* PLATFORM_SPAWN_FLAGS do it */
}

#else

static void spawn_without(void *actions, int fd) {
  int flags = fcntl(fd, F_GETFD);
  if (flags >= 0 && !(flags & FD_CLOEXEC)) posix_spawn_file_actions_addclose(actions, fd);
}

void platform_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
  visit_descriptors(first, spawn_without, actions);
}

#endif
#endif

/* -- processes --------------------------------------------------------------------------------- */

pid_t platform_fork(void) {
#if HAS_GLIBC(34) || (defined __linux__ && !defined __GLIBC__)
  return _Fork();
#else
  return fork();
#endif
}

#if defined __linux__ && !defined AML_PLAIN

int platform_exec(const char *program, char *const argv[], char *const environment[]) {
  return execvpe(program, argv, environment);
}

#else

int platform_exec(const char *program, char *const argv[], char *const environment[]) {
  const char *path = getenv("PATH");
  char file[PATH_MAX];
  int why = ENOENT;
  if (strchr(program, '/') || !path) return execve(program, argv, environment);
  for (const char *end; path; path = *end ? end + 1 : NULL) {
    end = path + strcspn(path, ":");
    size_t len = (size_t)(end - path), name = strlen(program);
    if (len + name + 2 > sizeof file) continue;
    memcpy(file, path, len);
    if (len) file[len++] = '/';
    memcpy(file + len, program, name + 1);
    execve(file, argv, environment);
    if (errno == EACCES) why = EACCES;
    else if (errno != ENOENT && errno != ENOTDIR) return -1;
  }
  errno = why;
  return -1;
}

#endif

int platform_exit_descriptor(pid_t child) {
#ifdef SYS_pidfd_open
  return (int)syscall(SYS_pidfd_open, child, 0);
#else
  (void)child;
  errno = ENOSYS;
  return -1;
#endif
}

#if defined __linux__

void platform_end_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGKILL); }

void platform_adopt_descendants(void) { prctl(PR_SET_CHILD_SUBREAPER, 1); }

void platform_signal_children(int number) {
  char path[64] = "/proc/self/task/", text[4096], digits[16];
  size_t at = strlen(path), len = 0;
  ssize_t got;
  long pid = 0;
  for (long rest = getpid(); rest; rest /= 10) digits[len++] = (char)('0' + rest % 10);
  while (len) path[at++] = digits[--len];
  memcpy(path + at, "/children", sizeof "/children");
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  while (fd >= 0 && (got = read(fd, text, sizeof text)) > 0)
    for (ssize_t i = 0; i < got; i++) {
      if (text[i] >= '0' && text[i] <= '9') pid = pid * 10 + text[i] - '0';
      else if (pid > 1) { kill((pid_t)pid, number); pid = 0; }
    }
  if (fd >= 0) close(fd);
}

void platform_name_process(const char *name) { prctl(PR_SET_NAME, name); }

void platform_forbid_dumps(void) { prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

size_t platform_program(char *path, size_t max) {
  ssize_t len = readlink("/proc/self/exe", path, max);
  return len > 0 && (size_t)len < max ? (size_t)len : 0;
}

#elif defined __FreeBSD__

void platform_end_with_parent(void) {
  int number = SIGKILL;
  procctl(P_PID, 0, PROC_PDEATHSIG_CTL, &number);
}

void platform_adopt_descendants(void) { procctl(P_PID, getpid(), PROC_REAP_ACQUIRE, NULL); }

void platform_signal_children(int number) {
  struct procctl_reaper_kill order = { .rk_sig = number, .rk_flags = REAPER_KILL_CHILDREN };
  procctl(P_PID, getpid(), PROC_REAP_KILL, &order);
}

void platform_name_process(const char *name) { setproctitle("%s", name); }

void platform_forbid_dumps(void) {
  int how = PROC_TRACE_CTL_DISABLE;
  procctl(P_PID, getpid(), PROC_TRACE_CTL, &how);
}

size_t platform_program(char *path, size_t max) {
  int name[] = { CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1 };
  size_t len = max;
  return sysctl(name, 4, path, &len, NULL, 0) == 0 && len > 0 ? len - 1 : 0;
}

#else

void platform_end_with_parent(void) { }

void platform_adopt_descendants(void) { }

void platform_signal_children(int number) { (void)number; }

void platform_name_process(const char *name) { (void)name; }

/* Not every SDK declares it. */
enum { DENY_ATTACH = 31 };
int ptrace(int request, pid_t pid, char *address, int data);

void platform_forbid_dumps(void) {
  struct rlimit none = { 0, 0 };
  setrlimit(RLIMIT_CORE, &none);
  ptrace(DENY_ATTACH, 0, NULL, 0);
}

size_t platform_program(char *path, size_t max) {
  uint32_t size = max > UINT32_MAX ? UINT32_MAX : (uint32_t)max;
  return _NSGetExecutablePath(path, &size) == 0 ? strlen(path) : 0;
}

#endif
