import { GryphonError } from '../../ports/error.ts';
import type { LogFields } from '../../ports/log.ts';

/** The keys that every line has already; a field of the same name gets an underscore behind it. */
const taken: ReadonlySet<string> = new Set(['time', 'level', 'component', 'msg']);

/** The fields of a line with values that JSON can say: errors become objects, big integers texts, maps and sets arrays. */
export function plainFields(fields: LogFields = {}): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [taken.has(key) ? `${key}_` : key, plainValue(value)]),
  );
}

function plainValue(value: unknown): unknown {
  if (value instanceof Error) return plainError(value);
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Map || value instanceof Set) return [...value];
  return value;
}

/** Our own errors tell what is needed; of others, which nobody expected, the stack is wanted too. */
function plainError(error: Error): LogFields {
  const { code, remedy, fields } = error instanceof GryphonError ? error : foreignError(error);
  return {
    ...(code === undefined ? {} : { code }),
    message: error.message,
    ...(remedy === undefined ? {} : { remedy }),
    ...fields,
    ...(error.cause === undefined ? {} : { cause: plainValue(error.cause) }),
  };
}

/** Node's system errors carry a `code` (`ECONNREFUSED`). */
function foreignError(error: Error): { code: string | undefined; remedy: undefined; fields: LogFields } {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { code, remedy: undefined, fields: { stack: error.stack } };
}
