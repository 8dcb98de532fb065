import { type Static, Type } from 'typebox';
import { choice, text } from './field.ts';
import type { Column } from './kind.ts';

const condition = Type.Object(
  {
    type: text(64, 'What is told, such as Accepted.'),
    status: choice(['True', 'False', 'Unknown'], 'Whether it is so.'),
    reason: text(64, 'Why, in one word.'),
    message: text(4096, 'Why, for people.'),
    lastTransitionTime: Type.String({
      format: 'date-time',
      maxLength: 64,
      description: 'When the status changed.',
    }),
    observedGeneration: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Generation of the object that was looked at.' }),
    ),
  },
  { description: 'One condition.' },
);

/** `status` of the kinds that people write: whether the agents use the object. */
export const acceptance = Type.Object(
  {
    conditions: Type.Optional(
      Type.Array(condition, {
        maxItems: 8,
        description:
          'Accepted: False where the object is refused or cannot be used as it is written, with the reason. Unsupported: True where parts of it have no effect.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
      }),
    ),
  },
  { description: 'What the agents make of the object; written by one of them for all.' },
);

export type Condition = Static<typeof condition>;

/** Whether the object is used, and why not. */
export const acceptanceColumns: readonly Column[] = [
  { name: 'Accepted', type: 'string', path: '.status.conditions[?(@.type=="Accepted")].status' },
  { name: 'Reason', type: 'string', path: '.status.conditions[?(@.type=="Accepted")].message', wide: true },
];
