import { GryphonError } from '../ports/error.ts';

/** A request that is answered with an error: `status` is the HTTP status, the rest becomes `{code, message, remedy}`. */
export class ApiError extends GryphonError {
  readonly status: number;

  constructor(status: number, code: string, message: string, remedy: string) {
    super(code, message, { remedy });
    this.status = status;
  }
}

export const notFound = (path: string): ApiError =>
  new ApiError(404, 'GRY_API_NOT_FOUND', `nothing is at ${path}`, 'see docs/api.md for the paths');

export const methodNotAllowed = (method: string): ApiError =>
  new ApiError(405, 'GRY_API_METHOD', `${method} is not allowed: this API only reads`, 'use GET or HEAD');

export const urlTooLong = (length: number, limit: number): ApiError =>
  new ApiError(
    414,
    'GRY_API_URL_LENGTH',
    `the URL has ${length} characters, ${limit} are allowed`,
    'shorten it',
  );

export const hostRefused = (host: string): ApiError =>
  new ApiError(
    403,
    'GRY_API_HOST',
    `the Host header names ${JSON.stringify(host)}, which is neither an address nor localhost`,
    'ask for the API by its address, for example http://127.0.0.1:17179',
  );

export const badRequest = (reason: string): ApiError =>
  new ApiError(
    400,
    'GRY_API_REQUEST',
    `the request is malformed: ${reason}`,
    'see docs/api.md for the parameters',
  );

export const badQuery = (reason: string, remedy = 'see docs/api.md for the parameters'): ApiError =>
  new ApiError(400, 'GRY_API_QUERY', reason, remedy);

export const internalError = (): ApiError =>
  new ApiError(500, 'GRY_API_INTERNAL', 'the agent failed to answer', 'look for component "api" in its log');
