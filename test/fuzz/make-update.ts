import type { Chance } from './chance.ts';
import { ATTRIBUTES, type Attribute } from './corpus.ts';
import type { Offer } from './make-open.ts';
import { concat, message, octets16, octets32 } from './octets.ts';
import { THEIR_AS } from './world.ts';

/** An UPDATE in its parts, so that each can be spoilt alone. */
export interface UpdateParts {
  readonly withdrawn: Uint8Array;
  readonly attributes: readonly Attribute[];
  readonly nlri: Uint8Array;
}

const OPTIONAL = 0x80;
const TRANSITIVE = 0x40;

export function makeParts(chance: Chance, offer: Offer, internal: boolean): UpdateParts {
  const list = (max: number): Uint8Array => prefixes(chance, 4, chance.below(max + 1), offer.pathIDs);
  const long = offer.longMessages && chance.oneIn(40);
  const withdrawn = chance.oneIn(3) ? list(3) : new Uint8Array(0);
  const nlri = long ? prefixes(chance, 4, 2_000, offer.pathIDs) : list(4);
  const attributes = [
    attribute(TRANSITIVE, 1, Uint8Array.of(chance.below(3))),
    attribute(TRANSITIVE, 2, asPath(chance, offer.fourOctets ? 4 : 2)),
    attribute(TRANSITIVE, 3, Uint8Array.of(10, 9, 9, chance.between(2, 9))),
    ...optional(chance, offer, internal),
    ...(chance.oneIn(3) ? [reach(chance, offer)] : []),
    ...(chance.oneIn(4) ? [unreach(chance, offer)] : []),
  ];
  const ordered = chance.oneIn(4) ? chance.shuffled(attributes) : attributes;
  return { withdrawn, attributes: ordered, nlri };
}

const attribute = (flags: number, type: number, value: Uint8Array): Attribute => ({ flags, type, value });

/** The others, each now and then, with the value that its standard wants. */
function optional(chance: Chance, { fourOctets }: Offer, internal: boolean): Attribute[] {
  const both = OPTIONAL | TRANSITIVE;
  const as = fourOctets
    ? octets32(chance.pick([65003, 4_200_000_001]))
    : octets16(chance.pick([65003, 23456]));
  const all: Attribute[] = [
    attribute(OPTIONAL, 4, octets32(chance.below(200))),
    attribute(TRANSITIVE, 6, new Uint8Array(0)),
    attribute(both, 7, concat(as, chance.octets(4))),
    attribute(
      both,
      8,
      many(chance, () => chance.pick([octets32(0xffff0000), octets32(0xffffff01), chance.octets(4)])),
    ),
    attribute(OPTIONAL, 9, chance.octets(4)),
    attribute(
      OPTIONAL,
      10,
      many(chance, () => chance.octets(4)),
    ),
    attribute(
      both,
      16,
      many(chance, () => chance.octets(8)),
    ),
    attribute(both, 17, asPath(chance, 4)),
    attribute(both, 18, concat(octets32(4_200_000_001), chance.octets(4))),
    attribute(
      both,
      32,
      many(chance, () => chance.octets(12)),
    ),
    attribute(both, chance.between(40, 255), chance.octets(chance.below(300))),
    chance.pick(ATTRIBUTES.filter(({ type }) => type > 3 && type !== 14 && type !== 15)),
  ];
  const some = all.filter(() => chance.oneIn(5));
  const preference = attribute(TRANSITIVE, 5, octets32(chance.pick([0, 100, 200])));
  return internal || chance.oneIn(10) ? [preference, ...some] : some;
}

const many = (chance: Chance, item: () => Uint8Array): Uint8Array =>
  concat(...Array.from({ length: chance.between(1, 4) }, item));

function asPath(chance: Chance, size: 2 | 4): Uint8Array {
  const number = (): Uint8Array => {
    if (size === 2) return octets16(chance.pick([65003, 65004, 23456]));
    return octets32(chance.pick([65003, 65004, 4_200_000_001]));
  };
  const first = size === 2 ? octets16(THEIR_AS) : octets32(THEIR_AS);
  const segments = Array.from({ length: chance.below(3) }, () => {
    const count = chance.between(1, 4);
    return concat(Uint8Array.of(chance.pick([1, 2, 2]), count), ...Array.from({ length: count }, number));
  });
  return concat(Uint8Array.of(2, 1), first, ...segments);
}

/** Out of a small stock, so that routes are replaced and withdrawn. */
function prefixes(chance: Chance, family: 4 | 6, count: number, pathIDs: boolean): Uint8Array {
  const one = (i: number): Uint8Array => {
    const id = pathIDs ? octets32(chance.below(3)) : new Uint8Array(0);
    const [length, network] =
      family === 4
        ? [
            chance.pick([16, 22, 24, 24, 31]),
            Uint8Array.of(10, count > 8 ? i >> 8 : chance.below(3), count > 8 ? i & 255 : chance.below(6), 0),
          ]
        : [
            chance.pick([32, 48, 63, 64]),
            Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, chance.below(3), 0, chance.below(4)),
          ];
    return concat(id, Uint8Array.of(length), network.subarray(0, Math.ceil(length / 8)));
  };
  return concat(...Array.from({ length: count }, (_, i) => one(i)));
}

const GLOBAL = concat(Uint8Array.of(0xfd, 9), new Uint8Array(13), Uint8Array.of(2));
const LINK_LOCAL = concat(Uint8Array.of(0xfe, 0x80), new Uint8Array(13), Uint8Array.of(2));

function reach(chance: Chance, { pathIDs }: Offer): Attribute {
  const hop = chance.pick([GLOBAL, GLOBAL, concat(GLOBAL, LINK_LOCAL), Uint8Array.of(10, 9, 9, 2)]);
  const family = hop.length === 4 || chance.oneIn(6) ? 4 : 6;
  const afi = chance.oneIn(15) ? Uint8Array.of(0x40, 4, 71) : Uint8Array.of(0, family === 4 ? 1 : 2, 1);
  const list = prefixes(chance, family, chance.below(4), pathIDs);
  return attribute(OPTIONAL, 14, concat(afi, Uint8Array.of(hop.length), hop, Uint8Array.of(0), list));
}

function unreach(chance: Chance, { pathIDs }: Offer): Attribute {
  const family = chance.oneIn(6) ? 4 : 6;
  const list = prefixes(chance, family, chance.below(4), pathIDs);
  return attribute(OPTIONAL, 15, concat(Uint8Array.of(0, family === 4 ? 1 : 2, 1), list));
}

/** The message of the parts; its own lengths are right. */
export function writeUpdate({ withdrawn, attributes, nlri }: UpdateParts): Uint8Array {
  const block = concat(...attributes.map(writeAttribute));
  return message(2, concat(octets16(withdrawn.length), withdrawn, octets16(block.length), block, nlri));
}

function writeAttribute({ flags, type, value, length = value.length }: Attribute): Uint8Array {
  const long = (flags & 0x10) !== 0 || length > 255;
  const head = long
    ? concat(Uint8Array.of(flags | 0x10, type), octets16(length))
    : Uint8Array.of(flags, type, length);
  return concat(head, value);
}
