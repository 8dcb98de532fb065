/** Text of a manifest file to plain values that know where they were written. */
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import type { Path } from '../records/problem.ts';
import { isJson, limits } from './directory.ts';

/** Counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface ManifestDocument {
  readonly value: unknown;
  /** Where the value at `path` stands, or the nearest thing around it that was written. */
  locate(path: Path): Position;
  /** `locate` has to parse the text once more: only for problems. */
  readonly isSlow: boolean;
}

export interface SyntaxProblem {
  readonly reason: string;
  readonly position: Position;
}

/** All documents of a file; one syntax error spoils the whole file, because nobody knows what else it hides. */
export type Documents =
  | { readonly documents: readonly ManifestDocument[] }
  | { readonly error: SyntaxProblem };

const MOST_DOCUMENTS = 10_000;
const TOP: Position = { line: 1, column: 1 };
/** How often an anchor's content may be repeated: enough for people, too few for a bomb. */
const MOST_ALIASES = 100;

export function parseDocuments(name: string, text: string): Documents {
  const json = isJson(name) ? parseJson(text) : undefined;
  if (json !== undefined) return { documents: [json] };
  // What is no JSON may still be YAML; if not, the YAML parser tells where it goes wrong.
  return text.length > limits.yamlBytes ? syntaxError('the file is not JSON', TOP) : parseYaml(text);
}

/** Ten times faster than the YAML parser, which is asked only when somebody wants a line. */
function parseJson(text: string): ManifestDocument | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  let located: ManifestDocument | undefined;
  const yaml = (): ManifestDocument | undefined => {
    const parsed = text.length > limits.yamlBytes ? undefined : parseYaml(text);
    return parsed !== undefined && 'documents' in parsed ? parsed.documents[0] : undefined;
  };
  return {
    value,
    locate: (path) => (located ??= yaml())?.locate(path) ?? TOP,
    isSlow: true,
  };
}

function parseYaml(text: string): Documents {
  const lines = new LineCounter();
  const options = { lineCounter: lines, prettyErrors: false, logLevel: 'silent' } as const;
  const positionOf = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  if ((text.match(/^---/gm)?.length ?? 0) > MOST_DOCUMENTS) {
    return syntaxError(`more than ${MOST_DOCUMENTS} documents`, TOP);
  }
  const documents: ManifestDocument[] = [];
  try {
    for (const document of parseAllDocuments(text, options)) {
      const [error] = document.errors;
      if (error !== undefined) return syntaxError(error.message, positionOf(error.pos[0]));
      documents.push(toManifestDocument(document, positionOf));
    }
  } catch (error) {
    // Unresolved or too many aliases, or nesting that exhausts the stack.
    const reason = error instanceof Error ? error.message : String(error);
    return syntaxError(reason, TOP);
  }
  return { documents };
}

const syntaxError = (reason: string, position: Position): Documents => ({ error: { reason, position } });

function toManifestDocument(
  document: Document.Parsed,
  positionOf: (offset: number) => Position,
): ManifestDocument {
  return {
    value: document.toJS({ maxAliasCount: MOST_ALIASES }),
    locate: (path) => positionOf(offsetOf(document, path)),
    isSlow: false,
  };
}

/** The offset of the key (in a map) or of the entry (in a list) that `path` leads to, as far as it exists. */
function offsetOf(document: Document.Parsed, path: Path): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      offset = startOf(pair?.key) ?? offset;
      node = pair?.value;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      offset = startOf(node) ?? offset;
    }
  }
  return offset;
}

const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);
