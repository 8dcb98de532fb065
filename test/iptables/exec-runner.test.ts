import { describe, expect, test } from 'vitest';
import { execRunner } from '../../src/iptables/exec-runner.ts';
import type { RunRequest } from '../../src/ports/runner.ts';

const run = (file: string, args: readonly string[], more: Partial<RunRequest> = {}) =>
  execRunner.run({ file, args, timeoutMs: 20_000, signal: new AbortController().signal, ...more });

describe('execRunner', () => {
  test('gives input, takes output as it is, and any exit code', async () => {
    expect(await run('sh', ['-c', 'cat; echo err >&2; exit 3'], { input: 'a\n\n' })).toEqual({
      exitCode: 3,
      stdout: 'a\n\n',
      stderr: 'err\n',
    });
  });

  test('a program that reads gets an end of input, not a terminal', async () => {
    expect(await run('cat', [])).toMatchObject({ exitCode: 0, stdout: '' });
  });

  test('arguments are not looked at by a shell', async () => {
    expect((await run('printf', ['%s|', '$HOME', '; true', '"'])).stdout).toBe('$HOME|; true|"|');
  });

  test('speaks English', async () => {
    expect((await run('sh', ['-c', 'echo $LC_ALL'])).stdout).toBe('C\n');
  });

  test.each<[string, string, string[], Partial<RunRequest>]>([
    ['GRY_RUN_MISSING', 'gryphon-no-such-program', [], {}],
    ['GRY_RUN_MISSING', '/nowhere/iptables', [], {}],
    ['GRY_RUN_TIMEOUT', 'sleep', ['60'], { timeoutMs: 50 }],
    ['GRY_RUN_OUTPUT', 'sh', ['-c', 'yes'], { maxOutput: 1000 }],
    ['GRY_RUN_FAILED', 'sh', ['-c', 'kill -9 $$'], {}],
    ['GRY_RUN_FAILED', '/', [], {}],
  ])('%s: %s', async (code, file, args, more) => {
    await expect(run(file, args, more)).rejects.toMatchObject({ code });
  });

  test('a program that has ended early does not make its unread input an error', async () => {
    expect(await run('true', [], { input: 'x'.repeat(1 << 20) })).toMatchObject({ exitCode: 0 });
  });

  test('ends with the signal, giving its reason', async () => {
    const stop = new AbortController();
    const running = run('sleep', ['60'], { signal: stop.signal });
    stop.abort(new Error('stopping'));
    await expect(running).rejects.toThrow('stopping');
    await expect(run('true', [], { signal: stop.signal })).rejects.toThrow('stopping');
  });
});
