import type { FastifyInstance, InjectOptions } from 'fastify';
import { parseListenAddress } from '../../src/api/address.ts';
import { apiApp } from '../../src/api/server.ts';
import { silentLog } from '../../src/ports/log.ts';
import { FakeView } from './fake-view.ts';

/** An application over a fake node, without a socket. */
export function fakeApp(view = new FakeView(), address = '127.0.0.1:17179'): FastifyInstance {
  return apiApp({
    view,
    metrics: { contentType: 'text/plain; version=0.0.4', render: async () => 'gryphon_ready 1\n' },
    log: silentLog,
    address: parseListenAddress(address)!,
  });
}

export interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly text: string;
  readonly json: unknown;
}

export async function get(
  app: FastifyInstance,
  url: string,
  options: Omit<InjectOptions, 'url'> = {},
): Promise<Answer> {
  const response = await app.inject({ ...options, url });
  const type = response.headers['content-type']?.toString();
  const isJson = response.body !== '' && type?.startsWith('application/json') === true;
  return {
    status: response.statusCode,
    type,
    text: response.body,
    json: isJson ? response.json() : undefined,
  };
}
