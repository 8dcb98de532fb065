import type { RunResult } from '../../src/ports/runner.ts';

interface FakeSet {
  /** Type and options, as the `create` line has them: `hash:net family inet maxelem 65536`. */
  readonly head: string;
  readonly members: Set<string>;
}

const ok = (stdout = ''): RunResult => ({ exitCode: 0, stdout, stderr: '' });
const fail = (text: string): RunResult => ({ exitCode: 1, stdout: '', stderr: `ipset v7.17: ${text}\n` });

/** The kernel's sets and the program that owns them, as far as we use it: list, save, destroy, restore. */
export class FakeIpset {
  readonly sets = new Map<string, FakeSet>();
  /** How many more times the kernel calls a set in use although no rule has it: nft lets go late. */
  lateReleases = 0;
  readonly #isReferenced: (set: string) => boolean;

  constructor(isReferenced: (set: string) => boolean) {
    this.#isReferenced = isReferenced;
  }

  run(args: readonly string[], input: string): RunResult {
    const [verb, name = ''] = args;
    switch (verb) {
      case 'list':
        return ok(Array.from(this.sets.keys(), (n) => `${n}\n`).join(''));
      case 'save':
        return this.#save(name);
      case 'destroy':
        return this.#reply(this.#command(`destroy ${name}`));
      default:
        return this.#restore(input);
    }
  }

  /** Everything, sorted by name, one command per line. */
  dump(): string {
    return [...this.sets.keys()]
      .sort()
      .map((n) => this.#save(n).stdout)
      .join('');
  }

  #save(name: string): RunResult {
    const set = this.sets.get(name);
    if (set === undefined) return fail('The set with the given name does not exist');
    const lines = [`create ${name} ${set.head} bucketsize 12 initval 0x00c0ffee`];
    for (const member of set.members) lines.push(`add ${name} ${member}`);
    return ok(`${lines.join('\n')}\n`);
  }

  /** Not a transaction: what stood before the refused line stays, as in the kernel. */
  #restore(input: string): RunResult {
    for (const [i, line] of input.split('\n').entries()) {
      const problem = line === '' ? undefined : this.#command(line);
      if (problem !== undefined) return fail(`Error in line ${i + 1}: ${problem}`);
    }
    return ok();
  }

  #reply = (problem: string | undefined): RunResult => (problem === undefined ? ok() : fail(problem));

  /** Carries out one line, with `-exist`; gives the reason when it is refused. */
  #command(line: string): string | undefined {
    const [verb, name = '', rest = '', ...more] = line.split(' ');
    const set = this.sets.get(name);
    if (verb === 'create') return this.#create(name, [rest, ...more].join(' '));
    if (set === undefined) return 'The set with the given name does not exist';
    if (verb === 'add') set.members.add(rest);
    else if (verb === 'del') set.members.delete(rest);
    else if (verb === 'flush') set.members.clear();
    else if (verb === 'swap') return this.#swap(name, rest);
    else if (verb === 'destroy') return this.#destroy(name);
    else return `Unknown command ${verb}`;
    return undefined;
  }

  #create(name: string, head: string): string | undefined {
    const there = this.sets.get(name);
    if (there !== undefined && there.head !== head)
      return 'Set cannot be created: set with the same name already exists';
    if (there === undefined) this.sets.set(name, { head, members: new Set() });
    return undefined;
  }

  #swap(a: string, b: string): string | undefined {
    const [left, right] = [this.sets.get(a), this.sets.get(b)];
    if (left === undefined || right === undefined) return 'The set with the given name does not exist';
    if (left.head.split(' ', 3).join() !== right.head.split(' ', 3).join())
      return 'The sets cannot be swapped: their type does not match';
    this.sets.set(a, right).set(b, left);
    return undefined;
  }

  #destroy(name: string): string | undefined {
    if (this.#isReferenced(name) || this.lateReleases-- > 0) {
      return 'Set cannot be destroyed: it is in use by a kernel component';
    }
    this.lateReleases = 0;
    this.sets.delete(name);
    return undefined;
  }
}
