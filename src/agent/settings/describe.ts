import type { ResolvedSettings } from '../settings.ts';
import { formatSetting } from './decoder.ts';
import { type SettingDefinition, settingDefinitions } from './definition.ts';

type Described = Pick<ResolvedSettings, 'settings' | 'origins'>;

/** One line per setting, aligned: key, value, where the value comes from. Secrets are hidden. */
export function describeSettings(
  resolved: Described,
  definitions: readonly SettingDefinition[] = settingDefinitions,
): string {
  return alignColumns(
    definitions.map((definition) => [
      definition.key,
      settingText(resolved, definition),
      resolved.origins[definition.key],
    ]),
  );
}

/** The settings that are not at their defaults, for one log line. Secrets are hidden. */
export function chosenSettings(resolved: Described): Readonly<Record<string, string>> {
  const chosen = settingDefinitions.filter(({ key }) => resolved.origins[key] !== 'default');
  return Object.fromEntries(
    chosen.map((definition) => [
      definition.key,
      `${settingText(resolved, definition)} (${resolved.origins[definition.key]})`,
    ]),
  );
}

function settingText({ settings }: Described, { key, schema }: SettingDefinition): string {
  const value = settings[key];
  return schema.secret === true && value !== undefined ? '(hidden)' : formatSetting(value) || '(none)';
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
