import { describe, expect, test } from 'vitest';
import { fakeApp, get } from '../support/api-app.ts';
import { FakeView } from '../support/fake-view.ts';

const failing = (): FakeView => {
  const view = new FakeView();
  view.failReadiness();
  view.liveChecks = [{ name: 'loop', ok: false, detail: 'no pass for 65 s' }];
  return view;
};

const ALL_WELL = '[+]synced ok\n[+]bgp ok\nreadyz check passed\n';
const NOT_READY = '[+]synced ok\n[-]bgp failed: 0 of 2 peers established\nreadyz check failed\n';
const NOT_LIVE = '[-]loop failed: no pass for 65 s\nlivez check failed\n';

describe('health as text', () => {
  test.each([
    { url: '/readyz', view: new FakeView(), status: 200, text: 'ok' },
    { url: '/readyz?verbose', view: new FakeView(), status: 200, text: ALL_WELL },
    { url: '/readyz?exclude=x&verbose=1', view: new FakeView(), status: 200, text: ALL_WELL },
    { url: '/readyz', view: failing(), status: 503, text: NOT_READY },
    { url: '/readyz?verbose', view: failing(), status: 503, text: NOT_READY },
    { url: '/livez', view: new FakeView(), status: 200, text: 'ok' },
    { url: '/livez?verbose', view: new FakeView(), status: 200, text: '[+]loop ok\nlivez check passed\n' },
    { url: '/livez', view: failing(), status: 503, text: NOT_LIVE },
  ])('$url gives $status', async ({ url, view, status, text }) => {
    const answer = await get(fakeApp(view), url);
    expect(answer).toMatchObject({ status, text, type: 'text/plain; charset=utf-8' });
  });
});

test('health as JSON, for those who accept it', async () => {
  const headers = { accept: 'application/json' };
  expect(await get(fakeApp(failing()), '/readyz', { headers })).toMatchObject({
    status: 503,
    json: {
      ok: false,
      checks: [
        { name: 'synced', ok: true, detail: 'all sources read' },
        { name: 'bgp', ok: false, detail: '0 of 2 peers established' },
      ],
    },
  });
});

test('a kubelet that sends HEAD gets the verdict without a body', async () => {
  expect(await get(fakeApp(failing()), '/readyz', { method: 'HEAD' })).toMatchObject({
    status: 503,
    text: '',
  });
});

test('no checks at all: nothing speaks against it', async () => {
  const view = new FakeView();
  view.liveChecks = [];
  expect(await get(fakeApp(view), '/livez')).toMatchObject({ status: 200, text: 'ok' });
});
