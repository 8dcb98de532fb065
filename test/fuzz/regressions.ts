import type { Setup } from './script.ts';

/** Cases that failed once: a name, what differs from `DEFAULT_SETUP`, and what the far end does (see `script.ts`). */
export type Regression = readonly [name: string, setup: Partial<Setup>, acts: string];

export const DEFAULT_SETUP: Setup = {
  peer: 'external',
  passive: false,
  families: 'both',
  restartTime: 0,
  holdTime: 30,
  routes: 1,
};

const OPEN =
  'ffffffffffffffffffffffffffffffff00390104fdea005a0a0909021c021a010400010001010400020001060041040000fdea02004600';
const KEEPALIVE = 'ffffffffffffffffffffffffffffffff001304';

export const REGRESSIONS: readonly Regression[] = [
  [
    'a malformed UPDATE before any OPEN is unexpected',
    {},
    'send 0 ffffffffffffffffffffffffffffffff00170201000000',
  ],
  [
    'a malformed UPDATE in OpenConfirm is unexpected',
    {},
    `send 0 ${OPEN}; send 0 ffffffffffffffffffffffffffffffff00170201000000`,
  ],
  [
    'a malformed OPEN in Established is unexpected',
    {},
    `send 0 ${OPEN}${KEEPALIVE}; send 0 ffffffffffffffffffffffffffffffff001d0103fdea005a0a09090200`,
  ],
  [
    'a ROUTE-REFRESH of the wrong length in OpenSent is unexpected',
    {},
    'send 0 ffffffffffffffffffffffffffffffff001605000100',
  ],
  [
    'a ROUTE-REFRESH of an unknown subtype in OpenSent is unexpected',
    {},
    'send 0 ffffffffffffffffffffffffffffffff00170500010701',
  ],
  [
    'a route whose path identifier has the highest bit',
    { peer: 'internal', addPath: 'receive' },
    'send 0 ffffffffffffffffffffffffffffffff00410104fdea001e0a090902240206010400010001020a45080001010300020103020641040000fdea0206010400020001; send 0 ffffffffffffffffffffffffffffffff001304; send 0 ffffffffffffffffffffffffffffffff007802001800000000160a0203000000021f0a00050000000000100a0000364001010140021202010000fdea02010000fdeb02010000fdeb4003040a09090640050400000000c007080000fdeb84f6e0d04001010000000001180a0203abf8000000021f0a010500',
  ],
  [
    'two paths of one peer that say the same in other octets',
    { addPath: 'receive' },
    'send 0 ffffffffffffffffffffffffffffffff00540104fdea00b40a090902370203090100020a450800010103000201030206010400010001020641040000fdea020c400a407800010100000201000206010400020001; send 0 ffffffffffffffffffffffffffffffff001304; send 0 ffffffffffffffffffffffffffffffff003d020000001f4001010140020602010000fdea4003040a090909800a08adf968c0d214d93100000002100a00; send 0 ffffffffffffffffffffffffffffffff005702000000294001010140020602010000fdea4003040a090909800904246ff18b800f0b00010100000002180a010300000000160a010400000001160a010500000000100a00',
  ],
];
