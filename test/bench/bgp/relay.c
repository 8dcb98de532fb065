/*
 * The null relay of the BGP benchmarks: takes two connections and copies what comes on one to the other, so that two peers
 * talk with each other as if with a daemon in between. What it takes is what generator, receiver and TCP take.
 *
 *   relay PORT
 */
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "table.h"

static void copy(int from, int to)
{
	static char buffer[1 << 18];
	ssize_t got = read(from, buffer, sizeof buffer);
	if (got <= 0)
		exit(0);
	for (ssize_t done = 0, n; done < got; done += n) {
		n = write(to, buffer + done, got - done);
		if (n < 0)
			fail("write");
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct pollfd ends[2];
	int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
	if (argc < 2) {
		fprintf(stderr, "usage: relay PORT\n");
		return 2;
	}
	address.sin_port = htons(atoi(argv[1]));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 2) < 0)
		fail("listen");
	for (int i = 0; i < 2; i++)
		ends[i] = (struct pollfd){ accept(listener, NULL, NULL), POLLIN, 0 };
	for (;;) {
		if (poll(ends, 2, -1) < 0)
			fail("poll");
		for (int i = 0; i < 2; i++)
			if (ends[i].revents)
				copy(ends[i].fd, ends[1 - i].fd);
	}
}
