import type { Announced, Announcement, Nlri, PrefixList } from '../../../src/bgp/wire/message.ts';
import { textSource } from '../../../src/bgp/wire/readable.ts';
import { ByteWriter } from '../../../src/net/byte-writer.ts';

/** The octets of prefixes, as the decoder would hand them over. */
export function nlri({ family, prefixes, pathIds }: PrefixList): Nlri {
  const out = new ByteWriter();
  const source = textSource({ prefixes, ...(pathIds !== undefined && { pathIds }) });
  const addPath = pathIds !== undefined;
  for (let i = 0; i < source.length; i++) source.write(out, i, addPath);
  const bytes = out.copy();
  return { family, bytes, start: 0, end: bytes.length, addPath, count: source.length };
}

/** An announcement as it comes from the decoder. */
export const announced = ({ family, prefixes, pathIds, ...data }: Announcement): Announced => ({
  ...data,
  nlri: nlri({ family, prefixes, ...(pathIds !== undefined && { pathIds }) }),
});
