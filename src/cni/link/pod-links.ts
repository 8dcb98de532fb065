import fs from 'node:fs';
import path from 'node:path';
import { type Attachment, type AttachmentKey, attachmentId } from '../../ipam/attachment.ts';
import type { LiveAttachment } from '../../ipam/ipam.ts';
import { type Address, familyOf } from '../../net/address.ts';
import type { Mac } from '../../net/mac.ts';
import { hostPrefix, isHostPrefix, prefixAddress } from '../../net/prefix.ts';
import { inNetns, type NetworkNamespace } from '../../netlink/netns.ts';
import { type NetlinkFailure, type NetlinkRequest, Rtnetlink } from '../../netlink/rtnetlink.ts';
import type { LinkRecord } from '../../netlink/wire/records.ts';
import { CniError, cniCode } from '../protocol/error.ts';
import { LinkRemover } from './link-remover.ts';
import {
  hostLinkName,
  type LinkStage,
  ownerAlias,
  parseLinkStage,
  parseOwnerAlias,
  podLinkPattern,
} from './owner.ts';
import { createRequests, type GatewayMode, hostRequests, hostRoute, mainTable, podRequests } from './plan.ts';
import {
  forwardingSysctls,
  hostSysctls4,
  hostSysctls6,
  podSysctls6,
  proxySysctls,
  type Sysctl,
} from './sysctls.ts';

export interface PodLinkSpec {
  readonly key: AttachmentKey;
  readonly addresses: readonly Address[];
  readonly mtu: number;
  readonly netns: NetworkNamespace;
  readonly gateway: GatewayMode;
  /** Whether the pod may forward packets. */
  readonly forwarding: boolean;
}

/** A pod link in the kernel, and how far it says to have come. */
export interface LivePodLink extends LiveAttachment {
  readonly stage: LinkStage;
}

/** The veth pairs between node and pods. Making one takes about a millisecond and is done at a stretch, on this thread. */
export class PodLinks {
  readonly #netlink: Rtnetlink;
  readonly #remover: LinkRemover;
  readonly #protocol: number;
  /** Of the namespace in which a thread is that looks. */
  readonly #sysctls: string;

  /** `protocol` marks the host's routes; `sysctlDir` is where /proc/sys can be written. */
  constructor(netlink: Rtnetlink, protocol: number, sysctlDir: string) {
    this.#netlink = netlink;
    this.#protocol = protocol;
    this.#sysctls = path.join(sysctlDir, 'net');
    this.#remover = new LinkRemover(netlink);
  }

  /**
   * Makes the link with everything that belongs to it, in the order in which it becomes useful: the host's routes come last, and
   * after them the word that it is whole. Returns the MAC of the pod's end.
   * @throws CniError; a link that is half made is left for `remove`
   */
  create(spec: PodLinkSpec): Mac {
    const { key, addresses, mtu, netns, gateway } = spec;
    const hostLink = hostLinkName(key);
    const alias = ownerAlias(key, 'making');
    if (alias === undefined) {
      throw new CniError(
        cniCode.badEnvironment,
        'CNI_CONTAINERID is too long',
        `${key.containerID.length} characters`,
      );
    }
    const ipv6 = fs.existsSync(path.join(this.#sysctls, 'ipv6'));
    const wantsIpv6 = addresses.some((own) => familyOf(own) === 6);
    if (wantsIpv6 && !ipv6) throw new CniError(cniCode.linkFailed, 'the kernel of this node has no IPv6');

    this.#run(
      this.#netlink,
      createRequests({ hostLink, ifname: key.ifname, alias, mtu, netns: netns.fd, ipv6 }),
    );
    writeSysctls(this.#sysctls, [
      ...hostSysctls4(hostLink),
      ...(gateway === 'proxied' ? proxySysctls(hostLink) : []),
      ...(wantsIpv6 ? hostSysctls6(hostLink) : []),
    ]);
    const host = this.#netlink.link({ name: hostLink });
    if (host === undefined) throw new CniError(cniCode.linkFailed, `${hostLink} vanished while it was made`);
    this.#run(this.#netlink, hostRequests(host.index, addresses, gateway));
    const mac = this.#setUpPod(spec, ipv6, wantsIpv6);
    this.#addHostRoutes(host.index, addresses);
    this.#run(this.#netlink, [stageRequest(host.index, key, 'whole')]);
    return mac;
  }

  /** From now on the link says that it is going, whatever becomes of the journal and of this agent. Nothing to mark is fine. */
  markLeaving(key: AttachmentKey): void {
    const link = this.find(key);
    // A mark that is refused is missed only where the journal is lost too.
    if (link !== undefined) this.#netlink.run([stageRequest(link.index, key, 'leaving')]);
  }

  #setUpPod({ key, addresses, netns, forwarding }: PodLinkSpec, ipv6: boolean, wantsIpv6: boolean): Mac {
    return inNetns(netns.fd, () => {
      using netlink = Rtnetlink.open();
      writeSysctls(this.#sysctls, forwardingSysctls(forwarding, ipv6));
      if (wantsIpv6) writeSysctls(this.#sysctls, podSysctls6(key.ifname));
      const link = netlink.link({ name: key.ifname });
      if (link?.mac === undefined)
        throw new CniError(cniCode.linkFailed, `${key.ifname} vanished while it was made`);
      const [failure] = netlink.run(podRequests(link.index, addresses));
      if (failure === undefined) return link.mac;
      throw isSecondWayOut(failure) ? secondWayOut(key.ifname) : refusal(failure);
    });
  }

  /** A route of ours in the way is a remnant of the same address and is replaced; anybody else's is an error. */
  #addHostRoutes(link: number, addresses: readonly Address[]): void {
    for (const own of addresses) {
      const route = hostRoute(link, own, this.#protocol);
      const [failure] = this.#netlink.run([{ kind: 'route.create', route }]);
      if (failure === undefined) continue;
      if (failure.errnoName === 'EEXIST' && this.#isOurs(own)) {
        this.#run(this.#netlink, [{ kind: 'route.replace', route }]);
        continue;
      }
      throw new CniError(cniCode.linkFailed, `route to ${own} is refused`, failure.message);
    }
  }

  #isOurs(own: Address): boolean {
    const filter = { family: familyOf(own), table: mainTable, protocol: this.#protocol };
    return this.#netlink.routes(filter).some((route) => route.prefix === hostPrefix(own));
  }

  #run(netlink: Rtnetlink, requests: readonly NetlinkRequest[]): void {
    const [failure] = netlink.run(requests);
    if (failure !== undefined) throw refusal(failure);
  }

  /** The host end of this attachment, if it is there. A link of that name with another owner is not it. */
  find(key: AttachmentKey): LinkRecord | undefined {
    const link = this.#netlink.link({ name: hostLinkName(key) });
    const owner = link?.alias === undefined ? key : parseOwnerAlias(link.alias);
    return owner !== undefined && attachmentId(owner) === attachmentId(key) ? link : undefined;
  }

  /** What is wrong with the node's end and with its routes to the pod, as sentences; empty: nothing. */
  async problems(attachment: Attachment, signal: AbortSignal): Promise<readonly string[]> {
    const link = this.find(attachment);
    if (link === undefined) return [`the node has no link ${attachment.hostLink}`];
    const filter = { table: mainTable, protocol: this.#protocol, link: link.index };
    const routes = await this.#netlink.routesAsync(filter, signal);
    const led = new Set(routes.map((route) => route.prefix));
    return [
      ...(link.up ? [] : [`${link.name} is down`]),
      ...attachment.addresses
        .filter((own) => !led.has(hostPrefix(own)))
        .map((own) => `the node lacks the route ${own} dev ${link.name}`),
    ];
  }

  /** Whether the namespace has an interface of that name, whoever made it. */
  hasInterface(netns: NetworkNamespace, ifname: string): boolean {
    return inNetns(netns.fd, () => fs.existsSync(path.join(this.#sysctls, 'ipv4/conf', ifname)));
  }

  /**
   * Removes the pair, and with it its addresses, routes and neighbours. Nothing to remove is fine.
   * @throws CniError
   */
  async remove(key: AttachmentKey): Promise<void> {
    const link = this.find(key);
    if (link === undefined) return;
    const failure = await this.#remover.remove(link.index);
    if (failure === undefined) return;
    throw new CniError(cniCode.linkFailed, `${link.name} is not removed`, failure.message);
  }

  /** What is in the kernel: every pod link that tells its owner, with the addresses that our routes lead to. */
  async live(signal: AbortSignal): Promise<readonly LivePodLink[]> {
    const addresses = await this.#routedAddresses(signal);
    return this.#netlink.links().flatMap(({ index, name, alias = '' }) => {
      const owner = podLinkPattern.test(name) ? parseOwnerAlias(alias) : undefined;
      const stage = parseLinkStage(alias);
      return owner === undefined || stage === undefined
        ? []
        : [{ ...owner, hostLink: name, addresses: addresses.get(index) ?? [], stage }];
    });
  }

  /** Link index to the addresses that our host routes send there. */
  async #routedAddresses(signal: AbortSignal): Promise<ReadonlyMap<number, readonly Address[]>> {
    const routes = await this.#netlink.routesAsync({ table: mainTable, protocol: this.#protocol }, signal);
    const found = new Map<number, Address[]>();
    for (const { prefix, nextHops } of routes) {
      const link = nextHops[0]?.link;
      if (link === undefined || nextHops[0]?.gateway !== undefined || !isHostPrefix(prefix)) continue;
      const list = found.get(link);
      if (list === undefined) found.set(link, [prefixAddress(prefix)]);
      else list.push(prefixAddress(prefix));
    }
    return found;
  }
}

function refusal({ request, errnoName, message }: NetlinkFailure): CniError {
  if (request.kind === 'link.createVeth' && errnoName === 'EEXIST')
    return new CniError(cniCode.exists, 'the interface exists already', message);
  return new CniError(cniCode.linkFailed, `the kernel refuses ${request.kind}`, message);
}

const isSecondWayOut = ({ request, errnoName }: NetlinkFailure): boolean =>
  request.kind === 'route.create' && errnoName === 'EEXIST';

/** Answers would leave by the first interface with the addresses of the second one, and the node drops that as spoofed. */
const secondWayOut = (ifname: string): CniError =>
  new CniError(
    cniCode.linkFailed,
    'the pod has a default route already',
    `${ifname} must be the pod's way to everything: of the interfaces of a pod only one can be ours`,
  );

/** The alias is known to fit: it did when the link was made. */
const stageRequest = (index: number, key: AttachmentKey, stage: LinkStage): NetlinkRequest => ({
  kind: 'link.set',
  link: { index },
  alias: ownerAlias(key, stage) ?? '',
});

function writeSysctls(directory: string, sysctls: readonly Sysctl[]): void {
  for (const [file, value] of sysctls) {
    try {
      fs.writeFileSync(path.join(directory, file), value);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new CniError(cniCode.linkFailed, `net.${file.replaceAll('/', '.')} cannot be set`, reason, {
        remedy: 'mount the /proc/sys/net of the host writable into the container, and set sysctlDir',
      });
    }
  }
}
