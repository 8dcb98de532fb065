import type { Chance } from './chance.ts';
import { CAPABILITIES, OPENS } from './corpus.ts';
import { concat, message, octets16, octets32 } from './octets.ts';
import { THEIR_AS } from './world.ts';

/** What the far end's OPEN offers; what it sends later keeps to that. */
export interface Offer {
  readonly fourOctets: boolean;
  readonly pathIDs: boolean;
  readonly longMessages: boolean;
  readonly open: Uint8Array;
}

const capability = (code: number, ...value: readonly number[]): Uint8Array =>
  Uint8Array.of(code, value.length, ...value);

const HOLD_TIMES = [0, 9, 30, 90, 180];

/** An OPEN that the speaker takes: a real one, or one put together. */
export function makeOffer(chance: Chance, pathIDs: boolean): Offer {
  if (chance.oneIn(4) && !pathIDs) {
    return {
      fourOctets: true,
      pathIDs: false,
      longMessages: false,
      open: chance.pick(OPENS.filter(isTheirs)),
    };
  }
  const fourOctets = !chance.oneIn(5);
  const longMessages = chance.oneIn(3);
  const capabilities = [
    ...(chance.oneIn(20) ? [] : [capability(1, 0, 1, 0, 1)]),
    ...(chance.oneIn(5) ? [] : [capability(1, 0, 2, 0, 1)]),
    ...(fourOctets ? [capability(65, ...octets32(THEIR_AS))] : []),
    ...(longMessages ? [capability(6)] : []),
    ...(chance.oneIn(2) ? [capability(2), capability(70)] : []),
    ...(chance.oneIn(2) ? [capability(5, 0, 1, 0, 1, 0, 2)] : []),
    ...(pathIDs ? [capability(69, 0, 1, 1, 3, 0, 2, 1, 3)] : []),
    ...(chance.oneIn(2) ? [gracefulRestart(chance)] : []),
    ...(chance.oneIn(4) ? [capability(9, chance.pick([0, 3, 4]))] : []),
    ...(chance.oneIn(4) ? [foreign(chance)] : []),
  ];
  const good: OpenFields = {
    as: THEIR_AS,
    holdTime: chance.pick(HOLD_TIMES),
    id: Uint8Array.of(10, 9, 9, 2),
    parameters: chance.pick(['one', 'each', 'extended']),
  };
  const fields = chance.oneIn(12) ? { ...good, ...chance.pick(BAD_FIELDS) } : good;
  const open = makeOpen(chance.shuffled(capabilities), fields);
  return { fourOctets, pathIDs, longMessages, open };
}

/** Each of them is refused with a code of its own, or in one kind of session. */
const BAD_FIELDS: readonly Partial<OpenFields>[] = [
  { holdTime: 1 },
  { holdTime: 2 },
  { as: 0 },
  { as: 65009 },
  { id: new Uint8Array(4) },
  { id: Uint8Array.of(10, 9, 9, 1) },
];

/** The recorded OPEN of another AS is for another session. */
const isTheirs = (open: Uint8Array): boolean => ((open[20] ?? 0) << 8) + (open[21] ?? 0) === THEIR_AS;

function gracefulRestart(chance: Chance): Uint8Array {
  const forwarding = chance.pick([0, 0x80]);
  return capability(64, chance.pick([0x00, 0x40, 0x80, 0xc0]), 120, 0, 1, 1, forwarding, 0, 2, 1, forwarding);
}

/** One that the speaker need not know. */
function foreign(chance: Chance): Uint8Array {
  const known = new Set([1, 2, 5, 6, 9, 64, 65, 69, 70, 71]);
  const { code, value } = chance.pick(CAPABILITIES.filter((c) => !known.has(c.code)));
  return capability(code, ...value);
}

interface OpenFields {
  readonly as: number;
  readonly holdTime: number;
  readonly id: Uint8Array;
  /** All capabilities in one optional parameter, each in its own, or by RFC 9072. */
  readonly parameters: 'one' | 'each' | 'extended';
}

function makeOpen(
  capabilities: readonly Uint8Array[],
  { as, holdTime, id, parameters }: OpenFields,
): Uint8Array {
  const fields = concat(Uint8Array.of(4), octets16(as), octets16(holdTime), id);
  const all = concat(...capabilities);
  if (all.length === 0) return message(1, concat(fields, Uint8Array.of(0)));
  if (parameters === 'extended') {
    const body = concat(Uint8Array.of(2), octets16(all.length), all);
    return message(1, concat(fields, Uint8Array.of(255, 255), octets16(body.length), body));
  }
  const groups = parameters === 'one' ? [all] : capabilities;
  const body = concat(...groups.map((c) => concat(Uint8Array.of(2, c.length), c)));
  return message(1, concat(fields, Uint8Array.of(body.length), body));
}
