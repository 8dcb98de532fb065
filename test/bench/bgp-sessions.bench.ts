/**
 * One node of a full mesh of a thousand: so many established internal sessions with simulated peers, a prefix each, in one speaker
 * process. Prints memory and processor at rest; then 100,000 prefixes arrive on one session, and no side may miss a KEEPALIVE
 * for as long as the hold time. BENCH=quick: 100,000 prefixes all the same, but a shorter rest.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { address } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';
import { connect, createNetns } from '../support/netns.ts';
import { AS, peerConfig, ROUTER_ID, startSpeaker } from './bgp/daemons.ts';
import { loopLine } from './bgp/loop-line.ts';
import { readLoop } from './bgp/loop-signal.ts';
import { Program } from './bgp/program.ts';
import { announcement } from './bgp/tables.ts';
import { quick, Workshop } from './bgp/workshop.ts';

const SESSIONS = 1000;
const PREFIXES = 100_000;
/** Seconds, as between nodes. */
const HOLD = 30;
const REST = quick ? 20 : 60;
/** MB and share of a core. */
const BARS = { memory: 250, processor: 0.05 };
const LOCAL = '10.7.0.1';
const verdict = (met: boolean): string => (met ? 'met' : 'MISSED');

/** The peers dial from 10.8.1.0 on; each is known by its own address. */
const addresses = Array.from({ length: SESSIONS }, (_, i) => `10.8.${1 + (i >> 8)}.${i & 255}`);

using workshop = await Workshop.open();
using inside = await createNetns();
using outside = await createNetns();
await connect(
  { netns: inside, name: 'r0', addresses: [`${LOCAL}/24`] },
  { netns: outside, name: 'p0', addresses: ['10.7.0.2/24'] },
);
// All of them on the loopback, behind one neighbour: the kernel's table of neighbours has room for a thousand and no more.
await outside.ip('address add 10.8.0.0/16 dev lo');
await inside.ip('route add 10.8.0.0/16 via 10.7.0.2');
const directory = workshop.site();
using speaker = startSpeaker(
  { netns: inside, directory, build: workshop.directory, watch: true },
  {
    routerID: address(ROUTER_ID),
    localAS: AS,
    listen: [{ address: address(LOCAL), port: 179 }],
    originated: [{ prefix: prefix('10.244.0.0/24') }],
    nextHops: { ipv4: address(LOCAL) },
    peers: addresses.map((peer) => ({
      ...peerConfig({ as: AS, address: peer, local: LOCAL }),
      holdTime: HOLD,
      keepaliveTime: HOLD / 3,
      // As between the nodes of a mesh.
      export: { kind: 'originated' },
    })),
  },
);
await pause(1_000);
speaker.kill('SIGUSR2');
const [first = ''] = addresses;
using peers = new Program(outside, [
  workshop.path('peer'),
  first,
  LOCAL,
  '179',
  String(AS),
  String(HOLD),
  String(SESSIONS),
]);
const start = performance.now();
await peers.answer('established');
console.log(`${SESSIONS} sessions, established in ${((performance.now() - start) / 1000).toFixed(1)} s`);
console.log(loopLine('while they come up', await readLoop(speaker, directory)));
peers.say('one');
await peers.answer('told');
await pause(10_000);
const before = speaker.processor();
await pause(REST * 1000);
const processor = (speaker.processor() - before) / REST;
const memory = speaker.memory('VmRSS');
console.log(
  `  at rest: memory ${memory.toFixed(0)} MB (bar ${BARS.memory}: ${verdict(memory <= BARS.memory)}); processor ${(processor * 100).toFixed(1)}% of a core (bar ${BARS.processor * 100}: ${verdict(processor <= BARS.processor)})`,
);
speaker.kill('SIGUSR2');
peers.say('silence');
await peers.answer('silence');
const nextHop = first.split('.').map(Number);
peers.say(
  `send ${workshop.messages('flood', () => announcement(PREFIXES, 'mixed', { as: AS + 1, nextHop, internal: true }))}`,
);
await peers.answer('sent');
// So that the time in which nothing comes any more does not make the rest look good.
await pause(500);
const flooded = await readLoop(speaker, directory);
await pause(HOLD * 1000);
peers.say('silence');
const silence = (await peers.answer('silence')) / 1000;
const lost = peers.said('closed');
console.log(
  `  while ${PREFIXES} prefixes arrive on one: longest silence ${silence.toFixed(1)} s of ${HOLD}, sessions lost: ${lost ? 'yes' : 'none'} (bar none: ${verdict(!lost && silence < HOLD)}); memory then ${speaker.memory('VmRSS').toFixed(0)} MB`,
);
console.log(loopLine('while they arrive', flooded));
