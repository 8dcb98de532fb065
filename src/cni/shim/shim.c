/*
 * The CNI executable of Gryphon: hands its CNI_* environment and its stdin to the agent over a unix socket and prints the
 * answer. Whatever can be decided is decided in the agent; left here is what must work while the agent is away:
 *
 *   VERSION  is answered here.
 *   ADD, CHECK, GC  wait a few seconds for the agent, then say "try again later" (code 11).
 *   DEL      is queued as a file, which the agent carries out when it is back; the runtime sees success.
 *   STATUS   answers within two seconds and forgives an agent that was ready some seconds ago, because runtimes make the
 *            whole node unready on the first refusal.
 *
 * The framing is described in ../protocol/frame.ts. Nothing is allocated: every buffer is static and bounded.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "json.h"

extern char **environ;

#define DEFAULT_SOCKET "/run/gryphon/cni.sock"
#define VERSIONS "0.3.1, 0.4.0, 1.0.0, 1.1.0"
#define VERSIONS_JSON "[\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]"

enum { FRAME_MAJOR = 1, FRAME_MINOR = 0, FRAME_HEADER = 8, FIELD_HEADER = 5 };
enum { TAG_ENVIRONMENT = 'E', TAG_STDIN = 'I', TAG_EXIT = 'X', TAG_OUTPUT = 'O', TAG_END = 'Z' };
enum { MAX_STDIN = 1 << 20, MAX_FRAME = MAX_STDIN + (1 << 18), MAX_ANSWER = 1 << 20 };
enum { MAX_QUEUED = 256, GRACE_SECONDS = 15 };

/* Error codes of CNI 1.1.0. */
enum { CODE_IO = 5, CODE_DECODE = 6, CODE_CONFIG = 7, CODE_TRY_AGAIN = 11, CODE_NOT_AVAILABLE = 50 };

/* How long a command waits, in milliseconds from the start of the process; the last one is for all others. */
struct patience {
  const char *command;
  int64_t connect;
  int64_t answer;
};
static const struct patience patiences[] = {{"STATUS", 500, 1800}, {"DEL", 300, 30000}, {NULL, 5000, 90000}};

static char caller_version[16] = "1.0.0";
static char stdin_bytes[MAX_STDIN + 1];
static size_t stdin_length;
static unsigned char frame[MAX_FRAME];
static unsigned char answer[MAX_ANSWER];

/* ---- time ---- */

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits until the descriptor is ready: 1, or 0 at the deadline, or -1. */
static int wait_for(int fd, short events, int64_t deadline) {
  for (;;) {
    int64_t left = deadline - now_ms();
    if (left < 0) return 0;
    struct pollfd p = {.fd = fd, .events = events};
    int r = poll(&p, 1, (int)left);
    if (r > 0) return 1;
    if (r < 0 && errno != EINTR) return -1;
  }
}

/* ---- bytes ---- */

static bool write_all(int fd, const void *bytes, size_t n) {
  const char *p = bytes;
  while (n > 0) {
    ssize_t r = write(fd, p, n);
    if (r < 0 && errno == EINTR) continue;
    if (r < 0 && errno == EAGAIN && wait_for(fd, POLLOUT, now_ms() + 1000) == 1) continue;
    if (r <= 0) return false;
    p += r;
    n -= (size_t)r;
  }
  return true;
}

/* Text that is put together piece by piece; what does not fit is cut off. */
struct text {
  char bytes[2048];
  size_t length;
};

static void put(struct text *t, const char *s) {
  size_t n = strlen(s), room = sizeof t->bytes - t->length;
  if (n > room) n = room;
  memcpy(t->bytes + t->length, s, n);
  t->length += n;
}

/* A JSON string. At most 512 bytes of `s` are used, so that the object around it stays whole. */
static void put_json(struct text *t, const char *s) {
  put(t, "\"");
  for (size_t i = 0; s[i] != 0 && i < 512 && t->length < sizeof t->bytes - 64; i++) {
    unsigned char c = (unsigned char)s[i];
    char piece[8] = {(char)c, 0};
    /* Not ASCII: shown as a question mark rather than risking half a UTF-8 sequence. */
    if (c >= 0x7f) snprintf(piece, sizeof piece, "?");
    if (c < 0x20) snprintf(piece, sizeof piece, "\\u%04x", c);
    if (c == '"' || c == '\\') snprintf(piece, sizeof piece, "\\%c", c);
    put(t, piece);
  }
  put(t, "\"");
}

/* Prints the error object of CNI 1.1.0 (Error) and gives the exit code. */
static int fail(int code, const char *msg, const char *socket_path, const char *reason) {
  struct text out = {.length = 0};
  char number[16], details[512];
  if (socket_path == NULL) snprintf(details, sizeof details, "%s", reason);
  else snprintf(details, sizeof details, "socket %s: %s", socket_path, reason);
  snprintf(number, sizeof number, "%d", code);
  put(&out, "{\"cniVersion\":");
  put_json(&out, caller_version);
  put(&out, ",\"code\":");
  put(&out, number);
  put(&out, ",\"msg\":");
  put_json(&out, msg);
  put(&out, ",\"details\":");
  put_json(&out, details);
  put(&out, "}\n");
  write_all(STDOUT_FILENO, out.bytes, out.length);
  return 1;
}

/* ---- the request ---- */

/* A text at the top level of the configuration; false when it has none of that name. */
static bool configured(const char *key, char *out, size_t size) {
  return find_text(stdin_bytes, stdin_length, key, out, size);
}

/* Reads stdin to its end. Gives its length, -1 at an error or when nothing comes any more, -2 when it is too long. */
static ssize_t read_stdin(int64_t deadline) {
  size_t n = 0;
  for (;;) {
    if (wait_for(STDIN_FILENO, POLLIN, deadline) != 1) return -1;
    ssize_t r = read(STDIN_FILENO, stdin_bytes + n, sizeof stdin_bytes - n);
    if (r < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (r < 0) return -1;
    if (r == 0) return (ssize_t)n;
    n += (size_t)r;
    if (n > MAX_STDIN) return -2;
  }
}

static bool put_field(size_t *length, int tag, const char *bytes, size_t n) {
  if (n > MAX_FRAME || MAX_FRAME - *length < FIELD_HEADER + n) return false;
  frame[*length] = (unsigned char)tag;
  for (int i = 1; i <= 4; i++) frame[*length + (size_t)i] = (unsigned char)(n >> (32 - 8 * i));
  memcpy(frame + *length + FIELD_HEADER, bytes, n);
  *length += FIELD_HEADER + n;
  return true;
}

/* The whole request in `frame`; 0 when it does not fit. */
static size_t build_frame(void) {
  static const unsigned char header[FRAME_HEADER] = {'G', 'R', 'Y', 'C', 0, FRAME_MAJOR, 0, FRAME_MINOR};
  size_t length = FRAME_HEADER;
  memcpy(frame, header, sizeof header);
  for (char **e = environ; *e != NULL; e++)
    if (strncmp(*e, "CNI_", 4) == 0 && !put_field(&length, TAG_ENVIRONMENT, *e, strlen(*e))) return 0;
  if (!put_field(&length, TAG_STDIN, stdin_bytes, stdin_length)) return 0;
  return put_field(&length, TAG_END, "", 0) ? length : 0;
}

/* ---- the conversation ---- */

static const char *connect_problem(int error) {
  if (error == ENOENT) return "there is no such socket, the agent does not run";
  if (error == ECONNREFUSED) return "nobody listens, the agent has stopped";
  return error == EAGAIN ? "the agent is too busy to accept" : strerror(error);
}

/* A connected descriptor, or -1 with errno set. Tries again until the deadline where waiting can help. */
static int connect_until(const char *path, int64_t deadline) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, path, strlen(path) + 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  for (int64_t pause = 20;; pause = pause < 400 ? pause * 2 : 500) {
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    int error = errno;
    bool passing = error == ENOENT || error == ECONNREFUSED || error == EAGAIN || error == EINTR;
    if (!passing || now_ms() + pause > deadline) {
      close(fd);
      errno = error;
      return -1;
    }
    usleep((useconds_t)pause * 1000);
  }
}

/* Sends as much of the frame as the agent takes: an agent that refuses early has closed, but its answer can be read. */
static bool send_frame(int fd, size_t length, int64_t deadline) {
  size_t sent = 0;
  while (sent < length) {
    ssize_t r = write(fd, frame + sent, length - sent);
    if (r > 0) sent += (size_t)r;
    else if (r < 0 && errno == EAGAIN && wait_for(fd, POLLOUT, deadline) != 1) return false;
    else if (r < 0 && errno != EAGAIN && errno != EINTR) return errno == EPIPE || errno == ECONNRESET;
  }
  return true;
}

struct reply {
  int exit;
  const unsigned char *output;
  size_t length;
};

/* 1: the answer is whole, 0: bytes are missing, -1: this is no answer. Unknown fields are skipped. */
static int parse_answer(size_t n, struct reply *reply) {
  size_t at = FRAME_HEADER;
  *reply = (struct reply){.exit = -1, .output = answer, .length = 0};
  if (memcmp(answer, "GRYC", n < 4 ? n : 4) != 0) return -1;
  while (at + FIELD_HEADER <= n) {
    const unsigned char *f = answer + at;
    size_t length = (size_t)f[1] << 24 | (size_t)f[2] << 16 | (size_t)f[3] << 8 | f[4];
    if (f[0] == TAG_END) return reply->exit < 0 ? -1 : 1;
    if (length > n - at - FIELD_HEADER) return 0;
    if (f[0] == TAG_EXIT && length == 1) reply->exit = f[FIELD_HEADER];
    if (f[0] == TAG_OUTPUT) {
      reply->output = f + FIELD_HEADER;
      reply->length = length;
    }
    at += FIELD_HEADER + length;
  }
  return 0;
}

/* NULL when there is an answer, else the reason why there is none. */
static const char *receive_answer(int fd, int64_t deadline, struct reply *reply) {
  size_t n = 0;
  for (;;) {
    int state = parse_answer(n, reply);
    if (state == 1) return NULL;
    if (state < 0 || n == MAX_ANSWER) return "the agent's answer is not understood";
    int ready = wait_for(fd, POLLIN, deadline);
    if (ready == 0) return "the agent does not answer in time";
    ssize_t r = ready < 0 ? -1 : read(fd, answer + n, MAX_ANSWER - n);
    if (r < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (r < 0) return strerror(errno);
    if (r == 0) return "the agent closed the connection without an answer";
    n += (size_t)r;
  }
}

static const char *ask_agent(const char *path, size_t length, struct patience p, int64_t start, struct reply *reply) {
  int fd = connect_until(path, start + p.connect);
  if (fd < 0) return connect_problem(errno);
  const char *problem = "the agent does not read";
  if (send_frame(fd, length, start + p.answer)) problem = receive_answer(fd, start + p.answer, reply);
  close(fd);
  return problem;
}

/* ---- while the agent is away ---- */

/* FNV-1a over a text and its final 0, which keeps texts apart. */
static uint64_t hash(uint64_t h, const char *text) {
  do h = (h ^ (unsigned char)*text) * 0x100000001b3u;
  while (*text++ != 0);
  return h;
}

/* The same for every DEL of an attachment, so it takes one place in the queue however often and with whatever else it comes. */
static uint64_t attachment_hash(void) {
  char network[256];
  const char *container = getenv("CNI_CONTAINERID"), *ifname = getenv("CNI_IFNAME");
  uint64_t h = hash(0xcbf29ce484222325u, configured("name", network, sizeof network) ? network : "");
  return hash(hash(h, container == NULL ? "" : container), ifname == NULL ? "" : ifname);
}

/* The path of a file in the directory of the socket; without a name the directory itself. */
static void beside(const char *socket_path, const char *name, char *out, size_t size) {
  snprintf(out, size, "%.*s%s", (int)(strrchr(socket_path, '/') + 1 - socket_path), socket_path, name);
}

/* How many files wait in the queue; -1 when it cannot be read. */
static int count_queued(const char *directory) {
  int n = 0;
  DIR *d = opendir(directory);
  if (d == NULL) return -1;
  for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
    if (e->d_name[0] != '.') n++;
  closedir(d);
  return n;
}

static bool write_file(const char *path, const void *bytes, size_t n) {
  unlink(path);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  bool whole = write_all(fd, bytes, n);
  return close(fd) == 0 && whole;
}

/* Leaves the request in the queue beside the socket. NULL when done, else the reason why not. */
static const char *queue_del(const char *socket_path, size_t length) {
  char directory[160], temporary[192], final[192];
  beside(socket_path, "", directory, sizeof directory);
  if (mkdir(directory, 0700) < 0 && errno != EEXIST) return "the DEL queue cannot be made";
  beside(socket_path, "del-queue", directory, sizeof directory);
  if (mkdir(directory, 0700) < 0 && errno != EEXIST) return "the DEL queue cannot be made";
  int queued = count_queued(directory);
  if (queued < 0) return "the DEL queue cannot be read";
  if (queued >= MAX_QUEUED) return "the DEL queue is full";
  snprintf(temporary, sizeof temporary, "%s/.%ld", directory, (long)getpid());
  snprintf(final, sizeof final, "%s/%016llx", directory, (unsigned long long)attachment_hash());
  if (write_file(temporary, frame, length) && rename(temporary, final) == 0) return NULL;
  unlink(temporary);
  return "the DEL queue cannot be written";
}

/* Whether the agent was ready a short while ago: it touches `heartbeat` beside its socket every few seconds. */
static bool recently_ready(const char *socket_path) {
  char path[160];
  struct stat s;
  beside(socket_path, "heartbeat", path, sizeof path);
  if (stat(path, &s) < 0) return false;
  int64_t age = (int64_t)(time(NULL) - s.st_mtime);
  return age >= -GRACE_SECONDS && age <= GRACE_SECONDS;
}

/* ---- the process ---- */

static int answer_version(void) {
  struct text out = {.length = 0};
  put(&out, "{\"cniVersion\":");
  put_json(&out, caller_version);
  put(&out, ",\"supportedVersions\":" VERSIONS_JSON "}\n");
  return write_all(STDOUT_FILENO, out.bytes, out.length) ? 0 : 1;
}

static int without_agent(const char *command, const char *path, size_t length, const char *problem) {
  if (strcmp(command, "STATUS") == 0) {
    if (recently_ready(path)) return 0;
    return fail(CODE_NOT_AVAILABLE, "the Gryphon agent does not answer", path, problem);
  }
  if (strcmp(command, "DEL") == 0) {
    problem = queue_del(path, length);
    if (problem == NULL) return 0;
  }
  return fail(CODE_TRY_AGAIN, "the Gryphon agent does not answer, try again later", path, problem);
}

static struct patience patience_of(const char *command) {
  const struct patience *p = patiences;
  while (p->command != NULL && strcmp(p->command, command) != 0) p++;
  return *p;
}

int main(void) {
  int64_t start = now_ms();
  signal(SIGPIPE, SIG_IGN);
  const char *command = getenv("CNI_COMMAND");
  if (command == NULL || command[0] == 0) {
    static const char about[] = "Gryphon CNI plugin: a container runtime runs it, see https://www.cni.dev\n"
                                "CNI protocol versions supported: " VERSIONS "\n";
    write_all(STDERR_FILENO, about, sizeof about - 1);
    return 0;
  }
  bool version = strcmp(command, "VERSION") == 0;
  struct patience patience = patience_of(command);
  ssize_t n = read_stdin(start + (version ? 500 : patience.answer < 5000 ? patience.answer : 5000));
  /* The reference library does not read stdin for VERSION, so whatever comes is fine. */
  if (n < 0 && !version) {
    if (n == -2) return fail(CODE_DECODE, "the network configuration is too long", NULL, "stdin has more than 1 MiB");
    return fail(CODE_IO, "the network configuration cannot be read", NULL, "stdin does not end");
  }
  stdin_length = n < 0 ? 0 : (size_t)n;
  char given[sizeof caller_version];
  if (version) strcpy(caller_version, "1.1.0");
  if (configured("cniVersion", given, sizeof given)) strcpy(caller_version, given);
  if (version) return answer_version();

  char path[sizeof ((struct sockaddr_un *)0)->sun_path] = DEFAULT_SOCKET;
  char wanted[sizeof path];
  if (configured("socket", wanted, sizeof wanted)) strcpy(path, wanted);
  if (path[0] != '/') return fail(CODE_CONFIG, "the path of the socket is not absolute", path, "correct the conflist");

  size_t length = build_frame();
  if (length == 0) return fail(CODE_DECODE, "the request is too long", NULL, "environment and stdin exceed the limit");
  struct reply reply = {.exit = 1, .output = answer, .length = 0};
  const char *problem = ask_agent(path, length, patience, start, &reply);
  if (problem != NULL) return without_agent(command, path, length, problem);
  if (!write_all(STDOUT_FILENO, reply.output, reply.length)) return 1;
  return reply.exit;
}
