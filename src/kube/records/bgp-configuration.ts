/** A BGPConfiguration of `gryphon.dev/v1alpha1`: `default`, or `node.NAME` for one node. Absent means: the default applies. */
export interface BGPConfigurationRecord {
  readonly name: string;
  readonly asNumber?: number;
  readonly nodeToNodeMeshEnabled?: boolean;
  readonly listenPort?: number;
  /** Seconds. Ours. */
  readonly holdTime?: number;
  /** Seconds. Ours. */
  readonly keepaliveTime?: number;
  /** RFC 8212 strictly: an external peer without filter gets and gives nothing. Ours. */
  readonly ebgpRequiresPolicy?: boolean;
  readonly unsupported: readonly string[];
}
