import { type Static, type TSchema, Type } from 'typebox';

export const BGP_FAMILIES = ['ipv4-unicast', 'ipv6-unicast'] as const;
export const Family = Type.Enum(BGP_FAMILIES);

/** RFC 3339, UTC. */
export const Time = Type.String({ format: 'date-time' });

/** Wall-clock milliseconds to `Time`. */
export const time = (milliseconds: number): string => new Date(milliseconds).toISOString();

export const list = <T extends TSchema>(items: T) => Type.Immutable(Type.Array(items));

/** Something that a person should mend. */
export const Problem = Type.Object({
  code: Type.String({ description: 'stable, GRY_…' }),
  severity: Type.Enum(['warning', 'error']),
  subject: Type.String(),
  message: Type.String(),
  remedy: Type.String(),
});
export type Problem = Static<typeof Problem>;

/** The body of every answer that is an error. */
export const ErrorBody = Type.Object({
  code: Type.String({ description: 'stable, GRY_…' }),
  message: Type.String(),
  remedy: Type.String({ description: 'what to do' }),
});
export type ErrorBody = Static<typeof ErrorBody>;

/** `prefix`: a CIDR asks for itself and everything inside it; an address asks for everything that covers it. */
export const PrefixParameter = Type.String({ maxLength: 49 });

export const DEFAULT_LIMIT = 1000;
/** The answer is streamed, so even this many items do not hold up the agent. */
export const MAX_LIMIT = 1_000_000;

/** `limit`: how many items an answer has at most. */
export const LimitParameter = Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT });
