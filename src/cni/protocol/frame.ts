/**
 * What shim and agent say to each other over the socket; also the content of a queued DEL. PURE.
 *
 *     "GRYC"  major u16  minor u16  { tag u8  length u32  bytes }...  tag "Z" length 0
 *
 * Numbers are big endian. Readers skip tags that they do not know, so a newer minor version may add fields. Another major
 * version is not understood, except that the tags X, O and Z of an answer mean the same for ever: whatever shim is on the
 * node, it can print why the agent refuses it. The end is marked, not told by closing: so a connection that ends early is
 * always a caller that has died.
 */
export const frameVersion = { major: 1, minor: 0 } as const;

export const frameTag = {
  /** Request: `CNI_COMMAND=ADD`; repeated. */
  environment: 0x45,
  /** Request: stdin, verbatim. */
  stdin: 0x49,
  /** Answer: exit code, one byte. */
  exit: 0x58,
  /** Answer: what goes to stdout. */
  output: 0x4f,
  end: 0x5a,
} as const;

export interface FrameField {
  readonly tag: number;
  readonly bytes: Uint8Array;
}

export type Decoded =
  /** Right so far; more bytes are needed. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'garbage' }
  | {
      readonly kind: 'frame';
      readonly major: number;
      readonly minor: number;
      readonly fields: readonly FrameField[];
    };

export type Frame = Extract<Decoded, { readonly kind: 'frame' }>;

const MAGIC = Buffer.from('GRYC');
const HEADER = 8;
const FIELD_HEADER = 5;

/** Reads one frame; bytes behind its end are ignored. The caller bounds the length. */
export function decodeFrame(bytes: Buffer): Decoded {
  const seen = Math.min(MAGIC.length, bytes.length);
  if (!bytes.subarray(0, seen).equals(MAGIC.subarray(0, seen))) return { kind: 'garbage' };
  if (bytes.length < HEADER) return { kind: 'incomplete' };
  const fields: FrameField[] = [];
  let at = HEADER;
  while (at + FIELD_HEADER <= bytes.length) {
    const tag = bytes.readUInt8(at);
    const end = at + FIELD_HEADER + bytes.readUInt32BE(at + 1);
    if (tag === frameTag.end) {
      return { kind: 'frame', major: bytes.readUInt16BE(4), minor: bytes.readUInt16BE(6), fields };
    }
    if (end > bytes.length) break;
    fields.push({ tag, bytes: bytes.subarray(at + FIELD_HEADER, end) });
    at = end;
  }
  return { kind: 'incomplete' };
}

export function encodeFrame(
  fields: readonly FrameField[],
  version: { readonly major: number; readonly minor: number } = frameVersion,
): Buffer {
  const header = Buffer.alloc(HEADER);
  MAGIC.copy(header);
  header.writeUInt16BE(version.major, 4);
  header.writeUInt16BE(version.minor, 6);
  return Buffer.concat([
    header,
    ...[...fields, { tag: frameTag.end, bytes: new Uint8Array() }].flatMap(encodeField),
  ]);
}

function encodeField(field: FrameField): readonly Uint8Array[] {
  const header = Buffer.alloc(FIELD_HEADER);
  header.writeUInt8(field.tag);
  header.writeUInt32BE(field.bytes.length, 1);
  return [header, field.bytes];
}

/** One call of the plugin: its CNI_* environment and its stdin. */
export interface ShimRequest {
  readonly environment: ReadonlyMap<string, string>;
  readonly stdin: string;
}

export function requestFromFields(fields: readonly FrameField[]): ShimRequest {
  const environment = new Map<string, string>();
  let stdin = '';
  for (const { tag, bytes } of fields) {
    const text = Buffer.from(bytes).toString();
    const equals = text.indexOf('=');
    if (tag === frameTag.stdin) stdin = text;
    if (tag === frameTag.environment && equals > 0)
      environment.set(text.slice(0, equals), text.slice(equals + 1));
  }
  return { environment, stdin };
}

export function encodeRequest(request: ShimRequest): Buffer {
  const pairs = [...request.environment].map(([key, value]) => `${key}=${value}`);
  return encodeFrame([
    ...pairs.map((pair) => ({ tag: frameTag.environment, bytes: Buffer.from(pair) })),
    { tag: frameTag.stdin, bytes: Buffer.from(request.stdin) },
  ]);
}

/** What the plugin process does in the end. */
export interface ShimAnswer {
  readonly exit: number;
  readonly output: string;
}

export function encodeAnswer(answer: ShimAnswer): Buffer {
  return encodeFrame([
    { tag: frameTag.exit, bytes: Uint8Array.of(answer.exit) },
    { tag: frameTag.output, bytes: Buffer.from(answer.output) },
  ]);
}
