import { LinkRemover } from '../cni/link/link-remover.ts';
import { parseLinkStage, parseOwnerAlias, podLinkPattern } from '../cni/link/owner.ts';
import type { NetlinkFailure, NetlinkRequest, Rtnetlink } from '../netlink/rtnetlink.ts';
import type { LinkRecord, RouteRecord } from '../netlink/wire/records.ts';
import { type CleanupItem, failed, removed } from './item.ts';

/** As much of rtnetlink as cleanup needs. */
export type CleanupNetlink = Pick<Rtnetlink, 'links' | 'routesAsync' | 'runAsync'>;

/** Tunnels that bear our names. `tunl0` is the kernel's and is left alone. */
const tunnelNames: ReadonlySet<string> = new Set(['gry-vxlan', 'gry-vxlan6', 'gry-wg']);

const isPodLink = ({ name, alias }: LinkRecord): boolean =>
  podLinkPattern.test(name) && (alias === undefined || parseOwnerAlias(alias) !== undefined);

/** The host ends of pods that are attached: an ADD that was cut short made no pod, and one whose DEL was answered lives no more. */
export const livePodLinks = (netlink: CleanupNetlink): readonly LinkRecord[] =>
  netlink.links().filter((link) => isPodLink(link) && parseLinkStage(link.alias ?? '') === 'whole');

/** Pod links and tunnels, in groups; the kernel takes their addresses, routes and neighbours away with them. */
export async function removeLinks(netlink: CleanupNetlink): Promise<readonly CleanupItem[]> {
  const remover = new LinkRemover(netlink);
  const links = netlink.links().filter((link) => isPodLink(link) || tunnelNames.has(link.name));
  return Promise.all(
    links.map(async (link) => {
      const failure = await remover.remove(link.index);
      return failure === undefined
        ? removed('link', nameOf(link))
        : failed('link', nameOf(link), failure.message);
    }),
  );
}

/** Somebody else was quicker. */
const isReal = (failure: NetlinkFailure | undefined): failure is NetlinkFailure =>
  failure !== undefined && failure.errnoName !== 'ENODEV' && failure.errnoName !== 'ESRCH';

function nameOf({ name, alias }: LinkRecord): string {
  const owner = alias === undefined ? undefined : parseOwnerAlias(alias);
  return owner === undefined ? name : `${name} (container ${owner.containerID.slice(0, 12)})`;
}

/** Everything that bears our protocol number, in every table. */
export async function removeRoutes(
  netlink: CleanupNetlink,
  protocol: number,
  signal: AbortSignal,
): Promise<readonly CleanupItem[]> {
  const routes = await netlink.routesAsync({ protocol }, signal);
  if (routes.length === 0) return [];
  const requests = routes.map((route: RouteRecord): NetlinkRequest => ({ kind: 'route.delete', route }));
  const failures = (await netlink.runAsync(requests, signal)).filter(isReal);
  const gone = routes.length - failures.length;
  const count = gone === 1 ? '1 route' : `${gone} routes`;
  return [
    ...(gone > 0 ? [removed('routes', `${count} of protocol ${protocol}`)] : []),
    ...failures.map((failure) => failed('routes', routeName(failure), failure.message)),
  ];
}

const routeName = ({ request }: NetlinkFailure): string =>
  request.kind === 'route.delete' ? request.route.prefix : request.kind;
