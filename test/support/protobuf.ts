/** As much of Protocol Buffers as a few CRI messages need: a message is a list of numbered fields, text is UTF-8, false and 0 are left out. */
export type ProtoField = readonly [
  field: number,
  value: string | number | boolean | readonly ProtoField[] | undefined,
];

export function encodeProto(fields: readonly ProtoField[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([field, value]) => {
      if (value === undefined || value === false || value === 0) return [];
      if (typeof value === 'number' || value === true) return [varint(field << 3), varint(Number(value))];
      const bytes = typeof value === 'string' ? Buffer.from(value) : encodeProto(value);
      return [varint((field << 3) | 2), varint(bytes.length), bytes];
    }),
  );
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return Buffer.from([...bytes, value]);
}

/** A message that was received; absent fields read as proto3 says. */
export class ProtoMessage {
  readonly #fields = new Map<number, (number | Buffer)[]>();

  constructor(bytes: Buffer) {
    let at = 0;
    const read = (): number => {
      let value = 0;
      for (let scale = 1; ; scale *= 128) {
        const byte = bytes.readUInt8(at++);
        value += (byte & 0x7f) * scale;
        if (byte < 0x80) return value;
      }
    };
    while (at < bytes.length) {
      const tag = read();
      const number = read();
      const isBytes = (tag & 7) === 2;
      const value = isBytes ? bytes.subarray(at, at + number) : number;
      if (isBytes) at += number;
      this.#fields.set(tag >> 3, [...(this.#fields.get(tag >> 3) ?? []), value]);
    }
  }

  text(field: number): string {
    return this.#bytes(field)[0]?.toString() ?? '';
  }

  number(field: number): number {
    const [value] = this.#fields.get(field) ?? [];
    return typeof value === 'number' ? value : 0;
  }

  messages(field: number): readonly ProtoMessage[] {
    return this.#bytes(field).map((bytes) => new ProtoMessage(bytes));
  }

  message(field: number): ProtoMessage {
    return this.messages(field)[0] ?? new ProtoMessage(Buffer.alloc(0));
  }

  #bytes(field: number): readonly Buffer[] {
    return (this.#fields.get(field) ?? []).filter((value) => Buffer.isBuffer(value));
  }
}
