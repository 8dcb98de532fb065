import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LearnedRoute } from '../../src/bgp/status.ts';
import { LearnedRoutes } from '../../src/calc/learned-routes.ts';
import { NextHopResolver } from '../../src/calc/next-hops.ts';
import { RemoteRoutes } from '../../src/calc/remote-routes.ts';
import { isUnresolved, type Unresolved } from '../../src/calc/routes.ts';
import type { DesiredRoute } from '../../src/dataplane/route-intent.ts';
import { address } from '../../src/net/address.ts';
import { type Prefix, prefix } from '../../src/net/prefix.ts';
import { prefixWords } from '../../src/net/prefix-words.ts';
import type { RouteRecord } from '../../src/netlink/wire/records.ts';
import { takenRoutes } from '../support/changes.ts';
import { byName, feed, kernelRoute, learned, node, via } from '../support/records.ts';
import { selfOf } from '../support/self.ts';

const local = new Set([address('192.0.2.1')]);

/** A node with these podCIDRs and foreign routes. */
const view = (podCIDRs: readonly string[], routes: readonly RouteRecord[], down: readonly number[] = []) =>
  new RemoteRoutes(
    selfOf('a', byName(node('a', podCIDRs, ['192.0.2.1'])), local),
    new NextHopResolver(routes, new Set(down), local),
  );

const subnet = kernelRoute('192.0.2.0/24', { link: 2 });
const other = kernelRoute('198.51.100.0/24', { link: 3 });
const none: ReadonlyMap<Prefix, DesiredRoute> = new Map();

/** The routes that all changes together make, as the route driver keeps them. */
class Follower {
  readonly routes = new Map<Prefix, DesiredRoute>();

  take(changes: Iterable<{ readonly prefix: Prefix; readonly route: DesiredRoute | undefined }>): string[] {
    const told: string[] = [];
    for (const { prefix: p, route } of changes) {
      told.push(`${route === undefined ? '-' : '+'}${p}`);
      if (route === undefined) this.routes.delete(p);
      else this.routes.set(p, route);
    }
    return told;
  }
}

describe('what is told', () => {
  const setUp = (...routes: readonly LearnedRoute[]) => {
    const facts = feed(...routes);
    const learnedRoutes = new LearnedRoutes(facts);
    learnedRoutes.set(view([], [subnet]), none);
    return { facts, learnedRoutes, follower: new Follower() };
  };
  const via7 = learned('10.1.0.0/16', ['192.0.2.7'], 'peer/r');
  const beyond = learned('10.2.0.0/16', ['198.51.100.7'], 'peer/r');

  it('is what changed, once', () => {
    const { facts, learnedRoutes, follower } = setUp(via7, beyond);
    expect(follower.take(takenRoutes(learnedRoutes))).toEqual(['+10.1.0.0/16', '-10.2.0.0/16']);
    expect([...learnedRoutes.unresolved]).toEqual([
      {
        prefix: '10.2.0.0/16',
        from: 'bgp peer/r',
        reason: 'next hop 198.51.100.7: the kernel has no route to it',
      },
    ]);
    expect(learnedRoutes.unresolvedRoute(beyond.prefix)).toBe([...learnedRoutes.unresolved][0]);
    expect(learnedRoutes.unresolvedRoute(via7.prefix)).toBeUndefined();
    expect(follower.take(takenRoutes(learnedRoutes))).toEqual([]);
    facts.putAll([{ prefix: via7.prefix, route: undefined }]);
    expect(follower.take(takenRoutes(learnedRoutes))).toEqual(['-10.1.0.0/16']);
  });

  it('is everything when a next hop has other ways, and nothing when none has', () => {
    const { learnedRoutes, follower } = setUp(via7, beyond);
    follower.take(takenRoutes(learnedRoutes));
    learnedRoutes.set(view([], [subnet, kernelRoute('203.0.113.0/24', { link: 9 })]), none);
    expect(follower.take(takenRoutes(learnedRoutes))).toEqual([]);
    learnedRoutes.set(view([], [subnet, other]), none);
    expect(follower.take(takenRoutes(learnedRoutes))).toEqual(['+10.1.0.0/16', '+10.2.0.0/16']);
    expect([...learnedRoutes.unresolved]).toEqual([]);
  });

  it('leaves what comes meanwhile for the next time', () => {
    const { facts, learnedRoutes } = setUp(via7);
    const told: string[] = [];
    for (const change of takenRoutes(learnedRoutes)) {
      told.push(change.prefix);
      facts.putAll([
        { prefix: beyond.prefix, route: beyond },
        { prefix: via7.prefix, route: beyond },
      ]);
    }
    expect(told).toEqual(['10.1.0.0/16']);
    expect([...takenRoutes(learnedRoutes)].map((change) => change.prefix)).toEqual([
      '10.2.0.0/16',
      '10.1.0.0/16',
    ]);
  });

  it('goes on where a follower broke off', () => {
    const { learnedRoutes, follower } = setUp(via7, beyond);
    follower.take(takenRoutes(learnedRoutes));
    learnedRoutes.set(view([], [subnet, other]), none);
    for (const change of takenRoutes(learnedRoutes)) {
      follower.take([change]);
      break;
    }
    expect(follower.take(takenRoutes(learnedRoutes))).toEqual(['+10.2.0.0/16']);
  });

  it('is nothing where the node has a route of its own, until that goes', () => {
    const pod: DesiredRoute = {
      prefix: via7.prefix,
      origin: 'pod',
      nextHops: [{ link: 7 }],
      from: 'pod default/web-0',
    };
    const { learnedRoutes, follower } = setUp(via7);
    follower.take(takenRoutes(learnedRoutes));
    learnedRoutes.set(view([], [subnet]), new Map([[pod.prefix, pod]]));
    expect(follower.take(takenRoutes(learnedRoutes))).toEqual([]);
    expect([...learnedRoutes.unresolved].map((u) => u.reason)).toEqual([
      'it is the route of pod default/web-0',
    ]);
    learnedRoutes.set(view([], [subnet]), none);
    expect(follower.take(takenRoutes(learnedRoutes))).toEqual(['+10.1.0.0/16']);
    expect([...learnedRoutes.unresolved]).toEqual([]);
  });
});

describe('all changes together', () => {
  const prefixes = ['10.1.0.0/16', '10.2.0.0/16', '10.3.0.0/16', '10.244.1.0/24', 'fd00:1::/64'].map(prefix);
  const nextHops = ['192.0.2.7', '192.0.2.8', '198.51.100.7', '192.0.2.1'];
  const views = [
    () => view(['10.244.1.0/24'], [subnet]),
    () => view([], [subnet, other]),
    () => view([], [subnet, other], [3]),
    () => view(['10.244.1.0/24'], [kernelRoute('0.0.0.0/0', via('192.0.2.254', 2)), subnet]),
  ];
  const owns: readonly ReadonlyMap<Prefix, DesiredRoute>[] = [
    none,
    new Map(prefixes.slice(0, 2).map((p) => [p, { prefix: p, origin: 'pod', nextHops: [{ link: 7 }] }])),
  ];

  type Step =
    | { readonly kind: 'learn'; readonly prefix: Prefix; readonly nextHops: readonly string[] }
    | { readonly kind: 'view'; readonly view: number; readonly own: number }
    | { readonly kind: 'take'; readonly most: number };
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({
      kind: fc.constant('learn' as const),
      prefix: fc.constantFrom(...prefixes),
      nextHops: fc.subarray(nextHops),
    }),
    fc.record({ kind: fc.constant('view' as const), view: fc.nat(views.length - 1), own: fc.nat(1) }),
    fc.record({ kind: fc.constant('take' as const), most: fc.nat(6) }),
  );

  it('make what is computed from scratch, whatever changed and however it was taken', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const facts = feed();
        const incremental = new LearnedRoutes(facts);
        const follower = new Follower();
        let remote = view([], [subnet]);
        let own = none;
        incremental.set(remote, own);
        /** As the route driver: its own table first. */
        const adopt = (most: number): void => {
          for (const p of own.keys()) follower.routes.delete(p);
          for (const change of takenRoutes(incremental)) {
            follower.take([change]);
            if (--most === 0) break;
          }
        };
        for (const s of steps) {
          if (s.kind === 'learn')
            facts.putAll([
              {
                prefix: s.prefix,
                route: s.nextHops.length === 0 ? undefined : learned(s.prefix, s.nextHops, 'peer/r'),
              },
            ]);
          else if (s.kind === 'take') adopt(s.most);
          else {
            remote = views[s.view]?.() ?? remote;
            own = owns[s.own] ?? none;
            incremental.set(remote, own);
          }
        }
        adopt(0);
        const scratch = [...facts.records]
          .filter(([p]) => !own.has(p))
          .map(([p, ways]): DesiredRoute | Unresolved => {
            const found = remote.learned(prefixWords(p), ways);
            return typeof found === 'string'
              ? { prefix: p, from: 'bgp peer/r', reason: found }
              : { prefix: p, ...found };
          });
        const bySort = <T extends { readonly prefix: Prefix }>(list: Iterable<T>): T[] =>
          [...list].sort((a, b) => (a.prefix < b.prefix ? -1 : 1));
        expect(bySort(follower.routes.values())).toEqual(bySort(scratch.filter((r) => !isUnresolved(r))));
        expect(bySort([...incremental.unresolved].filter((u) => !own.has(u.prefix)))).toEqual(
          bySort(scratch.filter((r) => isUnresolved(r))),
        );
        expect([...incremental.unresolved].filter((u) => !facts.records.has(u.prefix))).toEqual([]);
      }),
    );
  });
});
