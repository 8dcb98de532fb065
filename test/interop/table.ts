import type { DaemonKind } from './daemon.ts';
import type { Feature } from './features/feature.ts';

const HEAD = `# Interoperation

What \`make test\` tries with our speaker and the BGP implementations of Debian, each in a network namespace of its own
(\`test/interop\`). This page is written by that run, and compared by the next.

`;

/** The matrix as Markdown: a row for each feature, a column for each daemon with its version, reasons below. */
export function table(
  daemons: readonly DaemonKind[],
  versions: readonly string[],
  features: readonly Feature[],
): string {
  const reasons: string[] = [];
  const note = (reason: string): number => {
    if (!reasons.includes(reason)) reasons.push(reason);
    return reasons.indexOf(reason) + 1;
  };
  const cell = (feature: Feature, { name }: DaemonKind): string => {
    const reason = feature.cannot?.[name];
    return reason === undefined ? 'yes' : `cannot [${note(`${name} ${reason}`)}]`;
  };
  const rows = [
    ['feature', ...daemons.map(({ name }, i) => `${name} ${versions[i] ?? ''}`)],
    ...features.map((feature) => [feature.name, ...daemons.map((daemon) => cell(feature, daemon))]),
  ];
  const notes = reasons.map((reason, i) => `${i + 1}. ${reason}.`);
  return `${HEAD}${aligned(rows)}\n\nWhat a daemon cannot do, as it was seen:\n\n${notes.join('\n')}\n`;
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const lines = rows.map((row) => `| ${row.map((text, i) => text.padEnd(widths[i] ?? 0)).join(' | ')} |`);
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}
