import type { Family } from '../../net/address.ts';

/** A set as `ipset save NAME` prints it. */
export interface ObservedSet {
  readonly name: string;
  readonly type: string;
  readonly family: Family;
  readonly maxMembers: number;
  /** As printed; `render.ts` knows how that relates to what was written. */
  readonly members: readonly string[];
}

/** The one set in `text`, or undefined when there is no `create` line, which means that the set has just gone. */
export function parseSet(text: string): ObservedSet | undefined {
  const lines = text.split('\n');
  const head = /^create (\S+) (\S+)(.*)$/.exec(lines[0] ?? '');
  if (head === null) return undefined;
  const [, name = '', type = '', options = ''] = head;
  const start = `add ${name} `;
  return {
    name,
    type,
    family: / family inet6( |$)/.test(options) ? 6 : 4,
    maxMembers: Number(/ maxelem (\d+)/.exec(options)?.[1] ?? 0),
    // Options of a member (a comment, a timeout) follow after a blank; ours have none.
    members: lines.flatMap((l) =>
      l.startsWith(start) ? [l.slice(start.length).split(' ', 1)[0] ?? ''] : [],
    ),
  };
}

/** The output of `ipset list -name`. */
export const parseNames = (text: string): readonly string[] => text.split('\n').filter((l) => l !== '');
