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
      problems.push(
        unknownName(
          `--${flag}`,
          'flag',
          flag,
          settingDefinitions.map((d) => d.flag),
        ),
      );
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
      problems.push(
        unknownName(
          name,
          'variable',
          name,
          settingDefinitions.map((d) => d.environment),
        ),
      );
    }
  }
  return { assignments, problems };
}

/** A flat YAML map of file keys. An unreadable one is one problem with its line, and gives nothing. */
export function fileAssignments(
  file: { readonly name: string; readonly text: string } | undefined,
): Assignments {
  const assignments: Assignment[] = [];
  const problems: Problem[] = [];
  if (file === undefined) return { assignments, problems };
  const lines = new LineCounter();
  const document = parseDocument(file.text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file.name}:${line}:${col}`;
  };
  const [error] = document.errors;
  if (error !== undefined) {
    return { assignments, problems: [invalidFile(at(error.pos[0]), error.message)] };
  }
  if (document.contents === null) return { assignments, problems };
  if (!isMap(document.contents)) {
    return { assignments, problems: [invalidFile(at(0), 'the file is not a map of settings')] };
  }
  for (const { key, value } of document.contents.items) {
    const name = isScalar(key) ? String(key.value) : '';
    const source = `${at(isScalar(key) ? (key.range?.[0] ?? 0) : 0)} ${name}`;
    const definition = settingDefinitions.find((candidate) => candidate.key === name && name !== 'config');
    const text = textOf(value);
    if (definition === undefined) {
      problems.push(
        unknownName(
          source,
          'key',
          name,
          settingDefinitions.map((d) => d.key),
        ),
      );
    } else if (text === undefined) {
      problems.push(invalidFile(source, 'neither a single value nor a list of them'));
    } else {
      assignments.push({ key: definition.key, text, origin: 'file', source });
    }
  }
  return { assignments, problems };
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
