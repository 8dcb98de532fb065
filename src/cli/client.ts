import { type IncomingMessage, request } from 'node:http';
import { InvalidArgumentError, Option } from 'commander';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { formatHostPort, type HostPort, parseHostPort } from '../api/address.ts';
import { ErrorBody } from '../api/resources/common.ts';
import { GryphonError } from '../ports/error.ts';
import { type CommandContext, UsageError } from './context.ts';

export class ClientError extends GryphonError {}

const DEFAULT_ADDRESS: HostPort = { host: '127.0.0.1', port: 17_179 };
/** Milliseconds of silence after which the agent is given up. */
const TIMEOUT = 5000;
/** Bytes of one answer; a hundred thousand BGP routes are about 20 million. */
const ANSWER_LIMIT = 256 * 1024 * 1024;
const ADDRESS_FORM = 'write it like 127.0.0.1:17179, [::1]:17179 or :17179';

/** `--api`, for every command that asks the agent. */
export const apiOption = (): Option =>
  new Option(
    '--api <address>',
    "the agent's API (environment GRYPHON_API_ADDRESS; default 127.0.0.1:17179)",
  ).argParser((text) => {
    const parsed = parseHostPort(text);
    if (parsed === undefined) throw new InvalidArgumentError(`${ADDRESS_FORM}.`);
    return parsed;
  });

/** The client for `--api`, else for GRYPHON_API_ADDRESS, else for the default. */
export function connect({ environment }: CommandContext, flag: HostPort | undefined): ApiClient {
  const text = environment['GRYPHON_API_ADDRESS'];
  if (flag !== undefined || text === undefined || text === '') return new ApiClient(flag ?? DEFAULT_ADDRESS);
  const parsed = parseHostPort(text);
  if (parsed === undefined) {
    throw new UsageError(
      `GRYPHON_API_ADDRESS: ${JSON.stringify(text)} is no address with a port`,
      ADDRESS_FORM,
    );
  }
  return new ApiClient(parsed);
}

/** Reads resources of one agent. */
export class ApiClient {
  readonly #address: HostPort;
  readonly #timeout: number;

  constructor(address: HostPort, options: { readonly timeout?: number } = {}) {
    this.#address = address.host === '' ? { ...address, host: DEFAULT_ADDRESS.host } : address;
    this.#timeout = options.timeout ?? TIMEOUT;
  }

  /**
   * The resource at `path`, checked against its schema.
   * @throws ClientError `GRY_AGENT_UNREACHABLE`, `GRY_AGENT_TIMEOUT`, `GRY_AGENT_ANSWER`, or the code the agent answers with
   */
  async get<T extends TSchema>(
    path: string,
    schema: T,
    query: Readonly<Record<string, string | number | undefined>> = {},
  ): Promise<Static<T>> {
    const { status, text } = await this.#fetch(path + queryText(query));
    const body = parseJson(text);
    // Compiled, because a list may have a hundred thousand items: 10 ms against 1.7 s interpreted.
    if (status === 200 && Compile(schema).Check(body)) return body;
    if (status !== 200 && Compile(ErrorBody).Check(body)) {
      throw new ClientError(body.code, body.message, { remedy: body.remedy });
    }
    throw this.#error(
      'GRY_AGENT_ANSWER',
      `gave no answer of Gryphon's API (HTTP ${status})`,
      'check that --api names a gryphon agent of this version',
    );
  }

  async #fetch(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = request({ ...this.#address, path, agent: false, timeout: this.#timeout }, resolve);
    // An answer that has begun reports the destroyed socket in its own words, so the reason is kept here.
    let silence: ClientError | undefined;
    sent.on('timeout', () => {
      silence = this.#silent();
      sent.destroy(silence);
    });
    sent.on('error', reject);
    sent.end();
    try {
      const answer = await promise;
      return { status: answer.statusCode ?? 0, text: await this.#read(answer) };
    } catch (error) {
      if (silence !== undefined) throw silence;
      throw error instanceof ClientError ? error : this.#unreachable(error);
    }
  }

  async #read(answer: IncomingMessage): Promise<string> {
    let text = '';
    answer.setEncoding('utf8');
    for await (const chunk of answer) {
      text += chunk;
      if (text.length > ANSWER_LIMIT)
        throw this.#error('GRY_AGENT_ANSWER', 'answers without end', 'ask for less with --limit');
    }
    return text;
  }

  #silent(): ClientError {
    const what = `said nothing for ${this.#timeout / 1000} s`;
    return this.#error('GRY_AGENT_TIMEOUT', what, 'look into the log of the agent');
  }

  #unreachable(error: unknown): ClientError {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return this.#error(
      'GRY_AGENT_UNREACHABLE',
      `does not answer (${REASONS[code] ?? code})`,
      'start `gryphon agent` on this node, or name its API with --api or GRYPHON_API_ADDRESS',
      error,
    );
  }

  #error(code: string, what: string, remedy: string, cause?: unknown): ClientError {
    return new ClientError(code, `the agent at ${formatHostPort(this.#address)} ${what}`, { remedy, cause });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection lost',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'no such host',
  ETIMEDOUT: 'timeout',
};

function queryText(query: Readonly<Record<string, string | number | undefined>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters}`;
}

/** undefined when the text is no JSON: no schema accepts that. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
