import { GryphonError } from '../../ports/error.ts';

/**
 * Bytes that are no rtnetlink message: a length that lies, an attribute of the wrong size. The only error that decoding throws.
 * Code `GRY_NETLINK_FORMAT`.
 */
export class NetlinkFormatError extends GryphonError {
  constructor(what: string, fields: Readonly<Record<string, unknown>>) {
    super('GRY_NETLINK_FORMAT', `netlink message: ${what}`, { fields });
  }
}

/** A request that no message can express, for example renaming a link that is chosen by its name. Code `GRY_NETLINK_REQUEST`. */
export class NetlinkRequestError extends GryphonError {
  constructor(message: string) {
    super('GRY_NETLINK_REQUEST', message);
  }
}
