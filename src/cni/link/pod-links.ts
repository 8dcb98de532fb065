import fs from 'node:fs';
import path from 'node:path';
import { type Attachment, type AttachmentKey, attachmentId } from '../../ipam/attachment.ts';
import type { LiveAttachment } from '../../ipam/ipam.ts';
import { type Address, familyOf } from '../../net/address.ts';
import type { Mac } from '../../net/mac.ts';
import { hostPrefix, isHostPrefix, type Prefix, prefixAddress, prefixFamily } from '../../net/prefix.ts';
import { inNetns, type NetworkNamespace } from '../../netlink/netns.ts';
import { type NetlinkFailure, type NetlinkRequest, Rtnetlink } from '../../netlink/rtnetlink.ts';
import type { RtnetlinkVisit } from '../../netlink/visit.ts';
import type { LinkRecord } from '../../netlink/wire/records.ts';
import { CniError, cniCode } from '../protocol/error.ts';
import { LinkMaker } from './link-maker.ts';
import { LinkRemover } from './link-remover.ts';
import {
  hostLinkName,
  type LinkStage,
  ownerAlias,
  parseLinkStage,
  parseOwnerAlias,
  podLinkPattern,
  podMac,
} from './owner.ts';
import {
  createRequests,
  type GatewayMode,
  gatewayRequests,
  hostRoute,
  mainTable,
  podRequests,
} from './plan.ts';
import { forwardingSysctls, hostSysctls6, podSysctls6, proxySysctls, type Sysctl } from './sysctls.ts';

export interface PodLinkSpec {
  readonly key: AttachmentKey;
  readonly addresses: readonly Address[];
  readonly mtu: number;
  readonly netns: NetworkNamespace;
  /** Of that namespace. */
  readonly pod: RtnetlinkVisit;
  readonly gateway: GatewayMode;
  /** Whether the pod may forward packets. */
  readonly forwarding: boolean;
}

/** A pod link in the kernel, and how far it says to have come. */
export interface LivePodLink extends LiveAttachment {
  readonly stage: LinkStage;
}

/**
 * The veth pairs between node and pods. The kernel makes and deletes them on other threads; what they need besides takes it a few
 * hundred microseconds and is done at a stretch on this one, which alone may go into a pod's namespace.
 */
export class PodLinks {
  readonly #netlink: Rtnetlink;
  readonly #remover: LinkRemover;
  /** Sockets of their own, because deletions keep the others waiting for long. */
  readonly #making = Rtnetlink.open();
  readonly #maker = new LinkMaker(this.#making);
  readonly #protocol: number;
  /** Of the namespace in which a thread is that looks. */
  readonly #sysctls: string;
  #ipv6 = false;

  /** To be used in the namespace of `netlink`. `protocol` marks the host's routes; `sysctlDir` is where /proc/sys can be written. */
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
  async create(spec: PodLinkSpec): Promise<Mac> {
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
    // The requests below name the link: they would change that one.
    if (this.#netlink.linkIndex(hostLink) !== undefined)
      throw new CniError(cniCode.exists, `the node has a link ${hostLink} of somebody else`);
    const mac = podMac(key);
    const ipv6 = this.#hasIpv6();
    const wantsIpv6 = addresses.some((own) => familyOf(own) === 6);
    if (wantsIpv6 && !ipv6) throw new CniError(cniCode.linkFailed, 'the kernel of this node has no IPv6');

    const pair = createRequests({ hostLink, ifname: key.ifname, alias, mtu, netns: netns.fd, mac, ipv6 });
    const [failure] = await this.#maker.make(pair);
    if (failure !== undefined) throw refusal(failure);
    writeSysctls(this.#sysctls, [
      ...(gateway === 'proxied' ? proxySysctls(hostLink) : []),
      ...(wantsIpv6 ? hostSysctls6(hostLink) : []),
    ]);
    this.#setUpPod(spec, ipv6, wantsIpv6);
    this.#finish(madeLink(this.#netlink, hostLink), spec);
    return mac;
  }

  /** Asked until it is there, because a module can bring it. */
  #hasIpv6(): boolean {
    this.#ipv6 ||= fs.existsSync(path.join(this.#sysctls, 'ipv6'));
    return this.#ipv6;
  }

  /** Nothing is made any more; what is being deleted goes on. */
  close(): void {
    this.#making.close();
  }

  /** From now on the link says that it is going, whatever becomes of the journal and of this agent. Nothing to mark is fine. */
  markLeaving(key: AttachmentKey): void {
    const link = this.find(key);
    // A mark that is refused is missed only where the journal is lost too.
    if (link !== undefined) this.#netlink.run([stageRequest(link.index, key, 'leaving')]);
  }

  #setUpPod(
    { key, addresses, netns, pod, forwarding }: PodLinkSpec,
    ipv6: boolean,
    wantsIpv6: boolean,
  ): void {
    inNetns(netns.fd, () => {
      writeSysctls(this.#sysctls, forwardingSysctls(forwarding, ipv6));
      if (wantsIpv6) writeSysctls(this.#sysctls, podSysctls6(key.ifname));
    });
    const [failure] = pod.run(podRequests(madeLink(pod, key.ifname), addresses));
    if (failure === undefined) return;
    throw isSecondWayOut(failure) ? secondWayOut(key.ifname) : refusal(failure);
  }

  /**
   * The gateways, the routes, and the word that the link is whole, in one message. Where something is refused the word is taken back
   * at once. A route of ours in the way is a remnant of the same address and is replaced; anybody else's is an error, for which the
   * caller takes everything apart.
   */
  #finish(index: number, { key, addresses, gateway }: PodLinkSpec): void {
    const failures = this.#netlink.run([
      ...gatewayRequests(index, addresses, gateway),
      ...addresses.map((own) => {
        return { kind: 'route.create', route: hostRoute(index, own, this.#protocol) } as const;
      }),
      stageRequest(index, key, 'whole'),
    ]);
    if (failures.length === 0) return;
    this.#run([stageRequest(index, key, 'making')]);
    for (const failure of failures) this.#replaceRoute(failure);
    this.#run([stageRequest(index, key, 'whole')]);
  }

  #replaceRoute(failure: NetlinkFailure): void {
    if (failure.request.kind !== 'route.create') throw refusal(failure);
    const { route } = failure.request;
    if (failure.errnoName === 'EEXIST' && this.#isOurs(route.prefix))
      this.#run([{ kind: 'route.replace', route }]);
    else
      throw new CniError(
        cniCode.linkFailed,
        `route to ${prefixAddress(route.prefix)} is refused`,
        failure.message,
      );
  }

  #isOurs(prefix: Prefix): boolean {
    const filter = { family: prefixFamily(prefix), table: mainTable, protocol: this.#protocol };
    return this.#netlink.routes(filter).some((route) => route.prefix === prefix);
  }

  #run(requests: readonly NetlinkRequest[]): void {
    const [failure] = this.#netlink.run(requests);
    if (failure !== undefined) throw refusal(failure);
  }

  /** The host end of this attachment, if it is there. A link of that name with another owner is not it. */
  find(key: AttachmentKey): LinkRecord | undefined {
    const name = hostLinkName(key);
    // The kernel tells an index at once; for more it takes the lock that whoever makes links holds for long.
    if (this.#netlink.linkIndex(name) === undefined) return undefined;
    const link = this.#netlink.link({ name });
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

/** The index of a link that was made just now. */
function madeLink(netlink: Pick<Rtnetlink, 'linkIndex'>, name: string): number {
  const index = netlink.linkIndex(name);
  if (index === undefined) throw new CniError(cniCode.linkFailed, `${name} vanished while it was made`);
  return index;
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
