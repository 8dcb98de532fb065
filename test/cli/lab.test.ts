import { describe, expect, test } from 'vitest';
import { gryphon } from '../support/command-line.ts';

describe('gryphon lab', () => {
  test('lists what there is, without the server that only the lab itself starts', async () => {
    const { code, stdout } = await gryphon(['lab', '--help']);
    expect(code).toBe(0);
    expect([...stdout.matchAll(/^ {2}(\w[\w-]*)(?: \[options\].*)? {2}/gm)].map((match) => match[1])).toEqual(
      ['up', 'down', 'status', 'demo', 'exec'],
    );
  });

  test.each([
    ['a name that could be part of another', ['lab', 'up', '--name=a-b'], '"a-b" is no name for a lab'],
    ['a directory too deep for sockets', ['lab', 'up', `--dir=/${'x'.repeat(100)}`], 'cannot hold a lab'],
  ])('%s', async (_, argv, message) => {
    const { code, stderr } = await gryphon(argv);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test('the directory may come from the environment', async () => {
    const environment = { GRYPHON_LAB_DIR: `/${'y'.repeat(100)}` };
    expect((await gryphon(['lab', 'up'], { environment })).stderr).toContain(environment.GRYPHON_LAB_DIR);
  });

  test.each([[['lab']], [['lab', 'exec']], [['lab', 'up', 'surplus']], [['lab', 'upp']]])(
    '%j is a usage error',
    async (argv) => {
      expect((await gryphon(argv)).code).toBe(2);
    },
  );
});
