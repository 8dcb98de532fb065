/*
 * Watches the main IPv4 table of its network namespace for the routes of a table of the BGP benchmarks.
 *
 *   fib
 *
 * Prints `watching`; then takes `target N` on standard input and prints `reached` when N of them are there; times are
 * milliseconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "table.h"

static struct table table = { .target = -1 };

static void take(struct nlmsghdr *message)
{
	struct rtmsg *route = NLMSG_DATA(message);
	int length = RTM_PAYLOAD(message);
	if (message->nlmsg_type != RTM_NEWROUTE && message->nlmsg_type != RTM_DELROUTE)
		return;
	if (route->rtm_family != AF_INET || route->rtm_table != RT_TABLE_MAIN)
		return;
	for (struct rtattr *a = RTM_RTA(route); RTA_OK(a, length); a = RTA_NEXT(a, length))
		if (a->rta_type == RTA_DST)
			note(&table, ntohl(*(unsigned *)RTA_DATA(a)), message->nlmsg_type == RTM_NEWROUTE);
	tell_target(&table);
}

static void hear(int fd)
{
	static char buffer[1 << 18];
	int length = recv(fd, buffer, sizeof buffer, 0);
	if (length < 0 && errno == ENOBUFS)
		fprintf(stderr, "events were lost\n");
	if (length < 0)
		fail("recv");
	for (struct nlmsghdr *m = (struct nlmsghdr *)buffer; NLMSG_OK(m, length); m = NLMSG_NEXT(m, length))
		take(m);
}

static void obey(void)
{
	char line[64];
	if (fgets(line, sizeof line, stdin) == NULL)
		exit(0);
	if (strncmp(line, "target ", 7) == 0) {
		table.target = atol(line + 7);
		tell_target(&table);
	}
}

int main(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_ROUTE };
	int size = 1 << 29, fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	struct pollfd inputs[2] = { { 0, POLLIN, 0 }, { fd, POLLIN, 0 } };
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
		fail("bind");
	setvbuf(stdin, NULL, _IONBF, 0);
	tell("watching");
	for (;;) {
		if (poll(inputs, 2, -1) < 0)
			fail("poll");
		if (inputs[1].revents)
			hear(fd);
		if (inputs[0].revents)
			obey();
	}
}
