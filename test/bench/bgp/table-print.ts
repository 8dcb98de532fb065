/** By name of the daemon. */
export type Cells = Readonly<Record<string, number>>;

export interface Row {
  readonly name: string;
  readonly unit: 's' | 'MB';
  readonly cells: Cells;
  readonly bar?: { readonly text: string; readonly met: (ours: number, cells: Cells) => boolean };
}

const OURS = 'Gryphon';

/** Rows of figures, a column for each daemon, then ours as ratio to FRR and BIRD, and whether the bar is met. */
export function printTable(title: string, columns: readonly string[], rows: readonly Row[]): void {
  const ratios = ['BIRD', 'FRR'].filter((name) => columns.includes(name));
  const heads = [...columns, ...ratios.map((name) => `/ ${name}`)];
  console.log(title.padEnd(22) + heads.map((head) => head.padStart(12)).join(''));
  for (const { name, unit, cells, bar } of rows) {
    const ours = cells[OURS];
    const values = columns.map((column) => figure(cells[column], unit));
    const against = ratios.map((column) => ratio(ours, cells[column]));
    const verdict =
      bar === undefined || ours === undefined
        ? ''
        : `  ${bar.text}: ${bar.met(ours, cells) ? 'met' : 'MISSED'}`;
    console.log(
      `  ${name.padEnd(20)}${[...values, ...against].map((cell) => cell.padStart(12)).join('')}${verdict}`,
    );
  }
}

const figure = (value: number | undefined, unit: string): string =>
  value === undefined ? '-' : `${value.toFixed(unit === 's' ? 3 : 0)} ${unit}`;

const ratio = (ours: number | undefined, theirs: number | undefined): string =>
  ours === undefined || theirs === undefined || theirs <= 0 ? '-' : (ours / theirs).toFixed(2);
