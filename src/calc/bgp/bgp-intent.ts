import type { BGPConfigurationRecord } from '../../kube/records/bgp-configuration.ts';
import type { BGPFilterRecord } from '../../kube/records/bgp-filter.ts';
import type { BGPPeerRecord } from '../../kube/records/bgp-peer.ts';
import type { IPPoolRecord } from '../../kube/records/ip-pool.ts';
import type { PasswordFile } from '../../kube/records/password-source.ts';
import type { SecretRecord } from '../../kube/records/secret.ts';
import type { Address } from '../../net/address.ts';
import type { LinkRecord } from '../../netlink/wire/records.ts';
import type { Cluster } from '../cluster.ts';
import { memo } from '../memo.ts';
import type { NextHopResolver } from '../next-hops.ts';
import type { Self } from '../self.ts';
import type { BgpFacts, Selects } from './facts.ts';
import { Mesh } from './mesh.ts';
import { keepEqual } from './share.ts';
import { type BgpResult, computeBgp } from './speaker-config.ts';

/** The fact tables that the speaker's configuration is made from. */
export interface BgpTables {
  readonly bgpConfigurations: ReadonlyMap<string, BGPConfigurationRecord>;
  readonly bgpPeers: ReadonlyMap<string, BGPPeerRecord>;
  readonly bgpFilters: ReadonlyMap<string, BGPFilterRecord>;
  readonly pools: ReadonlyMap<string, IPPoolRecord>;
  readonly secrets: ReadonlyMap<string, SecretRecord>;
  readonly passwordFiles: ReadonlyMap<string, PasswordFile>;
  readonly links: ReadonlyMap<number, LinkRecord>;
}

type LinkTo = BgpFacts['linkTo'];

const noLinks: LinkTo = () => undefined;

/** Computes anew only when a table that counts has changed; a peer that comes out the same is the same object as before. */
export function bgpIntentOf(
  port: number,
  selects: Selects,
): (self: Self, cluster: Cluster, tables: BgpTables, next: NextHopResolver) => BgpResult {
  let last: BgpResult | undefined;
  const mesh = new Mesh();
  const asks = memo(asksForLinks);
  const linkTo = memo(linkFinder);
  const compute = memo(
    (
      self: Self,
      { nodes }: Cluster,
      configurations: BgpTables['bgpConfigurations'],
      peers: BgpTables['bgpPeers'],
      filters: BgpTables['bgpFilters'],
      pools: BgpTables['pools'],
      secrets: BgpTables['secrets'],
      passwordFiles: BgpTables['passwordFiles'],
      find: LinkTo,
    ) => {
      const objects = { configurations, peers, filters, pools, secrets, passwordFiles };
      last = keepEqual(last, computeBgp({ self, nodes, ...objects, selects, linkTo: find, port }, mesh));
      return last;
    },
  );
  return (self, cluster, tables, next) => {
    const { bgpConfigurations, bgpPeers, bgpFilters, pools, secrets, passwordFiles, links } = tables;
    // Links come and go with every pod: only who asks for them is disturbed.
    const find = asks(bgpFilters) ? linkTo(next, links) : noLinks;
    return compute(
      self,
      cluster,
      bgpConfigurations,
      bgpPeers,
      bgpFilters,
      pools,
      secrets,
      passwordFiles,
      find,
    );
  };
}

const asksForLinks = (filters: BgpTables['bgpFilters']): boolean =>
  [...filters.values()].some(({ exportV4, importV4, exportV6, importV6 }) =>
    [exportV4, importV4, exportV6, importV6].some((rules) =>
      rules.some((rule) => rule.interface !== undefined),
    ),
  );

/** Where several ways lead to an address, the first. */
const linkFinder =
  (next: NextHopResolver, links: BgpTables['links']): LinkTo =>
  (address: Address) => {
    const found = next.resolve(address);
    const index = found.kind === 'resolved' ? found.nextHops[0]?.link : undefined;
    return index === undefined ? undefined : links.get(index)?.name;
  };
