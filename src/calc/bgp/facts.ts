import type { BGPConfigurationRecord } from '../../kube/records/bgp-configuration.ts';
import type { BGPFilterRecord } from '../../kube/records/bgp-filter.ts';
import type { BGPPeerRecord } from '../../kube/records/bgp-peer.ts';
import type { IPPoolRecord } from '../../kube/records/ip-pool.ts';
import type { PasswordFile } from '../../kube/records/password-source.ts';
import type { SecretRecord } from '../../kube/records/secret.ts';
import type { Address } from '../../net/address.ts';
import type { ClusterNode } from '../cluster.ts';
import type { Self } from '../self.ts';

/** Everything that the configuration of the speaker follows from. */
export interface BgpFacts {
  readonly self: Self;
  readonly nodes: ReadonlyMap<string, ClusterNode>;
  readonly configurations: ReadonlyMap<string, BGPConfigurationRecord>;
  readonly peers: ReadonlyMap<string, BGPPeerRecord>;
  readonly filters: ReadonlyMap<string, BGPFilterRecord>;
  readonly pools: ReadonlyMap<string, IPPoolRecord>;
  readonly secrets: ReadonlyMap<string, SecretRecord>;
  /** By path. */
  readonly passwordFiles: ReadonlyMap<string, PasswordFile>;
  /** Whether a selector of a BGPPeer chooses a node with these labels. */
  readonly selects: Selects;
  /** Name of the link by which an address is reached; asked only where a filter wants to know. */
  readonly linkTo: (address: Address) => string | undefined;
  /** `--bgp-port`: used where no BGPConfiguration says otherwise. */
  readonly port: number;
}

export type Selects = (selector: string, labels: Readonly<Record<string, string>>) => boolean;
