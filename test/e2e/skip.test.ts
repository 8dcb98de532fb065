import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { inCheckout } from './cluster/layout.ts';

let scratch: string;
beforeEach(() => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'grytest-skip-'));
});
afterEach(() => fs.rmSync(scratch, { recursive: true }));

const run = (program: string, environment: NodeJS.ProcessEnv) =>
  spawnSync(inCheckout(program), { encoding: 'utf8', env: { PATH: process.env['PATH'], ...environment } });

it('without the programs of Kubernetes a developer is told that nothing was tested, and why', () => {
  const { status, stdout, stderr } = run('hack/e2e', { KUBEBUILDER_ASSETS: scratch });
  expect([status, stdout]).toEqual([0, expect.stringContaining('SKIPPED')]);
  expect(stderr).toContain(`KUBEBUILDER_ASSETS=${scratch} has not got: etcd kube-apiserver`);
});

it('without them CI fails', () => {
  expect(run('hack/e2e', { KUBEBUILDER_ASSETS: scratch, CI: 'true' }).status).toBe(1);
});

it('CI says that it is CI, whoever starts it', () => {
  fs.writeFileSync(path.join(scratch, 'make'), '#!/bin/sh\necho "$1 $CI"\n', { mode: 0o755 });
  const { status, stdout } = run('.ci/run', { PATH: `${scratch}:${process.env['PATH']}` });
  expect([status, stdout]).toEqual([0, 'test true\ne2e true\n']);
});
