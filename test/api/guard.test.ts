import { describe, expect, test } from 'vitest';
import { fakeApp, get } from '../support/api-app.ts';

describe('only reading', () => {
  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const)('%s is refused', async (method) => {
    const response = await fakeApp().inject({
      method,
      url: '/v1/status',
      payload: method === 'OPTIONS' ? '' : '{"a":1}',
    });
    expect(response.statusCode).toBe(405);
    expect(response.headers['allow']).toBe('GET, HEAD');
    expect(response.json()).toMatchObject({ code: 'GRY_API_METHOD' });
  });

  test('HEAD has the headers of GET and no body', async () => {
    for (const url of ['/v1/status', '/v1/bgp/routes', '/metrics']) {
      expect(await get(fakeApp(), url, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    }
  });

  test('no page of another origin is invited', async () => {
    const response = await fakeApp().inject({
      url: '/v1/status',
      headers: { origin: 'http://evil.example' },
    });
    expect(response.headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('Host header on a loopback address', () => {
  test.each([
    ['127.0.0.1:17179', 200],
    ['127.0.0.1', 200],
    ['[::1]:17179', 200],
    ['localhost:17179', 200],
    ['LocalHost', 200],
    ['192.168.34.10:17179', 200],
    ['evil.example:17179', 403],
    ['evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['localhost.evil.example:17179', 403],
  ])('%j gives %i', async (host, status) => {
    expect(await get(fakeApp(), '/v1/status', { headers: { host } })).toMatchObject({ status });
  });

  test('on another address any name will do', async () => {
    const app = fakeApp(undefined, '192.168.34.10:17179');
    expect(await get(app, '/v1/status', { headers: { host: 'node-a.example' } })).toMatchObject({
      status: 200,
    });
  });

  test('the refusal says what to do', async () => {
    expect((await get(fakeApp(), '/livez', { headers: { host: 'evil.example' } })).json).toEqual({
      code: 'GRY_API_HOST',
      message: 'the Host header names "evil.example", which is neither an address nor localhost',
      remedy: 'ask for the API by its address, for example http://127.0.0.1:17179',
    });
  });
});

test.each([
  ['/v1/routes?prefix=', 2049 - 18, 414, 'GRY_API_URL_LENGTH'],
  ['/v1/routes?prefix=', 2048 - 18, 400, 'GRY_API_QUERY'],
])('%s and %i more characters give %i', async (start, more, status, code) => {
  expect(await get(fakeApp(), start + '1'.repeat(more))).toMatchObject({ status, json: { code } });
});

test('a broken escape in the path', async () => {
  expect(await get(fakeApp(), '/v1/%zz')).toMatchObject({ status: 400, json: { code: 'GRY_API_REQUEST' } });
});
