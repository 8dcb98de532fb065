import type { Speaker } from '../../src/bgp/speaker.ts';
import type { PathStatus, PeerStatus } from '../../src/bgp/status.ts';
import { type Address, addressBytes } from '../../src/net/address.ts';
import { prefixAddress, prefixLength } from '../../src/net/prefix.ts';
import { toHex } from './octets.ts';
import type { LineOracle } from './oracle/line-oracle.ts';
import { type Possible, type RouteFacts, type RouteKey, routeKey } from './oracle/routes.ts';
import { IPV4, IPV6 } from './oracle/terms.ts';
import { WELL_KNOWN } from './oracle/well-known.ts';
import { PEER } from './world.ts';

type Held = ReadonlyMap<RouteKey, PathStatus>;

const FAMILIES = [
  [IPV4, 'ipv4-unicast'],
  [IPV6, 'ipv6-unicast'],
] as const;

/** Compares the routes that the speaker holds of its peer with those that the oracle says it must, may and must not hold. */
export class RoutesJudge {
  /** Families of the last session whose routes may be kept as stale ones (RFC 4724). */
  #kept: readonly number[] = [];

  /** A session is over, of which the routes of these families may be kept. */
  ended(kept: readonly number[]): void {
    this.#kept = kept;
  }

  /** What happens is not known: routes may be kept or not. */
  lookAway(): void {
    this.#kept = [IPV4, IPV6];
  }

  /** `oracle`: of the only connection there is. Gives what is wrong. */
  check(speaker: Speaker, status: PeerStatus, oracle: LineOracle | undefined): string | undefined {
    const held = routesOf(speaker);
    const wanted = oracle?.phase === 'established' ? oracle.routes : new Map<RouteKey, Possible>();
    return this.#compare(held, wanted) ?? countsAreWrong(status, held, wanted);
  }

  #compare(held: Held, wanted: ReadonlyMap<RouteKey, Possible>): string | undefined {
    for (const [key, possible] of wanted) {
      const path = held.get(key);
      if (path?.stale === true && this.#mayBeStale(key)) continue;
      if (
        !possible.some((facts) =>
          facts === undefined ? path === undefined : path !== undefined && agrees(path, facts),
        )
      ) {
        return `route ${key} is ${show(path)}, wanted ${JSON.stringify(possible)}`;
      }
    }
    for (const [key, path] of held) {
      if (wanted.has(key) || (path.stale === true && this.#mayBeStale(key))) continue;
      return `route ${key} is ${show(path)}, wanted none`;
    }
    return undefined;
  }

  #mayBeStale(key: RouteKey): boolean {
    return this.#kept.includes(Number.parseInt(key, 10));
  }
}

function routesOf(speaker: Speaker): Held {
  const held = new Map<RouteKey, PathStatus>();
  for (const { prefix, family, paths } of speaker.rib()) {
    for (const path of paths) {
      if (path.peer !== PEER) continue;
      const afi = family === 'ipv4-unicast' ? IPV4 : IPV6;
      held.set(routeKey(afi, addressBytes(prefixAddress(prefix)), prefixLength(prefix), path.pathId), path);
    }
  }
  return held;
}

const ORIGINS = ['igp', 'egp', 'incomplete'];
/** RFC 8326: whoever understands it lowers the preference of such a route, which the sender need not know. */
const GRACEFUL_SHUTDOWN = '65535:0';

function agrees(path: PathStatus, facts: RouteFacts): boolean {
  const communities = path.communities
    .map((c) => WELL_KNOWN[c] ?? c)
    .filter((c) => /^\d+(:\d+){1,2}$/.test(c));
  return (
    facts.nextHops.includes(hexOf(path.nextHop)) &&
    path.asPath.join() === facts.asPath.join() &&
    path.origin === ORIGINS[facts.origin] &&
    path.med === facts.med &&
    (path.localPref === facts.localPref || facts.communities.includes(GRACEFUL_SHUTDOWN)) &&
    communities.toSorted().join() === facts.communities.join()
  );
}

const hexOf = (hop: Address | undefined): string => (hop === undefined ? '' : toHex(addressBytes(hop)));

const show = (path: PathStatus | undefined): string =>
  path === undefined ? 'not there' : JSON.stringify(path);

/** The number of routes that people are told must be one that is possible. */
function countsAreWrong(
  { prefixes }: PeerStatus,
  held: Held,
  wanted: ReadonlyMap<RouteKey, Possible>,
): string | undefined {
  for (const [family, name] of FAMILIES) {
    const count = [...held.keys()].filter((key) => Number.parseInt(key, 10) === family).length;
    // Stale routes of a session that is over count nowhere or in the next one.
    const stale = held.values().some((path) => path.stale === true);
    if (wanted.size > 0 && !stale && prefixes[name].received !== count)
      return `${prefixes[name].received} ${name} prefixes are told, ${count} are held`;
  }
  return undefined;
}
