import type { Problem } from '../api/resources/common.ts';
import { age, paint, printable, type Style } from './output.ts';

/** Parts of the pages that tell of one thing: a node, a peer. */

/** Lines of name and value, the values in a column that begins at `width`, in the style of their names. */
export function facts(
  lines: readonly (readonly [name: string, value: string])[],
  width = 12,
  style: (name: string) => Style | undefined = () => undefined,
): string {
  return lines.map(([name, value]) => `${name.padEnd(width)}${paint(value, style(name))}\n`).join('');
}

export const ago = (time: string | undefined, now: number): string =>
  time === undefined ? 'never' : `${age(time, now)} ago`;

/** Each with its remedy below it; nothing where there is none. */
export function problemsText(
  problems: readonly Problem[],
  style: (name: Style) => Style | undefined,
): string {
  const lines = problems.map(({ severity, subject, message, remedy, code }) => {
    const mark = paint(severity, style(severity === 'error' ? 'red' : 'yellow'));
    return `${mark}: ${printable(`${subject}: ${message} (${code})\n  ${remedy}`)}\n`;
  });
  return lines.join('');
}
