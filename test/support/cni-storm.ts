import fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { replayJournal } from '../../src/ipam/journal-state.ts';
import type { Chance } from '../fuzz/chance.ts';
import { type CniNode, type PluginAnswer, startShim } from './cni-node.ts';
import type { TestNetns } from './netns.ts';

/** A namespace that one container after the other lives in, as its runtime knows it. */
interface Sandbox {
  readonly name: string;
  readonly netns: TestNetns;
  containerID: string;
  /** What the ADD was answered with, from then until a DEL is begun. */
  live: { readonly hostLink: string; readonly addresses: readonly string[] } | undefined;
}

/** What stands somewhere because of a pod: on the node, in its sandbox, in the journal. */
export type Footprint = readonly string[];

/**
 * A runtime that keeps CNI's rules and nothing else: in every sandbox one ADD, then DEL until one succeeds, sometimes once more;
 * sandboxes all at once, under container IDs that are new or were used before; some of its calls are killed on the way.
 */
export class Storm {
  /** Answers that must not be given, whatever has happened to the agent. */
  readonly wrongs: string[] = [];
  /** How many calls were answered, by command. */
  readonly answered = { ADD: 0, DEL: 0 };
  readonly #node: CniNode;
  readonly #chance: Chance;
  readonly #sandboxes: readonly Sandbox[];
  #calm = true;
  #under: Promise<unknown> = Promise.resolve();

  constructor(node: CniNode, sandboxes: readonly TestNetns[], chance: Chance) {
    this.#node = node;
    this.#chance = chance;
    this.#sandboxes = sandboxes.map((netns, i) => ({
      name: `s${i}`,
      netns,
      containerID: '',
      live: undefined,
    }));
  }

  begin(): void {
    this.#calm = false;
    this.#under = Promise.all(this.#sandboxes.map((sandbox) => this.#use(sandbox)));
  }

  /** Resolves when every call that was begun has come to its end, which takes an agent that lives. */
  async calm(): Promise<void> {
    this.#calm = true;
    await this.#under;
  }

  /** Ends all pods. */
  async clear(): Promise<void> {
    await Promise.all(this.#sandboxes.filter((s) => s.live !== undefined).map((s) => this.#del(s)));
  }

  /** What has to be there, and nothing else. */
  wanted(): Footprint {
    return this.#sandboxes
      .flatMap(({ name, containerID, live }) => {
        if (live === undefined) return [];
        const id = `gryphon/${containerID}/eth0`;
        return [
          `link ${live.hostLink}`,
          `journal ${id} configured ${live.addresses.join()}`,
          ...live.addresses.flatMap((a) => [`${name} has ${a}`, `route ${a} ${live.hostLink}`]),
        ];
      })
      .sort();
  }

  /** What is there, in the same words. */
  found(): Footprint {
    return [...this.#onNode(), ...this.#inSandboxes(), ...this.#onDisk()].sort();
  }

  /** Pods that live and lack something. */
  harmed(): Footprint {
    const there = new Set(this.#inSandboxes());
    return this.#sandboxes.flatMap(({ name, live }) =>
      (live?.addresses ?? []).map((a) => `${name} has ${a}`).filter((wanted) => !there.has(wanted)),
    );
  }

  #onNode(): readonly string[] {
    const { netlink } = this.#node.netns;
    const links = netlink.links().filter(({ name }) => name.startsWith('gryp'));
    const names = new Map(links.map(({ index, name }) => [index, name]));
    return [
      ...links.map(({ name }) => `link ${name}`),
      ...netlink
        .routes({ protocol: 71 })
        .map(({ prefix, nextHops }) => `route ${prefix.split('/')[0]} ${names.get(nextHops[0]?.link ?? 0)}`),
    ];
  }

  #inSandboxes(): readonly string[] {
    return this.#sandboxes.flatMap(({ name, netns: { netlink } }) => {
      const eth0 = netlink.link({ name: 'eth0' });
      if (eth0 === undefined) return [];
      const addresses = netlink.addresses().filter((a) => a.link === eth0.index && a.scope === 0);
      return addresses.length === 0
        ? [`${name} has an interface without address`]
        : addresses.map((a) => `${name} has ${a.address}`);
    });
  }

  #onDisk(): readonly string[] {
    const { journal, queue } = this.#node;
    const state = replayJournal(fs.readFileSync(journal), 'test');
    const attachments = [...(state?.attachments ?? [])];
    // Names with a dot are what a killed caller was writing: they go after a minute.
    return [
      ...attachments.map(([id, { state, addresses }]) => `journal ${id} ${state} ${addresses.join()}`),
      ...(fs.existsSync(queue) ? fs.readdirSync(queue) : [])
        .filter((name) => !name.startsWith('.'))
        .map((name) => `queued ${name}`),
    ];
  }

  async #use(sandbox: Sandbox): Promise<void> {
    while (!this.#calm) {
      await pause(this.#chance.below(40));
      await (sandbox.live === undefined ? this.#add(sandbox) : this.#del(sandbox));
    }
  }

  async #add(sandbox: Sandbox): Promise<void> {
    if (sandbox.containerID === '' || !this.#chance.oneIn(3))
      sandbox.containerID = `${sandbox.name}-${this.#chance.u32()}`;
    const { exit, json } = await this.#call('ADD', sandbox);
    if (exit !== 0) {
      if (exit !== undefined && json.code !== 11)
        this.wrongs.push(`ADD of ${sandbox.containerID}: ${json.code} ${json.msg} (${json.details})`);
      return this.#del(sandbox);
    }
    const addresses = (json.ips ?? []).map(({ address }) => address.split('/')[0] ?? '');
    const taken = new Set(this.#sandboxes.flatMap((other) => other.live?.addresses ?? []));
    for (const address of addresses)
      if (taken.has(address))
        this.wrongs.push(`${address} was given to ${sandbox.containerID} and to a pod that lives`);
    sandbox.live = { hostLink: json.interfaces?.[0]?.name ?? '', addresses };
  }

  async #del(sandbox: Sandbox): Promise<void> {
    sandbox.live = undefined;
    while ((await this.#call('DEL', sandbox)).exit !== 0) await pause(20);
    if (this.#chance.oneIn(4)) await this.#call('DEL', sandbox);
  }

  async #call(command: 'ADD' | 'DEL', { containerID, netns }: Sandbox): Promise<PluginAnswer> {
    const call = {
      command,
      containerID,
      netns: this.#chance.oneIn(4) && command === 'DEL' ? '' : netns.path,
    };
    const shim = startShim(this.#node.socketPath, call);
    const killed = this.#chance.oneIn(8) ? setTimeout(() => shim.kill(), this.#chance.below(25)) : undefined;
    const answer = await shim.answer;
    clearTimeout(killed);
    if (answer.exit !== undefined) this.answered[command]++;
    return answer;
  }
}
