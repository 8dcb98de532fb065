import type { Address } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';

/** What the agent needs of a Kubernetes Node; everything else is left out of memory. */
export interface NodeRecord {
  readonly name: string;
  /** `spec.podCIDRs`, or `spec.podCIDR` where only that is set, in the order given; invalid ones are left out and reported. */
  readonly podCIDRs: readonly Prefix[];
  /** `status.addresses` of type InternalIP, in the order given. */
  readonly internalIPs: readonly Address[];
  /** Annotations `gryphon.dev/ipv4-address` and `gryphon.dev/ipv6-address` (a trailing `/length` is cut off). */
  readonly annotatedAddresses: { readonly ipv4?: Address; readonly ipv6?: Address };
  /** Annotation `gryphon.dev/as-number`. */
  readonly asNumber?: number;
  /** Annotation `gryphon.dev/route-reflector-cluster-id`. */
  readonly routeReflectorClusterID?: Address;
  readonly labels: Readonly<Record<string, string>>;
  /** The condition `Ready` is `True`; false also when it is missing. */
  readonly ready: boolean;
  readonly unschedulable: boolean;
}
