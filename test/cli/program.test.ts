import { describe, expect, test } from 'vitest';
import type { RegisterCommand } from '../../src/cli/context.ts';
import { runProgram } from '../../src/cli/program.ts';
import { version } from '../../src/cli/version.ts';
import { GryphonError } from '../../src/ports/error.ts';
import { gryphon } from '../support/command-line.ts';

describe('usage errors: exit code 2, on standard error, nothing asked of the agent', () => {
  test.each([
    ['peeers', "error: unknown command 'peeers'\n(Did you mean peers?)\n"],
    ['peers --ap x', "error: unknown option '--ap'\n(Did you mean --api?)\n"],
    ['peers a b', "error: too many arguments for 'peers'. Expected 1 argument but got 2: a, b.\n"],
    ['routes --bgp --advertised', 'error: --advertised is about one peer\n  name it with --peer\n'],
    [
      'peers -o xml',
      "error: option '-o, --output <format>' argument 'xml' is invalid. Allowed choices are table, wide, json, yaml.\n",
    ],
    [
      'peers --api nowhere',
      "error: option '--api <address>' argument 'nowhere' is invalid. write it like 127.0.0.1:17179, [::1]:17179 or :17179.\n",
    ],
    [
      'routes --limit 0',
      "error: option '--limit <count>' argument '0' is invalid. give a number from 1 to 1000000.\n",
    ],
    [
      'routes --limit 1000001',
      "error: option '--limit <count>' argument '1000001' is invalid. give a number from 1 to 1000000.\n",
    ],
    [
      'routes --origin static',
      "error: option '--origin <origin>' argument 'static' is invalid. Allowed choices are block, pod, remote.\n",
    ],
    [
      'routes 10.0.0.0/33',
      "error: command-argument value '10.0.0.0/33' is invalid for argument 'prefix'. give a CIDR or an address.\n",
    ],
    ['routes --peer x', "error: --family, --peer and --advertised are of BGP's table\n  add --bgp\n"],
    [
      'routes --bgp --state held',
      'error: --origin and --state are of the kernel routes\n  leave them out, or leave out --bgp\n',
    ],
  ])('gryphon %s', async (line, stderr) => {
    expect(await gryphon(line.split(' '))).toEqual({ code: 2, stdout: '', stderr });
  });

  test('a bad address in the environment', async () => {
    expect(await gryphon(['pods'], { environment: { GRYPHON_API_ADDRESS: 'node-a' } })).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'error: GRYPHON_API_ADDRESS: "node-a" is no address with a port\n' +
        '  write it like 127.0.0.1:17179, [::1]:17179 or :17179\n',
    });
  });

  test('no command: the list of commands', async () => {
    const { code, stdout, stderr } = await gryphon([]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: gryphon [options] [command]');
  });
});

describe('help and version: exit code 0', () => {
  test('--help names every command', async () => {
    const { code, stdout, stderr } = await gryphon(['--help']);
    expect([code, stderr]).toEqual([0, '']);
    for (const name of ['status', 'peers', 'routes', 'pods', 'version']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'));
    }
  });

  test('each command is found by the name that --help gives', async () => {
    const names = [...(await gryphon(['--help'])).stdout.matchAll(/^ {2}([a-z][a-z-]*)\b/gm)].map(
      ([, name = '']) => name,
    );
    expect(names.length).toBeGreaterThan(8);
    for (const name of names) {
      const { code, stdout } = await gryphon([name, '--help']);
      expect([name, code, stdout.split('\n')[0]]).toEqual([
        name,
        0,
        expect.stringMatching(`^Usage: gryphon ${name} `),
      ]);
    }
  });

  test('--version', async () => {
    expect(await gryphon(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('what a command does decides the exit code', () => {
  const failure = new GryphonError('GRY_TEST', 'the thing broke\u0007', { remedy: 'mend it' });
  const commands: Readonly<Record<string, RegisterCommand>> = {
    'ends well': (program) => void program.command('act').action(() => {}),
    'is unhappy': (program, context) =>
      void program.command('act').action(() => {
        context.exitCode = 1;
      }),
    'throws ours': (program) =>
      void program.command('act').action(async () => {
        throw failure;
      }),
    'throws anything': (program) =>
      void program.command('act').action(() => {
        throw new TypeError('oops');
      }),
  };

  test.each([
    ['ends well', 0, ''],
    ['is unhappy', 1, ''],
    ['throws ours', 1, 'error: the thing broke?\n  mend it\n'],
    ['throws anything', 1, 'error: oops\n'],
  ])('%s: %i', async (name, code, message) => {
    let stderr = '';
    const sink = { write: (text: string) => void (stderr += text) };
    const register = commands[name]!;
    const ended = await runProgram({
      argv: ['act'],
      environment: {},
      stdout: sink,
      stderr: sink,
      commands: [register],
    });
    expect([ended, stderr]).toEqual([code, message]);
  });
});
