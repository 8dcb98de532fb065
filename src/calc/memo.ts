import { equal } from '../net/equal.ts';

/** Remembers the last call: the same arguments (by identity) give the same result object, so that whoever follows can skip too. */
export function memo<Args extends readonly unknown[], Result>(
  compute: (...args: Args) => Result,
): (...args: Args) => Result {
  let last: { readonly args: Args; readonly result: Result } | undefined;
  return (...args) => {
    const known = last;
    if (known !== undefined && known.args.every((value, i) => value === args[i])) return known.result;
    last = { args, result: compute(...args) };
    return last.result;
  };
}

/** As `memo`; and a result that equals the one before is that one. */
export function stable<Args extends readonly unknown[], Result>(
  compute: (...args: Args) => Result,
): (...args: Args) => Result {
  let last: { readonly result: Result } | undefined;
  return memo((...args: Args) => {
    const result = compute(...args);
    if (last === undefined || !equal(last.result, result)) last = { result };
    return last.result;
  });
}
