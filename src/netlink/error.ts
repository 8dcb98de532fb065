import { type ErrorDetails, GryphonError } from '../ports/error.ts';
import { errnoName } from './errno.ts';

/** A system call that failed. Code `GRY_SYSTEM_CALL`; `errnoName` is for branching: `EEXIST`, `ENOBUFS`. */
export class SystemError extends GryphonError {
  /** Positive. */
  readonly errno: number;
  readonly errnoName: string;

  constructor(what: string, errno: number, details: ErrorDetails = {}) {
    const name = errnoName(errno);
    super('GRY_SYSTEM_CALL', `${what}: ${name}`, {
      ...details,
      fields: { ...details.fields, errno, errnoName: name },
    });
    this.errno = errno;
    this.errnoName = name;
  }
}

/** The process may not change the network. Code `GRY_NETLINK_PERMISSION`. */
export class NetlinkPermissionError extends GryphonError {
  constructor(what: string) {
    super('GRY_NETLINK_PERMISSION', `${what}: the kernel refuses, CAP_NET_ADMIN is missing`, {
      remedy: 'run as root, or give the container the capability NET_ADMIN',
    });
  }
}

/**
 * Answers of the kernel were lost (ENOBUFS), so nobody knows which requests of the batch went in. Code `GRY_NETLINK_LOST`:
 * read the kernel's state again before the next change.
 */
export class NetlinkLostError extends GryphonError {
  constructor(what: string) {
    super('GRY_NETLINK_LOST', `${what}: acknowledgements of the kernel were lost`, {
      remedy: 'read the state back and apply the difference',
    });
  }
}

/** A dump never came out consistent or the kernel refused it. Code `GRY_NETLINK_DUMP`. */
export class NetlinkDumpError extends GryphonError {
  constructor(what: string, reason: string) {
    super('GRY_NETLINK_DUMP', `reading ${what}: ${reason}`);
  }
}
