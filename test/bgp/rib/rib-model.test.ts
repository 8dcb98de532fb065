import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Announcer } from '../../../src/bgp/announcer.ts';
import type { BgpFamily, ImportPolicy } from '../../../src/bgp/config.ts';
import { decide } from '../../../src/bgp/rib/decision.ts';
import { type ExportPeer, type ExportSpeaker, makeExporter } from '../../../src/bgp/rib/export-policy.ts';
import { type ImportPeer, makeImporter, type Self } from '../../../src/bgp/rib/import-policy.ts';
import { longLivedStale } from '../../../src/bgp/rib/long-lived.ts';
import { originatedPaths } from '../../../src/bgp/rib/origination.ts';
import type { Outlet } from '../../../src/bgp/rib/outlet.ts';
import { makePath, type Path, type PathSource } from '../../../src/bgp/rib/path.ts';
import { type Inbound, Rib } from '../../../src/bgp/rib/rib.ts';
import type { PathAttributes } from '../../../src/bgp/wire/attributes/attributes.ts';
import { decodeMessage } from '../../../src/bgp/wire/codec.ts';
import { WELL_KNOWN_COMMUNITIES } from '../../../src/bgp/wire/communities.ts';
import { FAMILIES } from '../../../src/bgp/wire/family.ts';
import { Framer } from '../../../src/bgp/wire/framer.ts';
import type { WireContext } from '../../../src/bgp/wire/message.ts';
import { readable } from '../../../src/bgp/wire/readable.ts';
import { type Address, address } from '../../../src/net/address.ts';
import { type Prefix, prefix, prefixFamily } from '../../../src/net/prefix.ts';
import { takenWays } from '../../support/changes.ts';
import { context } from '../wire/support.ts';
import { attributes, external, internal } from './paths.ts';
import { announced, nlri } from './routes.ts';

const PREFIXES = ['10.1.0.0/16', '10.1.2.0/24', '10.2.0.0/16', 'fd00:1::/64', 'fd00:2::/48'].map(prefix);
const familyOf = (p: Prefix): BgpFamily => (prefixFamily(p) === 4 ? 'ipv4-unicast' : 'ipv6-unicast');
const hopOf = (p: Prefix, n: number): Address =>
  address(prefixFamily(p) === 4 ? `192.0.2.${n}` : `2001:db8::${n}`);

const SETS: readonly PathAttributes[] = [
  attributes([7]),
  attributes([8]),
  attributes([7, 8], { med: 5 }),
  attributes([7, 64512]),
  attributes([8], { communities: [WELL_KNOWN_COMMUNITIES['no-llgr']] }),
  attributes([7], { communities: Array.from({ length: 40 }, (_, i) => i + 1) }),
];
/** Octets of a message that has room for any of these but the last. */
const SHORT = 160;

const self: Self = {
  routerID: address('192.0.2.1'),
  asNumbers: new Set([64512]),
  addresses: new Set(),
  originated: new Set(),
};
const speaker: ExportSpeaker = {
  routerID: self.routerID,
  nextHops: { ipv4: address('192.0.2.1'), ipv6: address('2001:db8::1') },
};
const POLICIES: readonly ImportPolicy[] = [
  { kind: 'all' },
  { kind: 'exactly', prefixes: PREFIXES.slice(0, 4) },
  { kind: 'none' },
];

/** Two external peers, of which one tells several paths, and an internal one. */
const SOURCES: readonly PathSource[] = [external(11), external(12), internal(13)];
const ADD_PATH = [false, true, false];
const importPeer = (source: PathSource): ImportPeer => ({
  localAS: 64512,
  remoteAS: source.kind === 'internal' ? 64512 : 65000,
  role: 'route-server-client',
});

/** To an external peer, to the one that announces paths, and to one that gets all of them. */
const exportPeer = (n: number, kind: 'none' | 'originated' | 'all'): ExportPeer => ({
  name: n === 1 ? 'peer/12' : `peer/${20 + n}`,
  address: address(`192.0.2.${20 + n}`),
  routerID: address(`192.0.2.${20 + n}`),
  localAS: 64512,
  remoteAS: 65100 + n,
  export: { kind },
  families: FAMILIES,
  extendedNextHop: false,
  longLived: true,
});
const contextOf = (n: number): WireContext => ({
  ...context,
  addPathSend: n === 2 ? FAMILIES : [],
  addPathReceive: n === 2 ? FAMILIES : [],
  enhancedRefresh: n !== 0,
  maxSend: n === 1 ? context.maxSend : SHORT,
});

/** What a peer knows, read from nothing but the octets that it was sent. */
class Listener {
  readonly #framer = new Framer();
  readonly #context: WireContext;
  readonly known = new Map<string, unknown>();
  /** What was said besides routes. */
  readonly marks: string[] = [];

  constructor(context: WireContext) {
    this.#context = context;
  }

  hear(bytes: Uint8Array): void {
    this.#framer.push(bytes);
    for (let frame = this.#framer.next(); frame?.kind === 'frame'; frame = this.#framer.next()) {
      const decoded = readable(decodeMessage(frame, this.#context));
      if (decoded.kind !== 'message') throw new Error(JSON.stringify(decoded));
      const { message } = decoded;
      if (message.kind === 'end-of-rib') this.marks.push(`end-of-rib ${message.family}`);
      if (message.kind === 'route-refresh') this.marks.push(`${message.operation} ${message.family}`);
      if (message.kind !== 'update') continue;
      for (const { prefixes, pathIds } of message.withdrawn)
        for (const [i, p] of prefixes.entries())
          expect(this.known.delete(`${p} ${pathIds?.[i] ?? ''}`)).toBe(true);
      for (const { prefixes, pathIds, attributes, nextHop } of message.announced)
        for (const [i, p] of prefixes.entries())
          this.known.set(`${p} ${pathIds?.[i] ?? ''}`, { attributes, nextHop });
    }
  }

  /** Without the path identifiers, which are anybody's choice. */
  get routes(): readonly string[] {
    return [...this.known].map(([key, value]) => `${key.split(' ')[0]} ${JSON.stringify(value)}`).sort();
  }
}

type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

interface Told {
  readonly prefix: Prefix;
  readonly pathId: number;
  readonly set: PathAttributes;
  readonly hop: Address;
  stale: boolean;
  longLived: boolean;
}

/** What one peer has told, as a plain map. */
class ModelPeer {
  readonly source: PathSource;
  readonly told = new Map<string, Told>();
  policy: ImportPolicy = { kind: 'all' };

  constructor(source: PathSource) {
    this.source = source;
  }

  drop(which: (told: Told) => boolean): void {
    for (const [key, told] of this.told) if (which(told)) this.told.delete(key);
  }

  paths(wanted: Prefix, originated: ReadonlySet<Prefix>): readonly Path[] {
    const importer = makeImporter(this.policy, importPeer(this.source), { ...self, localPrefixes: [] });
    const paths: Path[] = [];
    for (const { prefix: p, set, hop, longLived } of this.told.values()) {
      if (p !== wanted || originated.has(p) || isInside(p, originated)) continue;
      const taken = importer.path(makePath(this.source, set, hop, familyOf(p)));
      const last = typeof taken === 'string' ? taken : importer.prefix(p, taken);
      const path = typeof last === 'string' || !longLived ? last : longLivedStale(last);
      if (path !== undefined && typeof path !== 'string') paths.push(path);
    }
    return paths;
  }
}

const isInside = (p: Prefix, originated: ReadonlySet<Prefix>): boolean =>
  p === '10.1.2.0/24' && originated.has(prefix('10.1.0.0/16'));

const event = fc.record({
  kind: fc.constantFrom(
    'announce',
    'announce',
    'announce',
    'announce',
    'withdraw',
    'withdraw',
    'close',
    'retain',
    'mark stale',
    'drop stale',
    'long-lived',
    'policy',
    'originate',
    'export',
    'refresh',
    'reconnect',
  ),
  peer: fc.nat(2),
  prefixes: fc.subarray(PREFIXES, { minLength: 1 }),
  pathId: fc.nat(2),
  set: fc.constantFrom(...SETS),
  hop: fc.integer({ min: 11, max: 13 }),
  choice: fc.nat(2),
  family: fc.constantFrom(...FAMILIES),
  work: fc.nat(3),
});

/** That knows who we are. */
function knowing(rib: Rib): Rib {
  rib.setSelf(self, []);
  return rib;
}

interface Out {
  peer: ExportPeer;
  outlet: Outlet;
  announcer: Announcer;
  listener: Listener;
}

/** The RIB beside plain maps that live through the same. */
class World {
  readonly rib = knowing(new Rib());
  readonly model = SOURCES.map((source) => new ModelPeer(source));
  readonly inbounds: Inbound[] = SOURCES.map((source) => this.#open(source));
  readonly learned = new Map<Prefix, unknown>();
  originated: readonly Prefix[] = [];
  readonly outs: Out[] = [0, 1, 2].map((n) => this.#connect(n, exportPeer(n, 'all')));

  #open(source: PathSource): Inbound {
    return this.rib.open(source, { kind: 'all' }, importPeer(source));
  }

  #connect(n: number, peer: ExportPeer): Out {
    const outlet = this.rib.attach(peer, speaker, {
      families: FAMILIES,
      addPath: contextOf(n).addPathSend,
      wake: () => {},
    });
    const announcer = new Announcer(outlet, contextOf(n));
    return { peer, outlet, announcer, listener: new Listener(contextOf(n)) };
  }

  apply(e: Event): void {
    const { rib } = this;
    const [inbound, model, out] = [this.inbounds[e.peer], this.model[e.peer], this.outs[e.peer]];
    if (inbound === undefined || model === undefined || out === undefined) throw new Error('no peer');
    const addPath = ADD_PATH[e.peer] === true;
    const pathId = addPath ? e.pathId : 0;
    const key = (p: Prefix): string => `${p} ${pathId}`;
    switch (e.kind) {
      case 'announce':
        for (const family of FAMILIES) {
          const prefixes = e.prefixes.filter((p) => familyOf(p) === family);
          const [first] = prefixes;
          if (first === undefined) continue;
          const hop = hopOf(first, e.hop);
          const pathIds = prefixes.map(() => pathId);
          const list = { family, prefixes, ...(addPath && { pathIds }) };
          rib.announce(inbound, announced({ ...list, attributes: { ...e.set }, nextHop: hop }));
          for (const p of prefixes)
            model.told.set(key(p), { prefix: p, pathId, set: e.set, hop, stale: false, longLived: false });
        }
        return;
      case 'withdraw':
        for (const family of FAMILIES) {
          const prefixes = e.prefixes.filter((p) => familyOf(p) === family);
          const pathIds = prefixes.map(() => pathId);
          rib.withdraw(inbound, nlri({ family, prefixes, ...(addPath && { pathIds }) }));
          for (const p of prefixes) model.told.delete(key(p));
        }
        return;
      case 'close':
        rib.close(inbound);
        model.told.clear();
        model.policy = { kind: 'all' };
        this.inbounds[e.peer] = this.#open(model.source);
        return;
      case 'retain':
        rib.retain(inbound, [e.family]);
        for (const told of model.told.values()) told.stale = true;
        model.drop(({ prefix: p }) => familyOf(p) !== e.family);
        rib.resume(inbound, model.policy, importPeer(model.source));
        return;
      case 'mark stale':
        rib.markStale(inbound, e.family);
        for (const told of model.told.values()) if (familyOf(told.prefix) === e.family) told.stale = true;
        return;
      case 'drop stale':
        rib.dropStale(inbound, e.family);
        model.drop(({ prefix: p, stale }) => stale && familyOf(p) === e.family);
        return;
      case 'long-lived':
        rib.longLived(inbound, e.family);
        for (const told of model.told.values())
          if (told.stale && familyOf(told.prefix) === e.family) told.longLived = true;
        model.drop(({ longLived, set }) => longLived && set === SETS[4]);
        return;
      case 'policy':
        model.policy = POLICIES[e.choice] ?? model.policy;
        rib.setPolicy(inbound, model.policy, importPeer(model.source));
        return;
      case 'originate':
        this.originated = e.prefixes.slice(0, e.choice);
        rib.setSelf(
          self,
          this.originated.map((p) => ({ prefix: p })),
        );
        return;
      case 'export':
        out.peer = exportPeer(e.peer, (['none', 'originated', 'all'] as const)[e.choice] ?? 'all');
        rib.setExport(out.outlet, out.peer, speaker);
        return;
      case 'refresh':
        out.announcer.refresh(e.family);
        return;
      case 'reconnect':
        rib.detach(out.outlet);
        this.outs[e.peer] = this.#connect(e.peer, out.peer);
        return;
    }
  }

  /** A little of everything that waits. */
  work(): void {
    this.rib.flush(2);
    for (const { prefix: p, route } of takenWays(this.rib.learned)) {
      if (route === undefined) expect(this.learned.delete(p)).toBe(true);
      else this.learned.set(p, { nextHops: route.nextHops, peers: route.peers });
    }
    for (const { announcer, listener } of this.outs) listener.hear(announcer.next().bytes);
  }

  get drained(): boolean {
    return !this.rib.pending && this.outs.every(({ announcer }) => announcer.drained);
  }

  candidates(p: Prefix): readonly Path[] {
    const own = originatedPaths(this.originated.map((o) => ({ prefix: o }))).get(p);
    const originated = new Set(this.originated);
    return [...(own === undefined ? [] : [own]), ...this.model.flatMap((peer) => peer.paths(p, originated))];
  }

  /** What a peer should know. */
  expected({ peer }: Out, n: number): readonly string[] {
    const all = n === 2;
    const short = contextOf(n).maxSend === SHORT;
    const exporter = makeExporter(peer, speaker);
    const lines: string[] = [];
    for (const p of PREFIXES) {
      const paths = this.candidates(p);
      const best = decide(paths)?.best;
      for (const path of all ? paths : best === undefined ? [] : [best]) {
        const outbound = exporter.path(path);
        if (outbound === undefined) continue;
        const { attributes: set, nextHop } = outbound;
        if (short && (set.communities?.length ?? 0) >= 40) continue;
        lines.push(`${p} ${JSON.stringify({ attributes: set, nextHop })}`);
      }
    }
    return lines.sort();
  }
}

/** Texts with their keys in one order: what was encoded and decoded has the order of the wire. */
const normal = (lines: readonly string[]): readonly unknown[] =>
  lines.map((line) => {
    const at = line.indexOf(' ');
    return [line.slice(0, at), JSON.parse(line.slice(at + 1)) as unknown];
  });

test('whatever happens, learned routes and what every peer was told are what plain maps say', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      const world = new World();
      for (const e of events) {
        world.apply(e);
        for (let i = 0; i < e.work; i++) world.work();
      }
      for (let i = 0; !world.drained; i++) {
        if (i > 1000) throw new Error('it has no end');
        world.work();
      }
      const learned = new Map<Prefix, unknown>();
      for (const p of PREFIXES) {
        const multipath = decide(world.candidates(p))?.multipath ?? [];
        const ways = new Map<Address, string>();
        for (const { nextHop, source } of multipath) {
          const before = nextHop && ways.get(nextHop);
          if (nextHop !== undefined && (before === undefined || source.name < before))
            ways.set(nextHop, source.name);
        }
        const sorted = [...ways].sort(([a], [b]) => (a < b ? -1 : 1));
        if (sorted.length > 0)
          learned.set(p, { nextHops: sorted.map(([hop]) => hop), peers: sorted.map(([, name]) => name) });
      }
      expect(world.learned).toEqual(learned);
      expect([...world.rib.learned.routes()].map((route) => route.prefix).sort()).toEqual(
        [...learned.keys()].sort(),
      );
      for (const [n, out] of world.outs.entries()) {
        const sort = (lines: readonly unknown[]): readonly string[] =>
          lines.map((l) => JSON.stringify(l)).sort();
        expect(sort(normal(out.listener.routes).map(sorted))).toEqual(
          sort(normal(world.expected(out, n)).map(sorted)),
        );
        const advertised = FAMILIES.reduce((sum, family) => sum + out.outlet.advertised(family), 0);
        expect(advertised).toBe(out.listener.known.size);
        expect(out.listener.marks.slice(0, 2)).toEqual(FAMILIES.map((family) => `end-of-rib ${family}`));
      }
      for (const [i, inbound] of world.inbounds.entries()) {
        for (const family of FAMILIES) {
          const told = [...(world.model[i]?.told.values() ?? [])].filter(
            (t) => familyOf(t.prefix) === family,
          );
          expect([inbound.received(family), inbound.stale(family)]).toEqual([
            told.length,
            told.filter((t) => t.stale).length,
          ]);
        }
      }
    }),
    { numRuns: 500 },
  );
});

/** Objects with their keys in order, all the way down. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
