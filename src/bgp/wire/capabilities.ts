import { ByteReader } from '../../net/byte-reader.ts';
import type { ByteWriter } from '../../net/byte-writer.ts';
import type { AddPathMode, Capability, Role } from './capability.ts';
import { type AnyFamily, familyFromWire, familyToWire } from './family.ts';

type Kind = Exclude<Capability['kind'], 'unknown'>;
type Of<K extends Kind> = Extract<Capability, { readonly kind: K }>;

/** One capability: its IANA code and its value in both directions. */
interface CapabilityRow<K extends Kind> {
  readonly code: number;
  /** Whether a value of so many octets can be one; `decode` is called with no other. */
  readonly fits: (length: number) => boolean;
  readonly decode: (value: ByteReader) => Of<K> | undefined;
  readonly encode: (out: ByteWriter, capability: Of<K>) => void;
}

const ROLES: readonly Role[] = ['provider', 'route-server', 'route-server-client', 'customer', 'peer'];
const ADD_PATH_MODES: readonly AddPathMode[] = ['receive', 'send', 'both'];

const FORWARDING = 0x80;
const RESTARTING = 0x8000;
/** RFC 8538 §2. */
const NOTIFICATION = 0x4000;
const RESTART_TIME = 0x0fff;

/** A role that the standard does not name; it matches nothing (RFC 9234 §4.2). */
const UNASSIGNED_ROLE = 255;

/** The kinds in the order in which we announce them. */
const ROWS: { readonly [K in Kind]: CapabilityRow<K> } = {
  // RFC 4760 §8
  multiprotocol: {
    code: 1,
    fits: (length) => length === 4,
    decode: (value) => {
      const afi = value.u16();
      value.skip(1);
      return { kind: 'multiprotocol', family: familyFromWire(afi, value.u8()) };
    },
    encode: (out, { family }) => {
      const { afi, safi } = familyToWire(family);
      out.u16(afi).u8(0).u8(safi);
    },
  },
  // RFC 2918 §2
  'route-refresh': empty(2, { kind: 'route-refresh' }),
  // RFC 8950 §4: here the SAFI has two octets
  'extended-next-hop': {
    code: 5,
    fits: multipleOf(6),
    decode: (value) => ({
      kind: 'extended-next-hop',
      families: readAll(value, () => ({
        family: familyFromWire(value.u16(), value.u16()),
        nextHopAfi: value.u16(),
      })),
    }),
    encode: (out, { families }) => {
      for (const { family, nextHopAfi } of families) {
        const { afi, safi } = familyToWire(family);
        out.u16(afi).u16(safi).u16(nextHopAfi);
      }
    },
  },
  // RFC 8654 §3
  'extended-message': empty(6, { kind: 'extended-message' }),
  // RFC 9234 §4.1
  role: {
    code: 9,
    fits: (length) => length === 1,
    decode: (value) => ({ kind: 'role', role: ROLES[value.u8()] ?? 'unassigned' }),
    encode: (out, { role }) => out.u8(role === 'unassigned' ? UNASSIGNED_ROLE : ROLES.indexOf(role)),
  },
  // RFC 4724 §3
  'graceful-restart': {
    code: 64,
    fits: (length) => length % 4 === 2,
    decode: (value) => {
      const head = value.u16();
      return {
        kind: 'graceful-restart',
        restarting: (head & RESTARTING) !== 0,
        notification: (head & NOTIFICATION) !== 0,
        restartTime: head & RESTART_TIME,
        families: readAll(value, () => ({ family: readFamily(value), forwarding: readForwarding(value) })),
      };
    },
    encode: (out, { restarting, notification, restartTime, families }) => {
      const flags = (restarting ? RESTARTING : 0) | (notification ? NOTIFICATION : 0);
      out.u16(flags | Math.min(restartTime, RESTART_TIME));
      for (const { family, forwarding } of families) {
        writeFamily(out, family);
        out.u8(forwarding ? FORWARDING : 0);
      }
    },
  },
  // RFC 6793 §3
  'four-octet-as': {
    code: 65,
    fits: (length) => length === 4,
    decode: (value) => ({ kind: 'four-octet-as', as: value.u32() }),
    encode: (out, { as }) => out.u32(as),
  },
  // RFC 7911 §4: an entry with another value for Send/Receive is ignored
  'add-path': {
    code: 69,
    fits: multipleOf(4),
    decode: (value) => ({
      kind: 'add-path',
      families: readAll(value, () => ({
        family: readFamily(value),
        mode: ADD_PATH_MODES[value.u8() - 1],
      })).flatMap(({ family, mode }) => (mode === undefined ? [] : [{ family, mode }])),
    }),
    encode: (out, { families }) => {
      for (const { family, mode } of families) {
        writeFamily(out, family);
        out.u8(ADD_PATH_MODES.indexOf(mode) + 1);
      }
    },
  },
  // RFC 7313 §3.1
  'enhanced-route-refresh': empty(70, { kind: 'enhanced-route-refresh' }),
  // RFC 9494 §3.1
  'long-lived-graceful-restart': {
    code: 71,
    fits: multipleOf(7),
    decode: (value) => ({
      kind: 'long-lived-graceful-restart',
      families: readAll(value, () => ({
        family: readFamily(value),
        forwarding: readForwarding(value),
        staleTime: (value.u8() << 16) | value.u16(),
      })),
    }),
    encode: (out, { families }) => {
      for (const { family, forwarding, staleTime } of families) {
        writeFamily(out, family);
        out.u8(forwarding ? FORWARDING : 0);
        out.u8(staleTime >> 16).u16(staleTime & 0xffff);
      }
    },
  },
  // draft-walton-bgp-hostname-capability §2
  fqdn: {
    code: 73,
    fits: (length) => length >= 2,
    decode: (value) => {
      const host = readName(value);
      const domain = host === undefined ? undefined : readName(value);
      if (host === undefined || domain === undefined || value.remaining > 0) return undefined;
      return { kind: 'fqdn', host, domain };
    },
    encode: (out, { host, domain }) => {
      writeName(out, host);
      writeName(out, domain);
    },
  },
};

function empty<K extends Kind>(code: number, capability: Of<K>): CapabilityRow<K> {
  return { code, fits: (length) => length === 0, decode: () => capability, encode: () => undefined };
}

function multipleOf(size: number): (length: number) => boolean {
  return (length) => length % size === 0;
}

function readAll<T>(value: ByteReader, readOne: () => T): T[] {
  const all: T[] = [];
  while (value.remaining > 0) all.push(readOne());
  return all;
}

const readFamily = (value: ByteReader): AnyFamily => familyFromWire(value.u16(), value.u8());
const readForwarding = (value: ByteReader): boolean => (value.u8() & FORWARDING) !== 0;

function writeFamily(out: ByteWriter, family: AnyFamily): void {
  const { afi, safi } = familyToWire(family);
  out.u16(afi).u8(safi);
}

/** A name with a length octet before it; control characters become spaces, because the name goes into logs. */
function readName(value: ByteReader): string | undefined {
  if (value.remaining === 0) return undefined;
  const length = value.u8();
  if (length > value.remaining) return undefined;
  return new TextDecoder().decode(value.view(length)).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}

/** The draft allows 64 octets. */
const MAX_NAME = 64;

function writeName(out: ByteWriter, name: string): void {
  const room = new Uint8Array(MAX_NAME);
  const { written } = new TextEncoder().encodeInto(name, room);
  out.u8(written).bytes(room.subarray(0, written));
}

interface ErasedRow {
  readonly code: number;
  readonly fits: (length: number) => boolean;
  readonly decode: (value: ByteReader) => Capability | undefined;
}

const ROW_OF_CODE: ReadonlyMap<number, ErasedRow> = new Map(
  Object.values(ROWS).map((row: ErasedRow) => [row.code, row]),
);

/** The value of one capability; undefined: we know the code and the value cannot be one of it (RFC 4271 §6.2: malformed). */
export function decodeCapability(code: number, value: Uint8Array): Capability | undefined {
  const row = ROW_OF_CODE.get(code);
  const known = row?.fits(value.length) === true ? row.decode(new ByteReader(value)) : undefined;
  // A name is for people only and a draft's: a bad one is not worth a session.
  if (known !== undefined || (row !== undefined && row !== ROWS.fqdn)) return known;
  return { kind: 'unknown', code, value: value.slice() };
}

/** Appends code, length and value. */
export function encodeCapability(out: ByteWriter, capability: Capability): void {
  const start = out.length;
  out.u8(capability.kind === 'unknown' ? capability.code : ROWS[capability.kind].code).u8(0);
  if (capability.kind === 'unknown') out.bytes(capability.value);
  else encodeKnown(out, capability);
  out.patchU8(start + 1, out.length - start - 2);
}

function encodeKnown(out: ByteWriter, capability: Extract<Capability, { readonly kind: Kind }>): void {
  // The compiler cannot follow that the row of a kind takes that kind's capability.
  const row = ROWS[capability.kind] as {
    readonly encode: (out: ByteWriter, capability: Capability) => void;
  };
  row.encode(out, capability);
}

/** For people: the family of a multiprotocol capability, else the kind. */
export function capabilityName(capability: Capability): string {
  if (capability.kind === 'multiprotocol') return capability.family;
  return capability.kind === 'unknown' ? `capability-${capability.code}` : capability.kind;
}
