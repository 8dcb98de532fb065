/**
 * Calico's selector language, as `nodeSelector` uses it: `rack == 'a' && !has(gpu)`.
 *
 *     expression = conjunction { "||" conjunction }
 *     conjunction = term { "&&" term }
 *     term = "!" term | "(" expression ")" | "all()" | "global()" | "has(" key ")" | key operator
 *     operator = ("==" | "!=" | "contains" | "starts with" | "ends with") string | ["not"] "in" "{" [string {"," string}] "}"
 *
 * Strings stand in single or double quotes, without escapes. The empty selector matches everything. A label that is missing
 * matches `!=` and `not in` and nothing else. `global()` is Calico's "objects without namespace": every Node is one.
 */
import { GryphonError } from '../../ports/error.ts';
import { type Token, tokenize } from './selector-token.ts';

export type Labels = Readonly<Record<string, string>>;

export type Selector =
  | { readonly kind: 'all' }
  | { readonly kind: 'has'; readonly key: string }
  | { readonly kind: 'compare'; readonly key: string; readonly operator: Comparison; readonly value: string }
  | { readonly kind: 'in'; readonly key: string; readonly values: ReadonlySet<string> }
  | { readonly kind: 'not'; readonly operand: Selector }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Selector[] };

export type Comparison = '==' | 'contains' | 'starts with' | 'ends with';

/** `position` counts characters from 0. */
export class SelectorError extends GryphonError {
  readonly position: number;

  constructor(reason: string, text: string, position: number) {
    super('GRY_SELECTOR_INVALID', `${reason} at character ${position + 1} of ${JSON.stringify(text)}`, {
      remedy: "write it like: rack == 'a' && !has(gpu)",
      fields: { position },
    });
    this.position = position;
  }
}

/** Longer ones are refused: nobody writes them, and the parser recurses. */
const LONGEST_SELECTOR = 4096;
const DEEPEST_NESTING = 64;

/** @throws SelectorError `GRY_SELECTOR_INVALID` with the position of what was not understood */
export function parseSelector(text: string): Selector {
  if (text.length > LONGEST_SELECTOR) {
    throw new SelectorError(`longer than ${LONGEST_SELECTOR} characters`, `${text.slice(0, 40)}…`, 0);
  }
  const { tokens, stray } = tokenize(text);
  if (stray !== undefined) throw new SelectorError(stray.reason, text, stray.position);
  if (tokens.length === 0) return { kind: 'all' };
  const cursor: Cursor = { text, tokens, index: 0, depth: 0 };
  const selector = parseOr(cursor);
  const rest = cursor.tokens[cursor.index];
  if (rest !== undefined) throw expected(cursor, '&&, || or the end');
  return selector;
}

/** Whether an object with these labels is selected. */
export function matchesSelector(selector: Selector, labels: Labels): boolean {
  switch (selector.kind) {
    case 'all':
      return true;
    case 'has':
      return Object.hasOwn(labels, selector.key);
    case 'compare': {
      const label = labelOf(labels, selector.key);
      return label !== undefined && compare(selector.operator, label, selector.value);
    }
    case 'in': {
      const label = labelOf(labels, selector.key);
      return label !== undefined && selector.values.has(label);
    }
    case 'not':
      return !matchesSelector(selector.operand, labels);
    case 'and':
      return selector.operands.every((operand) => matchesSelector(operand, labels));
    case 'or':
      return selector.operands.some((operand) => matchesSelector(operand, labels));
  }
}

/** Only own properties: a label called `constructor` must not be found in the prototype. */
function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function compare(operator: Comparison, label: string, value: string): boolean {
  switch (operator) {
    case '==':
      return label === value;
    case 'contains':
      return label.includes(value);
    case 'starts with':
      return label.startsWith(value);
    case 'ends with':
      return label.endsWith(value);
  }
}

interface Cursor {
  readonly text: string;
  readonly tokens: readonly Token[];
  index: number;
  depth: number;
}

function parseOr(cursor: Cursor): Selector {
  const operands = [parseAnd(cursor)];
  while (take(cursor, '||')) operands.push(parseAnd(cursor));
  const [only] = operands;
  return operands.length === 1 && only !== undefined ? only : { kind: 'or', operands };
}

function parseAnd(cursor: Cursor): Selector {
  const operands = [parseTerm(cursor)];
  while (take(cursor, '&&')) operands.push(parseTerm(cursor));
  const [only] = operands;
  return operands.length === 1 && only !== undefined ? only : { kind: 'and', operands };
}

function parseTerm(cursor: Cursor): Selector {
  if (++cursor.depth > DEEPEST_NESTING) {
    throw new SelectorError(`nested deeper than ${DEEPEST_NESTING}`, cursor.text, positionOf(cursor));
  }
  const term = parseNested(cursor);
  cursor.depth--;
  return term;
}

function parseNested(cursor: Cursor): Selector {
  if (take(cursor, '!')) return { kind: 'not', operand: parseTerm(cursor) };
  if (take(cursor, '(')) {
    const inner = parseOr(cursor);
    need(cursor, ')');
    return inner;
  }
  if (take(cursor, 'all()') || take(cursor, 'global()')) return { kind: 'all' };
  if (take(cursor, 'has(')) {
    const key = needText(cursor, 'key', 'a label name');
    need(cursor, ')');
    return { kind: 'has', key };
  }
  return parseOperation(cursor, needText(cursor, 'key', 'a label name, has(), all(), ! or ('));
}

function parseOperation(cursor: Cursor, key: string): Selector {
  for (const operator of ['==', 'contains', 'starts with', 'ends with'] as const) {
    if (take(cursor, operator)) return { kind: 'compare', key, operator, value: needString(cursor) };
  }
  if (take(cursor, '!=')) {
    return { kind: 'not', operand: { kind: 'compare', key, operator: '==', value: needString(cursor) } };
  }
  if (take(cursor, 'in')) return { kind: 'in', key, values: parseSet(cursor) };
  if (take(cursor, 'not in')) {
    return { kind: 'not', operand: { kind: 'in', key, values: parseSet(cursor) } };
  }
  throw expected(cursor, '==, !=, in, not in, contains, starts with or ends with');
}

function parseSet(cursor: Cursor): ReadonlySet<string> {
  const values = new Set<string>();
  need(cursor, '{');
  if (take(cursor, '}')) return values;
  do values.add(needString(cursor));
  while (take(cursor, ','));
  need(cursor, '}');
  return values;
}

function take(cursor: Cursor, symbol: string): boolean {
  const token = cursor.tokens[cursor.index];
  if (token?.kind !== 'symbol' || token.text !== symbol) return false;
  cursor.index++;
  return true;
}

function need(cursor: Cursor, symbol: string): void {
  if (!take(cursor, symbol)) throw expected(cursor, symbol);
}

function needText(cursor: Cursor, kind: 'key' | 'string', what: string): string {
  const token = cursor.tokens[cursor.index];
  if (token?.kind !== kind) throw expected(cursor, what);
  cursor.index++;
  return token.text;
}

const needString = (cursor: Cursor): string => needText(cursor, 'string', 'a text in quotes');

function expected(cursor: Cursor, what: string): SelectorError {
  const token = cursor.tokens[cursor.index];
  const found = token === undefined ? 'the end' : token.text;
  return new SelectorError(`expected ${what}, found ${found}`, cursor.text, positionOf(cursor));
}

const positionOf = (cursor: Cursor): number => cursor.tokens[cursor.index]?.position ?? cursor.text.length;
