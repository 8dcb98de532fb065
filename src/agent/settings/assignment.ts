import { isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument } from 'yaml';
import { nearestRemedy } from '../../kube/records/nearest.ts';
import type { Problem } from '../../ports/problem.ts';
import { environmentPrefix, flagOf, settingDefinitions } from './definition.ts';
import type { SettingKey, SettingOrigin } from './schema.ts';

/** One source gives one setting a value. */
export interface Assignment {
  readonly key: SettingKey;
  readonly text: string;
  readonly origin: Exclude<SettingOrigin, 'default'>;
  /** As the user knows it: `--bgp-port`, `GRYPHON_BGP_PORT`, `gryphon.yaml:3 bgpPort`. */
  readonly source: string;
}

export interface Assignments {
  readonly assignments: readonly Assignment[];
  readonly problems: readonly Problem[];
}

type Flags = Readonly<Record<string, string | readonly string[] | undefined>>;

export function flagAssignments(flags: Flags): Assignments {
  const assignments: Assignment[] = [];
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    const flag = flagOf(name);
    const definition = settingDefinitions.find((candidate) => candidate.flag === flag);
    if (definition === undefined) {
      const known = settingDefinitions.map((d) => d.flag);
      problems.push(unknownName(`--${flag}`, 'flag', flag, known));
    } else {
      const text = typeof value === 'string' ? value : value.join(',');
      assignments.push({ key: definition.key, text, origin: 'flag', source: `--${flag}` });
    }
  }
  return { assignments, problems };
}

/**
 * What Kubernetes puts into a pod for every Service of its namespace whose name starts with `gryphon`
 * (`GRYPHON_METRICS_SERVICE_HOST`, `GRYPHON_METRICS_PORT_17180_TCP_ADDR`): not meant for us.
 */
const serviceLink =
  /^GRYPHON_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

export function environmentAssignments(
  environment: Readonly<Record<string, string | undefined>>,
): Assignments {
  const assignments: Assignment[] = [];
  const problems: Problem[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (text === undefined || !name.startsWith(environmentPrefix)) continue;
    const definition = settingDefinitions.find((candidate) => candidate.environment === name);
    if (definition !== undefined) {
      assignments.push({ key: definition.key, text, origin: 'environment', source: name });
    } else if (!serviceLink.test(name)) {
      const known = settingDefinitions.map((d) => d.environment);
      problems.push(unknownName(name, 'variable', name, known));
    }
  }
  return { assignments, problems };
}

/** A file cannot name the file. */
const fileSettings = settingDefinitions.filter(({ key }) => key !== 'config');

/** A flat YAML map of file keys. An unreadable one is one problem with its line, and gives nothing. */
export function fileAssignments(file: SettingsFile | undefined): Assignments {
  const assignments: Assignment[] = [];
  const problems: Problem[] = [];
  const read = file === undefined ? { entries: [] } : readEntries(file);
  if ('problem' in read) return { assignments, problems: [read.problem] };
  for (const { name, source, value } of read.entries) {
    const definition = fileSettings.find((candidate) => candidate.key === name);
    const text = textOf(value);
    if (definition === undefined) {
      const known = fileSettings.map((d) => d.key);
      problems.push(unknownName(source, 'key', name, known));
    } else if (text === undefined) {
      problems.push(invalidFile(source, 'neither a single value nor a list of them'));
    } else {
      assignments.push({ key: definition.key, text, origin: 'file', source });
    }
  }
  return { assignments, problems };
}

interface SettingsFile {
  readonly name: string;
  readonly text: string;
}

interface FileEntry {
  readonly name: string;
  readonly source: string;
  readonly value: ParsedNode | null;
}

function readEntries({ name: file, text }: SettingsFile): { entries: FileEntry[] } | { problem: Problem } {
  const lines = new LineCounter();
  const { errors, contents } = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const [error] = errors;
  if (error !== undefined) return { problem: invalidFile(at(error.pos[0]), error.message) };
  if (contents === null || (isScalar(contents) && contents.value === null)) return { entries: [] };
  if (!isMap(contents)) return { problem: invalidFile(at(0), 'the file is not a map of settings') };
  const entries = contents.items.map(({ key, value }): FileEntry => {
    const name = isScalar(key) ? String(key.value) : '';
    return { name, source: `${at(key.range[0])} ${name}`, value };
  });
  return { entries };
}

/** What a flag would say: the scalar as it is written, a list with commas. */
function textOf(node: ParsedNode | null): string | undefined {
  if (node === null) return '';
  if (isScalar(node)) return node.value === null ? '' : node.source;
  if (!isSeq(node)) return undefined;
  const parts = node.items.map((item) => (isScalar(item) ? textOf(item) : undefined));
  return parts.includes(undefined) ? undefined : parts.join(',');
}

function unknownName(subject: string, what: string, name: string, known: readonly string[]): Problem {
  return {
    code: 'GRY_SETTING_UNKNOWN',
    severity: 'warning',
    subject,
    message: `there is no setting with this ${what}`,
    remedy: nearestRemedy(name, known),
  };
}

function invalidFile(subject: string, message: string): Problem {
  return {
    code: 'GRY_SETTINGS_FILE_INVALID',
    severity: 'error',
    subject,
    message,
    remedy: 'correct the file',
  };
}
