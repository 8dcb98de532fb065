import type { CommandResult } from '../../src/lab/command.ts';
import { type Lab, makeLab } from '../../src/lab/lab.ts';
import { FakeClock } from './fake-clock.ts';

/** A lab in which every command is answered by `answer`, and whose words are collected. */
export interface FakeLab {
  readonly lab: Lab;
  /** Command lines in the order in which they were run, without `nsenter`. */
  readonly commands: string[];
  readonly text: () => string;
}

/** `answer` is given the command line within its place; a string stands for that output and exit code 0. */
export function fakeLab(
  directory: string,
  answer: (line: string, place: string) => string | Partial<CommandResult>,
): FakeLab {
  const commands: string[] = [];
  let text = '';
  const lab = makeLab({
    name: 'lab',
    directory,
    clock: new FakeClock(),
    run: async (argv) => {
      const place = /^--net=.*\/gry-lab-(.*)$/.exec(argv[1] ?? '')?.[1] ?? '';
      const line = (place === '' ? argv : argv.slice(3)).join(' ');
      commands.push(place === '' ? line : `${place}: ${line}`);
      const given = answer(line, place);
      return {
        argv,
        stdout: '',
        stderr: '',
        exitCode: 0,
        ...(typeof given === 'string' ? { stdout: given } : given),
      };
    },
    write: (more) => {
      text += more;
    },
    program: ['/checkout/bin/gryphon'],
    fingerprint: 'f1',
    env: { PATH: '/usr/bin' },
  });
  return { lab, commands, text: () => text };
}
