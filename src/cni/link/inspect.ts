import type { Address } from '../../net/address.ts';
import { familyOf } from '../../net/address.ts';
import { inNetns, type NetworkNamespace } from '../../netlink/netns.ts';
import { Rtnetlink } from '../../netlink/rtnetlink.ts';
import type { RouteRecord } from '../../netlink/wire/records.ts';
import { mainTable, podRoutes } from './plan.ts';

/**
 * What is wrong with the pod's end of a link, as sentences; empty: nothing. MTU, MAC and further addresses or routes are not looked at: plugins
 * behind us in the chain may change them.
 */
export function podProblems(
  netns: NetworkNamespace,
  ifname: string,
  addresses: readonly Address[],
): readonly string[] {
  return inNetns(netns.fd, () => {
    using netlink = Rtnetlink.open();
    const link = netlink.link({ name: ifname });
    if (link === undefined) return [`the pod has no interface ${ifname}`];
    const present = new Set(
      netlink
        .addresses()
        .filter((a) => a.link === link.index)
        .map((a) => a.address),
    );
    const routes = netlink.routes({ table: mainTable });
    const wanted = addresses.flatMap((own) => podRoutes(link.index, familyOf(own)));
    return [
      ...(link.up ? [] : [`${ifname} is down`]),
      ...addresses.filter((own) => !present.has(own)).map((own) => `${ifname} lacks the address ${own}`),
      ...wanted
        .filter((route) => !routes.some((r) => sameWay(r, route)))
        .map((r) => `the pod lacks the route ${r.prefix}`),
    ];
  });
}

const sameWay = (a: RouteRecord, b: RouteRecord): boolean =>
  a.prefix === b.prefix &&
  a.nextHops[0]?.link === b.nextHops[0]?.link &&
  a.nextHops[0]?.gateway === b.nextHops[0]?.gateway;
