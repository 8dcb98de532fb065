import { checkTables, type Row } from './reaction-table.ts';
import { context, message } from './support.ts';

const MARKER = 'ff'.repeat(16);
const open = (as: string, hold: string, id: string, parameters: string): string =>
  message(1, `04${as}${hold}${id}${parameters}`);

const HEADER: readonly Row[] = [
  ['marker not all ones', `${'ff'.repeat(15)}fe001304`, 'reset 1/1'],
  ['length below 19', `${MARKER}001204`, 'reset 1/2 0012'],
  ['length above 4096', `${MARKER}100102`, 'reset 1/2 1001'],
  ['type 0', `${MARKER}001300`, 'reset 1/3 00'],
  ['type 6', `${MARKER}001306`, 'reset 1/3 06'],
  ['OPEN of 28 octets', `${MARKER}001c01`, 'reset 1/2 001c'],
  ['UPDATE of 22 octets', `${MARKER}001602`, 'reset 1/2 0016'],
  ['NOTIFICATION of 20 octets', `${MARKER}001403`, 'reset 1/2 0014'],
  ['KEEPALIVE with a body', message(4, '00'), 'reset 1/2 0014'],
  // RFC 8654 §4: OPEN and KEEPALIVE never become longer than before.
  ['OPEN of 4097 octets', `${MARKER}100101`, 'reset 1/2 1001', { ...context, maxReceive: 65535 }],
];

const OPEN: readonly Row[] = [
  ['version 3', message(1, '03fde9005a0a00000100'), 'reset 2/1 0004'],
  ['AS 0 (RFC 7607)', open('0000', '005a', '0a000001', '00'), 'reset 2/2'],
  ['four-octet AS 0 (RFC 7607)', open('fde9', '005a', '0a000001', '08 0206 4104 00000000'), 'reset 2/2'],
  ['identifier 0 (RFC 6286)', open('fde9', '005a', '00000000', '00'), 'reset 2/3'],
  ['hold time 1', open('fde9', '0001', '0a000001', '00'), 'reset 2/6'],
  ['hold time 2', open('fde9', '0002', '0a000001', '00'), 'reset 2/6'],
  ['hold time 0 is good', open('fde9', '0000', '0a000001', '00'), 'open'],
  ['hold time 3 is good', open('fde9', '0003', '0a000001', '00'), 'open'],
  ['parameter 1 (authentication)', open('fde9', '005a', '0a000001', '03 010100'), 'reset 2/4'],
  ['parameters longer than the message', open('fde9', '005a', '0a000001', '05 0200'), 'reset 2/0'],
  ['parameters shorter than the message', open('fde9', '005a', '0a000001', '00 0200'), 'reset 2/0'],
  ['parameter longer than the parameters', open('fde9', '005a', '0a000001', '02 0201'), 'reset 2/0'],
  ['parameter without a length', open('fde9', '005a', '0a000001', '01 02'), 'reset 2/0'],
  ['capability longer than its parameter', open('fde9', '005a', '0a000001', '04 0202 4104'), 'reset 2/0'],
  ['capability without a length', open('fde9', '005a', '0a000001', '03 0201 02'), 'reset 2/0'],
  [
    'multiprotocol capability of 3 octets',
    open('fde9', '005a', '0a000001', '07 0205 0103 000100'),
    'reset 2/0 0103000100',
  ],
  ['extended parameters, cut off (RFC 9072)', open('fde9', '005a', '0a000001', 'ff ff00'), 'reset 2/0'],
  [
    'extended parameters, too long (RFC 9072)',
    open('fde9', '005a', '0a000001', 'ff ff 0005 02'),
    'reset 2/0',
  ],
  [
    'extended parameters, good (RFC 9072)',
    open('fde9', '005a', '0a000001', 'ff ff 0005 02 0002 0200'),
    'open',
  ],
  // RFC 9072 §2: the length octet need not be 255.
  ['extended parameters, other length', open('fde9', '005a', '0a000001', '08 ff 0005 02 0002 0200'), 'open'],
  ['two roles (RFC 9234)', open('fde9', '005a', '0a000001', '08 0206 090100 090103'), 'reset 2/11'],
  ['the same role twice (RFC 9234)', open('fde9', '005a', '0a000001', '08 0206 090100 090100'), 'open'],
  ['unknown capability', open('fde9', '005a', '0a000001', '05 0203 c80101'), 'open'],
];

const REFRESH: readonly Row[] = [
  ['RFC 7313 §5: 3 octets', message(5, '000100'), `reset 7/1 ${message(5, '000100')}`],
  ['RFC 7313 §5: 5 octets', message(5, '0001000100'), `reset 7/1 ${message(5, '0001000100')}`],
  ['RFC 7313 §5: subtype 3', message(5, '00010301'), 'ignore'],
  ['a family that nobody knows', message(5, '40040047'), 'route-refresh'],
];

checkTables({
  'header, RFC 4271 §6.1': HEADER,
  'OPEN, RFC 4271 §6.2': OPEN,
  'ROUTE-REFRESH': REFRESH,
});
