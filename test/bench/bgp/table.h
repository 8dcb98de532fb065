/*
 * What the programs of the BGP benchmarks share: the clock, and a set of prefixes. Prefix number N of a table is 16.0.0.0 plus
 * N times 1024 addresses, of any length from /22 (table.ts makes them), so that its number is found by a shift.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST = 1 << 20 };

struct table {
	unsigned char has[MOST];
	unsigned count;
	/* What the user waits for; -1: nothing. */
	long target;
};

static inline void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* Milliseconds of the clock that all processes of a machine share. */
static inline double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* One line for whoever started us. */
static inline void tell(const char *what)
{
	printf("%s %.3f\n", what, now());
	fflush(stdout);
}

static inline void tell_target(struct table *t)
{
	if (t->target != (long)t->count)
		return;
	t->target = -1;
	tell("reached");
}

/* `address` in host order; others' prefixes do not count. */
static inline void note(struct table *t, unsigned address, unsigned char present)
{
	unsigned number = (address - 0x10000000u) >> 10;
	if (number >= MOST || t->has[number] == present)
		return;
	t->has[number] = present;
	t->count += present ? 1 : -1;
}
