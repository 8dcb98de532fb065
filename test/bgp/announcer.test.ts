import { describe, expect, test } from 'vitest';
import { Announcer } from '../../src/bgp/announcer.ts';
import type { Outlet } from '../../src/bgp/rib/outlet.ts';
import { type Inbound, Rib } from '../../src/bgp/rib/rib.ts';
import { decodeMessage } from '../../src/bgp/wire/codec.ts';
import { Framer } from '../../src/bgp/wire/framer.ts';
import type { WireContext } from '../../src/bgp/wire/message.ts';
import { type ReadableMessage, readable } from '../../src/bgp/wire/readable.ts';
import { address } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';
import { attributes, external } from './rib/paths.ts';
import { announced, nlri } from './rib/routes.ts';
import { context as base } from './wire/support.ts';

const FAMILY = 'ipv4-unicast';
const OURS = { routerID: address('192.0.2.1'), nextHops: { ipv4: address('192.0.2.1') } };
const [P, Q] = [prefix('10.1.0.0/16'), prefix('10.2.0.0/16')];
/** 4,400 octets of communities do not fit into a message of 4,096. */
const FITTING = 1;
const TOO_MANY = 1_100;

/** One peer that tells and one that is told, of which every message is read. */
class Stage {
  readonly rib = new Rib();
  readonly outlet: Outlet;
  readonly announcer: Announcer;
  readonly #context: WireContext;
  readonly #framer: Framer;
  readonly #inbound: Inbound;

  constructor(overrides: Partial<WireContext> = {}) {
    this.#context = { ...base, families: [FAMILY], ...overrides };
    this.#framer = new Framer(this.#context.maxSend);
    const self = {
      routerID: OURS.routerID,
      asNumbers: new Set([64512]),
      addresses: new Set([OURS.routerID]),
    };
    this.rib.setSelf({ ...self, originated: new Set() }, []);
    this.#inbound = this.rib.open(external(11), { kind: 'all' }, { localAS: 64512, remoteAS: 65011 });
    const peer = {
      name: 'peer/12',
      address: address('192.0.2.12'),
      routerID: address('192.0.2.12'),
      localAS: 64512,
      remoteAS: 65012,
      export: { kind: 'all' },
      families: [FAMILY],
      extendedNextHop: false,
      longLived: false,
    } as const;
    const options = { families: [FAMILY], addPath: this.#context.addPathSend, wake: () => {} } as const;
    this.outlet = this.rib.attach(peer, OURS, options);
    this.announcer = new Announcer(this.outlet, this.#context);
  }

  announce(count: number, ...prefixes: readonly (typeof P)[]): void {
    const communities = Array.from({ length: count }, (_, i) => i);
    const told = { family: FAMILY, prefixes, attributes: attributes([65011], { communities }) } as const;
    this.rib.announce(this.#inbound, announced({ ...told, nextHop: address('192.0.2.11') }));
  }

  withdraw(...prefixes: readonly (typeof P)[]): void {
    this.rib.withdraw(this.#inbound, nlri({ family: FAMILY, prefixes }));
  }

  /** What the peer is told until nothing is left to say, and how many prefixes are not. */
  run(): readonly [lines: readonly string[], unsent: number] {
    this.rib.flush();
    const lines: string[] = [];
    let unsent = 0;
    for (let i = 0; !this.announcer.drained; i++) {
      if (i > 10) throw new Error('it has no end');
      const written = this.announcer.next();
      const heard = this.#read(written.bytes);
      expect(heard).toHaveLength(written.messages);
      lines.push(...heard);
      unsent += written.unsent;
    }
    return [lines, unsent];
  }

  /** What people are told of it: the list, the count, whether P is in it. */
  get status(): readonly unknown[] {
    const prefixes = [...this.outlet.told()].map((route) => route.prefix);
    return [prefixes, this.outlet.advertised(FAMILY), this.rib.advertisedTo(P)];
  }

  #read(bytes: Uint8Array): readonly string[] {
    this.#framer.push(bytes);
    const lines: string[] = [];
    for (let frame = this.#framer.next(); frame?.kind === 'frame'; frame = this.#framer.next()) {
      const decoded = readable(decodeMessage(frame, this.#context));
      if (decoded.kind !== 'message') throw new Error(JSON.stringify(decoded));
      lines.push(text(decoded.message));
    }
    return lines;
  }
}

function text(message: ReadableMessage): string {
  if (message.kind === 'route-refresh') return message.operation;
  if (message.kind !== 'update') return message.kind;
  const withdrawn = message.withdrawn.flatMap((w) => w.prefixes.map((p) => `-${p}`));
  return [...withdrawn, ...message.announced.flatMap((a) => a.prefixes.map((p) => `+${p}`))].join(' ');
}

const TOLD = [[P, Q], 2, ['peer/12']];
const NOTHING = [[], 0, []];

describe('what does not fit into a message of the peer', () => {
  test('is not announced, and does not count as told', () => {
    const stage = new Stage();
    stage.announce(TOO_MANY, P, Q);
    expect(stage.run()).toEqual([['end-of-rib'], 2]);
    expect(stage.status).toEqual(NOTHING);
  });

  test('is withdrawn where the peer knows something else (RFC 8654 §4), and announced when it fits again', () => {
    const stage = new Stage();
    stage.announce(FITTING, P, Q);
    stage.run();
    expect(stage.status).toEqual(TOLD);
    stage.announce(TOO_MANY, P, Q);
    expect(stage.run()).toEqual([[`-${P} -${Q}`], 2]);
    expect(stage.status).toEqual(NOTHING);
    stage.announce(FITTING, P, Q);
    expect(stage.run()).toEqual([[`+${P} +${Q}`], 0]);
    expect(stage.status).toEqual(TOLD);
  });

  test('is withdrawn of a batch only where the peer knows it', () => {
    const stage = new Stage();
    stage.announce(FITTING, P);
    stage.run();
    stage.announce(TOO_MANY, Q, P);
    expect(stage.run()).toEqual([[`-${P}`], 2]);
    expect(stage.status).toEqual(NOTHING);
  });

  test('is sent as far as there is room', () => {
    const longer = prefix('10.3.4.0/24');
    // A header, lengths and attributes of 54 octets, and the three of P.
    const stage = new Stage({ maxSend: 57 });
    stage.announce(FITTING, P, longer);
    expect(stage.run()).toEqual([[`+${P}`, 'end-of-rib'], 1]);
    expect(stage.status).toEqual([[P], 1, ['peer/12']]);
  });

  test('is sent to a peer that takes longer messages', () => {
    const stage = new Stage({ maxSend: 65_535, maxReceive: 65_535 });
    stage.announce(TOO_MANY, P, Q);
    expect(stage.run()).toEqual([[`+${P} +${Q}`, 'end-of-rib'], 0]);
    expect(stage.status).toEqual(TOLD);
  });

  test.each([
    ['told again without a change', (stage: Stage) => stage.announce(TOO_MANY, P)],
    ['asked for again', (stage: Stage) => stage.announcer.refresh(FAMILY)],
    ['looked at again', (stage: Stage) => stage.outlet.again()],
    ['withdrawn', (stage: Stage) => stage.withdraw(P)],
  ])('is not tried again when it is %s', (_, act) => {
    const stage = new Stage();
    stage.announce(FITTING, P);
    stage.run();
    stage.announce(TOO_MANY, P);
    stage.run();
    act(stage);
    expect(stage.run()).toEqual([[], 0]);
    expect(stage.status).toEqual(NOTHING);
  });
});

describe('a route refresh while End-of-RIB is held', () => {
  test('with markers (RFC 7313) is nothing to do before End-of-RIB, and is carried out behind it', () => {
    const stage = new Stage({ enhancedRefresh: true });
    stage.announcer.endOfRibHeld = true;
    stage.announce(FITTING, P);
    expect(stage.run()).toEqual([[`+${P}`], 0]);
    stage.announcer.refresh(FAMILY);
    expect(stage.announcer.drained).toBe(true);
    stage.announce(FITTING, Q);
    expect(stage.run()).toEqual([[`+${Q}`], 0]);
    expect(stage.announcer.drained).toBe(true);
    stage.announcer.endOfRibHeld = false;
    expect(stage.run()).toEqual([['end-of-rib', 'begin', `+${P}`, `+${Q}`, 'end'], 0]);
  });

  test('without markers is carried out at once', () => {
    const stage = new Stage();
    stage.announcer.endOfRibHeld = true;
    stage.announce(FITTING, P);
    stage.run();
    stage.announcer.refresh(FAMILY);
    expect(stage.run()).toEqual([[`+${P}`], 0]);
    stage.announcer.endOfRibHeld = false;
    expect(stage.run()).toEqual([['end-of-rib'], 0]);
  });
});
