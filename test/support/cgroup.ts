import fs from 'node:fs';
import path from 'node:path';

const ROOT = '/sys/fs/cgroup';
/** What a kubelet insists on in its group, where the kernel has it. */
const controllers: ReadonlySet<string> = new Set(['cpu', 'cpuset', 'hugetlb', 'memory', 'pids']);

/** A group of processes (cgroup v2), or one in every hierarchy (v1), made when missing. */
export function makeCgroup(name: string, root = ROOT): void {
  if (fs.existsSync(path.join(root, 'cgroup.controllers'))) {
    passControllersOn(root);
    fs.mkdirSync(path.join(root, name), { recursive: true });
    return;
  }
  for (const hierarchy of directoriesIn(root)) {
    const group = path.join(root, hierarchy, name);
    fs.mkdirSync(group, { recursive: true });
    // In that of cpusets nobody may join before it has processors.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const own = path.join(group, file);
      if (fs.existsSync(own)) fs.writeFileSync(own, fs.readFileSync(path.join(group, '..', file)));
    }
  }
}

/** A group has the controllers only that the one above passes on. */
function passControllersOn(directory: string): void {
  const file = path.join(directory, 'cgroup.subtree_control');
  const passed = wordsOf(file);
  for (const controller of wordsOf(path.join(directory, 'cgroup.controllers'))) {
    if (!controllers.has(controller) || passed.has(controller)) continue;
    try {
      fs.writeFileSync(file, `+${controller}`);
    } catch (cause) {
      // In a container's own view of the groups the topmost one is a group like others: with processes in it, it passes nothing on.
      throw new Error(`${file} does not take +${controller}, without which no kubelet starts`, { cause });
    }
  }
}

const wordsOf = (file: string): ReadonlySet<string> =>
  new Set(
    fs
      .readFileSync(file, 'utf8')
      .split(/\s+/)
      .filter((word) => word !== ''),
  );

/** Names of the groups below the topmost one, in whatever hierarchy. */
export function topCgroups(root = ROOT): ReadonlySet<string> {
  const below = directoriesIn(root);
  if (fs.existsSync(path.join(root, 'cgroup.controllers'))) return new Set(below);
  return new Set(below.flatMap((hierarchy) => directoriesIn(path.join(root, hierarchy))));
}

/**
 * Removes a group of processes and those below it, all empty or about to be: one directory where there is one hierarchy, else one in
 * each.
 */
export async function removeCgroup(name: string, root = ROOT): Promise<void> {
  for (const parent of ['.', ...directoriesIn(root)]) {
    const directory = path.join(root, parent, name);
    if (fs.existsSync(directory)) await removeGroups(directory);
  }
}

/** The files in it are the kernel's and go with it. A process that has ended a moment ago keeps its group busy. */
async function removeGroups(directory: string, tries = 50): Promise<void> {
  for (const below of directoriesIn(directory)) await removeGroups(path.join(directory, below));
  try {
    fs.rmdirSync(directory);
  } catch (error) {
    if (tries === 0) throw error;
    await new Promise((resolve) => setTimeout(resolve, 50));
    await removeGroups(directory, tries - 1);
  }
}

/** No links: `cpu` may be one to the hierarchy `cpu,cpuacct`. */
const directoriesIn = (directory: string): readonly string[] =>
  fs
    .readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
