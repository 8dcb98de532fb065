import type { Condition } from '../kinds/status.ts';
import { asList, asObject, own, type PlainObject } from '../records/plain.ts';

/** What the server has of an object besides its spec, as far as acceptance is concerned. */
export interface Standing {
  /** `metadata.generation`: it counts up with the spec. */
  readonly generation: number;
  /** `metadata.resourceVersion`. */
  readonly version: string;
  /** Those that we write, sorted by type. */
  readonly conditions: readonly Condition[];
}

/** The types of our conditions, sorted. */
export const conditionTypes = ['Accepted', 'Unsupported'] as const;

export function parseStanding(object: PlainObject): Standing {
  const metadata = asObject(own(object, 'metadata'));
  const conditions = asList(own(asObject(own(object, 'status')), 'conditions')).map(asObject);
  const generation = own(metadata, 'generation');
  return {
    generation: typeof generation === 'number' ? generation : 0,
    version: textOf(metadata, 'resourceVersion'),
    conditions: conditionTypes.flatMap((type) => {
      const found = conditions.find((condition) => own(condition, 'type') === type);
      return found === undefined ? [] : [parseCondition(type, found)];
    }),
  };
}

function parseCondition(type: string, condition: PlainObject): Condition {
  const observedGeneration = own(condition, 'observedGeneration');
  return {
    type,
    // The cast is sound: the schema of the kind, which the server has checked, allows no other text.
    status: textOf(condition, 'status') as Condition['status'],
    reason: textOf(condition, 'reason'),
    message: textOf(condition, 'message'),
    lastTransitionTime: textOf(condition, 'lastTransitionTime'),
    ...(typeof observedGeneration === 'number' && { observedGeneration }),
  };
}

function textOf(object: PlainObject, key: string): string {
  const text = own(object, key);
  return typeof text === 'string' ? text : '';
}
