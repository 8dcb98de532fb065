import { type TSchema, type TUnsafe, Type } from 'typebox';
import { filePathRule, passwordRule, requiredNameRule, ruled } from './rule.ts';

/**
 * Keyword of a field that Calico carries out and we do not. `remedy` tells what to do; values in `harmless` change nothing
 * (mostly Calico's defaults, which its tools write into every object) and are accepted in silence.
 */
export const unsupportedKeyword = 'x-gryphon-unsupported';

export interface Unsupported {
  readonly remedy: string;
  readonly harmless: readonly unknown[];
  /** Without the field the object would mean something else: whoever sets it is refused. */
  readonly refused: boolean;
}

/** Marks a field as known and not carried out. */
export function unsupported<T extends TSchema>(
  schema: T,
  remedy = 'remove it',
  harmless: readonly unknown[] = [],
): T {
  const keyword: Unsupported = { remedy, harmless, refused: false };
  return { ...schema, [unsupportedKeyword]: keyword };
}

/** Marks a field that is known and not carried out, and without which the object would do something else than was meant. */
export function refused<T extends TSchema>(schema: T, remedy: string, harmless: readonly unknown[] = []): T {
  const keyword: Unsupported = { remedy, harmless, refused: true };
  return { ...schema, [unsupportedKeyword]: keyword };
}

/** The API server writes the value where the field is absent; only where that means the same. */
export const defaulted = <T extends TSchema>(schema: T, value: boolean | string): T => ({
  ...schema,
  default: value,
});

/** Says in the description of a field that Calico does not have it. */
export function ours<T extends TSchema>(schema: T): T {
  const description = 'description' in schema ? schema['description'] : '';
  return { ...schema, description: `${String(description)} Gryphon's own.` };
}

/** The mark of `unsupported()`, if the schema has it. */
export const unsupportedMark = (schema: TSchema): Unsupported | undefined =>
  unsupportedKeyword in schema ? (schema[unsupportedKeyword] as Unsupported) : undefined;

/** A text out of few. */
export function choice<T extends string>(values: readonly T[], description: string): TUnsafe<T> {
  return Type.Unsafe<T>({ type: 'string', enum: values, description });
}

interface IntOrStringBounds {
  readonly minimum: number;
  readonly maximum: number;
  /** Of the text. Not in CEL, which reckons with texts of megabytes here and finds its rules too dear. */
  readonly pattern: string;
}

/** Integer or text, as Kubernetes' IntOrString. The bounds are the API server's; the parser of the record has its own, which are narrower. */
const intOrString = (description: string, bounds: IntOrStringBounds): TUnsafe<number | string> =>
  Type.Unsafe<number | string>({ 'x-kubernetes-int-or-string': true, description, ...bounds });

export const asNumber = (description: string): TUnsafe<number | string> =>
  intOrString(`${description} From 1 to 4294967295, or in asdot notation: "65001.5".`, {
    minimum: 1,
    maximum: 4_294_967_295,
    pattern: '^([0-9]{1,5}\\.)?[0-9]{1,10}$',
  });

/** Calico takes `30s`; the bare number is ours. `maximum` is in seconds. */
export const duration = (description: string, maximum = 65_535): TUnsafe<number | string> =>
  intOrString(`${description} Seconds, or a duration in whole seconds such as "90s" or "1m30s".`, {
    minimum: 0,
    maximum,
    pattern: '^([0-9]{1,9}s?|[0-9]{1,6}m([0-9]{1,9}s)?|[0-9]{1,6}h([0-9]{1,6}m)?([0-9]{1,9}s)?)$',
  });

export const selector = (description: string): ReturnType<typeof Type.String> =>
  Type.String({
    maxLength: 4096,
    description: `${description} Calico's selector language: rack == 'a' && !has(gpu).`,
  });

export const cidr = (description: string): ReturnType<typeof Type.String> =>
  Type.String({ maxLength: 49, description });

export const port = (description: string): ReturnType<typeof Type.Integer> =>
  Type.Integer({ minimum: 1, maximum: 65_535, description });

export const text = (maxLength: number, description: string): ReturnType<typeof Type.String> =>
  Type.String({ maxLength, description });

export const integer = (
  minimum: number,
  maximum: number,
  description: string,
): ReturnType<typeof Type.Integer> => Type.Integer({ minimum, maximum, description });

/** Where a password is kept: a key of a Secret in the agent's namespace, or a file of the node. */
export const password = (description: string) =>
  ruled(
    Type.Object(
      {
        secretKeyRef: Type.Optional(
          Type.Object(
            {
              name: ruled(text(253, 'Name of the Secret, in the namespace of the agent.'), requiredNameRule),
              key: text(253, 'Key in the Secret.'),
              optional: Type.Optional(
                unsupported(
                  Type.Boolean({ description: 'The Secret may be missing.' }),
                  'remove it: a session never runs without its password',
                  [false],
                ),
              ),
            },
            { description: 'A key of a Secret. Excludes file.' },
          ),
        ),
        file: Type.Optional(
          ours(
            ruled(
              text(
                1024,
                'Absolute path of a file on the node that holds the password and nothing else. Excludes secretKeyRef.',
              ),
              filePathRule,
            ),
          ),
        ),
      },
      { description: `${description} From 1 to 80 octets; a line break at its end does not count.` },
    ),
    passwordRule,
  );
