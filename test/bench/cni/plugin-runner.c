/*
 * Runs a CNI plugin COUNT times, CONCURRENCY at once, as a runtime does, and prints how long each took in microseconds, from fork to
 * the end of the process, then `total` and how long all took. In C, because starting a process from Node costs as much as our ADD.
 *
 *   plugin-runner PLUGIN COMMAND CONFIG CNI_PATH NETNS_PREFIX COUNT CONCURRENCY
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_COUNT = 4096 };

static pid_t pids[MAX_COUNT];
static int64_t started[MAX_COUNT];
static int64_t took[MAX_COUNT];

static int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int start(char **argv, int i) {
  static char command[64], container[64], netns[512], path[512];
  snprintf(command, sizeof command, "CNI_COMMAND=%s", argv[2]);
  snprintf(container, sizeof container, "CNI_CONTAINERID=bench-%d", i);
  snprintf(netns, sizeof netns, "CNI_NETNS=%s%d", argv[5], i);
  snprintf(path, sizeof path, "CNI_PATH=%s", argv[4]);
  char *env[] = {command, container, netns, path, "CNI_IFNAME=eth0", "CNI_ARGS=", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
  char *args[] = {argv[1], NULL};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, argv[3], O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  started[i] = now_us();
  int r = posix_spawn(&pids[i], argv[1], &actions, NULL, args, env);
  posix_spawn_file_actions_destroy(&actions);
  return r;
}

/* Waits for one of them; gives false when it failed. */
static int reap(char **argv, int count) {
  int status;
  pid_t pid = wait(&status);
  int64_t now = now_us();
  for (int i = 0; i < count; i++) {
    if (pids[i] != pid) continue;
    took[i] = now - started[i];
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 1;
    fprintf(stderr, "%s of bench-%d failed: %s\n", argv[2], i, argv[1]);
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 8) return fprintf(stderr, "usage: see the source\n"), 2;
  int count = atoi(argv[6]), concurrency = atoi(argv[7]);
  if (count < 1 || count > MAX_COUNT || concurrency < 1) return 2;
  int64_t begin = now_us();
  int good = 1;
  for (int i = 0, running = 0; i < count || running > 0;) {
    if (i < count && running < concurrency) {
      if (start(argv, i++) != 0) return 1;
      running++;
    } else {
      good = reap(argv, count) && good;
      running--;
    }
  }
  int64_t total = now_us() - begin;
  for (int i = 0; i < count; i++) printf("%lld\n", (long long)took[i]);
  printf("total %lld\n", (long long)total);
  return good ? 0 : 1;
}
