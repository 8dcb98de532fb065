import type { Mac } from '../../net/mac.ts';
import { type PrefixWords, prefixText } from '../../net/prefix-words.ts';
import type { LinkAddressRecord, NeighbourRecord, RouteForm, RouteRecord } from './records.ts';

/** Which link: by index, or by name when the index is not known. */
export type LinkSelector = { readonly index: number } | { readonly name: string };

/** One end of a new veth pair. */
export interface VethEnd {
  readonly name: string;
  readonly mac?: Mac;
  readonly mtu?: number;
  /** In each direction; absent: the kernel makes one for each of its CPUs, and entries in /sys for all of them. */
  readonly queues?: number;
}

/** A new veth pair, both ends in one message. An alias or a group takes a `link.set` after it: the kernel ignores them here. */
export interface CreateVeth {
  readonly kind: 'link.createVeth';
  readonly end: VethEnd;
  /** Sets the first end up at once; the peer cannot be (ENOTCONN) and takes a `link.set` in its namespace. */
  readonly up?: boolean;
  readonly group?: number;
  /** `netns`: descriptor of the namespace in which the peer is born. */
  readonly peer: VethEnd & { readonly netns?: number };
}

/** A new link of a kind that takes no further settings: `bridge`, `dummy`, `ifb`. */
export interface CreateLink {
  readonly kind: 'link.create';
  readonly name: string;
  readonly linkKind: string;
  readonly up?: boolean;
}

/** Settings of one link that /proc/sys/net/ipv4/conf/NAME has as files. */
export interface Ipv4LinkSettings {
  readonly forwarding?: boolean;
  readonly rpFilter?: 0 | 1 | 2;
  readonly arpIgnore?: number;
}

/** Changes what is named, leaves the rest. */
export interface SetLink {
  readonly kind: 'link.set';
  readonly link: LinkSelector;
  /** The new name; the link must be selected by index. */
  readonly name?: string;
  readonly up?: boolean;
  readonly mtu?: number;
  readonly mac?: Mac;
  readonly alias?: string;
  readonly group?: number;
  /** Index of the bridge to join, 0 to leave. */
  readonly master?: number;
  /** Descriptor of the namespace to move to. */
  readonly netns?: number;
  /** How the link makes its IPv6 link-local address; `none` makes none. To be set in a request before the one that sets it up. */
  readonly addressGeneration?: 'eui64' | 'none';
  readonly ipv4?: Ipv4LinkSettings;
}

/** With `group`, all links of that group: one message, one grace period, a hundred times faster than one by one. */
export interface DeleteLink {
  readonly kind: 'link.delete';
  readonly link: LinkSelector | { readonly group: number };
}

/**
 * `create` fails with EEXIST where something of the same prefix and metric is, whoever put it there; `replace` takes its
 * place, whoever put it there; `append` adds beside it. `delete` removes the first route that agrees with every field; without
 * next hops any next hops agree.
 */
export interface RouteRequest {
  readonly kind: 'route.create' | 'route.replace' | 'route.append' | 'route.delete';
  readonly route: RouteRecord;
}

/** As a `RouteRequest`, for very many: the prefix as numbers, and all else in one object that they share. */
export interface RouteWrite {
  readonly kind: 'route.write';
  readonly how: RouteRequest['kind'];
  readonly prefix: PrefixWords;
  readonly form: RouteForm;
}

/** As a request for one route, for people and for whoever knows only those. */
export const routeRequest = ({ how, prefix, form }: RouteWrite): RouteRequest => ({
  kind: how,
  route: { prefix: prefixText(prefix), ...form },
});

/** `flags` of the record that can be asked for are IFA_F_NODAD and IFA_F_NOPREFIXROUTE. */
export interface AddressRequest {
  readonly kind: 'address.replace' | 'address.delete';
  readonly address: LinkAddressRecord;
}

export interface NeighbourRequest {
  readonly kind: 'neighbour.replace' | 'neighbour.delete';
  readonly neighbour: NeighbourRecord;
}

/** One change to the kernel's network state, as data: it can be planned, printed, compared and sent. */
export type NetlinkRequest =
  | CreateVeth
  | CreateLink
  | SetLink
  | DeleteLink
  | RouteRequest
  | RouteWrite
  | AddressRequest
  | NeighbourRequest;
