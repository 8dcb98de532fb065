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
];
