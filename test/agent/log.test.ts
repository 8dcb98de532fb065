import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { createLog, type LogLevel, type RootLog } from '../../src/agent/log.ts';
import { GryphonError } from '../../src/ports/error.ts';
import type { LogFields } from '../../src/ports/log.ts';

const TIME = '2026-01-01T12:00:00.000Z';

/** A log and the lines that it wrote, with the time made the same. */
function record(level: LogLevel, pretty = false): { log: RootLog; lines: string[] } {
  const lines: string[] = [];
  const write = (line: string): void => {
    lines.push(
      line.replace(/\d{4}-\d\d-\d\dT[\d:.]{12}Z/, TIME).replace(/^\d\d:\d\d:\d\d\.\d{3}/, '12:00:00.000'),
    );
  };
  return { log: createLog({ level, pretty, sink: { write } }), lines };
}

function lineOf(fields: LogFields, pretty = false): string {
  const { log, lines } = record('info', pretty);
  log.component('bgp').info('peer changed', fields);
  return lines.join('');
}

describe('lines', () => {
  const head = `{"time":"${TIME}","level":"info","component":"bgp","msg":"peer changed"`;
  test.each([
    ['no fields', {}, ''],
    [
      'fields in their order',
      { peer: 'tor-a', as: 64_512, up: true, none: null },
      ',"peer":"tor-a","as":64512,"up":true,"none":null',
    ],
    ['undefined is left out', { a: undefined, b: 1 }, ',"b":1'],
    ['line breaks', { text: 'a\nb' }, ',"text":"a\\nb"'],
    [
      'names that the line has already',
      { msg: 'x', level: 9, time: 0, component: 'y' },
      ',"msg_":"x","level_":9,"time_":0,"component_":"y"',
    ],
    [
      'big integers, maps and sets',
      { n: 2n ** 70n, m: new Map([['a', 1]]), s: new Set([1]) },
      ',"n":"1180591620717411303424","m":[["a",1]],"s":[1]',
    ],
    [
      'secrets',
      { password: 'x', nested: { token: 'y', name: 'z' } },
      ',"password":"(hidden)","nested":{"token":"(hidden)","name":"z"}',
    ],
    [
      'our errors',
      {
        error: new GryphonError('GRY_PORT', 'port 179 is in use', {
          remedy: 'stop bird',
          fields: { port: 179 },
        }),
      },
      ',"error":{"code":"GRY_PORT","message":"port 179 is in use","remedy":"stop bird","port":179}',
    ],
    [
      'their causes',
      { error: new GryphonError('GRY_A', 'a', { cause: new GryphonError('GRY_B', 'b') }) },
      ',"error":{"code":"GRY_A","message":"a","cause":{"code":"GRY_B","message":"b"}}',
    ],
  ])('%s', (_, fields, tail) => {
    expect(lineOf(fields)).toBe(`${head}${tail}}\n`);
  });

  test('errors that nobody expected bring code and stack', () => {
    const error = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    expect(JSON.parse(lineOf({ error }))).toMatchObject({
      error: { code: 'ECONNREFUSED', message: 'refused', stack: expect.stringContaining('log.test.ts') },
    });
    expect(JSON.parse(lineOf({ error: new Error('x') })).error).not.toHaveProperty('code');
  });

  test('a value that refers to itself does not end the process', () => {
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    expect(JSON.parse(lineOf({ loop }))).toMatchObject({ msg: 'peer changed' });
  });
});

describe('levels', () => {
  const all: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
  const written = (lines: readonly string[]): string[] =>
    lines.map((line) => JSON.parse(line).level as string);

  test.each(all.map((level, i) => [level, all.slice(i)] as const))('%s', (level, expected) => {
    const { log, lines } = record(level);
    for (const each of all) log[each]('x');
    expect(written(lines)).toEqual(expected);
    expect(log.level).toBe(level);
  });

  test('change at run time, also for components made before', () => {
    const { log, lines } = record('error');
    const component = log.component('cni').component('shim');
    component.debug('one');
    log.level = 'debug';
    component.debug('two');
    log.level = 'warn';
    component.info('three');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { time: TIME, level: 'debug', component: 'shim', msg: 'two' },
    ]);
  });
});

describe('lines for people', () => {
  test.each([
    [{}, '12:00:00.000 INFO  bgp         peer changed\n'],
    [
      { peer: 'tor-a', as: 1, text: 'two words', empty: '' },
      '12:00:00.000 INFO  bgp         peer changed  peer=tor-a as=1 text="two words" empty=""\n',
    ],
    [
      { password: 'x', list: [1, 'a'] },
      "12:00:00.000 INFO  bgp         peer changed  password=(hidden) list=[ 1, 'a' ]\n",
    ],
  ])('%j', (fields, line) => {
    expect(lineOf(fields, true)).toBe(line);
  });
});

test('standard output gets JSON where it is no terminal, and everything that was flushed', () => {
  const module = new URL('../../src/agent/log.ts', import.meta.url).href;
  const script = `import { createLog } from ${JSON.stringify(module)};
    const log = createLog({ level: 'info' });
    for (let i = 0; i < 1000; i++) log.info('line', { i });
    log.flush();
    process.exit(0);`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 30_000 });
  const lines = output.toString().trimEnd().split('\n');
  expect(lines).toHaveLength(1000);
  expect(JSON.parse(lines[999] ?? '')).toMatchObject({ component: 'gryphon', i: 999 });
});
