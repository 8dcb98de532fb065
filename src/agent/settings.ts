import { join } from 'node:path';
import type { Problem } from '../ports/problem.ts';
import {
  type Assignment,
  environmentAssignments,
  fileAssignments,
  flagAssignments,
} from './settings/assignment.ts';
import { decoders } from './settings/decoder.ts';
import { type SettingDefinition, settingDefinitions } from './settings/definition.ts';
import type { SettingKey, SettingOrigin, Settings } from './settings/schema.ts';

export { settingTexts } from './settings/describe.ts';
export { settingsReference } from './settings/reference.ts';
export type { SettingKey, SettingOrigin, Settings } from './settings/schema.ts';
export { type SettingDefinition, settingDefinitions };

export interface SettingSources {
  /** Values of the flags given; keys in any form of the name (`bgp-port`, `bgpPort`), as argument parsers make them. */
  readonly flags?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The process environment; only `GRYPHON_…` is looked at. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The file that `settingsFile` names, read. */
  readonly file?: { readonly name: string; readonly text: string };
}

export interface ResolvedSettings {
  readonly settings: Settings;
  readonly origins: Readonly<Record<SettingKey, SettingOrigin>>;
  /** Errors must stop the process (the setting has its default then); warnings are told. */
  readonly problems: readonly Problem[];
}

/** The path of the settings file, from `--config` or `GRYPHON_CONFIG`. */
export function settingsFile(sources: Omit<SettingSources, 'file'>): string | undefined {
  return resolveSettings(sources).settings.config;
}

/** One value for each setting: that of the flag, else of the variable, else of the file, else the default. */
export function resolveSettings(sources: SettingSources): ResolvedSettings {
  const read = [
    flagAssignments(sources.flags ?? {}),
    environmentAssignments(sources.environment ?? {}),
    fileAssignments(sources.file),
  ];
  const problems = read.flatMap((source) => source.problems);
  const assignments = read.flatMap((source) => source.assignments);
  const values: Record<string, unknown> = {};
  const origins: Record<string, SettingOrigin> = {};
  for (const definition of settingDefinitions) {
    const { key } = definition;
    const assignment = assignments.find((candidate) => candidate.key === key);
    const given = assignment === undefined ? undefined : decodeGiven(definition, assignment, problems);
    values[key] = given === undefined ? defaultOf(definition) : given.value;
    origins[key] = given === undefined || assignment === undefined ? 'default' : assignment.origin;
  }
  // The casts are sound: every key of the schema was set, its value by a decoder of its form.
  const settings = withDerived(values as Settings);
  problems.push(...checkSocket(settings));
  return { settings, origins: origins as ResolvedSettings['origins'], problems };
}

/** Bytes that the kernel takes as the path of a unix socket (`sun_path` without its final zero). */
const LONGEST_SOCKET_PATH = 107;

/** The path of the socket may come from another setting, so it is checked when all are known. */
function checkSocket({ cniSocket }: Settings): Problem[] {
  if (Buffer.byteLength(cniSocket) <= LONGEST_SOCKET_PATH) return [];
  return [
    {
      code: 'GRY_SETTING_INVALID',
      severity: 'error',
      subject: 'cniSocket',
      message: `${cniSocket} is longer than the ${LONGEST_SOCKET_PATH} bytes that the path of a socket may have`,
      remedy: 'choose a shorter --run-dir or --cni-socket',
    },
  ];
}

function decodeGiven(
  { schema }: SettingDefinition,
  { source, text }: Assignment,
  problems: Problem[],
): { readonly value: unknown } | undefined {
  const decoder = decoders[schema.form];
  const decoded = decoder.decode(text, schema);
  if (decoded === undefined) {
    const shown = schema.secret === true ? 'the value' : JSON.stringify(text);
    problems.push({
      code: 'GRY_SETTING_INVALID',
      severity: 'error',
      subject: source,
      message: `${shown} is not ${decoder.expects(schema)}`,
      remedy: remedyFor(text),
    });
  }
  return decoded;
}

/** Kubernetes puts `GRYPHON_BGP_PORT=tcp://…` into every pod beside a Service called `gryphon-bgp`. */
function remedyFor(text: string): string {
  return /^(tcp|udp|sctp):\/\//.test(text)
    ? 'set enableServiceLinks: false in the pod, the variable comes from a Service'
    : 'correct it, or remove it to have the default';
}

function defaultOf({ schema }: SettingDefinition): unknown {
  return schema.default === undefined
    ? undefined
    : decoders[schema.form].decode(schema.default, schema)?.value;
}

/** Defaults that depend on other settings. */
function withDerived(settings: Settings): Settings {
  return { ...settings, cniSocket: settings.cniSocket ?? join(settings.runDir, 'cni.sock') };
}
