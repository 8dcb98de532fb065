import type { DesiredSysctl, SysctlIntent } from '../dataplane/sysctl-intent.ts';
import type { Family } from '../net/address.ts';

/**
 * Forwarding for the families in use, in the order of writing. A host that takes its default route from router advertisements
 * stops listening to them once it forwards (accept_ra 1), so uplinks go to 2 first: "also when forwarding". An accept_ra of 0
 * was somebody's decision and stays.
 */
export function computeSysctls(families: ReadonlySet<Family>, uplinks: readonly string[]): SysctlIntent {
  const sysctls = new Map<string, DesiredSysctl>();
  if (families.has(4)) sysctls.set('net/ipv4/ip_forward', { value: '1' });
  if (families.has(6)) {
    for (const name of uplinks) {
      // A dot in a name (eth0.100) is no separator below /proc/sys.
      sysctls.set(`net/ipv6/conf/${name}/accept_ra`, { value: '2', onlyFrom: '1' });
    }
    sysctls.set('net/ipv6/conf/all/forwarding', { value: '1' });
  }
  return sysctls;
}
