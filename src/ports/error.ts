/** What every error of ours tells besides its message. */
export interface ErrorDetails {
  /** What to do next, one imperative sentence for the person with the broken cluster. */
  readonly remedy?: string;
  /** Numbers and names: what was wanted, what came, where. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The base of all typed errors. `code` is stable (`GRY_NETLINK_REFUSED`): tests, metrics and users' scripts may rely on it;
 * the message names the thing and the reason and may be reworded.
 */
export class GryphonError extends Error {
  readonly code: string;
  readonly remedy: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.remedy = details.remedy;
    this.fields = details.fields ?? {};
  }
}

/** The message of anything that was thrown, with the remedy where there is one. */
export function describeError(error: unknown): string {
  if (error instanceof GryphonError && error.remedy !== undefined) return `${error.message}; ${error.remedy}`;
  return error instanceof Error ? error.message : String(error);
}
