import type { Prefix } from '../../net/prefix.ts';
import { prefixText, prefixWords } from '../../net/prefix-words.ts';
import type {
  Announcement,
  Decoded,
  Message,
  Nlri,
  PrefixList,
  UpdateMessage,
  Withdrawal,
} from './message.ts';
import { PrefixReader, type PrefixSource, writePrefix } from './nlri.ts';

/** An UPDATE with its prefixes as texts. */
export interface ReadableUpdate {
  readonly kind: 'update';
  readonly withdrawn: readonly Withdrawal[];
  readonly announced: readonly Announcement[];
}

export type ReadableMessage = Exclude<Message, UpdateMessage> | ReadableUpdate;

/** What came of a message's bytes, with prefixes as texts. */
export type ReadableDecoded =
  | (Omit<Extract<Decoded, { kind: 'message' }>, 'message'> & { readonly message: ReadableMessage })
  | (Omit<Extract<Decoded, { kind: 'withdraw' }>, 'withdrawn'> & {
      readonly withdrawn: readonly Withdrawal[];
    })
  | Extract<Decoded, { kind: 'ignore' | 'reset' }>;

export function prefixList(nlri: Nlri): PrefixList {
  const prefixes: Prefix[] = [];
  const pathIds: number[] = [];
  const reader = new PrefixReader().open(nlri);
  while (reader.next()) {
    prefixes.push(prefixText(reader));
    if (nlri.addPath) pathIds.push(reader.pathId);
  }
  return { family: nlri.family, prefixes, ...(nlri.addPath && { pathIds }) };
}

export function readableMessage(message: Message): ReadableMessage {
  if (message.kind !== 'update') return message;
  return {
    kind: 'update',
    withdrawn: message.withdrawn.map(prefixList),
    announced: message.announced.map(({ nlri, ...data }) => ({ ...prefixList(nlri), ...data })),
  };
}

export function readable(decoded: Decoded): ReadableDecoded {
  switch (decoded.kind) {
    case 'message':
      return { ...decoded, message: readableMessage(decoded.message) };
    case 'withdraw':
      return { ...decoded, withdrawn: decoded.withdrawn.map(prefixList) };
    case 'ignore':
    case 'reset':
      return decoded;
  }
}

/** Texts to be put into messages. */
export function textSource({ prefixes, pathIds }: Omit<PrefixList, 'family'>): PrefixSource {
  const words = prefixes.map(prefixWords);
  return {
    length: words.length,
    write: (out, index, addPath) => {
      const prefix = words[index];
      if (addPath) out.u32(pathIds?.[index] ?? 0);
      if (prefix !== undefined) writePrefix(out, prefix);
    },
  };
}
