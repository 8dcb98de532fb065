import type { TSchema } from 'typebox';
import { type Unsupported, unsupportedKeyword, unsupportedMark } from './field.ts';
import { group, type Resource, version } from './kind.ts';
import { type Rule, rulesKeyword, rulesOf } from './rule.ts';

/** The CustomResourceDefinition (apiextensions.k8s.io/v1) of one of our resources, as plain data. */
export function customResourceDefinition(resource: Resource): object {
  const { kind, plural, singular, shortNames, columns } = resource;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Cluster',
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames, categories: ['gryphon'] },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [
            ...columns.map(({ name, type, path, wide }) => ({
              name,
              type,
              jsonPath: path,
              ...(wide === undefined ? {} : { priority: 1 }),
            })),
            { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
          ],
          schema: { openAPIV3Schema: objectSchema(resource) },
        },
      ],
    },
  };
}

function objectSchema({ description, rules = [], spec, status }: Resource): object {
  return {
    type: 'object',
    description,
    ...(spec === undefined ? {} : { required: ['spec'] }),
    ...(rules.length === 0 ? {} : { [rulesKeyword]: rules }),
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      ...(spec === undefined ? {} : { spec: structural(spec) }),
      status: structural(status),
    },
  };
}

/** The parts of a TypeBox schema that stand in a structural schema, and those within. */
function structural(schema: TSchema): object {
  const { properties, items, [unsupportedKeyword]: _mark, ...rest } = schema as Nested;
  const mark = unsupportedMark(schema);
  const rules = [...rulesOf(schema), ...(mark?.refused === true ? [refusal(mark)] : [])];
  return {
    ...rest,
    ...(mark === undefined ? {} : { description: `${rest.description} Not carried out: ${mark.remedy}.` }),
    ...(rules.length === 0 ? {} : { [rulesKeyword]: rules }),
    ...(items === undefined ? {} : { items: structural(items) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, field]) => [key, structural(field)]),
          ),
        }),
  };
}

type Nested = TSchema & {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly items?: TSchema;
  readonly [unsupportedKeyword]?: Unsupported;
};

/** Who sets such a field means something that would not happen. Only texts have values that change nothing. */
const refusal = ({ harmless, remedy }: Unsupported): Rule => ({
  rule: harmless.length === 0 ? 'false' : harmless.map((value) => `self == '${String(value)}'`).join(' || '),
  message: `is not carried out; ${remedy}`,
});
