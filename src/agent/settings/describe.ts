import type { ResolvedSettings } from '../settings.ts';
import { formatSetting } from './decoder.ts';
import { type SettingDefinition, settingDefinitions } from './definition.ts';

/** One line per setting, aligned: key, value, where the value comes from. Secrets are hidden. */
export function describeSettings(
  { settings, origins }: Pick<ResolvedSettings, 'settings' | 'origins'>,
  definitions: readonly SettingDefinition[] = settingDefinitions,
): string {
  const rows = definitions.map(({ key, schema }) => {
    const value = settings[key];
    const isHidden = schema.secret === true && value !== undefined;
    return [key, isHidden ? '(hidden)' : formatSetting(value) || '(none)', origins[key]];
  });
  return alignColumns(rows);
}

/** Columns two blanks apart, without blanks at the end of lines. */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
