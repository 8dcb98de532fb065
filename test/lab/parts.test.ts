import { describe, expect, test } from 'vitest';
import { clientAddress, serveAddress } from '../../src/lab/echo.ts';
import { labNamespaces, parseNamespaces } from '../../src/lab/namespace.ts';
import { preflight, SYSTEM_PATH } from '../../src/lab/preflight.ts';
import { Progress } from '../../src/lab/progress.ts';
import { parsePids } from '../../src/lab/stray.ts';
import { alignRows } from '../../src/lab/table.ts';
import { sleep, until } from '../../src/lab/wait.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { fakeLab } from '../support/lab.ts';

describe('preflight', () => {
  test('not root: one message with what to do', async () => {
    await expect(preflight({ uid: 1000, path: SYSTEM_PATH })).rejects.toMatchObject({
      code: 'GRY_LAB_NOT_ROOT',
      remedy: 'run it with sudo',
    });
  });

  test('missing programs: all of them at once, with their packages', async () => {
    await expect(preflight({ uid: 0, path: '/no/such/directory' })).rejects.toMatchObject({
      code: 'GRY_LAB_PROGRAM_MISSING',
      message: 'the lab needs ip, nsenter, sysctl, iptables, ipset, bird, birdc, ping, arping, curl',
      remedy: expect.stringContaining(
        'iproute2 util-linux procps iptables ipset bird2 iputils-ping arping curl',
      ),
    });
  });
});

describe('namespaces', () => {
  test('with and without identifiers', () => {
    expect(parseNamespaces('gry-lab-node-a (id: 3)\ngry-lab-pod-a1\n\n')).toEqual([
      'gry-lab-node-a',
      'gry-lab-pod-a1',
    ]);
  });

  test("only this lab's", async () => {
    const { lab } = fakeLab(
      '/run/x',
      () => 'gry-lab-node-a\ngry-lab2-node-a\ncni-1234\ngry-lab-switch (id: 0)\n',
    );
    expect(await labNamespaces(lab)).toEqual(['gry-lab-node-a', 'gry-lab-switch']);
  });
});

test('process numbers, one per line', () => {
  expect(parsePids('17\n4711\n\n')).toEqual([17, 4711]);
  expect(parsePids('')).toEqual([]);
});

describe('the internet', () => {
  test.each([
    ['::ffff:192.168.34.10', '192.168.34.10'],
    ['::FFFF:192.168.34.10', '192.168.34.10'],
    ['fd00:34::10', 'fd00:34::10'],
    ['', ''],
  ])('%j is shown as %j', (text, address) => {
    expect(clientAddress(text)).toBe(address);
  });

  test('tells clients of both families where they come from', async () => {
    const server = await serveAddress(0);
    try {
      const bound = server.address();
      const port = typeof bound === 'object' ? bound?.port : undefined;
      const answers = ['127.0.0.1', '[::1]'].map(async (host) =>
        (await fetch(`http://${host}:${port}/`)).text(),
      );
      expect(await Promise.all(answers)).toEqual(['you are 127.0.0.1\n', 'you are ::1\n']);
    } finally {
      server.close();
    }
  });
});

describe('waiting', () => {
  const never = new AbortController().signal;

  test('until something comes', async () => {
    const clock = new FakeClock();
    let tries = 0;
    const result = until(clock, never, { timeoutMs: 1000, everyMs: 100 }, async () =>
      ++tries === 3 ? 'here' : undefined,
    );
    await clock.advanceAsync(1000);
    expect(await result).toBe('here');
  });

  test('at least once, and not beyond its time', async () => {
    const clock = new FakeClock();
    let tries = 0;
    const probe = async (): Promise<undefined> => void tries++;
    expect(await until(clock, never, { timeoutMs: 0, everyMs: 100 }, probe)).toBeUndefined();
    const result = until(clock, never, { timeoutMs: 250, everyMs: 100 }, probe);
    await clock.advanceAsync(1000);
    expect(await result).toBeUndefined();
    expect(tries).toBe(4);
  });

  test('ends with the signal, and leaves no timer', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const asleep = sleep(clock, 1000, controller.signal);
    controller.abort(new Error('enough'));
    await expect(asleep).rejects.toThrow('enough');
    await expect(sleep(clock, 1000, controller.signal)).rejects.toThrow('enough');
    expect(clock.pending).toBe(0);
  });
});

describe('what people see', () => {
  test('a stage: its title at once, its time when it is done', async () => {
    const clock = new FakeClock();
    let text = '';
    const progress = new Progress((more) => (text += more), clock);
    await progress.stage('doing a thing', async () => {
      expect(text.trim()).toBe('doing a thing');
      clock.advance(1234);
    });
    await expect(progress.stage('failing', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(text.split('\n').map((line) => line.replace(/ {2,}/g, '  '))).toEqual([
      '  doing a thing  1.2 s',
      '  failing  failed after 0.0 s',
      '',
    ]);
  });

  test('rows in columns', () => {
    expect(
      alignRows([
        ['a', 'long', 'x'],
        ['bcd', '', ''],
        ['e', 'f', 'g'],
      ]),
    ).toBe('  a    long  x\n  bcd\n  e    f     g\n');
  });
});
