import type { RequestOptions } from 'node:https';
import { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import { Agent, type Dispatcher } from 'undici';
import { describeError } from '../../ports/error.ts';
import { KubeError } from './kube-api.ts';

/** What one request needs. */
export interface Pass {
  /** `https://10.96.0.1:443`, perhaps with a path. */
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
}

/** Who we are and whom we trust: client-node's `KubeConfig`, read when it is first needed and whenever it turned out to be old. */
export class Credentials {
  readonly #kubeconfig: string | undefined;
  #config: KubeConfig | undefined;
  #dispatcher: Dispatcher | undefined;
  /** The TLS settings that the dispatcher has. */
  #tls = '';

  /** `kubeconfig`: path of a file; absent: the service account of the pod. */
  constructor(kubeconfig: string | undefined) {
    this.#kubeconfig = kubeconfig;
  }

  /** Files are read again here by `KubeConfig`: a certificate at once, a token after a minute. @throws KubeError */
  async pass(): Promise<Pass> {
    try {
      this.#config ??= this.#load();
      const config = this.#config;
      const server = config.getCurrentCluster()?.server;
      if (server === undefined) throw new Error('its current context names no cluster');
      const context = new RequestContext(server, HttpMethod.GET);
      await config.applySecurityAuthentication(context);
      const dispatcher = await this.#reuse(config, context.getDispatcher());
      return { server, headers: context.getHeaders(), dispatcher };
    } catch (cause) {
      this.#config = undefined;
      throw new KubeError(
        'GRY_KUBE_CREDENTIALS',
        `${this.#subject} cannot be used: ${describeError(cause)}`,
        {
          cause,
          remedy:
            this.#kubeconfig === undefined
              ? 'give the pod a service account, or set --kubeconfig'
              : 'correct the file, or --kubeconfig',
        },
      );
    }
  }

  /** The server does not believe us, or we do not believe the server: everything is read anew. */
  renew(): void {
    this.#config = undefined;
    this.#tls = '';
  }

  async close(): Promise<void> {
    await this.#dispatcher?.destroy();
  }

  get #subject(): string {
    return this.#kubeconfig === undefined ? 'the service account' : `the kubeconfig ${this.#kubeconfig}`;
  }

  #load(): KubeConfig {
    const config = new KubeConfig();
    if (this.#kubeconfig === undefined) config.loadFromCluster();
    else config.loadFromFile(this.#kubeconfig);
    return config;
  }

  /** `KubeConfig` makes a dispatcher, and with it new connections, per request: one is enough until certificates change. */
  async #reuse(config: KubeConfig, fresh: Dispatcher | undefined): Promise<Dispatcher> {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
    const tls = JSON.stringify([ca, cert, key, pfx, passphrase, rejectUnauthorized, servername].map(String));
    if (this.#dispatcher !== undefined && tls === this.#tls) {
      void fresh?.destroy();
      return this.#dispatcher;
    }
    // Whoever still talks over the old one comes to an end in peace.
    void this.#dispatcher?.close();
    this.#tls = tls;
    this.#dispatcher = fresh ?? new Agent();
    return this.#dispatcher;
  }
}
