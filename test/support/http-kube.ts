import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { KubeApi, KubeRequest } from '../../src/kube/cluster/kube-api.ts';

export interface HttpKubeOptions {
  /** PEM; absent: HTTP without TLS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Tokens that are believed; absent: everybody is. */
  readonly tokens?: ReadonlySet<string>;
  readonly port?: number;
}

/** A `KubeApi`, mostly the fake one, behind a real HTTP server on loopback. */
export class HttpKube implements AsyncDisposable {
  readonly #server: http.Server | https.Server;
  readonly url: string;
  /** Connections until now. */
  connections = 0;
  /** Headers of the last request. */
  lastHeaders: http.IncomingHttpHeaders = {};

  private constructor(server: http.Server | https.Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async listen(api: KubeApi, { tls, tokens, port = 0 }: HttpKubeOptions = {}): Promise<HttpKube> {
    const server = tls === undefined ? http.createServer() : https.createServer(tls);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address() as AddressInfo;
    const kube = new HttpKube(server, `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`);
    server.on(tls === undefined ? 'connection' : 'secureConnection', () => kube.connections++);
    server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
      kube.lastHeaders = request.headers;
      const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
      if (tokens !== undefined && !tokens.has(token)) {
        response.writeHead(401).end(JSON.stringify({ kind: 'Status', code: 401, message: 'Unauthorized' }));
      } else void answer(api, request, response);
    });
    return kube;
  }

  /** Cuts every connection. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

async function answer(
  api: KubeApi,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const abort = new AbortController();
  response.on('close', () => abort.abort());
  try {
    const body = await text(request);
    const what: KubeRequest = {
      method: request.method as KubeRequest['method'],
      path: request.url ?? '/',
      ...(body !== '' && {
        body: { type: request.headers['content-type'] ?? '', value: JSON.parse(body) as unknown },
      }),
    };
    const { status, retryAfter, body: parts } = await api.send(what, abort.signal);
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter / 1000) }),
    });
    response.flushHeaders();
    for await (const part of parts) if (!response.write(part)) await once(response, 'drain', abort);
    response.end();
  } catch {
    response.destroy();
  }
}

/** A kubeconfig for a server; `user` as YAML in braces. */
export function writeKubeconfig(file: string, server: string, user = '{}', cluster = ''): void {
  const insecure = server.startsWith('http:') ? ', insecure-skip-tls-verify: true' : '';
  fs.writeFileSync(
    file,
    `apiVersion: v1
kind: Config
clusters: [{ name: test, cluster: { server: "${server}"${insecure}${cluster} } }]
users: [{ name: agent, user: ${user} }]
contexts: [{ name: test, context: { cluster: test, user: agent } }]
current-context: test
`,
  );
}
