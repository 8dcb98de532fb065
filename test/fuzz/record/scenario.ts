import { concat, KEEPALIVE, message, octets16, octets32, toHex } from '../octets.ts';

/** What the far end of one recording does; it dials as soon as the daemon listens. */
export interface Part {
  readonly from: string;
  readonly to: string;
  /** Milliseconds after it was started, and what is sent then. */
  readonly say: readonly { readonly after: number; readonly hex: string }[];
  /** How long it listens. */
  readonly seconds: number;
}

/** One recording: a daemon on 10.9.9.2 and fd09::2, `Part` on 10.9.9.1 and fd09::1. */
export interface Scenario {
  readonly name: string;
  readonly daemon: 'bird' | 'frr' | 'exabgp';
  readonly config: string;
  readonly part: Part;
  /** Commands for the daemon's shell, each after so many milliseconds. */
  readonly ask?: readonly { readonly after: number; readonly command: string }[];
}

export interface OpenOptions {
  readonly as?: number;
  readonly holdTime?: number;
  readonly version?: number;
  readonly capabilities?: readonly string[];
}

/** Everything that makes a daemon talk: both families, add-path, refresh, long messages, four octets. */
export const RICH: readonly string[] = [
  '010400010001',
  '010400020001',
  '0200',
  '0600',
  '0506000100010002',
  '45080001010300020103',
  '4600',
];

export const as4 = (as: number): string => `4104${toHex(octets32(as))}`;

export function openHex({
  as = 65001,
  holdTime = 90,
  version = 4,
  capabilities = RICH,
}: OpenOptions = {}): string {
  const all = Buffer.from([...capabilities, as4(as)].join(''), 'hex');
  const head = concat(Uint8Array.of(version), octets16(as), octets16(holdTime), Uint8Array.of(10, 9, 9, 1));
  return toHex(message(1, concat(head, Uint8Array.of(all.length + 2, 2, all.length), all)));
}

export const KEEPALIVE_HEX = toHex(KEEPALIVE);

/** OPEN, KEEPALIVE (apart, for BIRD looks at one message a segment while it waits for them) and then whatever is said. */
export const session = (options: OpenOptions, ...then: readonly string[]): Part => ({
  from: '10.9.9.1',
  to: '10.9.9.2',
  say: [
    { after: 300, hex: openHex(options) },
    { after: 800, hex: KEEPALIVE_HEX },
    ...then.map((hex, i) => ({ after: 1_500 + 300 * i, hex })),
  ],
  seconds: 4,
});
