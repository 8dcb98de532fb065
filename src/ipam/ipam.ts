import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';

export interface IpamOptions {
  /** `/var/lib/gryphon/ipam.journal`; the directory is made when it is missing. */
  readonly path: string;
  /** /proc/sys/kernel/random/boot_id: what another boot wrote is void. */
  readonly bootID: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds before a released address is given again; 30 000. */
  readonly coolDown?: number;
}

export declare class Ipam {
  /** Reads the journal. @throws IpamError `GRY_IPAM_JOURNAL` when the directory cannot be used */
  static open(options: IpamOptions): Ipam;
  close(): void;
}
