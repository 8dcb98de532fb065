/*
 * The floor of routes.bench.ts: the same routes, the same 1024 messages per send, the same acknowledgement (the last message
 * only), and nothing else. Adds COUNT routes to the main table of its network namespace, then removes them.
 *
 *   floor COUNT LINK GATEWAY      prints: milliseconds to add, milliseconds to remove
 */
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 1024, PROTOCOL = 71, ANSWERS = 1 << 17 };

struct attribute {
	struct rtattr header;
	unsigned value;
};

struct request {
	struct nlmsghdr header;
	struct rtmsg route;
	struct attribute destination, gateway, link;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static struct attribute attribute(unsigned short type, unsigned value)
{
	return (struct attribute){ { sizeof(struct attribute), type }, value };
}

/* The first half /24 from 1.0.0.0, the second half /32 from 20.0.0.0. */
static struct request request(int remove, unsigned i, unsigned count, unsigned gateway, unsigned link)
{
	struct request r;
	int wide = i < count / 2;
	memset(&r, 0, sizeof r);
	r.header.nlmsg_len = sizeof r;
	r.header.nlmsg_type = remove ? RTM_DELROUTE : RTM_NEWROUTE;
	r.header.nlmsg_flags = NLM_F_REQUEST | (remove ? 0 : NLM_F_CREATE | NLM_F_EXCL);
	r.header.nlmsg_seq = i + 1;
	r.route.rtm_family = AF_INET;
	r.route.rtm_dst_len = wide ? 24 : 32;
	r.route.rtm_table = RT_TABLE_MAIN;
	r.route.rtm_protocol = PROTOCOL;
	r.route.rtm_scope = remove ? RT_SCOPE_NOWHERE : RT_SCOPE_UNIVERSE;
	r.route.rtm_type = RTN_UNICAST;
	r.destination = attribute(RTA_DST, htonl(wide ? (1u << 24) + (i << 8) : (20u << 24) + (i - count / 2)));
	r.gateway = attribute(RTA_GATEWAY, gateway);
	r.link = attribute(RTA_OIF, link);
	return r;
}

static void await_last(int fd, unsigned last)
{
	static char answers[ANSWERS];
	for (;;) {
		int length = recv(fd, answers, sizeof answers, 0);
		if (length < 0)
			fail("recv");
		for (struct nlmsghdr *h = (void *)answers; NLMSG_OK(h, (unsigned)length); h = NLMSG_NEXT(h, length)) {
			if (h->nlmsg_type == NLMSG_ERROR && ((struct nlmsgerr *)NLMSG_DATA(h))->error != 0) {
				fprintf(stderr, "request %u: error %d\n", h->nlmsg_seq, ((struct nlmsgerr *)NLMSG_DATA(h))->error);
				exit(1);
			}
			if (h->nlmsg_seq == last)
				return;
		}
	}
}

static double run(int fd, int remove, unsigned count, unsigned gateway, unsigned link)
{
	static struct request batch[BATCH];
	double start = now();
	for (unsigned i = 0; i < count;) {
		unsigned n = 0;
		for (; n < BATCH && i < count; n++, i++)
			batch[n] = request(remove, i, count, gateway, link);
		batch[n - 1].header.nlmsg_flags |= NLM_F_ACK;
		if (send(fd, batch, n * sizeof *batch, 0) < 0)
			fail("send");
		await_last(fd, i);
	}
	return now() - start;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: floor COUNT LINK GATEWAY\n");
		return 2;
	}
	unsigned count = strtoul(argv[1], NULL, 10), link = if_nametoindex(argv[2]), gateway = inet_addr(argv[3]);
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int one = 1, size = 8 << 20, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0 || bind(fd, (void *)&address, sizeof address) < 0)
		fail("netlink socket");
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
	double add = run(fd, 0, count, gateway, link);
	printf("%.3f %.3f\n", add, run(fd, 1, count, gateway, link));
	return 0;
}
