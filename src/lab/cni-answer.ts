import { type CommandResult, commandError } from './command.ts';
import type { PluginStanza } from './conflist.ts';
import { LabError } from './error.ts';

/** The operations of the CNI specification that this runtime uses. */
export type Verb = 'ADD' | 'DEL' | 'CHECK' | 'STATUS';

/** The parts of a CNI result (specification 1.1.0 §5) that this runtime looks at; the rest is carried along untouched. */
export interface CniResult {
  readonly cniVersion: string;
  readonly interfaces?: readonly {
    readonly name: string;
    readonly mac?: string;
    readonly sandbox?: string;
  }[];
  readonly ips?: readonly { readonly address: string; readonly interface?: number }[];
  readonly [key: string]: unknown;
}

/** Error code 11: the plugin asks to be called again later. */
export const TRY_AGAIN_LATER = 11;

/** A plugin's own refusal, §5.3. `fields.cniCode` is the protocol's number. */
export class CniError extends LabError {}

/** The result that a plugin printed for ADD. @throws CniError */
export function parseResult(stdout: string, plugin: PluginStanza, cniVersion: string): CniResult {
  try {
    const value: unknown = JSON.parse(stdout);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { cniVersion, ...value };
  } catch {
    // Reported below with what came.
  }
  throw new CniError(
    'GRY_LAB_CNI',
    `plugin ${plugin.type} printed no result for ADD: ${JSON.stringify(stdout.slice(0, 200))}`,
  );
}

/** The error object that a plugin prints on its standard output, or whatever it said instead. */
export function pluginError(verb: Verb, plugin: PluginStanza, result: CommandResult): CniError {
  let said: { readonly code?: unknown; readonly msg?: unknown; readonly details?: unknown } = {};
  try {
    const value: unknown = JSON.parse(result.stdout);
    if (typeof value === 'object' && value !== null) said = value;
  } catch {
    return new CniError(
      'GRY_LAB_CNI',
      `plugin ${plugin.type} failed (${verb}): ${commandError(result).message}`,
    );
  }
  const details = typeof said.details === 'string' && said.details !== '' ? `; ${said.details}` : '';
  return new CniError(
    'GRY_LAB_CNI',
    `plugin ${plugin.type} failed (${verb}): ${String(said.msg)}${details}`,
    {
      fields: { cniCode: said.code },
      ...(said.code === TRY_AGAIN_LATER ? { remedy: 'try again later' } : {}),
    },
  );
}
