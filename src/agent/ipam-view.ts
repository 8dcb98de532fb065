import type { IpamAddressView, IpamView } from '../api/view.ts';
import type { Pool } from '../calc/pools.ts';
import { type Attachment, attachmentId } from '../ipam/attachment.ts';
import type { CidrUsage } from '../ipam/usage.ts';
import { type Address, compareAddresses } from '../net/address.ts';
import { containsAddress, containsPrefix } from '../net/prefix.ts';

export interface IpamFacts {
  readonly attachments: readonly Attachment[];
  /** Released at (wall clock, milliseconds). */
  readonly cooling: readonly { readonly address: Address; readonly releasedAt: number }[];
  /** Kept for tunnels. */
  readonly tunnels: readonly Address[];
  readonly usage: readonly CidrUsage[];
  readonly pools: readonly Pool[];
}

/** Every address that is not free, in their order, and the blocks that they come from. */
export function ipamView(facts: IpamFacts): IpamView {
  const { attachments, cooling, tunnels, usage, pools } = facts;
  const blocks = usage.map(({ cidr, used, cooling: resting, free, total }) => {
    const pool = pools.find((p) => containsPrefix(p.cidr, cidr))?.cidr;
    const counts = { used, cooling: resting, free: String(free), total: String(total) };
    return { cidr, ...(pool === undefined ? {} : { pool }), ...counts };
  });
  const place = (address: Address): Pick<IpamAddressView, 'address' | 'block' | 'pool'> => {
    const block = blocks.find(({ cidr }) => containsAddress(cidr, address))?.cidr;
    const pool = pools.find((p) => containsAddress(p.cidr, address))?.cidr;
    return { address, ...(block === undefined ? {} : { block }), ...(pool === undefined ? {} : { pool }) };
  };
  const addresses: readonly IpamAddressView[] = [
    ...attachments.flatMap((attachment) => attached(attachment, place)),
    ...cooling.map(({ address, releasedAt }) => ({
      ...place(address),
      state: 'cooling' as const,
      since: releasedAt,
    })),
    ...tunnels.map((address) => ({ ...place(address), state: 'tunnel' as const })),
  ];
  return { blocks, addresses: addresses.toSorted((a, b) => compareAddresses(a.address, b.address)) };
}

function attached(
  attachment: Attachment,
  place: (address: Address) => Pick<IpamAddressView, 'address' | 'block' | 'pool'>,
): readonly IpamAddressView[] {
  const { addresses, state, createdAt, pod } = attachment;
  return addresses.map((address) => ({
    ...place(address),
    state,
    since: createdAt,
    handle: attachmentId(attachment),
    ...(pod === undefined ? {} : { pod }),
  }));
}
