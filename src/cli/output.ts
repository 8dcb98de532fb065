import { styleText } from 'node:util';
import { Option } from 'commander';
import type { CommandContext } from './context.ts';

export type OutputFormat = 'table' | 'wide' | 'json' | 'yaml';
export type Style = 'green' | 'yellow' | 'red' | 'bold';

export const formatOption = (): Option =>
  new Option('-o, --output <format>', 'how to print')
    .choices(['table', 'wide', 'json', 'yaml'])
    .default('table');

/** Prints `data` as JSON or YAML, or what `text` makes of it. */
export async function printData(
  context: CommandContext,
  format: OutputFormat,
  data: unknown,
  text: (options: TextOptions) => string,
): Promise<void> {
  context.stdout.write(await render());

  async function render(): Promise<string> {
    switch (format) {
      case 'json':
        return `${JSON.stringify(data, undefined, 2)}\n`;
      case 'yaml':
        // Loaded only here: most calls do without it and start sooner.
        return (await import('./yaml.ts')).yamlText(data);
      case 'table':
      case 'wide':
        return text({ wide: format === 'wide', colour: wantsColour(context) });
    }
  }
}

export interface TextOptions {
  /** Also the columns marked `wide`. */
  readonly wide: boolean;
  readonly colour: boolean;
}

/** Colour is for terminals, and for people who have not said no (https://no-color.org). */
function wantsColour({ stdout, environment }: CommandContext): boolean {
  return stdout.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
}

export interface Column<Row> {
  readonly header: string;
  readonly value: (row: Row) => string;
  readonly wide?: boolean;
  readonly style?: (row: Row) => Style | undefined;
}

/** Borderless aligned columns with a header, three spaces between them, as kubectl prints them; no blanks at line ends. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: TextOptions,
): string {
  const shown = columns.filter((column) => column.wide !== true || options.wide);
  const cells = rows.map((row) => shown.map((column) => printable(column.value(row)).replaceAll('\n', ' ')));
  const widths = shown.map(({ header }, i) =>
    cells.reduce((w, line) => Math.max(w, (line[i] ?? '').length), header.length),
  );
  const header = shown.map((column) => column.header);
  const lines = cells.map((line, r) =>
    line.map((cell, i) => {
      const row = rows[r];
      const style = row === undefined ? undefined : shown[i]?.style?.(row);
      return { cell, style: options.colour ? style : undefined };
    }),
  );
  return [header.map((cell) => ({ cell, style: undefined })), ...lines]
    .map(
      (line) =>
        `${line
          .map(({ cell, style }, i) => pad(cell, i === line.length - 1 ? 0 : widths[i], style))
          .join('')
          .trimEnd()}\n`,
    )
    .join('');
}

/** Pads first and colours then: escape sequences have no width. */
function pad(cell: string, width = 0, style: Style | undefined): string {
  const blanks = ' '.repeat(width === 0 ? 0 : width - cell.length + 3);
  return paint(cell, style) + blanks;
}

/** The text in the style, or as it is without one. */
export function paint(text: string, style: Style | undefined): string {
  return style === undefined || text === '' ? text : styleText(style, text, { validateStream: false });
}

/** Without control characters, so that a pod's name or a router's farewell cannot steer the terminal; newlines stay. */
export const printable = (text: string): string => text.replaceAll(/[^\P{Cc}\n]/gu, '?');

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** The two largest units of a duration: `3d4h`, `5m12s`, `7s`. A time in the future (clocks differ) is `0s`. */
export function age(since: string, now: number): string {
  let rest = Math.max(0, Math.floor((now - Date.parse(since)) / 1000));
  const first = UNITS.findIndex(([, seconds]) => rest >= seconds);
  if (first < 0) return '0s';
  let text = '';
  for (const [unit, seconds] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / seconds);
    if (count > 0) text += `${count}${unit}`;
    rest %= seconds;
  }
  return text;
}
