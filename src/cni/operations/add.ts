import type { Attachment, AttachmentKey } from '../../ipam/attachment.ts';
import { IpamError } from '../../ipam/error.ts';
import { type Address, parseAddress } from '../../net/address.ts';
import { hostPrefix } from '../../net/prefix.ts';
import { inNetns } from '../../netlink/netns.ts';
import { RtnetlinkVisit } from '../../netlink/visit.ts';
import { describeError } from '../../ports/error.ts';
import { hostLinkName } from '../link/owner.ts';
import { hostMac } from '../link/plan.ts';
import { type CniCode, CniError, cniCode } from '../protocol/error.ts';
import type { AddRequest } from '../protocol/request.ts';
import { appendResult, type CniResult, parseResult } from '../protocol/result.ts';
import type { OperationContext } from './context.ts';
import { detach } from './del.ts';
import { openPodNetns } from './pod-netns.ts';

export interface Added {
  readonly attachment: Attachment;
  readonly result: CniResult;
}

/**
 * CNI 1.1.0 §ADD. Everything that can be refused is refused before anything is touched; what fails later is undone as a
 * whole. `caller` is aborted when the shim has died: nobody would hear of the pod's addresses, so it is undone too.
 * @throws CniError
 */
export async function add(
  request: AddRequest,
  caller: AbortSignal,
  context: OperationContext,
): Promise<Added> {
  const { key, netns: path, config } = request;
  const refusal = context.refusal();
  if (refusal !== undefined) throw new CniError(cniCode.tryAgainLater, 'no pod can be attached now', refusal);
  const previous = config.prevResult === undefined ? undefined : parseResult(config.prevResult);
  const requested = requestedAddresses(request);
  using netns = openPodNetns(path);
  // A sandbox may be used again before the kernel has taken its last interface away.
  using pod = inNetns(netns.fd, () => new RtnetlinkVisit());
  if (pod.linkIndex(key.ifname) !== undefined) await interfaceGone(request, pod, context);
  if (hasRemnants(key, context)) await detach(key, context);
  caller.throwIfAborted();
  const attachment = await allocate(request, requested, context);
  context.changed(key);
  try {
    await context.forgotten(attachment.addresses);
    caller.throwIfAborted();
    const mtu = config.mtu ?? context.mtu();
    const mac = await context.links.create({
      key,
      addresses: attachment.addresses,
      mtu,
      netns,
      pod,
      gateway: context.gateway(),
      forwarding: config.allowIpForwarding,
    });
    caller.throwIfAborted();
    const confirmed = context.ipam.confirm(key);
    context.changed(key);
    const own = ownResult(confirmed, { mac, mtu, sandbox: path, dns: config.dns });
    return { attachment: confirmed, result: previous === undefined ? own : appendResult(previous, own) };
  } catch (error) {
    await detach(key, context).catch((cause: unknown) => {
      context.log.warn('a failed ADD is not undone yet', { key, reason: describeError(cause) });
    });
    throw ipamToCni(error);
  }
}

/**
 * An interface of that name in the pod that is not going means a second ADD without a DEL: an error (§ADD), and what is there stays as it
 * is. @throws CniError
 */
async function interfaceGone(
  { key, netns: path }: AddRequest,
  pod: RtnetlinkVisit,
  context: OperationContext,
): Promise<void> {
  await context.detached();
  if (pod.linkIndex(key.ifname) === undefined) return;
  throw new CniError(cniCode.exists, `the pod has an interface ${key.ifname} already`, path);
}

/**
 * A link without addresses, or addresses without a link, are remnants. A whole link of this attachment on the node is that of an
 * earlier ADD without a DEL: an error too. @throws CniError
 */
function hasRemnants(key: AttachmentKey, context: OperationContext): boolean {
  const link = context.links.find(key);
  const attachment = context.ipam.get(key);
  if (link === undefined || attachment?.state !== 'configured')
    return link !== undefined || attachment !== undefined;
  throw new CniError(
    cniCode.exists,
    'the container is attached already',
    `${link.name} leads to another namespace`,
  );
}

/** Those of the configuration (with or without prefix length), else `IP=` of CNI_ARGS. @throws CniError 7 */
function requestedAddresses({ config, args }: AddRequest): readonly Address[] {
  const texts = config.ips.length > 0 ? config.ips : (args.ip ?? '').split(',').filter((text) => text !== '');
  return texts.map((text) => {
    const parsed = parseAddress(text.split('/')[0] ?? '');
    if (parsed === undefined)
      throw new CniError(cniCode.badConfig, `requested address ${JSON.stringify(text)} is none`);
    return parsed;
  });
}

/** What is being taken apart frees addresses within a moment: before an ADD is refused for want of one, that is waited for. */
async function allocate(
  request: AddRequest,
  requested: readonly Address[],
  context: OperationContext,
): Promise<Attachment> {
  const { key, args } = request;
  const pod = args.pod === undefined ? {} : { pod: args.pod };
  const take = (): Attachment =>
    context.ipam.allocate(key, { hostLink: hostLinkName(key), requested, ...pod });
  try {
    return take();
  } catch (error) {
    if (!(error instanceof IpamError && takenCodes.has(error.code))) throw ipamToCni(error);
  }
  await context.detached();
  try {
    return take();
  } catch (error) {
    throw ipamToCni(error);
  }
}

const takenCodes: ReadonlySet<string> = new Set(['GRY_IPAM_EXHAUSTED', 'GRY_IPAM_REQUEST']);

/** Which errors of IPAM can pass by themselves: the runtime tries again in either case, people read the code. */
const ipamCodes: Readonly<Record<string, CniCode>> = {
  GRY_IPAM_NO_CIDR: cniCode.tryAgainLater,
  GRY_IPAM_EXHAUSTED: cniCode.tryAgainLater,
  GRY_IPAM_JOURNAL: cniCode.tryAgainLater,
  GRY_IPAM_REQUEST: cniCode.badConfig,
};

function ipamToCni(error: unknown): unknown {
  if (!(error instanceof IpamError)) return error;
  return new CniError(ipamCodes[error.code] ?? cniCode.internal, error.message, error.remedy, {
    cause: error,
  });
}

interface PodEnd {
  readonly mac: string;
  readonly mtu: number;
  readonly sandbox: string;
  readonly dns: CniResult['dns'];
}

/**
 * The host end first, then the pod's: bandwidth looks for the first, portmap for the second by name and sandbox. No gateway: it
 * lies outside of the /32, and no routes: nobody behind us needs to know them.
 */
function ownResult(attachment: Attachment, { mac, mtu, sandbox, dns }: PodEnd): CniResult {
  return {
    interfaces: [
      { name: attachment.hostLink, mac: hostMac, mtu },
      { name: attachment.ifname, mac, mtu, sandbox },
    ],
    ips: attachment.addresses.map((own) => ({ address: hostPrefix(own), interface: 1 })),
    routes: [],
    ...(dns === undefined ? {} : { dns }),
  };
}
