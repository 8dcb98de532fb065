/** Dumps in a form in which only what matters differs: the order of rules in a chain does, that of chains or members does not. */

/** Rules by table and chain; chains of the kernel that are empty are left out. */
export function rulesOf(save: string): Record<string, string[]> {
  const rules: Record<string, string[]> = {};
  let table = '';
  for (const line of save.split('\n')) {
    const [first = '', second = ''] = line.split(' ', 2);
    if (first.startsWith('*')) table = first.slice(1);
    else if (first.startsWith(':') && second === '-') rules[`${table} ${first.slice(1)}`] ??= [];
    else if (first === '-A') (rules[`${table} ${second}`] ??= []).push(line);
  }
  return rules;
}

/** Members by `create` line, without what the kernel chose itself. */
export function membersOf(save: string): Record<string, string[]> {
  const sets: Record<string, string[]> = {};
  let members: string[] = [];
  for (const line of save.split('\n')) {
    if (line.startsWith('create '))
      sets[line.replaceAll(/ (hashsize|bucketsize|initval) \S+/g, '')] = members = [];
    else if (line.startsWith('add ')) members.push(line);
  }
  for (const list of Object.values(sets)) list.sort();
  return sets;
}
