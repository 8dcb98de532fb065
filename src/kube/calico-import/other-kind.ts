/** Why objects of a kind have no equivalent. */
export interface OtherKind {
  readonly reason: string;
  /** Something that was meant is lost without them. */
  readonly isRefused: boolean;
}

const policy: OtherKind = { reason: 'Gryphon does not carry out policy yet', isRefused: true };
const settings: OtherKind = {
  reason: "they set up Calico's own programs; the settings of Gryphon are in docs/settings.md",
  isRefused: false,
};
const bookkeeping: OtherKind = { reason: 'Calico keeps its own state in them', isRefused: false };

const kinds: ReadonlyMap<string, OtherKind> = new Map([
  ['NetworkPolicy', policy],
  ['GlobalNetworkPolicy', policy],
  ['StagedNetworkPolicy', policy],
  ['StagedGlobalNetworkPolicy', policy],
  ['StagedKubernetesNetworkPolicy', policy],
  ['NetworkSet', policy],
  ['GlobalNetworkSet', policy],
  ['HostEndpoint', policy],
  ['Tier', policy],
  ['IPReservation', { reason: 'no address of a podCIDR can be kept back', isRefused: true }],
  ['FelixConfiguration', settings],
  ['KubeControllersConfiguration', settings],
  ['IPAMConfiguration', settings],
  ['IPAMConfig', settings],
  ['BlockAffinity', bookkeeping],
  ['CalicoNodeStatus', bookkeeping],
  ['ClusterInformation', bookkeeping],
  ['IPAMBlock', bookkeeping],
  ['IPAMHandle', bookkeeping],
  ['Profile', bookkeeping],
  ['WorkloadEndpoint', bookkeeping],
]);

/** Of a kind of Calico's that is none of ours. */
export const otherKind = (kind: string): OtherKind =>
  kinds.get(kind) ?? { reason: 'Gryphon has no such kind', isRefused: true };
