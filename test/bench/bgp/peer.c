/*
 * The far end of BGP sessions for the benchmarks, as cheap as it can be: it sends what was encoded before, keeps its sessions
 * alive, and keeps a set of the IPv4 prefixes that the first of them has been told.
 *
 *   peer LOCAL REMOTE PORT AS HOLD [SESSIONS]      session N dials from the address LOCAL + N
 *
 * Commands on standard input      Answers, with the time in milliseconds
 *   send FILE                     first: as the first octet leaves; sent: as the last one has left
 *   target N                      reached: when the set has N prefixes
 *   one                           told: when every session has announced a prefix of its own, 172.16.0.0/24 and following
 *   silence                       silence MILLISECONDS: the longest time without a word from the other side, of all sessions;
 *                                 starts again from zero
 * Without being asked: established, when all sessions are; closed, whenever one ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "table.h"

enum { HEADER = 19, OPEN = 1, UPDATE = 2, KEEPALIVE = 4, LONGEST = 65535, ROOM = 4 * LONGEST, RETRY = 100 };
enum state { DOWN, DIALLING, OPENED, ESTABLISHED };

struct session {
	int fd, up;
	enum state state;
	double heard, spoken, silence, due;
	unsigned char *in;
	size_t length;
	const unsigned char *out;
	size_t left;
};

static struct table table = { .target = -1 };
static struct session *sessions;
static int count = 1, established, epoll;
static struct in_addr local;
static struct sockaddr_in remote;
static unsigned as, hold;

static unsigned get16(const unsigned char *p) { return p[0] << 8 | p[1]; }
static unsigned char *put16(unsigned char *p, unsigned v) { *p++ = v >> 8; *p++ = v; return p; }
static unsigned char *put32(unsigned char *p, unsigned v) { return put16(put16(p, v >> 16), v & 0xffff); }
static unsigned address(const struct session *s) { return ntohl(local.s_addr) + (unsigned)(s - sessions); }

static void watch(struct session *s, int op)
{
	struct epoll_event event = { EPOLLIN | (s->left || s->state == DIALLING ? EPOLLOUT : 0), { .ptr = s } };
	if (epoll_ctl(epoll, op, s->fd, &event) < 0)
		fail("epoll_ctl");
}

static void dial(struct session *s)
{
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(address(s)) };
	int on = 1;
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (bind(s->fd, (struct sockaddr *)&from, sizeof from) < 0)
		fail("bind");
	if (connect(s->fd, (struct sockaddr *)&remote, sizeof remote) < 0 && errno != EINPROGRESS)
		fail("connect");
	s->state = DIALLING;
	s->length = s->left = 0;
	watch(s, EPOLL_CTL_ADD);
}

static void hang_up(struct session *s)
{
	close(s->fd);
	if (s->state == ESTABLISHED) {
		established--;
		tell("closed");
	}
	s->state = DOWN;
	s->due = now() + RETRY;
}

static void say(struct session *s, const unsigned char *message, size_t length)
{
	s->spoken = now();
	if (send(s->fd, message, length, MSG_NOSIGNAL) != (ssize_t)length)
		hang_up(s);
}

static unsigned char *header(unsigned char *p, unsigned length, unsigned type)
{
	memset(p, 0xff, 16);
	p = put16(p + 16, length);
	*p++ = type;
	return p;
}

static void say_keepalive(struct session *s)
{
	unsigned char message[HEADER];
	header(message, HEADER, KEEPALIVE);
	say(s, message, HEADER);
}

/* IPv4 unicast and four-octet AS numbers. */
static void say_open(struct session *s)
{
	static const unsigned char multiprotocol[] = { 1, 4, 0, 1, 0, 1 };
	unsigned char message[64], *p = header(message, HEADER + 10 + 14, OPEN);
	*p++ = 4;
	p = put16(p, as);
	p = put16(p, hold);
	p = put32(p, address(s));
	*p++ = 14;
	*p++ = 2;
	*p++ = 12;
	memcpy(p, multiprotocol, 6);
	p += 6;
	*p++ = 65;
	*p++ = 4;
	p = put32(p, as);
	say(s, message, p - message);
	s->state = OPENED;
}

static void note_prefixes(const unsigned char *p, const unsigned char *end, unsigned char present)
{
	while (p < end) {
		unsigned octets = (*p++ + 7) / 8, value = 0;
		for (unsigned i = 0; i < octets; i++)
			value |= (unsigned)*p++ << (24 - 8 * i);
		note(&table, value, present);
	}
}

static void read_update(const unsigned char *p, const unsigned char *end)
{
	const unsigned char *withdrawn = p + 2, *attributes = withdrawn + get16(p);
	note_prefixes(withdrawn, attributes, 0);
	note_prefixes(attributes + 2 + get16(attributes), end, 1);
	tell_target(&table);
}

static void read_message(struct session *s, const unsigned char *p, const unsigned char *end)
{
	switch (p[18]) {
	case OPEN:
		say_keepalive(s);
		break;
	case KEEPALIVE:
		if (s->state != OPENED)
			break;
		s->state = ESTABLISHED;
		s->silence = 0;
		if (++established == count)
			tell("established");
		break;
	case UPDATE:
		if (s == sessions)
			read_update(p + HEADER, end);
	}
}

static void hear(struct session *s)
{
	ssize_t got = recv(s->fd, s->in + s->length, ROOM - s->length, 0);
	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0) {
		hang_up(s);
		return;
	}
	double t = now();
	if (s->heard && t - s->heard > s->silence)
		s->silence = t - s->heard;
	s->heard = t;
	s->length += got;
	const unsigned char *p = s->in, *end = p + s->length;
	while (end - p >= HEADER && end - p >= (long)get16(p + 16)) {
		read_message(s, p, p + get16(p + 16));
		p += get16(p + 16);
	}
	s->length = end - p;
	memmove(s->in, p, s->length);
}

static void pour(struct session *s)
{
	ssize_t sent = send(s->fd, s->out, s->left, MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN) {
		hang_up(s);
		return;
	}
	if (sent > 0) {
		s->out += sent;
		s->left -= sent;
		s->spoken = now();
	}
	if (s->left == 0) {
		tell("sent");
		watch(s, EPOLL_CTL_MOD);
	}
}

static void connected(struct session *s)
{
	int error = 0;
	socklen_t length = sizeof error;
	getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &length);
	if (error) {
		hang_up(s);
		return;
	}
	s->heard = 0;
	say_open(s);
	watch(s, EPOLL_CTL_MOD);
}

static void happen(struct session *s, unsigned events)
{
	if (s->state == DIALLING)
		connected(s);
	else if (events & EPOLLOUT && s->left)
		pour(s);
	if (s->state >= OPENED && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		hear(s);
}

static void tick(void)
{
	double t = now();
	for (struct session *s = sessions; s < sessions + count; s++) {
		if (s->state == DOWN && s->due <= t)
			dial(s);
		else if (s->state == ESTABLISHED && s->left == 0 && t - s->spoken > hold * 1000 / 3)
			say_keepalive(s);
	}
}

static void send_file(const char *name)
{
	struct stat stat;
	int fd = open(name, O_RDONLY);
	if (fd < 0 || fstat(fd, &stat) < 0)
		fail(name);
	sessions->out = mmap(NULL, stat.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (sessions->out == MAP_FAILED)
		fail("mmap");
	close(fd);
	sessions->left = stat.st_size;
	tell("first");
	watch(sessions, EPOLL_CTL_MOD);
}

static void tell_silence(void)
{
	double longest = 0, t = now();
	for (struct session *s = sessions; s < sessions + count; s++) {
		double silence = t - s->heard > s->silence ? t - s->heard : s->silence;
		longest = silence > longest ? silence : longest;
		s->silence = 0;
	}
	printf("silence %.3f\n", longest);
	fflush(stdout);
}

/* For internal peers: an empty path, the peer itself as next hop, LOCAL_PREF 100. */
static void announce_one(struct session *s)
{
	unsigned char message[64], *p = header(message, HEADER + 4 + 21 + 4, UPDATE);
	static const unsigned char before[] = { 0, 0, 0, 21, 0x40, 1, 1, 0, 0x40, 2, 0, 0x40, 3, 4 };
	static const unsigned char after[] = { 0x40, 5, 4, 0, 0, 0, 100, 24 };
	memcpy(p, before, sizeof before);
	p = put32(p + sizeof before, address(s));
	memcpy(p, after, sizeof after);
	p = put32(p + sizeof after, 0xac100000 + ((unsigned)(s - sessions) << 8)) - 1;
	say(s, message, p - message);
}

static void obey(void)
{
	char line[4096];
	if (fgets(line, sizeof line, stdin) == NULL)
		exit(0);
	line[strcspn(line, "\n")] = 0;
	if (strncmp(line, "send ", 5) == 0)
		send_file(line + 5);
	else if (strncmp(line, "target ", 7) == 0) {
		table.target = atol(line + 7);
		tell_target(&table);
	} else if (strcmp(line, "silence") == 0)
		tell_silence();
	else if (strcmp(line, "one") == 0) {
		for (struct session *s = sessions; s < sessions + count; s++)
			announce_one(s);
		tell("told");
	}
}

static void usage(void)
{
	fprintf(stderr, "usage: peer LOCAL REMOTE PORT AS HOLD [SESSIONS]\n");
	exit(2);
}

int main(int argc, char **argv)
{
	struct epoll_event events[256], input = { EPOLLIN, { .ptr = NULL } };
	if (argc < 6 || !inet_aton(argv[1], &local) || !inet_aton(argv[2], &remote.sin_addr))
		usage();
	remote.sin_family = AF_INET;
	remote.sin_port = htons(atoi(argv[3]));
	as = strtoul(argv[4], NULL, 10);
	hold = atoi(argv[5]);
	if (argc > 6)
		count = atoi(argv[6]);
	setvbuf(stdin, NULL, _IONBF, 0);
	epoll = epoll_create1(0);
	epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &input);
	sessions = calloc(count, sizeof *sessions);
	for (struct session *s = sessions; s < sessions + count; s++)
		s->in = malloc(ROOM);
	for (double due = 0;;) {
		int n = epoll_wait(epoll, events, 256, RETRY);
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == NULL)
				obey();
			else
				happen(events[i].data.ptr, events[i].events);
		}
		if (now() < due)
			continue;
		tick();
		due = now() + RETRY;
	}
}
