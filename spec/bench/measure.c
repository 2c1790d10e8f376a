/* measure.c: run a program with its output discarded, and print as JSON: elapsed seconds, processor
   seconds, the largest resident memory in KB, the exit code.

     measure PROGRAM ARGUMENTS... */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

static double now(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void become(char **argv) {
  int nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, STDOUT_FILENO);
  execvp(argv[0], argv);
  perror(argv[0]);
  _exit(127);
}

int main(int argc, char **argv) {
  struct rusage used;
  int status = 0;
  if (argc < 2) return 2;
  double began = now();
  pid_t pid = fork();
  if (pid == 0) become(argv + 1);
  if (pid < 0 || wait4(pid, &status, 0, &used) != pid) {
    perror("measure");
    return 1;
  }
  printf("{\"seconds\":%.6f,\"user\":%.6f,\"system\":%.6f,\"memory\":%ld,\"code\":%d}\n",
         now() - began, seconds(used.ru_utime), seconds(used.ru_stime), used.ru_maxrss,
         WIFEXITED(status) ? WEXITSTATUS(status) : 128);
  return 0;
}
