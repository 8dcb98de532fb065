import { describe, expect, it } from 'vitest';
import type { BGPFilterRecord } from '../../../../src/kube/records/bgp-filter.ts';
import type { BGPPeerRecord } from '../../../../src/kube/records/bgp-peer.ts';
import { believedRecord } from '../../../../src/kube/records/calico/believed-filter.ts';
import { parseCalico } from '../../../../src/kube/records/calico/calico-object.ts';
import { type CalicoMaps, CalicoOverlay } from '../../../../src/kube/records/calico/overlay.ts';
import { emptySnapshot } from '../../../../src/kube/records/snapshot.ts';
import { lines, ours } from '../objects.ts';

const peer = (name: string, spec: object = { peerIP: '192.0.2.1', asNumber: 1 }): BGPPeerRecord =>
  parseCalico('BGPPeer')(ours('BGPPeer', name, spec)).record as BGPPeerRecord;
const filter = (name: string): BGPFilterRecord => ({ ...believedRecord, name, importV6: [] });

const byName = <R extends { readonly name: string }>(...records: readonly R[]): ReadonlyMap<string, R> =>
  new Map(records.map((record) => [record.name, record]));
const maps = (some: Partial<CalicoMaps>): CalicoMaps => ({ ...emptySnapshot, ...some });

describe('of two with the same name', () => {
  it('ours counts, and somebody is told', () => {
    const own = peer('tor', { peerIP: '192.0.2.2', asNumber: 2 });
    const other = peer('other');
    const { maps: merged, problems } = new CalicoOverlay().merge(
      maps({ bgpPeers: byName(own) }),
      maps({ bgpPeers: byName(peer('tor'), other) }),
    );
    expect(Object.fromEntries(merged.bgpPeers)).toEqual({ tor: own, other });
    expect(lines(problems)).toEqual([
      "warning GRY_CALICO_SHADOWED Calico's BGPPeer tor: Gryphon's own BGPPeer has the same name and is used, Calico's is not; delete Calico's object, or give one of the two another name",
    ]);
  });

  it('of different kinds, both do', () => {
    const { maps: merged, problems } = new CalicoOverlay().merge(
      maps({ bgpPeers: byName(peer('a')) }),
      maps({ bgpFilters: byName(filter('a')) }),
    );
    expect([merged.bgpPeers.size, merged.bgpFilters.size, problems]).toEqual([1, 1, []]);
  });
});

describe("what Calico's routers are believed", () => {
  const names = (own: Partial<CalicoMaps>, calico: Partial<CalicoMaps>): readonly string[] =>
    [...new CalicoOverlay().merge(maps(own), maps(calico)).maps.bgpFilters.keys()].sort();

  it('stands in a filter while one of them is used', () => {
    const own = peer('tor', { peerSelector: 'all()' });
    expect(names({}, { bgpPeers: byName(peer('tor')), bgpFilters: byName(filter('a')) })).toEqual([
      'a',
      'calico-import',
    ]);
    expect(names({}, { bgpPeers: byName(peer('nodes', { peerSelector: 'all()' })) })).toEqual([]);
    expect(names({ bgpPeers: byName(own) }, { bgpPeers: byName(peer('tor')) })).toEqual([]);
    expect(names({ bgpPeers: byName(peer('tor')) }, {})).toEqual([]);
  });

  it.each<[string, (own: BGPFilterRecord) => Parameters<typeof names>]>([
    ['ours', (own) => [{ bgpFilters: byName(own) }, { bgpPeers: byName(peer('tor')) }]],
    ["Calico's", (own) => [{}, { bgpPeers: byName(peer('tor')), bgpFilters: byName(own) }]],
  ])('is decided by a filter of that name of %s', (_, side) => {
    const own = filter('calico-import');
    const [ours, calico] = side(own);
    const { maps: merged, problems } = new CalicoOverlay().merge(maps(ours), maps(calico));
    expect([...merged.bgpFilters.values()]).toEqual([own]);
    expect(problems).toEqual([]);
  });
});

describe('maps', () => {
  it('are ours where Calico has nothing', () => {
    const own = maps({ bgpPeers: byName(peer('a')) });
    const { maps: merged } = new CalicoOverlay().merge(own, maps({}));
    for (const map of ['pools', 'bgpConfigurations', 'bgpPeers', 'bgpFilters'] as const)
      expect(merged[map]).toBe(own[map]);
  });

  it('are the same while neither side changes', () => {
    const overlay = new CalicoOverlay();
    const calico = maps({ bgpPeers: byName(peer('a')), bgpFilters: byName(filter('f')) });
    const first = overlay.merge(maps({}), calico).maps;
    const second = overlay.merge(maps({ bgpFilters: byName(filter('g')) }), calico).maps;
    expect(second.bgpPeers).toBe(first.bgpPeers);
    expect(second.bgpFilters).not.toBe(first.bgpFilters);
    const third = overlay.merge(maps({}), { ...calico, bgpPeers: byName(peer('b')) }).maps;
    expect([...third.bgpPeers.keys()]).toEqual(['b']);
    expect(third.pools).toBe(first.pools);
  });
});
