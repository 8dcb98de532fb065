import { constants } from 'node:os';
import type { RouteKernel } from '../../src/dataplane/routes.ts';
import type { Address, Family } from '../../src/net/address.ts';
import { containsAddress, type Prefix, prefixFamily } from '../../src/net/prefix.ts';
import { errnoName } from '../../src/netlink/errno.ts';
import { NetlinkDumpError, NetlinkLostError } from '../../src/netlink/error.ts';
import type { NetlinkFailure, RequestSource } from '../../src/netlink/rtnetlink.ts';
import { describeRoute } from '../../src/netlink/wire/describe.ts';
import type { MonitorEvent } from '../../src/netlink/wire/event.ts';
import type { LinkRecord, NextHopRecord, RouteRecord } from '../../src/netlink/wire/records.ts';
import { type RouteRequest, routeRequest } from '../../src/netlink/wire/requests.ts';
import type { RouteFilter } from '../../src/netlink/wire/route.ts';

const { EEXIST, ENETDOWN, ENETUNREACH, ENODEV, ESRCH } = constants.errno;

interface FakeLink {
  readonly record: LinkRecord;
  /** Gateways in these are reached over the link. */
  readonly networks: readonly Prefix[];
}

/**
 * A main routing table that behaves as Linux does where it matters to the route driver: EXCL, REPLACE and their blindness for
 * protocols, links that take IPv4 routes with them without a word, IPv6 metrics, events of what others do.
 */
export class FakeKernel implements RouteKernel {
  readonly #links = new Map<number, FakeLink>();
  #routes: RouteRecord[] = [];
  readonly #refused = new Map<Prefix, number>();
  #loseAnswers = false;
  #failDump = false;
  /** Every request of the driver in order, as text. */
  readonly log: string[] = [];
  /** Told what others do; what the driver does itself is not told, as with `ignorePorts`. */
  onEvent: (event: MonitorEvent) => void = () => {};
  /** Called between two requests of a batch and in the midst of a dump. */
  onPause: () => void = () => {};
  dumps = 0;

  addLink(index: number, name: string, ...networks: readonly Prefix[]): void {
    const record = { index, name, mtu: 1500, up: true, carrier: true, loopback: false };
    this.#links.set(index, { record, networks });
    this.onEvent({ kind: 'link.changed', link: record });
  }

  setLink(index: number, up: boolean): void {
    const link = this.#link(index);
    const record = { ...link.record, up, carrier: up };
    this.#links.set(index, { ...link, record });
    this.onEvent({ kind: 'link.changed', link: record });
    if (!up) this.#dropRoutes(index);
  }

  deleteLink(index: number): void {
    const { record } = this.#link(index);
    if (record.up) this.setLink(index, false);
    this.#links.delete(index);
    this.onEvent({ kind: 'link.gone', link: { ...record, up: false, carrier: false } });
  }

  /** The address goes, and IPv4 routes that prefer it go with it, silently. */
  deleteAddress(link: number, address: Address, prefixLength: number): void {
    this.#routes = this.#routes.filter((route) => route.source !== address);
    this.onEvent({ kind: 'address.gone', address: { link, address, prefixLength, scope: 0, flags: 0x80 } });
  }

  /** From now on requests for the prefix fail with this errno; 0: no more. */
  refuse(prefix: Prefix, errno: number): void {
    if (errno === 0) this.#refused.delete(prefix);
    else this.#refused.set(prefix, errno);
  }

  /** The next batch is carried out, but its answers are lost. */
  loseNextAnswers(): void {
    this.#loseAnswers = true;
  }

  failNextDump(): void {
    this.#failDump = true;
  }

  /** Somebody else changes a route; events tell. Throws what the kernel would refuse. */
  other(kind: RouteRequest['kind'], route: RouteRecord, options: { readonly quiet?: boolean } = {}): void {
    const before = this.#routes;
    const errno = this.#carryOut({ kind, route });
    if (errno !== 0) throw new Error(`${kind}: ${errnoName(errno)}`);
    if (options.quiet === true) return;
    const gone = before.find((r) => !this.#routes.includes(r));
    const come = this.#routes.find((r) => !before.includes(r));
    if (come !== undefined)
      this.onEvent({ kind: 'route.changed', route: come, replaced: gone !== undefined });
    else if (gone !== undefined) this.onEvent({ kind: 'route.gone', route: gone });
  }

  /** The table as `ip route` prints it, sorted. */
  text(protocol?: number): string {
    return this.#routes
      .filter((route) => protocol === undefined || route.protocol === protocol)
      .map((route) => describeRoute(route, (index) => this.#links.get(index)?.record.name))
      .sort()
      .join('\n');
  }

  links(): readonly LinkRecord[] {
    return [...this.#links.values()].map((link) => link.record);
  }

  async routesAsync(filter: RouteFilter, signal: AbortSignal): Promise<readonly RouteRecord[]> {
    this.dumps++;
    const found = this.#routes.filter(
      (route) =>
        (filter.family === undefined || prefixFamily(route.prefix) === filter.family) &&
        (filter.protocol === undefined || route.protocol === filter.protocol),
    );
    await Promise.resolve();
    signal.throwIfAborted();
    this.onPause();
    if (this.#failDump) {
      this.#failDump = false;
      throw new NetlinkDumpError('routes', 'the test wants it');
    }
    return found;
  }

  async runAsync(requests: RequestSource, signal: AbortSignal): Promise<readonly NetlinkFailure[]> {
    const failures: NetlinkFailure[] = [];
    for (const request of requests) {
      signal.throwIfAborted();
      if (request === undefined) continue;
      const route = request.kind === 'route.write' ? routeRequest(request) : (request as RouteRequest);
      this.log.push(`${route.kind.slice('route.'.length)} ${describeRoute(route.route)}`);
      const errno = this.#carryOut(route);
      if (errno !== 0)
        failures.push({ request, errno, errnoName: errnoName(errno), message: errnoName(errno) });
      await Promise.resolve();
      this.onPause();
    }
    if (this.#loseAnswers) {
      this.#loseAnswers = false;
      throw new NetlinkLostError('a batch');
    }
    return failures;
  }

  #carryOut({ kind, route }: RouteRequest): number {
    const refused = this.#refused.get(route.prefix);
    if (refused !== undefined) return refused;
    if (kind === 'route.delete') return this.#delete(route);
    const resolved = this.#resolve(route);
    if (typeof resolved === 'number') return resolved;
    const at = this.#routes.findIndex((r) => r.prefix === route.prefix && r.metric === resolved.metric);
    if (at >= 0 && kind === 'route.create') return EEXIST;
    this.#routes =
      at >= 0 && kind === 'route.replace' ? this.#routes.with(at, resolved) : [...this.#routes, resolved];
    return 0;
  }

  #delete(route: RouteRecord): number {
    const at = this.#routes.findIndex(
      (r) =>
        r.prefix === route.prefix &&
        (r.protocol === route.protocol || route.protocol === 0) &&
        r.kind === route.kind &&
        (route.metric === 0 || r.metric === route.metric),
    );
    if (at < 0) return ESRCH;
    this.#routes = this.#routes.toSpliced(at, 1);
    return 0;
  }

  /** The route as the kernel keeps it: the link of each way found, IPv6 with its default metric. */
  #resolve(route: RouteRecord): RouteRecord | number {
    const nextHops: NextHopRecord[] = [];
    for (const hop of route.nextHops) {
      const link = hop.link ?? this.#linkTowards(hop.gateway);
      if (link === undefined) return ENETUNREACH;
      const record = this.#links.get(link)?.record;
      if (record === undefined) return ENODEV;
      if (!record.up) return ENETDOWN;
      nextHops.push({ ...hop, link });
    }
    const family: Family = prefixFamily(route.prefix);
    return { ...route, nextHops, metric: family === 6 && route.metric === 0 ? 1024 : route.metric };
  }

  #linkTowards(gateway: Address | undefined): number | undefined {
    if (gateway === undefined) return undefined;
    for (const [index, link] of this.#links)
      if (link.networks.some((network) => containsAddress(network, gateway))) return index;
    return undefined;
  }

  #link(index: number): FakeLink {
    const link = this.#links.get(index);
    if (link === undefined) throw new Error(`no link ${index}`);
    return link;
  }

  #dropRoutes(link: number): void {
    const lost = this.#routes.filter((route) => route.nextHops.some((hop) => hop.link === link));
    this.#routes = this.#routes.filter((route) => !lost.includes(route));
    for (const route of lost)
      if (prefixFamily(route.prefix) === 6) this.onEvent({ kind: 'route.gone', route });
  }
}
