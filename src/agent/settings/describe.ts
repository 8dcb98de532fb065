import type { ResolvedSettings } from '../settings.ts';
import { formatSetting } from './decoder.ts';
import { type SettingDefinition, settingDefinitions } from './definition.ts';

/**
 * Every setting by its key, for the log line of the start: its value and, unless that is the default, where it comes from.
 * Secrets are hidden.
 */
export function settingTexts(
  { settings, origins }: Pick<ResolvedSettings, 'settings' | 'origins'>,
  definitions: readonly SettingDefinition[] = settingDefinitions,
): Readonly<Record<string, string>> {
  const text = ({ key, schema }: SettingDefinition): string => {
    const value = settings[key];
    const shown =
      schema.secret === true && value !== undefined ? '(hidden)' : formatSetting(value) || '(none)';
    return origins[key] === 'default' ? shown : `${shown} (${origins[key]})`;
  };
  return Object.fromEntries(definitions.map((definition) => [definition.key, text(definition)]));
}
