import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { isLoopback } from '../net/address.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Problem } from '../ports/problem.ts';
import type { ListenAddress } from './address.ts';
import { createApp } from './app.ts';
import { registerHealth } from './health.ts';
import { Listener } from './listener.ts';
import type { MetricsPage } from './metrics-page.ts';
import { registerV1 } from './v1.ts';
import type { AgentView } from './view.ts';

export interface ApiServerOptions {
  readonly view: AgentView;
  readonly metrics: MetricsPage;
  readonly clock: Clock;
  readonly log: Log;
  /** Health, `/v1` and `/metrics`. On a loopback address, requests for other host names are refused (DNS rebinding). */
  readonly address: ListenAddress;
  /** `/metrics` alone, for Prometheus; absent: nowhere. */
  readonly metricsAddress?: ListenAddress;
}

/** Milliseconds that requests under way get when the server closes. */
const GRACE = 2000;

/** The read-only HTTP face of the agent. An address that cannot be had is a problem, never the end of the agent. */
export class ApiServer {
  readonly #clock: Clock;
  readonly #apps: readonly FastifyInstance[];
  readonly #api: Listener;
  readonly #metrics: Listener | undefined;

  constructor(options: ApiServerOptions) {
    const { address, metricsAddress, clock, log } = options;
    const api = apiApp(options);
    this.#clock = clock;
    this.#api = new Listener({ server: api.server, address, name: 'API', flag: '--api-address', clock, log });
    if (metricsAddress === undefined) {
      this.#apps = [api];
      return;
    }
    const metrics = metricsApp(options);
    this.#apps = [api, metrics];
    this.#metrics = new Listener({
      server: metrics.server,
      address: metricsAddress,
      name: 'metrics',
      flag: '--metrics-address',
      clock,
      log,
    });
  }

  /** Resolves once each address is bound or has refused for the first time; a refused one is tried again until `close()`. */
  async start(): Promise<void> {
    await Promise.all(this.#apps.map((app) => app.ready()));
    await Promise.all([this.#api.start(), this.#metrics?.start()]);
  }

  /** The addresses that cannot be had at the moment. */
  problems(): readonly Problem[] {
    return [this.#api.problem, this.#metrics?.problem].filter((problem) => problem !== undefined);
  }

  /** What is bound, with the ports that the kernel chose. */
  bound(): { readonly api?: AddressInfo; readonly metrics?: AddressInfo } {
    const api = this.#api.bound();
    const metrics = this.#metrics?.bound();
    return { ...(api && { api }), ...(metrics && { metrics }) };
  }

  /** Takes no more requests, lets those under way finish for a moment, then cuts them off. */
  async close(): Promise<void> {
    this.#api.stop();
    this.#metrics?.stop();
    const cut = this.#clock.setTimer(GRACE, () => {
      for (const app of this.#apps) app.server.closeAllConnections();
    });
    for (const app of this.#apps) app.server.closeIdleConnections();
    await Promise.all(this.#apps.map((app) => app.close()));
    cut.cancel();
  }
}

/** Everything but the listening: what the tests `inject()` into. */
export function apiApp(
  options: Pick<ApiServerOptions, 'view' | 'metrics' | 'log' | 'address'>,
): FastifyInstance {
  const { address } = options.address;
  const app = createApp({ log: options.log, checkHost: address !== undefined && isLoopback(address) });
  registerHealth(app, options.view);
  registerV1(app, options.view, options.log);
  registerMetrics(app, options.metrics);
  return app;
}

/** `/metrics` and nothing else; Prometheus may know the node by any name, so the Host header is not checked. */
export function metricsApp(options: Pick<ApiServerOptions, 'metrics' | 'log'>): FastifyInstance {
  const app = createApp({ log: options.log, checkHost: false });
  registerMetrics(app, options.metrics);
  return app;
}

function registerMetrics(app: FastifyInstance, page: MetricsPage): void {
  app.get('/metrics', async (_request, reply) => {
    const text = await page.render();
    return reply.type(page.contentType).send(text);
  });
}
