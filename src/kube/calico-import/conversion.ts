import { believedFilter, believedRecord } from '../records/calico/believed-filter.ts';
import { isCalico, isCalicoGroup } from '../records/calico/calico-kind.ts';
import { isCalicoKind } from '../records/calico/calico-object.ts';
import { asList, isPlainObject, own, type PlainObject } from '../records/plain.ts';
import type { FieldProblem } from '../records/problem.ts';
import { equivalentOf, type OurObject } from './equivalent.ts';
import { asKubernetesNode, type NodeAnnotations, nodeAnnotations } from './node-annotations.ts';
import { otherKind } from './other-kind.ts';

/** An object of ours, and what should be known of how it came to be. */
export interface Converted {
  readonly object: OurObject;
  /** One sentence each. */
  readonly comments: readonly string[];
}

/** Something that has no equivalent. */
export interface LeftOut {
  /** `3 × IPAMBlock`, `BGPPeer tor spec.localWorkloadSelector`. */
  readonly subject: string;
  readonly reason: string;
  /** Something that was meant is lost. */
  readonly isRefused: boolean;
}

/** What the objects of Calico become. */
export interface Conversion {
  readonly objects: readonly Converted[];
  /** Of Nodes that need annotations. */
  readonly nodes: readonly NodeAnnotations[];
  readonly leftOut: readonly LeftOut[];
}

/** Converts plain values, each of which should be one object of Calico's API, or a Node of Kubernetes. */
export function convertCalico(values: Iterable<unknown>): Conversion {
  const converter = new Converter();
  for (const value of values) converter.add(value);
  return converter.finish();
}

class Converter {
  /** By kind and name. */
  readonly #objects = new Map<string, Converted>();
  readonly #nodes = new Map<string, NodeAnnotations>();
  readonly #leftOut: LeftOut[] = [];
  /** How many there are of what is left out by its kind alone. */
  readonly #others = new Map<
    string,
    { readonly reason: string; readonly isRefused: boolean; count: number }
  >();

  add(value: unknown): void {
    const kind = isPlainObject(value) ? own(value, 'kind') : undefined;
    const apiVersion = isPlainObject(value) ? own(value, 'apiVersion') : undefined;
    if (!isPlainObject(value) || typeof kind !== 'string' || typeof apiVersion !== 'string') {
      this.#countOther('value', { reason: 'it is no object with apiVersion and kind', isRefused: true });
    } else if (kind === 'Node' && (apiVersion === 'v1' || isCalico(value))) {
      this.#addNode(apiVersion === 'v1' ? value : asKubernetesNode(value));
    } else if (!isCalicoGroup(apiVersion)) {
      this.#countOther(`${kind} of ${apiVersion}`, { reason: "it is not Calico's", isRefused: false });
    } else if (!isCalicoKind(kind)) {
      this.#countOther(kind, otherKind(kind));
    } else if (isCalico(value)) {
      this.#addObject(kind, value);
    } else {
      this.#countOther(`${kind} of ${apiVersion}`, { reason: 'this version is not known', isRefused: true });
    }
  }

  #addObject(kind: OurObject['kind'], value: PlainObject): void {
    const equivalent = equivalentOf(kind, value);
    if (equivalent.kind === 'none') {
      const { isRefused, problems } = equivalent;
      this.#leftOut.push(...problems.map((problem) => leftOut(problem, isRefused)));
      return;
    }
    const { object, comments } = equivalent;
    const id = `${kind} ${object.metadata.name}`;
    if (this.#objects.has(id)) {
      const reason = 'an object of this kind and name came before, and is used';
      this.#leftOut.push({ subject: id, reason, isRefused: false });
    } else {
      this.#objects.set(id, { object, comments });
    }
  }

  /** Of one node that is told twice, as by the API and by Calico, both count; the first where they differ. */
  #addNode(value: PlainObject): void {
    const { node, annotations, problems } = nodeAnnotations(value);
    this.#leftOut.push(...problems.map((problem) => leftOut(problem, true)));
    const before = this.#nodes.get(node);
    const all = new Map([...annotations, ...(before?.annotations ?? [])]);
    if (all.size > 0) this.#nodes.set(node, { node, annotations: all, problems });
  }

  #countOther(subject: string, why: { readonly reason: string; readonly isRefused: boolean }): void {
    const known = this.#others.get(subject);
    if (known === undefined) this.#others.set(subject, { ...why, count: 1 });
    else known.count++;
  }

  finish(): Conversion {
    const others = [...this.#others].map(([subject, { reason, isRefused, count }]) => ({
      subject: `${count} × ${subject}`,
      reason,
      isRefused,
    }));
    return {
      objects: [...this.#believed(), ...this.#objects.values()],
      nodes: [...this.#nodes.values()],
      leftOut: [...this.#leftOut, ...others],
    };
  }

  /** The filter that routers of Calico's name, unless it is among the objects already. */
  #believed(): readonly Converted[] {
    const objects = [...this.#objects.values()].map(({ object }) => object);
    const isNamed = objects.some(
      ({ kind, spec }) => kind === 'BGPPeer' && asList(own(spec, 'filters')).includes(believedRecord.name),
    );
    if (!isNamed || this.#objects.has(`BGPFilter ${believedRecord.name}`)) return [];
    const comments = [
      'In Calico a router in another AS is believed what no filter rejects; accept less where you can.',
    ];
    return [{ object: believedFilter, comments }];
  }
}

const leftOut = ({ subject, message, remedy }: FieldProblem, isRefused: boolean): LeftOut => ({
  subject,
  reason: `${message}; ${remedy}`,
  isRefused,
});
