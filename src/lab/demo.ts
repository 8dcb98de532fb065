import { evidence } from './evidence.ts';
import { requirePlace } from './exec.ts';
import type { Lab } from './lab.ts';
import { seconds } from './progress.ts';
import { labScene } from './scene.ts';
import type { Check, Scene, Step } from './step.ts';
import { alignRows } from './table.ts';
import { type Outcome, runCheck } from './walk.ts';

interface StepOutcome {
  readonly title: string;
  readonly passed: number;
  readonly checks: number;
  readonly took: number;
}

/** Walks through the steps, showing each command and what it printed. True when everything was as it should be. */
export async function demo(lab: Lab, steps: readonly Step[], signal: AbortSignal): Promise<boolean> {
  await requirePlace(lab, lab.topology.switch);
  const scene = await labScene(lab);
  const outcomes: StepOutcome[] = [];
  for (const [i, step] of steps.entries()) {
    lab.write(`\n${i + 1}/${steps.length}  ${step.title}\n${wrap(step.story, '  ')}\n`);
    outcomes.push(await walkStep(lab, scene, step, signal));
  }
  const good = outcomes.every(({ passed, checks }) => passed === checks);
  lab.write(`\n${summary(outcomes)}\n`);
  lab.write(good ? hint(lab) : `${await evidence(lab)}\nNot everything is as it should be: see "✗" above.\n`);
  return good;
}

async function walkStep(lab: Lab, scene: Scene, step: Step, signal: AbortSignal): Promise<StepOutcome> {
  const start = lab.clock.monotonic();
  let passed = 0;
  let checks: readonly Check[] = [];
  try {
    checks = step.checks(scene);
    for (const check of checks) if (await walkCheck(lab, check, signal)) passed++;
  } finally {
    // Also after Ctrl-C: what was cut off must not stay so.
    for (const check of step.restore?.(scene) ?? [])
      await walkCheck(lab, check, new AbortController().signal);
  }
  return { title: step.title, passed, checks: checks.length, took: lab.clock.monotonic() - start };
}

async function walkCheck(lab: Lab, check: Check, signal: AbortSignal): Promise<boolean> {
  lab.write(`\n  $ ${copyable(lab, check)}\n`);
  const outcome = await runCheck(lab, check, signal);
  lab.write(shown(outcome));
  if (outcome.tries > 1) lab.write(`    (after ${seconds(outcome.took)})\n`);
  if (outcome.verdict !== undefined) lab.write(`  ✗ ${outcome.verdict}\n`);
  return outcome.verdict === undefined;
}

const MAX_LINES = 24;

/** The output, indented and bounded. */
export function shown({ check, result }: Pick<Outcome, 'check' | 'result'>): string {
  const text = [check.show?.(result.stdout) ?? result.stdout, result.stderr].join('\n');
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const rest = lines.length - MAX_LINES;
  return [...lines.slice(0, MAX_LINES), ...(rest > 0 ? [`… ${rest} more lines`] : [])]
    .map((line) => `    ${line.trimEnd()}\n`)
    .join('');
}

/** The command as one can type it in the checkout; without `argv`, a shell. */
export function copyable(lab: Pick<Lab, 'topology'>, { place, argv }: Pick<Check, 'place' | 'argv'>): string {
  return labCommand(lab, 'exec', place, ...(argv.length === 0 ? [] : ['--', ...argv]));
}

function labCommand({ topology }: Pick<Lab, 'topology'>, name: string, ...argv: readonly string[]): string {
  const flags = topology.name === 'lab' ? [] : [`--name=${topology.name}`];
  return ['bin/gryphon', 'lab', name, ...flags, ...argv].map(quote).join(' ');
}

const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

function summary(outcomes: readonly StepOutcome[]): string {
  return alignRows(
    outcomes.map(({ title, passed, checks, took }) => [
      passed === checks && checks > 0 ? '✓' : '✗',
      title,
      `${passed} of ${checks}`,
      seconds(took),
    ]),
  );
}

const WIDTH = 100;

function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => indent + each).join('\n');
}

function hint(lab: Lab): string {
  const rows = [
    [
      copyable(lab, { place: 'node-a', argv: [] }),
      'a shell on a node: gryphon status, ip route, ip monitor route',
    ],
    [copyable(lab, { place: 'node-c', argv: ['gryphon', 'routes'] }), 'its routes, and who announced them'],
    [
      copyable(lab, { place: 'router', argv: ['birdc', 'show', 'route', 'all'] }),
      "the router's view, with all attributes",
    ],
    [labCommand(lab, 'status'), 'what runs where, and where the logs are'],
    ['docs/lab.md', 'more to try, and what breaks when you do'],
  ];
  return `Everything is as it should be. What to try next:\n${alignRows(rows)}`;
}
