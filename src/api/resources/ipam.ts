import { type Static, Type } from 'typebox';
import type { IpamView } from '../view.ts';
import { list, Time, time } from './common.ts';

/** A podCIDR of this node and how full it is. Counts of IPv6 are too large for JSON numbers. */
const Block = Type.Object({
  cidr: Type.String(),
  pool: Type.Optional(Type.String({ description: 'the range of pod addresses that it lies in' })),
  used: Type.Integer(),
  cooling: Type.Integer({ description: 'released a short while ago, not given again yet' }),
  free: Type.String(),
  total: Type.String(),
});

/** One address that is not free. */
const Address = Type.Object({
  address: Type.String(),
  state: Type.Enum(['reserved', 'configured', 'detaching', 'cooling', 'tunnel']),
  since: Type.Optional(Time),
  block: Type.Optional(Type.String({ description: 'absent: given before the podCIDR changed' })),
  pool: Type.Optional(Type.String()),
  handle: Type.Optional(Type.String({ description: 'network/container/interface' })),
  pod: Type.Optional(
    Type.Object({ namespace: Type.String(), name: Type.String(), uid: Type.Optional(Type.String()) }),
  ),
});
export type IpamBlock = Static<typeof Block>;
export type IpamAddress = Static<typeof Address>;

/** `/v1/ipam`. */
export const Ipam = Type.Object({ blocks: list(Block), addresses: list(Address) });
export type Ipam = Static<typeof Ipam>;

export const ipamOf = ({ blocks, addresses }: IpamView): Ipam => ({
  blocks,
  addresses: addresses.map(({ since, ...rest }) => ({
    ...rest,
    ...(since === undefined ? {} : { since: time(since) }),
  })),
});
