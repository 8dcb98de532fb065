import { type ErrorDetails, GryphonError } from '../../ports/error.ts';

/** Error codes of CNI 1.1.0 §Error; 8 and 999 are those of the reference library. */
export const cniCode = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  unknownContainer: 3,
  badEnvironment: 4,
  ioFailure: 5,
  decodingFailure: 6,
  badConfig: 7,
  badNetns: 8,
  tryAgainLater: 11,
  notAvailable: 50,
  internal: 999,
  /** Ours: shim and agent do not speak the same protocol. */
  protocolSkew: 100,
  /** Ours: CHECK found something missing or changed. */
  checkFailed: 101,
  /** Ours: the interface or the attachment exists already. */
  exists: 102,
  /** Ours: the kernel refused something; nothing is left behind. */
  linkFailed: 103,
} as const;

export type CniCode = (typeof cniCode)[keyof typeof cniCode];

/** What the caller is told: `msg` is what failed, `details` why. Runtimes show both to people and act on neither. */
export class CniError extends GryphonError {
  readonly cniCode: CniCode;
  readonly details: string;

  constructor(code: CniCode, msg: string, details = '', more: ErrorDetails = {}) {
    super(`GRY_CNI_${code}`, msg, more);
    this.cniCode = code;
    this.details = details;
  }
}

/** The error object of CNI 1.1.0 §Error, one line. */
export function renderError(error: CniError, cniVersion: string): string {
  const { cniCode: code, message: msg, details } = error;
  return `${JSON.stringify({ cniVersion, code, msg, ...(details === '' ? {} : { details }) })}\n`;
}
