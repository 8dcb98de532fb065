import fc from 'fast-check';
import type { AsPathSegment } from '../../../src/bgp/wire/as-path.ts';
import type { PathAttributes } from '../../../src/bgp/wire/attributes/attributes.ts';
import type { Capability } from '../../../src/bgp/wire/capability.ts';
import { type AnyFamily, FAMILIES, familyFromWire } from '../../../src/bgp/wire/family.ts';
import type {
  Announcement,
  EndOfRibMessage,
  KeepaliveMessage,
  NotificationMessage,
  OpenMessage,
  PrefixList,
  RouteRefreshMessage,
  WireContext,
} from '../../../src/bgp/wire/message.ts';
import { isUsableNextHop } from '../../../src/bgp/wire/next-hop.ts';
import { type Address, addressFromBytes, type Family, isLinkLocal } from '../../../src/net/address.ts';
import { networkOf, type Prefix } from '../../../src/net/prefix.ts';
import { context } from './support.ts';

const octets = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

export const address = (family: Family): fc.Arbitrary<Address> =>
  octets(family === 4 ? 4 : 16).map((bytes) => addressFromBytes(bytes, 0, family));

const prefix = (family: Family): fc.Arbitrary<Prefix> =>
  fc
    .tuple(address(family), fc.integer({ min: 0, max: family === 4 ? 32 : 128 }))
    .map(([value, length]) => networkOf(value, length));

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const as = fc.integer({ min: 1, max: 0xffffffff });

const segment: fc.Arbitrary<AsPathSegment> = fc.record({
  kind: fc.constantFrom('sequence', 'set'),
  asns: fc.array(as, { minLength: 1, maxLength: 8 }),
});

const list = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { minLength: 1, maxLength: 70 });

const unknownType = fc.integer({ min: 40, max: 255 });
const unknown = fc
  .uniqueArray(fc.record({ type: unknownType, value: fc.uint8Array({ maxLength: 300 }) }), {
    selector: (u) => u.type,
    minLength: 1,
    maxLength: 4,
  })
  .map((all) => all.sort((a, b) => a.type - b.type));

/** Everything that an internal peer may send. */
export const attributes: fc.Arbitrary<PathAttributes> = fc.record(
  {
    origin: fc.constantFrom('igp', 'egp', 'incomplete'),
    asPath: fc.array(segment, { maxLength: 4 }),
    med: u32,
    localPref: u32,
    atomicAggregate: fc.constant(true),
    aggregator: fc.record({ as, address: address(4) }),
    communities: list(u32),
    originatorID: address(4),
    clusterList: list(address(4)),
    extendedCommunities: list(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })),
    largeCommunities: list(fc.record({ global: u32, local1: u32, local2: u32 })),
    onlyToCustomer: u32,
    unknown,
  },
  { requiredKeys: ['origin', 'asPath'], noNullPrototype: true },
);

/** Sessions that differ in everything that changes the bytes. */
export const contexts: fc.Arbitrary<WireContext> = fc
  .record({
    addPath: fc.constantFrom([], ['ipv4-unicast'] as const, FAMILIES),
    max: fc.constantFrom(4096, 65535),
    fourOctetAS: fc.boolean(),
  })
  .map(({ addPath, max, fourOctetAS }) => ({
    ...context,
    external: false,
    fourOctetAS,
    extendedNextHop: true,
    addPathReceive: addPath,
    addPathSend: addPath,
    maxReceive: max,
    maxSend: max,
  }));

export const prefixList = (ctx: WireContext): fc.Arbitrary<PrefixList> =>
  fc.constantFrom(...FAMILIES).chain((family) => {
    const prefixes = fc.array(prefix(family === 'ipv4-unicast' ? 4 : 6), { minLength: 1, maxLength: 1500 });
    if (!ctx.addPathSend.includes(family)) return prefixes.map((p) => ({ family, prefixes: p }));
    return prefixes.chain((p) =>
      fc
        .array(u32, { minLength: p.length, maxLength: p.length })
        .map((pathIds) => ({ family, prefixes: p, pathIds })),
    );
  });

const globalHop = (family: Family): fc.Arbitrary<Address> =>
  address(family).filter((a) => isUsableNextHop(a) && !(family === 6 && isLinkLocal(a)));

export const announcement = (ctx: WireContext): fc.Arbitrary<Announcement> =>
  fc
    .tuple(prefixList(ctx), attributes, globalHop(4), globalHop(6), fc.boolean(), fc.boolean())
    .map(([routes, attrs, v4, v6, overV6, linkLocal]) => {
      const classic = routes.family === 'ipv4-unicast' && !overV6;
      const withLocal = !classic && linkLocal ? { linkLocal: 'fe80::1' as Address } : {};
      return { ...routes, attributes: attrs, nextHop: classic ? v4 : v6, ...withLocal };
    });

const anyFamily: fc.Arbitrary<AnyFamily> = fc
  .tuple(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0, max: 0xff }))
  .map(([afi, safi]) => familyFromWire(afi, safi));
const family = fc.oneof(fc.constantFrom<AnyFamily>(...FAMILIES), anyFamily);

const families = <T extends object>(rest: { readonly [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.array(fc.record({ family, ...rest }, { noNullPrototype: true }), { maxLength: 6 });

const name = fc.string({ maxLength: 16, unit: fc.constantFrom('a', 'z', '-', '.', '0', 'é') });

const capability = fc.oneof(
  fc.record({ kind: fc.constant('multiprotocol'), family }),
  fc.constantFrom(
    { kind: 'route-refresh' },
    { kind: 'extended-message' },
    { kind: 'enhanced-route-refresh' },
  ),
  fc.record({
    kind: fc.constant('extended-next-hop'),
    families: families({ nextHopAfi: fc.constantFrom(1, 2) }),
  }),
  fc.record({
    kind: fc.constant('graceful-restart'),
    restarting: fc.boolean(),
    notification: fc.boolean(),
    restartTime: fc.integer({ min: 0, max: 4095 }),
    families: families({ forwarding: fc.boolean() }),
  }),
  fc.record({
    kind: fc.constant('add-path'),
    families: families({ mode: fc.constantFrom('receive', 'send', 'both') }),
  }),
  fc.record({
    kind: fc.constant('long-lived-graceful-restart'),
    families: families({ forwarding: fc.boolean(), staleTime: fc.integer({ min: 0, max: 0xffffff }) }),
  }),
  fc.record({ kind: fc.constant('fqdn'), host: name, domain: name }),
  fc.record({
    kind: fc.constant('unknown'),
    code: fc.integer({ min: 100, max: 255 }),
    value: fc.uint8Array({ maxLength: 255 }),
  }),
) as fc.Arbitrary<Capability>;

export const open: fc.Arbitrary<OpenMessage> = fc
  .record({
    kind: fc.constant('open' as const),
    as,
    holdTime: fc.integer({ min: 3, max: 0xffff }),
    routerID: address(4).filter((a) => a !== '0.0.0.0'),
    capabilities: fc.array(capability, { maxLength: 10 }),
    role: fc.constantFrom('provider', 'customer', 'peer', undefined),
  })
  .map(({ role, ...message }) => ({
    ...message,
    capabilities: [
      ...message.capabilities,
      ...(role === undefined ? [] : [{ kind: 'role' as const, role } as const]),
      { kind: 'four-octet-as' as const, as: message.as },
    ],
  }));

/** Everything that is neither OPEN nor UPDATE. */
export const otherMessage: fc.Arbitrary<
  EndOfRibMessage | NotificationMessage | KeepaliveMessage | RouteRefreshMessage
> = fc.oneof(
  fc.record({
    kind: fc.constant('notification' as const),
    code: fc.integer({ min: 0, max: 255 }),
    subcode: fc.integer({ min: 0, max: 255 }),
    data: fc.uint8Array({ maxLength: 4096 - 21 }),
  }),
  fc.record({
    kind: fc.constant('route-refresh' as const),
    operation: fc.constantFrom('request' as const, 'begin' as const, 'end' as const),
    family,
  }),
  fc.record({ kind: fc.constant('end-of-rib' as const), family: fc.constantFrom(...FAMILIES) }),
  fc.constant({ kind: 'keepalive' as const }),
);

/** A valid stream of bytes with some octets changed, inserted, removed, or cut off. */
export const mutated = (seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(
      fc.constantFrom(...seeds),
      fc.array(
        fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom('set', 'add', 'drop', 'cut')),
        {
          minLength: 1,
          maxLength: 8,
        },
      ),
    )
    .map(([seed, changes]) => {
      let bytes = [...seed];
      for (const [where, octet, change] of changes) {
        const at = bytes.length === 0 ? 0 : where % bytes.length;
        if (change === 'set') bytes[at] = octet;
        else if (change === 'add') bytes.splice(at, 0, octet);
        else if (change === 'drop') bytes.splice(at, 1);
        else bytes = bytes.slice(0, Math.max(at, 19));
      }
      return Uint8Array.from(bytes);
    });
