/** What one setting should be. */
export interface DesiredSysctl {
  readonly value: string;
  /** Change it only where it has this value now: any other was somebody's decision. */
  readonly onlyFrom?: string;
}

/** By path below /proc/sys, for example `net/ipv4/ip_forward`; written in the order of the map. */
export type SysctlIntent = ReadonlyMap<string, DesiredSysctl>;
