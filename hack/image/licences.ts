import { readFileSync } from 'node:fs';

interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly version?: string;
        readonly license?: string;
        readonly dev?: boolean;
      }
    >
  >;
}

/** The npm packages that the bundle may hold, one line each: name, version, licence. */
export function licences(lockFile: string): string {
  const { packages } = JSON.parse(readFileSync(lockFile, 'utf8')) as Lock;
  const lines = Object.entries(packages).flatMap(([path, { version, license, dev }]) => {
    if (path === '' || dev === true) return [];
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    if (license === undefined) throw new Error(`${name} names no licence`);
    return [`${name} ${version} ${license}`];
  });
  return `Gryphon ${packages['']?.version} Apache-2.0\n${[...new Set(lines)].sort().join('\n')}\n`;
}
