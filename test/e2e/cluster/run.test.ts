import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCgroup } from '../../support/cgroup.ts';
import { makeRunDirectory, removeDeadRuns } from './run.ts';

let scratch: string;
const place = (...names: readonly string[]): string => path.join(scratch, ...names);
const write = (text: string, ...names: readonly string[]): void => fs.writeFileSync(place(...names), text);

beforeEach(() => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'grytest-run-'));
  for (const name of ['tmp', 'v1/cpu', 'v1/cpuset', 'v2']) fs.mkdirSync(place(name), { recursive: true });
  write('0-3\n', 'v1/cpuset/cpuset.cpus');
  write('cpu memory io pids\n', 'v2/cgroup.controllers');
  write('cpu\n', 'v2/cgroup.subtree_control');
});
afterEach(() => fs.rmSync(scratch, { recursive: true }));

describe('the groups of a node', () => {
  it('are one in every hierarchy, with processors', () => {
    fs.symlinkSync('cpu', place('v1/cpu,cpuacct'));
    fs.mkdirSync(place('v1/cpuset/a'));
    write('\n', 'v1/cpuset/a/cpuset.cpus');
    makeCgroup('a', place('v1'));
    expect(fs.existsSync(place('v1/cpu/a'))).toBe(true);
    expect(fs.readFileSync(place('v1/cpuset/a/cpuset.cpus'), 'utf8')).toBe('0-3\n');
  });

  it('are one, with the controllers that a kubelet wants and the kernel has', () => {
    makeCgroup('a', place('v2'));
    expect(fs.readdirSync(place('v2'))).toContain('a');
    // The kernel would add them up; what was passed on before is not asked for again, nor what nobody wants.
    expect(fs.readFileSync(place('v2/cgroup.subtree_control'), 'utf8')).toBe('+pids');
  });

  it('are refused with a reason where nothing is passed on', () => {
    fs.rmSync(place('v2/cgroup.subtree_control'));
    // A file of the kernel's that refuses to be written, as this one does below a group that has processes.
    fs.symlinkSync('/proc/version', place('v2/cgroup.subtree_control'));
    expect(() => makeCgroup('a', place('v2'))).toThrow(
      /does not take \+cpu, without which no kubelet starts/,
    );
  });
});

describe.each(['v1', 'v2'])('what runs leave behind, cgroup %s', (version) => {
  const left = (): readonly string[] => fs.readdirSync(place('tmp')).sort();

  it('is removed when their process is gone, and only then', async () => {
    const places = { temporary: place('tmp'), cgroups: place(version) };
    const ours = path.basename(makeRunDirectory(places));
    const { pid } = spawnSync('true');
    const dead = `gryphon-e2e-${pid}-1-abcdef`;
    // Another process has got the number of the one that is gone.
    const reused = `gryphon-e2e-${process.pid}-1-abcdef`;
    const others = ['gryphon-e2e-abcdef', 'gryphon-e2e-notes', 'something'];
    for (const name of [dead, reused, ...others]) fs.mkdirSync(place('tmp', name));
    write('a log', 'tmp', dead, 'kubelet.log');
    const groups = [ours, dead, reused].map((name) => `${name}-node-1`);
    for (const name of groups) makeCgroup(name, place(version));
    fs.mkdirSync(place(version === 'v1' ? 'v1/cpu' : version, `${dead}-node-1`, 'kubepods'));
    await removeDeadRuns(places);
    expect(left()).toEqual([ours, ...others].sort());
    const [kept, ...gone] = groups;
    const hierarchies = version === 'v1' ? ['v1/cpu', 'v1/cpuset'] : ['v2'];
    for (const hierarchy of hierarchies) {
      expect(fs.readdirSync(place(hierarchy))).toContain(kept);
      for (const name of gone) expect(fs.readdirSync(place(hierarchy))).not.toContain(name);
    }
  });
});
