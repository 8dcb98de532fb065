/** One line of a table, by the table's headings. */
export type ColumnRow = Readonly<Record<string, string>>;

/**
 * A table with a heading, as Gryphon's own commands print it: cells begin where their heading begins, headings are at least
 * three blanks apart (so that they may hold single blanks), a cell may be empty.
 */
export function parseColumns(text: string): readonly ColumnRow[] {
  const [heading = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '');
  const columns = [...heading.matchAll(/\S+(?: \S+)*/g)].map((match) => ({
    name: match[0],
    start: match.index,
  }));
  return lines.map((line) =>
    Object.fromEntries(
      columns.map(({ name, start }, i) => [name, line.slice(start, columns[i + 1]?.start).trim()]),
    ),
  );
}
