import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { copyable, demo, shown } from '../../src/lab/demo.ts';
import { doing, onOutput, type Step } from '../../src/lab/step.ts';
import { labTopology } from '../../src/lab/topology.ts';
import { fakeLab } from '../support/lab.ts';

const signal = new AbortController().signal;
const namespaces = 'gry-lab-switch (id: 1)\ngry-lab-node-a\n';

const steps: readonly Step[] = [
  {
    title: 'a look',
    story: 'One sees the weather.',
    checks: () => [
      {
        label: 'weather',
        place: 'node-a',
        argv: ['weather'],
        verdict: onOutput((text) => (text === 'fair\n' ? undefined : `wanted fair`)),
      },
    ],
  },
  {
    title: 'a change',
    story: 'The cable is pulled.',
    checks: () => [doing('pull', 'switch', ['pull', 'the cable']), doing('look', 'node-a', ['look'])],
    restore: () => [doing('plug', 'switch', ['plug'])],
  },
];

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gryphon-lab-demo-'));
  const confList = JSON.stringify({ name: 'gryphon', cniVersion: '1.0.0', plugins: [{ type: 'gryphon' }] });
  for (const node of labTopology('lab').nodes) {
    await mkdir(join(directory, node.name, 'cni', 'net.d'), { recursive: true });
    await writeFile(join(directory, node.name, 'cni', 'net.d', '05-gryphon.conflist'), confList);
  }
});
afterEach(() => rm(directory, { recursive: true }));

describe('the walk-through', () => {
  test('shows each command as one can copy it, what it printed, and what passed', async () => {
    const { lab, text } = fakeLab(directory, (line) =>
      line === 'ip netns list' ? namespaces : line === 'weather' ? 'fair\n' : '',
    );
    expect(await demo(lab, steps, signal)).toBe(true);
    expect(text()).toMatch(/try next:\n {2}bin\/gryphon lab exec node-a {3,}a shell/);
    expect(text().slice(0, text().indexOf('Everything'))).toMatchInlineSnapshot(`
      "
      1/2  a look
        One sees the weather.

        $ bin/gryphon lab exec node-a -- weather
          fair

      2/2  a change
        The cable is pulled.

        $ bin/gryphon lab exec switch -- pull 'the cable'

        $ bin/gryphon lab exec node-a -- look

        $ bin/gryphon lab exec switch -- plug

        ✓  a look    1 of 1  0.0 s
        ✓  a change  2 of 2  0.0 s

      "
    `);
  });

  test('a check that fails is marked with its reason; the walk goes on, what was changed is put back, evidence follows', async () => {
    const { lab, text, commands } = fakeLab(directory, (line) => {
      if (line === 'ip netns list') return namespaces;
      return line === 'look' ? { exitCode: 2, stderr: 'nothing to be seen' } : 'rain\n';
    });
    expect(await demo(lab, steps, signal)).toBe(false);
    expect(text()).toContain('  ✗ wanted fair\n');
    expect(text()).toContain('  ✗ exit code 2: nothing to be seen\n');
    expect(text()).toContain('router: birdc show protocols\n');
    expect(commands).toContain('switch: plug');
  });

  test('Ctrl-C stops it, and what was changed is put back', async () => {
    const controller = new AbortController();
    const { lab, commands } = fakeLab(directory, (line) => {
      if (line === 'pull the cable') controller.abort(new Error('interrupted'));
      return line === 'ip netns list' ? namespaces : { exitCode: line === 'look' ? 1 : 0 };
    });
    const waiting = steps.map((step) => ({
      ...step,
      checks: (...args: Parameters<Step['checks']>) =>
        step.checks(...args).map((check) => ({ ...check, withinMs: 60_000 })),
    }));
    await expect(demo(lab, waiting.slice(1), controller.signal)).rejects.toThrow('interrupted');
    expect(commands.at(-1)).toBe('switch: plug');
  });

  test('without a lab it says what to do', async () => {
    const { lab } = fakeLab(directory, () => '');
    await expect(demo(lab, steps, signal)).rejects.toThrow('the lab is not up: switch is not there');
  });
});

describe('a command as one can copy it', () => {
  test.each([
    ['lab', ['ip', 'route'], 'bin/gryphon lab exec node-a -- ip route'],
    ['lab', ['curl', 'http://[2001:db8::1]/'], "bin/gryphon lab exec node-a -- curl 'http://[2001:db8::1]/'"],
    ['lab', ['echo', "it's"], "bin/gryphon lab exec node-a -- echo 'it'\\''s'"],
    ['two', ['ip', 'route'], 'bin/gryphon lab exec --name=two node-a -- ip route'],
  ])('%s %j', (name, argv, line) => {
    expect(copyable({ topology: labTopology(name) }, { place: 'node-a', argv })).toBe(line);
  });
});

describe('output', () => {
  const check = doing('x', 'node-a', ['x']);
  const of = (stdout: string, stderr = ''): string =>
    shown({ check, result: { argv: ['x'], stdout, stderr, exitCode: 0 } });

  test('is indented, without empty lines, errors last', () => {
    expect(of('one\n\n\ttwo \n', 'oops\n')).toBe('    one\n    \ttwo\n    oops\n');
  });

  test('is bounded', () => {
    const lines = of(Array.from({ length: 30 }, (_, i) => `line ${i}`).join('\n'))
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(25);
    expect(lines.at(-1)).toBe('    … 6 more lines');
  });
});
