/** One word of a selector; `position` counts characters from 0. */
export interface Token {
  readonly kind: 'symbol' | 'key' | 'string';
  /** A symbol as the grammar writes it (`not in` with one blank), a label name, or what stands between the quotes. */
  readonly text: string;
  readonly position: number;
}

export interface Tokens {
  readonly tokens: readonly Token[];
  /** Where the text stops making sense. */
  readonly stray?: { readonly reason: string; readonly position: number };
}

interface Rule {
  readonly kind: Token['kind'];
  readonly pattern: RegExp;
  /** The text of the token; by default what matched, with runs of blanks made one. */
  readonly text?: (match: string) => string;
}

const withoutBlanks = (match: string): string => match.replaceAll(/\s/g, '');
const withoutQuotes = (match: string): string => match.slice(1, -1);

/**
 * The first rule that matches wins. Word operators need an operand behind them, so that a label may be called `in` or
 * `contains`: only where a quote or a brace follows are they operators.
 */
const rules: readonly Rule[] = [
  { kind: 'string', pattern: /'[^']*'|"[^"]*"/y, text: withoutQuotes },
  { kind: 'symbol', pattern: /&&|\|\||==|!=|[!(){},]/y },
  { kind: 'symbol', pattern: /(?:all|global)\s*\(\s*\)/y, text: withoutBlanks },
  { kind: 'symbol', pattern: /has\s*\(/y, text: withoutBlanks },
  { kind: 'symbol', pattern: /(?:not\s+)?in(?=\s*\{)/y },
  { kind: 'symbol', pattern: /(?:contains|starts\s+with|ends\s+with)(?=\s*['"])/y },
  { kind: 'key', pattern: /[A-Za-z0-9_./-]{1,512}/y },
];

/** The words of `text` up to its end or to the first character that belongs to none. */
export function tokenize(text: string): Tokens {
  const tokens: Token[] = [];
  let position = skipBlanks(text, 0);
  while (position < text.length) {
    const token = tokenAt(text, position);
    if (token === undefined) return { tokens, stray: { reason: strayReason(text, position), position } };
    tokens.push(token.token);
    position = skipBlanks(text, token.end);
  }
  return { tokens };
}

function tokenAt(text: string, position: number): { token: Token; end: number } | undefined {
  for (const { kind, pattern, text: clean } of rules) {
    pattern.lastIndex = position;
    const match = pattern.exec(text)?.[0];
    if (match === undefined) continue;
    const token = {
      kind,
      text: clean === undefined ? match.replaceAll(/\s+/g, ' ') : clean(match),
      position,
    };
    return { token, end: position + match.length };
  }
  return undefined;
}

function skipBlanks(text: string, from: number): number {
  let position = from;
  while (/\s/.test(text.charAt(position))) position++;
  return position;
}

function strayReason(text: string, position: number): string {
  const character = text.charAt(position);
  return character === "'" || character === '"'
    ? 'a text that is never closed'
    : `unexpected ${JSON.stringify(character)}`;
}
