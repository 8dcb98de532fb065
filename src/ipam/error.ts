import { GryphonError } from '../ports/error.ts';

/** `GRY_IPAM_NO_CIDR`, `GRY_IPAM_EXHAUSTED`, `GRY_IPAM_REQUEST`, `GRY_IPAM_DUPLICATE`, `GRY_IPAM_UNKNOWN`, `GRY_IPAM_JOURNAL`. */
export class IpamError extends GryphonError {}
