import type { BgpFamily } from '../../../src/bgp/config.ts';
import { makePath, type Path, type PathSource } from '../../../src/bgp/rib/path.ts';
import type { PathAttributes } from '../../../src/bgp/wire/attributes/attributes.ts';
import { type Address, address } from '../../../src/net/address.ts';

export const external = (n: number, overrides: Partial<PathSource> = {}): PathSource => ({
  name: `peer/${n}`,
  kind: 'external',
  routerID: address(`192.0.2.${n}`),
  address: address(`192.0.2.${n}`),
  ...overrides,
});

export const internal = (n: number, overrides: Partial<PathSource> = {}): PathSource => ({
  ...external(n, overrides),
  name: `mesh/${n}`,
  kind: 'internal',
});

/** Attributes with the AS numbers as one sequence. */
export const attributes = (
  asns: readonly number[],
  overrides: Partial<PathAttributes> = {},
): PathAttributes => ({
  origin: 'igp',
  asPath: asns.length === 0 ? [] : [{ kind: 'sequence', asns }],
  ...overrides,
});

export const path = (
  source: PathSource,
  asns: readonly number[],
  overrides: Partial<PathAttributes> = {},
  nextHop: Address | undefined = source.address,
  family?: BgpFamily,
): Path => makePath(source, attributes(asns, overrides), nextHop, family);

/** What this node originates. */
export const LOCAL: Path = makePath(
  { name: 'local', kind: 'local', routerID: address('0.0.0.0') },
  attributes([]),
);
