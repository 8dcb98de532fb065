import type { Chance } from './chance.ts';
import { ATTRIBUTES, type Attribute } from './corpus.ts';
import type { UpdateParts } from './make-update.ts';
import { concat, octets16, u16 } from './octets.ts';

/** Spoils an UPDATE from inside; the lengths around what was spoilt stay right, so that nothing hides behind another error. */
export function mutateParts(chance: Chance, parts: UpdateParts): UpdateParts {
  const { withdrawn, attributes, nlri } = parts;
  if (chance.oneIn(10)) return { ...parts, nlri: mutateBytes(chance, nlri) };
  if (chance.oneIn(15)) return { ...parts, withdrawn: mutateBytes(chance, withdrawn) };
  if (chance.oneIn(10)) return { ...parts, nlri: new Uint8Array(0) };
  const at = chance.below(attributes.length + 1);
  const victim = attributes[at];
  const instead = (...others: readonly Attribute[]): UpdateParts => ({
    ...parts,
    attributes: [...attributes.slice(0, at), ...others, ...attributes.slice(at + 1)],
  });
  if (victim === undefined) return instead(chance.pick(ATTRIBUTES));
  switch (chance.below(12)) {
    case 0:
      return instead();
    case 1:
      return instead(victim, victim);
    case 2:
      return instead(victim, chance.pick(ATTRIBUTES));
    case 3:
      return instead({ ...victim, flags: victim.flags ^ chance.pick([0x80, 0x40, 0x20, 0x10, 0xc0, 0x0f]) });
    case 4:
      return instead({ ...victim, type: chance.oneIn(2) ? chance.below(36) : chance.below(256) });
    case 5:
      return instead({
        ...victim,
        length: chance.pick([0, 1, 255, victim.value.length + 1, victim.value.length + 4]),
      });
    case 6:
      return instead({ ...victim, value: victim.value.subarray(0, chance.below(victim.value.length + 1)) });
    case 7:
      return instead({ ...victim, value: concat(victim.value, chance.octets(chance.between(1, 9))) });
    case 8:
    case 9:
      return instead({ ...victim, value: new Uint8Array(0) });
    case 10:
      return instead({ ...victim, value: withZeros(chance, victim.value) });
    default:
      return instead({ ...victim, value: mutateBytes(chance, victim.value) });
  }
}

/** Zeros at the end, where a number of two or four octets stands in most attributes: an AS, an address. */
function withZeros(chance: Chance, bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  changed.fill(0, Math.max(0, bytes.length - chance.pick([2, 4])));
  return changed;
}

/** One change of some octets. */
export function mutateBytes(chance: Chance, bytes: Uint8Array): Uint8Array {
  const at = chance.below(bytes.length + 1);
  const before = bytes.subarray(0, at);
  switch (chance.below(6)) {
    case 0:
      return concat(before, chance.octets(chance.between(1, 4)), bytes.subarray(at));
    case 1:
      return concat(before, bytes.subarray(at + chance.between(1, 4)));
    case 2:
      return concat(before);
    case 3:
      return concat(before, Uint8Array.of(chance.pick([0, 1, 0x7f, 0x80, 0xff])), bytes.subarray(at + 1));
    case 4:
      return concat(before, Uint8Array.of((bytes[at] ?? 0) ^ (1 << chance.below(8))), bytes.subarray(at + 1));
    default:
      return concat(before, chance.octets(1), bytes.subarray(at + 1));
  }
}

/** Spoils a whole message, its header too; `other` is what it may be mixed with. */
export function mutateMessage(chance: Chance, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  switch (chance.below(8)) {
    case 0:
      return withLength(
        bytes,
        chance.pick([0, 18, 19, 22, bytes.length - 1, bytes.length + 1, 4096, 4097, 65535]),
      );
    case 1:
      return concat(bytes.subarray(0, 18), Uint8Array.of(chance.below(8)), bytes.subarray(19));
    case 2:
      return concat(bytes.subarray(0, chance.below(16)), Uint8Array.of(0xfe), bytes.subarray(16));
    case 3: {
      const spliced = concat(
        bytes.subarray(0, chance.between(19, bytes.length)),
        other.subarray(chance.between(19, other.length)),
      );
      return withLength(spliced, spliced.length);
    }
    case 4:
      return bytes.subarray(0, chance.below(bytes.length));
    case 5:
      return mutateBytes(chance, bytes);
    default: {
      // The body alone, under a header that fits.
      const changed = concat(bytes.subarray(0, 19), mutateBytes(chance, bytes.subarray(19)));
      return withLength(changed, changed.length);
    }
  }
}

function withLength(bytes: Uint8Array, length: number): Uint8Array {
  const changed = bytes.slice();
  changed.set(octets16(length), 16);
  return u16(changed, 16) === (length & 0xffff) ? changed : bytes;
}
