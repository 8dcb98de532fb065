import { askReadiness } from './agents.ts';
import { inspectLab, type LabState } from './inspect.ts';
import type { Lab } from './lab.ts';
import { podAddresses } from './pods.ts';
import { type ProcessRecord } from './process.ts';
import { isAlive } from './process-identity.ts';
import { alignRows } from './table.ts';
import { hostsOf, namespaceOf } from './topology.ts';

/** Shows what runs where. True when the lab is up and nothing of it is broken. */
export async function showStatus(lab: Lab): Promise<boolean> {
  const state = await inspectLab(lab);
  if (state.kind === 'nothing') {
    lab.write('The lab is not up; "gryphon lab up" starts it.\n');
    return false;
  }
  lab.write(`${headline(state)}\n\n`);
  lab.write(alignRows([['PLACE', 'NAMESPACE', 'ADDRESSES', 'PROCESS', 'STATE'], ...(await placeRows(lab))]));
  lab.write(`\nLogs: ${lab.layout.logs}   manifests: ${lab.layout.manifests}\n`);
  return state.kind !== 'broken';
}

function headline(state: Exclude<LabState, { readonly kind: 'nothing' }>): string {
  switch (state.kind) {
    case 'whole':
      return 'The lab is up.';
    case 'outdated':
      return `The lab is up, but ${state.reason}; "gryphon lab up" starts it anew.`;
    case 'broken':
      return `The lab is broken: ${state.reason}.`;
  }
}

async function placeRows(lab: Lab): Promise<readonly (readonly string[])[]> {
  const records = new Map((await lab.processes.list()).map((record) => [record.name, record]));
  const rows: string[][] = [];
  for (const host of hostsOf(lab.topology)) {
    const record = records.get(host.name);
    const addresses = host.interfaces
      .flatMap(({ addresses }) => addresses)
      .map((text) => text.replace(/\/.*/, ''));
    const shown = host === lab.topology.router ? `${addresses[0]}, …` : addresses.join(', ');
    rows.push([
      host.name,
      namespaceOf(lab.topology, host.name),
      shown,
      record === undefined ? '-' : String(record.pid),
      await stateOf(lab, host.name, record),
    ]);
    for (const pod of lab.topology.nodes.find(({ name }) => name === host.name)?.pods ?? []) {
      rows.push([`  ${pod}`, namespaceOf(lab.topology, pod), await podCell(lab, host.name, pod), '-', '-']);
    }
  }
  return rows;
}

async function stateOf(lab: Lab, place: string, record: ProcessRecord | undefined): Promise<string> {
  if (record === undefined || !isAlive(record)) return 'dead';
  const node = lab.topology.nodes.find(({ name }) => name === place);
  if (node === undefined) return 'runs';
  return (await askReadiness(lab, node)).ready ? 'ready' : 'not ready';
}

async function podCell(lab: Lab, nodeName: string, pod: string): Promise<string> {
  const node = lab.topology.nodes.find(({ name }) => name === nodeName);
  if (node === undefined) return '-';
  const { ipv4, ipv6 } = await podAddresses(lab, node, pod);
  return [ipv4, ipv6].filter((address) => address !== undefined).join(', ') || '-';
}
