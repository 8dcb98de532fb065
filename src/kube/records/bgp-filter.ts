import type { Static } from 'typebox';
import { type Prefix, prefixFamily } from '../../net/prefix.ts';
import { bgpFilterKind } from '../kinds/bgp-filter.ts';
import { type AnyCommunity, communityDecoder } from './community.ts';
import { asNumberDecoder, type FieldDecoder, prefixDecoder } from './field-decoder.ts';
import { decodeValue, type KindObject, readObject } from './kind-object.ts';
import { defined } from './plain.ts';
import { type FieldProblem, fieldProblem, hasError, type Parsed, type Path } from './problem.ts';

/** A BGPFilter of `gryphon.dev/v1alpha1`; names and meaning are Calico v3's. */
export interface BGPFilterRecord {
  readonly name: string;
  readonly exportV4: readonly BGPFilterRuleRecord[];
  readonly importV4: readonly BGPFilterRuleRecord[];
  readonly exportV6: readonly BGPFilterRuleRecord[];
  readonly importV6: readonly BGPFilterRuleRecord[];
  readonly unsupported: readonly string[];
}

export type FilterList = 'exportV4' | 'importV4' | 'exportV6' | 'importV6';

export interface BGPFilterRuleRecord {
  readonly action: 'Accept' | 'Reject';
  readonly cidr?: Prefix;
  /** Set where `cidr` is. */
  readonly matchOperator?: 'Equal' | 'NotEqual' | 'In' | 'NotIn';
  readonly prefixLength?: { readonly min?: number; readonly max?: number };
  readonly source?: 'RemotePeers';
  readonly interface?: string;
  readonly peerType?: 'eBGP' | 'iBGP';
  readonly communities?: readonly AnyCommunity[];
  readonly asPathPrefix?: readonly number[];
  /** In their order; only with `Accept`. */
  readonly operations?: readonly BGPFilterOperationRecord[];
}

export type BGPFilterOperationRecord =
  | { readonly addCommunity: AnyCommunity }
  | { readonly prependASPath: readonly number[] }
  /** Calico's metric, the smaller the better. */
  | { readonly setPriority: number };

type Spec = Static<typeof bgpFilterKind.spec>;
type Rule = NonNullable<Spec[FilterList]>[number];
type Operation = NonNullable<Rule['operations']>[number];

/** Where the parts of the parser report to. */
type Reader = Pick<KindObject<typeof bgpFilterKind.spec>, 'subject' | 'problems'>;

/** A filter with a wrong rule is refused as a whole: whoever names it then lets nothing through (fail closed). */
export function parseBGPFilter(value: unknown): Parsed<BGPFilterRecord> {
  const { object, problems } = readObject(bgpFilterKind, value);
  if (object === undefined) return { problems };
  const { name, spec, unsupported } = object;
  const read = (list: FilterList): readonly BGPFilterRuleRecord[] =>
    (spec[list] ?? []).map((rule, i) => readRule(object, ['spec', list, i], rule, list));
  const record = {
    name,
    exportV4: read('exportV4'),
    importV4: read('importV4'),
    exportV6: read('exportV6'),
    importV6: read('importV6'),
    unsupported,
  };
  return hasError(problems) ? { problems } : { record, problems };
}

function readRule(reader: Reader, path: Path, rule: Rule, list: FilterList): BGPFilterRuleRecord {
  const family = list.endsWith('V4') ? 4 : 6;
  const operations = rule.operations?.flatMap((operation, i) =>
    readOperation(reader, [...path, 'operations', i], operation),
  );
  checkRule(reader, path, rule);
  return defined({
    action: rule.action,
    cidr: decodeValue(reader, [...path, 'cidr'], absent(rule.cidr), prefixOf(family)),
    matchOperator: rule.matchOperator,
    prefixLength: rule.prefixLength === undefined ? undefined : defined(rule.prefixLength),
    source: rule.source,
    interface: absent(rule.interface),
    peerType: rule.peerType,
    communities: decodeList(
      reader,
      [...path, 'communities', 'values'],
      rule.communities?.values,
      communityDecoder,
    ),
    asPathPrefix: decodeList(reader, [...path, 'asPathPrefix'], rule.asPathPrefix, asNumberDecoder),
    operations: operations === undefined || operations.length === 0 ? undefined : operations,
  });
}

/** Calico's tools write empty texts where nothing is meant. */
const absent = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

const prefixOf = (family: 4 | 6): FieldDecoder<Prefix> => ({
  ...prefixDecoder,
  decode: (value) => {
    const prefix = prefixDecoder.decode(value);
    return prefix !== undefined && prefixFamily(prefix) === family ? prefix : undefined;
  },
  expects: (value) =>
    prefixDecoder.decode(value) === undefined ? prefixDecoder.expects(value) : `an IPv${family} CIDR`,
  remedy: (value) =>
    prefixDecoder.decode(value) === undefined
      ? prefixDecoder.remedy(value)
      : `move the rule to the list for IPv${family === 4 ? 6 : 4}`,
});

function decodeList<T>(
  reader: Reader,
  path: Path,
  list: readonly (string | number)[] | undefined,
  decoder: FieldDecoder<T>,
): readonly T[] | undefined {
  if (list === undefined || list.length === 0) return undefined;
  return list.flatMap((value, i) => {
    const decoded = decodeValue(reader, [...path, i], value, decoder);
    return decoded === undefined ? [] : [decoded];
  });
}

/** What no schema says of one field alone. */
function checkRule(reader: Reader, path: Path, rule: Rule): void {
  const complain = (field: string, message: string, remedy: string): void => {
    reader.problems.push(contradiction(reader, [...path, field], message, remedy));
  };
  if ((absent(rule.cidr) === undefined) !== (rule.matchOperator === undefined)) {
    complain('matchOperator', 'only one of cidr and matchOperator is set', 'set both, or none');
  }
  const { min = 0, max = 128 } = rule.prefixLength ?? {};
  if (min > max) complain('prefixLength', `its min ${min} is above its max ${max}`, 'exchange the two');
  if (rule.communities?.values.length === 0) {
    complain('communities', 'the list of communities is empty', 'name a community, or remove the field');
  }
  if (rule.action === 'Reject' && (rule.operations?.length ?? 0) > 0) {
    complain(
      'operations',
      'a route that is rejected cannot be changed',
      'remove them, or write action: Accept',
    );
  }
}

function readOperation(reader: Reader, path: Path, operation: Operation): BGPFilterOperationRecord[] {
  const { addCommunity, prependASPath, setPriority } = operation;
  if ([addCommunity, prependASPath, setPriority].filter((part) => part !== undefined).length !== 1) {
    const names = 'addCommunity, prependASPath and setPriority';
    reader.problems.push(
      contradiction(reader, path, `exactly one of ${names} belongs here`, 'write one operation per entry'),
    );
    return [];
  }
  if (setPriority !== undefined) return [{ setPriority: setPriority.value }];
  if (addCommunity !== undefined) {
    const value = decodeValue(
      reader,
      [...path, 'addCommunity', 'value'],
      addCommunity.value,
      communityDecoder,
    );
    return value === undefined ? [] : [{ addCommunity: value }];
  }
  const listPath = [...path, 'prependASPath', 'prefix'];
  const asns = decodeList(reader, listPath, prependASPath?.prefix, asNumberDecoder);
  if (asns !== undefined) return [{ prependASPath: asns }];
  reader.problems.push(contradiction(reader, listPath, 'the list is empty', 'name 1 to 10 AS numbers'));
  return [];
}

const contradiction = (reader: Reader, path: Path, message: string, remedy: string): FieldProblem =>
  fieldProblem('GRY_FIELDS_CONTRADICT', 'error', reader.subject, path, message, remedy);
