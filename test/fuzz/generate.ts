import { Chance } from './chance.ts';
import { MESSAGES, NOTIFICATIONS } from './corpus.ts';
import { makeOffer, type Offer } from './make-open.ts';
import { makeParts, writeUpdate } from './make-update.ts';
import { mutateMessage, mutateParts } from './mutate.ts';
import { concat, KEEPALIVE, message } from './octets.ts';
import type { Act, Script, Setup } from './script.ts';

/** Milliseconds: longer than any hold timer; longer than the longest wait between two attempts. */
const SILENCE = 400_000;
const NEXT_ATTEMPT = 6_000;

/** The case of a seed. */
export function generate(seed: number): Script {
  const chance = new Chance(seed);
  const setup = makeSetup(chance);
  const sessions = chance.oneIn(8) ? chance.between(2, 3) : 1;
  const acts = Array.from({ length: sessions }, (_, i) => session(chance, setup, i > 0)).flat();
  return { setup, acts };
}

function makeSetup(chance: Chance): Setup {
  const addPath = chance.oneIn(5) ? chance.pick(['receive', 'send', 'both'] as const) : undefined;
  const role = chance.oneIn(8) ? chance.pick(['customer', 'peer'] as const) : undefined;
  return {
    peer: chance.pick(['internal', 'external']),
    passive: chance.oneIn(3),
    families: chance.oneIn(6) ? chance.pick(['ipv4', 'ipv6']) : 'both',
    restartTime: chance.oneIn(2) ? 120 : 0,
    holdTime: chance.pick([0, 9, 30, 90]),
    routes: chance.oneIn(50) ? 2_000 : chance.below(4),
    ...(addPath !== undefined && { addPath }),
    ...(role !== undefined && { role }),
  };
}

function session(chance: Chance, setup: Setup, again: boolean): Act[] {
  const offer = makeOffer(chance, setup.addPath === 'receive' || setup.addPath === 'both');
  const start: Act[] = [
    ...(again ? [{ kind: 'wait', ms: NEXT_ATTEMPT } as const] : []),
    ...(setup.passive ? [{ kind: 'dial' } as const] : []),
  ];
  if (chance.oneIn(12)) return [...start, ...interleaved(chance, offer)];
  if (chance.oneIn(60)) return [...start, ...unread(chance, offer)];
  const stream = conversation(chance, setup, offer);
  return [...start, ...cut(chance, stream), ...ending(chance)];
}

/** What a far end says in one session: the handshake, then routes, here and there spoilt or out of order. */
function conversation(chance: Chance, setup: Setup, offer: Offer): Uint8Array[] {
  const spoilOneIn = chance.pick([2, 2, 3, 6, 20, 1_000_000]);
  const length = chance.pick([0, 3, 10, 30, 60]);
  const said = [
    offer.open,
    KEEPALIVE,
    ...Array.from({ length }, () => sentence(chance, setup, offer, spoilOneIn)),
  ];
  if (chance.oneIn(8)) {
    // Out of order, said twice or left out.
    const at = chance.below(Math.min(said.length, 4));
    said.splice(at, chance.below(2), chance.pick([...said, ...MESSAGES]));
  }
  return said.map((bytes) =>
    chance.oneIn(spoilOneIn * 8) ? mutateMessage(chance, bytes, chance.pick(MESSAGES)) : bytes,
  );
}

function sentence(chance: Chance, setup: Setup, offer: Offer, spoilOneIn: number): Uint8Array {
  const kind = chance.below(40);
  if (kind === 0) return KEEPALIVE;
  if (kind === 1) return refresh(chance);
  if (kind === 2) return chance.pick(MESSAGES.filter((m) => m[18] !== 3 && m[18] !== 1));
  if (kind === 3) return concat(...Array.from({ length: chance.between(2, 60) }, () => KEEPALIVE));
  let parts = makeParts(chance, offer, setup.peer === 'internal');
  while (chance.oneIn(spoilOneIn)) parts = mutateParts(chance, parts);
  return writeUpdate(parts);
}

function refresh(chance: Chance): Uint8Array {
  const family = chance.pick([
    [0, 1],
    [0, 1],
    [0, 2],
    [64, 4],
  ]);
  return message(5, Uint8Array.of(...family, chance.below(5), 1));
}

/** The stream in pieces: message by message, whole, octet by octet, or wherever it may be. */
function cut(chance: Chance, messages: readonly Uint8Array[]): Act[] {
  const send = (bytes: Uint8Array): Act => ({ kind: 'send', line: 0, bytes });
  const whole = concat(...messages);
  switch (chance.below(whole.length <= 200 ? 5 : 4)) {
    case 0:
    case 1:
      return messages.map(send);
    case 2:
      return [send(whole)];
    case 3: {
      const cuts = Array.from({ length: chance.between(1, 12) }, () => chance.below(whole.length + 1)).sort(
        (a, b) => a - b,
      );
      return [0, ...cuts].map((from, i) => send(whole.subarray(from, cuts[i] ?? whole.length)));
    }
    default:
      return Array.from(whole, (octet) => send(Uint8Array.of(octet)));
  }
}

function ending(chance: Chance): Act[] {
  switch (chance.below(6)) {
    case 0:
      return [
        { kind: 'close', line: 0 },
        { kind: 'wait', ms: chance.pick([100, NEXT_ATTEMPT]) },
      ];
    case 1:
      return [{ kind: 'send', line: 0, bytes: chance.pick(NOTIFICATIONS) }];
    case 2:
      return [{ kind: 'wait', ms: SILENCE }];
    case 3:
      return [
        { kind: 'wait', ms: chance.pick([500, 3_000]) },
        { kind: 'send', line: 0, bytes: KEEPALIVE },
      ];
    default:
      return [];
  }
}

/** Two connections of one peer, with OPENs and KEEPALIVEs on both in any order, and one spoilt message perhaps. */
function interleaved(chance: Chance, offer: Offer): Act[] {
  const words = [offer.open, offer.open, KEEPALIVE, KEEPALIVE, KEEPALIVE, chance.pick(MESSAGES)];
  const sends = chance.shuffled(words).map((word): Act => {
    const bytes = chance.oneIn(10) ? mutateMessage(chance, word, chance.pick(MESSAGES)) : word;
    return { kind: 'send', line: chance.below(2), bytes };
  });
  const between: Act[] = sends.flatMap((act) =>
    chance.oneIn(4) ? [act, { kind: 'wait', ms: chance.pick([50, 1_200]) }] : [act],
  );
  const at = chance.below(between.length);
  return [...between.slice(0, at), { kind: 'dial' }, ...between.slice(at)];
}

/** A far end that asks for everything again and again, and reads nothing of it for a while. */
function unread(chance: Chance, { open }: Offer): Act[] {
  const request = concat(...Array.from({ length: 200 }, () => message(5, Uint8Array.of(0, 1, 0, 1))));
  return [
    { kind: 'send', line: 0, bytes: concat(open, KEEPALIVE) },
    { kind: 'pause', line: 0 },
    ...Array.from({ length: chance.between(1, 5) }, (): Act => ({ kind: 'send', line: 0, bytes: request })),
    { kind: 'resume', line: 0 },
    { kind: 'send', line: 0, bytes: KEEPALIVE },
  ];
}
