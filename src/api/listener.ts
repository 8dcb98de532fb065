import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Problem } from '../ports/problem.ts';
import { formatListenAddress, type ListenAddress } from './address.ts';

export interface ListenerOptions {
  readonly server: Server;
  readonly address: ListenAddress;
  /** What is served there, for people: `metrics`. */
  readonly name: string;
  /** The flag that sets the address, for the remedy. */
  readonly flag: string;
  readonly clock: Clock;
  readonly log: Log;
}

const FIRST_RETRY = 1000;
const LAST_RETRY = 30_000;

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process has the port',
  EADDRNOTAVAIL: 'this machine does not have the address',
  EACCES: 'the port needs a privilege that the agent does not have',
};

/** Binds a server to its address and, where that fails, tries again with backoff until stopped. */
export class Listener {
  readonly #options: ListenerOptions;
  #attempts = 0;
  #stopped = false;
  #timer: Timer | undefined;
  #problem: Problem | undefined;
  #firstDone: (() => void) | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
    options.server.on('listening', () => this.#listening());
    // Also heard while listening: accept() fails with EMFILE, and without a listener that would end the process.
    options.server.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
  }

  /** Resolves after the first attempt, whatever came of it. */
  async start(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#firstDone = resolve;
      this.#listen();
    });
  }

  /** Why the address is not bound; undefined while all is well. */
  get problem(): Problem | undefined {
    return this.#problem;
  }

  bound(): AddressInfo | undefined {
    const bound = this.#options.server.address();
    return bound === null || typeof bound === 'string' ? undefined : bound;
  }

  /** No further attempts; closing the server is its owner's task. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #listen(): void {
    const { server, address } = this.#options;
    // Without a host, Node binds :: for both families, and 0.0.0.0 where the machine has no IPv6.
    server.listen({ port: address.port, ...(address.address !== undefined && { host: address.address }) });
  }

  #listening(): void {
    const { log, name } = this.#options;
    if (this.#problem !== undefined) log.info('address bound at last', { name, attempts: this.#attempts });
    this.#problem = undefined;
    this.#attempts = 0;
    this.#firstDone?.();
  }

  #failed(error: NodeJS.ErrnoException): void {
    const { server, log, clock, name } = this.#options;
    if (server.listening) {
      log.warn('connection refused by the system', { name, reason: error.message });
      return;
    }
    const problem = this.#describe(error);
    if (this.#problem === undefined)
      log.error('cannot listen', { name, reason: problem.message, remedy: problem.remedy });
    this.#problem = problem;
    this.#firstDone?.();
    if (this.#stopped) return;
    const backoff = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** this.#attempts++);
    this.#timer = clock.setTimer(backoff * (0.5 + clock.random() / 2), () => this.#listen());
  }

  #describe(error: NodeJS.ErrnoException): Problem {
    const { name, address, flag } = this.#options;
    const code = error.code ?? 'unknown';
    return {
      code: 'GRY_API_LISTEN',
      severity: 'error',
      subject: `${name} address ${formatListenAddress(address)}`,
      message: `cannot listen: ${REASONS[code] ?? error.message} (${code})`,
      remedy: `free the port (\`ss -ltnp\` shows who has it) or choose another address with ${flag}`,
    };
  }
}
