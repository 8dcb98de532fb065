import { readFile } from 'node:fs/promises';
import { askReadiness } from './agents.ts';
import { enter, type Lab } from './lab.ts';
import { isAlive } from './process-identity.ts';

const LAST_LINES = 8;

/** What a person needs who wants to know why the lab does not come up: who is dead or not ready, and their last words. */
export async function evidence(lab: Lab): Promise<string> {
  const sections: string[] = [];
  for (const record of await lab.processes.list()) {
    const node = lab.topology.nodes.find(({ name }) => name === record.name);
    const alive = isAlive(record);
    const readiness = alive && node !== undefined ? await askReadiness(lab, node) : undefined;
    if (alive && readiness?.ready !== false) continue;
    const path = lab.layout.log(record.name);
    sections.push(
      `${record.name}: ${alive ? 'runs, but is not ready' : 'has ended'}`,
      ...indent(readiness?.detail ?? ''),
      `  end of ${path}:`,
      ...indent(await tail(path), '    '),
    );
  }
  const bird = await lab.run(enter(lab, lab.topology.router.name, birdcCommand(lab, 'show', 'protocols')));
  sections.push('router: birdc show protocols', ...indent(bird.stdout || bird.stderr));
  return `${sections.join('\n')}\n`;
}

/** `birdc` for the lab's own BIRD; `-r` lets it look, not change. */
export const birdcCommand = (lab: Lab, ...words: readonly string[]): readonly string[] => [
  'birdc',
  '-r',
  '-s',
  lab.layout.bird.socket,
  ...words,
];

async function tail(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '(there is no such file)');
  return text.trimEnd().split('\n').slice(-LAST_LINES).join('\n');
}

const indent = (text: string, by = '  '): readonly string[] =>
  text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => `${by}${line}`);
