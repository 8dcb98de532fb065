import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from './entry.ts';
import { entryAsIs, fileEntry } from './files.ts';

const checkout = join(import.meta.dirname, '../..');

/** Of packages that every base image has: what the entry point and the cleanup job call. */
const programs = ['usr/bin/dash', 'usr/bin/env', 'usr/bin/rm', 'usr/bin/rmdir', 'usr/bin/sleep'];
const alternatives = [
  'iptables',
  'iptables-save',
  'iptables-restore',
  'ip6tables',
  'ip6tables-save',
  'ip6tables-restore',
];

/**
 * What a base image and its package manager would bring, from the files of this machine: Node, the packages of image/packages, a
 * shell, and the libraries that any of it is linked to. Only Debian is known here.
 */
export function systemEntries(): readonly Entry[] {
  const node = join(checkout, `node_modules/node-linux-${process.arch}/bin/node`);
  const packages = readFileSync(join(checkout, 'image/packages'), 'utf8').trim().split('\n');
  const files = [...packages.flatMap(filesOf), ...programs.map((path) => `/${path}`)];
  const libraries = librariesOf([node, ...files.filter(isElf)]);
  const owners = [...packages, ...ownersOf(libraries)];
  return [
    fileEntry('usr/local/bin/node', node, 0o755),
    ...files.map((file) => entryAsIs(inImage(file), file)),
    ...libraries.map((file) => fileEntry(inImage(file), file)),
    ...alternatives.flatMap((name) => [
      entryAsIs(`usr/sbin/${name}`, `/usr/sbin/${name}`),
      // Which backend the plain names mean is a matter of this machine; in the image they mean what they do on a new Debian.
      {
        kind: 'link',
        path: `etc/alternatives/${name}`,
        target: `/usr/sbin/${name.replace('tables', 'tables-nft')}`,
      } as const,
    ]),
    ...owners.map((name) => fileEntry(`usr/share/doc/${name}/copyright`, `/usr/share/doc/${name}/copyright`)),
    ...['bin', 'sbin', 'lib', 'lib64']
      .filter((path) => existsSync(`/${path}`))
      .map((path) => entryAsIs(path, `/${path}`)),
    { kind: 'link', path: 'usr/bin/sh', target: 'dash' },
    { kind: 'link', path: 'var/run', target: '/run' },
    ...['etc', 'proc', 'sys', 'dev', 'run', 'tmp', 'var/lib'].map(
      (path) => ({ kind: 'directory', path }) as const,
    ),
  ];
}

const run = (file: string, ...args: readonly string[]): readonly string[] =>
  execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    .trim()
    .split('\n');

/** Files and links of a Debian package, without documentation and without what is for init systems. */
const filesOf = (name: string): readonly string[] =>
  run('dpkg', '-L', name).filter(
    (file) =>
      /^\/usr\/(s?bin|lib)\//.test(file) &&
      !file.startsWith('/usr/lib/systemd/') &&
      existsSync(file) &&
      (lstatSync(file).isSymbolicLink() || lstatSync(file).isFile()),
  );

/** Below /usr, where Debian's links in the root lead. */
const inImage = (file: string): string => file.replace(/^\/(bin|sbin|lib|lib64)\//, '/usr/$1/').slice(1);

const isElf = (file: string): boolean =>
  !lstatSync(file).isSymbolicLink() && readFileSync(file).subarray(0, 4).toString('latin1') === '\u007fELF';

/** The libraries that these files are linked to, with those of these, and the dynamic linker. */
function librariesOf(files: readonly string[]): readonly string[] {
  const lines = files.flatMap((file) => run('ldd', file));
  return [...new Set(lines.flatMap((line) => /(?:=> |^\t)(\/\S+) \(0x/.exec(line)?.[1] ?? []))].sort();
}

/** The packages that the libraries are of. */
const ownersOf = (libraries: readonly string[]): readonly string[] => [
  ...new Set(
    libraries.flatMap((file) => {
      // Which of the two paths the package has depends on how old it is.
      const real = realpathSync(file);
      const owner = [file, real, real.replace(/^\/usr/, '')].flatMap((path) => {
        try {
          return run('dpkg', '-S', path);
        } catch {
          return [];
        }
      })[0];
      return owner === undefined ? [] : [owner.slice(0, owner.indexOf(':'))];
    }),
  ),
];
