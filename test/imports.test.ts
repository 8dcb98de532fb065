import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/**
 * Which folders a folder may import, as ARCHITECTURE.md says; its own is always allowed, and so are the folders below `PURE` by
 * whoever names them. The longest matching name decides.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'src/ports': [],
  'src/net': ['src/ports'],
  'src/netlink/wire': ['src/ports', 'src/net'],
  'src/netlink': ['src/ports', 'src/net', 'src/netlink/wire'],
  'src/kube/records': ['src/ports', 'src/net', 'src/kube/kinds', 'src/bgp/wire/communities.ts'],
  'src/kube/kinds': ['src/ports', 'src/net'],
  'src/kube': ['src/ports', 'src/net', 'src/kube/records', 'src/kube/kinds'],
  'src/bgp/wire': ['src/ports', 'src/net', 'src/bgp/config.ts', 'src/bgp/filter.ts', 'src/bgp/status.ts'],
  'src/bgp/fsm': [
    'src/ports',
    'src/net',
    'src/bgp/wire',
    'src/bgp/config.ts',
    'src/bgp/filter.ts',
    'src/bgp/status.ts',
  ],
  'src/bgp/rib': [
    'src/ports',
    'src/net',
    'src/bgp/wire',
    'src/bgp/config.ts',
    'src/bgp/filter.ts',
    'src/bgp/status.ts',
  ],
  'src/bgp/config.ts': ['src/net', 'src/bgp/filter.ts', 'src/bgp/wire/communities.ts'],
  'src/bgp/filter.ts': ['src/net', 'src/bgp/config.ts', 'src/bgp/wire/communities.ts'],
  'src/bgp/status.ts': ['src/ports', 'src/net', 'src/bgp/config.ts'],
  'src/bgp/tcp': ['src/ports', 'src/net', 'src/netlink', 'src/bgp/transport.ts'],
  'src/bgp': ['src/ports', 'src/net', 'src/bgp'],
  'src/iptables': ['src/ports', 'src/net', 'src/dataplane'],
  'src/dataplane': ['src/ports', 'src/net', 'src/netlink'],
  'src/ipam': ['src/ports', 'src/net'],
  'src/cni': ['src/ports', 'src/net', 'src/netlink', 'src/ipam', 'src/dataplane'],
  'src/cleanup': [
    'src/ports',
    'src/net',
    'src/netlink',
    'src/iptables',
    'src/dataplane',
    'src/cni',
    'src/ipam',
  ],
  'src/calc': [
    'src/ports',
    'src/net',
    'src/netlink/wire',
    'src/kube/records',
    'src/bgp/config.ts',
    'src/bgp/filter.ts',
    'src/bgp/status.ts',
    'src/bgp/wire/communities.ts',
    'src/iptables',
    'src/dataplane/route-intent.ts',
    'src/dataplane/sysctl-intent.ts',
    'src/ipam/attachment.ts',
  ],
  'src/agent': ['src'],
  'src/api': [
    'src/ports',
    'src/net',
    'src/bgp/status.ts',
    'src/bgp/config.ts',
    'src/ipam',
    'src/dataplane/route-intent.ts',
  ],
  'src/lab': ['src/ports', 'src/net'],
  'src/cli': ['src'],
  'src/main.ts': ['src'],
};

/** No I/O, no clock, no logging: these import no module of Node and no package but the ones named. */
const pure: Readonly<Record<string, readonly string[]>> = {
  'src/ports': [],
  'src/net': [],
  'src/netlink/wire': [],
  'src/kube/records': ['typebox', 'typebox/value', 'typebox/compile', 'typebox/schema'],
  'src/kube/kinds': ['typebox'],
  'src/bgp/wire': [],
  'src/bgp/fsm': [],
  'src/bgp/rib': [],
  'src/bgp/config.ts': [],
  'src/bgp/filter.ts': [],
  'src/bgp/status.ts': [],
  'src/calc': [],
  'src/dataplane/route-intent.ts': [],
  'src/dataplane/sysctl-intent.ts': [],
  'src/ipam/attachment.ts': [],
};

/** Packages that only one place may import. */
const onlyIn: Readonly<Record<string, string>> = {
  koffi: 'src/netlink/socket.ts',
  '@kubernetes/client-node': 'src/kube',
  'prom-client': 'src/agent/metrics',
  fastify: 'src/api',
  pino: 'src/agent/log',
};

interface Import {
  readonly file: string;
  readonly target: string;
  readonly line: string;
  readonly typeOnly: boolean;
}

const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  .filter((f) => f.isFile() && f.name.endsWith('.ts'))
  .map((f) => relative(root, join(f.parentPath, f.name)));

function imports(): Import[] {
  return sources.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const found = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^;'"]*?\sfrom\s+)?'([^']+)';/gm);
    return [...found].map((match) => {
      const specifier = match[2] ?? '';
      const target = specifier.startsWith('.')
        ? relative(root, join(root, dirname(file), specifier))
        : specifier;
      return { file, target, line: `${file} imports ${specifier}`, typeOnly: match[1] !== undefined };
    });
  });
}

const within = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
const rowOf = <T>(rows: Readonly<Record<string, T>>, file: string): [string, T] | undefined =>
  Object.entries(rows)
    .filter(([folder]) => within(file, folder))
    .sort(([a], [b]) => b.length - a.length)[0];

describe('imports', () => {
  const all = imports();

  it('are found at all', () => {
    expect(all.length).toBeGreaterThan(100);
  });

  it('point only where ARCHITECTURE.md allows', () => {
    const wrong = all.filter(({ file, target }) => {
      if (!target.startsWith('src/')) return false;
      const row = rowOf(allowed, file);
      if (row === undefined) return true;
      const [own, others] = row;
      return rowOf(allowed, target)?.[0] !== own && !others.some((folder) => within(target, folder));
    });
    expect(wrong.map((w) => w.line)).toEqual([]);
  });

  it('of pure folders reach nothing that does I/O', () => {
    const wrong = all.filter(({ file, target, typeOnly }) => {
      const row = rowOf(pure, file);
      return row !== undefined && !target.startsWith('src/') && !typeOnly && !row[1].includes(target);
    });
    expect(wrong.map((w) => w.line)).toEqual([]);
  });

  it.each(Object.entries(onlyIn))('of %s stand only in %s', (name, place) => {
    const wrong = all.filter(
      ({ file, target }) => (target === name || target.startsWith(`${name}/`)) && !file.startsWith(place),
    );
    expect(wrong.map((w) => w.line)).toEqual([]);
  });
});

describe('sources', () => {
  it('take time and chance from the injected clock', () => {
    const offenders = sources
      .filter((file) => !/^src\/(agent\/clock|agent\/log|cli\/|lab\/|main)/.test(file))
      .filter((file) => {
        const code = readFileSync(join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
        return /\b(Date\.now|new Date\(\)|Math\.random|setTimeout|setInterval|performance\.now)\b/.test(code);
      });
    expect(offenders).toEqual([]);
  });

  it('load late only modules of our own: in the bundle, packages of CommonJS then have a default export only', () => {
    const offenders = sources.filter((file) =>
      /\bimport\(\s*['"](?!\.)/.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(offenders).toEqual([]);
  });
});
