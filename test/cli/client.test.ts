import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Type } from 'typebox';
import { afterEach, describe, expect, test } from 'vitest';
import { ApiClient, ClientError } from '../../src/cli/client.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A client of a server that answers like this. */
async function clientOf(answer: RequestListener, host = '127.0.0.1'): Promise<ApiClient> {
  const server = createServer(answer).listen(0, host);
  await once(server, 'listening');
  cleanups.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return new ApiClient({ host, port: (server.address() as AddressInfo).port }, { timeout: 50 });
}

const Thing = Type.Object({ name: Type.String() });

test('gives what the schema describes; a newer agent may say more', async () => {
  const client = await clientOf((_request, response) => response.end('{"name":"x","more":1}'));
  expect(await client.get('/thing', Thing)).toEqual({ name: 'x', more: 1 });
});

test('sends the parameters that are given, escaped', async () => {
  const client = await clientOf(({ url }, response) => response.end(JSON.stringify({ name: url })));
  const query = { peer: 'peer/a b&c', limit: 5, prefix: undefined };
  expect(await client.get('/thing', Thing, query)).toEqual({ name: '/thing?peer=peer%2Fa+b%26c&limit=5' });
  expect(await client.get('/thing', Thing)).toEqual({ name: '/thing' });
});

test('speaks IPv6', async () => {
  const client = await clientOf((_request, response) => response.end('{"name":"six"}'), '::1');
  expect(await client.get('/thing', Thing)).toEqual({ name: 'six' });
});

describe('what can go wrong', () => {
  const answers: Readonly<Record<string, RequestListener>> = {
    'another service': (_request, response) => response.end('<html>'),
    'another shape': (_request, response) => response.end('{"nome":"x"}'),
    'an error that is not ours': (_request, response) => response.writeHead(502).end('bad gateway'),
    'an error of ours': (_request, response) =>
      response.writeHead(404).end('{"code":"GRY_API_NOT_FOUND","message":"gone","remedy":"look elsewhere"}'),
    silence: () => {},
    'half an answer, then silence': (_request, response) => response.writeHead(200).write('{"name":'),
    'a hang-up': (request) => request.socket.destroy(),
    'a hang-up amid the answer': (request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{', () => request.socket.destroy());
    },
  };
  test.each([
    ['another service', 'GRY_AGENT_ANSWER', "gave no answer of Gryphon's API (HTTP 200)"],
    ['another shape', 'GRY_AGENT_ANSWER', "gave no answer of Gryphon's API (HTTP 200)"],
    ['an error that is not ours', 'GRY_AGENT_ANSWER', "gave no answer of Gryphon's API (HTTP 502)"],
    ['an error of ours', 'GRY_API_NOT_FOUND', 'gone'],
    ['silence', 'GRY_AGENT_TIMEOUT', 'said nothing for 0.05 s'],
    ['half an answer, then silence', 'GRY_AGENT_TIMEOUT', 'said nothing for 0.05 s'],
    ['a hang-up', 'GRY_AGENT_UNREACHABLE', 'does not answer (connection lost)'],
    ['a hang-up amid the answer', 'GRY_AGENT_UNREACHABLE', 'does not answer (connection lost)'],
  ])('%s: %s', async (name, code, message) => {
    const client = await clientOf(answers[name]!);
    const error: unknown = await client.get('/thing', Thing).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({
      code,
      message: expect.stringContaining(message),
      remedy: expect.any(String),
    });
  });
});
