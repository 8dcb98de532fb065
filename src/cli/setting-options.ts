import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { settingDefinitions } from '../agent/settings/definition.ts';
import type { SettingKey } from '../agent/settings/schema.ts';
import {
  type ResolvedSettings,
  resolveSettings,
  type SettingSources,
  settingsFile,
} from '../agent/settings.ts';
import { describeError } from '../ports/error.ts';
import { type CommandContext, UsageError } from './context.ts';

/** Gives a command the flags of these settings (absent: of all). */
export function addSettingOptions(command: Command, keys?: readonly SettingKey[]): void {
  for (const { key, flag, environment, schema } of settingDefinitions) {
    if (keys !== undefined && !keys.includes(key)) continue;
    const standard = schema.default ?? schema.derived;
    const notes = [
      ...(standard === undefined || standard === '' ? [] : [`default: ${standard}`]),
      `env: ${environment}`,
    ];
    command.addOption(new Option(`--${flag} <value>`, `${schema.description} (${notes.join(', ')})`));
  }
}

/** Flags, environment and file together. @throws UsageError when one of them is wrong */
export async function readSettings(
  flags: Readonly<Record<string, string>>,
  { environment }: Pick<CommandContext, 'environment'>,
): Promise<ResolvedSettings> {
  const sources: SettingSources = { flags, environment };
  const name = settingsFile(sources);
  const resolved = resolveSettings(
    name === undefined ? sources : { ...sources, file: { name, text: await readText(name) } },
  );
  const wrong = resolved.problems.filter((problem) => problem.severity === 'error');
  if (wrong.length > 0) {
    const lines = wrong.map((p) => `${p.subject}: ${p.message}`);
    throw new UsageError(lines.join('; '), [...new Set(wrong.map((p) => p.remedy))].join('; '));
  }
  return resolved;
}

async function readText(name: string): Promise<string> {
  try {
    return await readFile(name, 'utf8');
  } catch (cause) {
    throw new UsageError(
      `the settings file ${name} cannot be read: ${describeError(cause)}`,
      'correct --config or the permissions of the file',
    );
  }
}
