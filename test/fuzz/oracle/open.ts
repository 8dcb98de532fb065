import { octets16, u16, u32 } from '../octets.ts';
import { type Ending, ending } from './ending.ts';

/** One capability as it stands in an OPEN. */
export interface RawCapability {
  readonly code: number;
  readonly value: Uint8Array;
}

/** What an OPEN says, as far as it can be read. */
export interface Opened {
  readonly as: number;
  readonly field: number;
  readonly holdTime: number;
  readonly id: number;
  readonly capabilities: readonly RawCapability[];
}

export interface OpenVerdict {
  readonly must: readonly Ending[];
  readonly may: readonly Ending[];
  readonly opened: Opened;
  /** Something is said in a way that no standard gives a meaning to: what is negotiated then is anybody's guess. */
  readonly vague: boolean;
}

/** What the oracle must know of the speaker's configuration. */
export interface Configured {
  readonly localAS: number;
  readonly remoteAS: number;
}

const MALFORMED = ending('RFC 4271 §6.2', 2, 0);
const NAMES = { as: 65, role: 9, multiprotocol: 1 } as const;

/** RFC 4271 §6.2: everything that is wrong with an OPEN, whose header is good. `local` is the OPEN of the speaker. */
export function judgeOpen(bytes: Uint8Array, local: Opened, { localAS, remoteAS }: Configured): OpenVerdict {
  const must: Ending[] = [];
  const may: Ending[] = [];
  const read = readOpen(bytes);
  const { opened } = read;
  const { as, field, holdTime, id, capabilities } = opened;
  if (bytes[19] !== 4) {
    // Nothing behind the version of another version means anything.
    return { must: [ending('RFC 4271 §6.2', 2, 1, octets16(4))], may, opened, vague: false };
  }
  must.push(...read.errors);
  const badAS = ending('RFC 4271 §6.2, RFC 7607 §2', 2, 2);
  const fours = capabilities
    .filter((c) => c.code === NAMES.as && c.value.length === 4)
    .map((c) => u32(c.value, 0));
  if (fours.length === 0 ? as !== remoteAS : fours.every((four) => four !== remoteAS)) must.push(badAS);
  // RFC 6793 §4.1 does not say what a field means that contradicts the capability, nor do two capabilities that differ.
  else if (fours.length > 0 && ((field !== as && field !== 23456) || fours.some((four) => four !== remoteAS)))
    may.push(badAS);
  if (holdTime === 1 || holdTime === 2) must.push(ending('RFC 4271 §6.2', 2, 6));
  if (id === 0 || (localAS === remoteAS && id === local.id)) must.push(ending('RFC 6286 §2.2', 2, 3));
  const role = judgeRoles(local.capabilities, capabilities);
  must.push(...role.must);
  may.push(...role.may);
  const families = commonFamilies(local, opened);
  // RFC 5492 §3: one may insist on a capability.
  if (families.length === 0) may.push(ending('RFC 5492 §5', 2, 7));
  const odd = capabilities.some((c) => !hasItsForm(c));
  if (odd) may.push(MALFORMED);
  return { must, may, opened, vague: odd };
}

/** AFI and SAFI as one number. */
export function commonFamilies(local: Opened, remote: Opened): readonly number[] {
  const ours = families(local);
  return families(remote).filter((family, i, all) => ours.includes(family) && all.indexOf(family) === i);
}

/** RFC 4760 §8; without any such capability a speaker speaks IPv4 unicast and nothing else. */
function families({ capabilities }: Opened): readonly number[] {
  const named = capabilities
    .filter((c) => c.code === NAMES.multiprotocol && c.value.length === 4)
    .map((c) => u16(c.value, 0) * 256 + (c.value[3] ?? 0));
  return named.length === 0 ? [0x101] : named;
}

/** RFC 9234 §4.1 and §4.2: 0 provider, 1 route server, 2 its client, 3 customer, 4 peer. */
const PARTNER: Readonly<Record<number, number>> = { 0: 3, 3: 0, 1: 2, 2: 1, 4: 4 };

function judgeRoles(
  ours: readonly RawCapability[],
  theirs: readonly RawCapability[],
): { readonly must: readonly Ending[]; readonly may: readonly Ending[] } {
  const mismatch = ending('RFC 9234 §4.2', 2, 11);
  const rolesOf = (all: readonly RawCapability[]): Set<number> =>
    new Set(all.filter((c) => c.code === NAMES.role && c.value.length === 1).map((c) => c.value[0] ?? 0));
  const [local] = rolesOf(ours);
  const remote = rolesOf(theirs);
  const [only] = remote;
  if (local === undefined) return { must: [], may: remote.size > 1 ? [mismatch] : [] };
  if (remote.size > 1) return { must: [mismatch], may: [] };
  return { must: only !== undefined && PARTNER[local] !== only ? [mismatch] : [], may: [] };
}

/** Which lengths a capability may have by its own standard; others are left to the receiver. */
function hasItsForm({ code, value: { length } }: RawCapability): boolean {
  switch (code) {
    case 1:
    case 65:
      return length === 4;
    case 2:
    case 6:
    case 70:
      return length === 0;
    case 5:
      return length % 6 === 0;
    case 9:
      return length === 1;
    case 64:
      return length % 4 === 2;
    case 69:
      return length % 4 === 0;
    case 71:
      return length % 7 === 0;
    default:
      return true;
  }
}

/** RFC 4271 §4.2, RFC 5492 §4, RFC 9072 §2. */
export function readOpen(bytes: Uint8Array): { readonly opened: Opened; readonly errors: readonly Ending[] } {
  const errors: Ending[] = [];
  const capabilities: RawCapability[] = [];
  const extended = bytes[28] !== 0 && bytes[29] === 255;
  const body = extended ? 32 : 29;
  const stated = extended ? u16(bytes, 30) : (bytes[28] ?? 0);
  if (body + stated !== bytes.length) errors.push(MALFORMED);
  else errors.push(...readParameters(bytes.subarray(body), extended ? 2 : 1, capabilities));
  const four = capabilities.find((c) => c.code === NAMES.as && c.value.length === 4);
  const field = u16(bytes, 20);
  const opened: Opened = {
    as: four === undefined ? field : u32(four.value, 0),
    field,
    holdTime: u16(bytes, 22),
    id: u32(bytes, 24),
    capabilities,
  };
  // RFC 7607 §2
  if (field === 0) errors.push(ending('RFC 7607 §2', 2, 2));
  return { opened, errors };
}

function readParameters(bytes: Uint8Array, lengthOctets: number, into: RawCapability[]): readonly Ending[] {
  for (let rest = bytes; rest.length > 0; ) {
    const length = lengthOctets === 2 ? u16(rest, 1) : (rest[1] ?? 0);
    const value = rest.subarray(1 + lengthOctets, 1 + lengthOctets + length);
    const unknown = rest[0] === 2 ? [] : [ending('RFC 4271 §6.2', 2, 4)];
    if (rest.length < 1 + lengthOctets || value.length < length) return [MALFORMED, ...unknown];
    if (unknown.length > 0) return unknown;
    for (let inner = value; inner.length > 0; ) {
      const size = inner[1] ?? 0;
      if (inner.length < 2 + size) return [MALFORMED];
      into.push({ code: inner[0] ?? 0, value: inner.slice(2, 2 + size) });
      inner = inner.subarray(2 + size);
    }
    rest = rest.subarray(1 + lengthOctets + length);
  }
  return [];
}
