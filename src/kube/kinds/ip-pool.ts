import { Type } from 'typebox';
import { choice, cidr, defaulted, selector, unsupported } from './field.ts';
import type { Kind } from './kind.ts';
import { immutableRule, requiredCidrRule, ruled } from './rule.ts';
import { acceptance, acceptanceColumns } from './status.ts';

const encapsulation = (name: string) =>
  unsupported(
    choice(['Never', 'Always', 'CrossSubnet'], `Encapsulation in ${name} between nodes.`),
    'remove it: traffic between nodes is routed without encapsulation',
    ['Never'],
  );

const podCIDRs = 'remove it: addresses come from the podCIDRs of the Nodes';

const spec = Type.Object({
  cidr: ruled(
    cidr(
      'The range of pod addresses that the pool describes, without host bits. A pool that overlaps an older one is not used.',
    ),
    requiredCidrRule,
    immutableRule('the range of a pool'),
  ),
  natOutgoing: Type.Optional(
    defaulted(
      Type.Boolean({
        description:
          'Traffic from the pool to addresses outside all pools leaves with the address of the node; false if absent.',
      }),
      false,
    ),
  ),
  disabled: Type.Optional(
    defaulted(
      Type.Boolean({
        description:
          'Traffic to the pool is not translated, but nothing of it is announced; false if absent.',
      }),
      false,
    ),
  ),
  disableBGPExport: Type.Optional(
    defaulted(
      Type.Boolean({ description: 'Nothing of the pool is announced to peers; false if absent.' }),
      false,
    ),
  ),
  ipipMode: Type.Optional(encapsulation('IPIP')),
  vxlanMode: Type.Optional(encapsulation('VXLAN')),
  blockSize: Type.Optional(
    unsupported(
      Type.Integer({ minimum: 20, maximum: 128, description: 'Length of the blocks of a node.' }),
      podCIDRs,
    ),
  ),
  nodeSelector: Type.Optional(unsupported(selector('Nodes that use the pool.'), podCIDRs, ['', 'all()'])),
  namespaceSelector: Type.Optional(
    unsupported(selector('Namespaces that use the pool.'), podCIDRs, ['', 'all()']),
  ),
  allowedUses: Type.Optional(
    unsupported(
      Type.Array(choice(['Workload', 'Tunnel', 'LoadBalancer'], 'A use.'), {
        maxItems: 3,
        description: 'What addresses of the pool are for.',
      }),
      podCIDRs,
      [
        ['Workload', 'Tunnel'],
        ['Tunnel', 'Workload'],
      ],
    ),
  ),
  assignmentMode: Type.Optional(
    unsupported(choice(['Automatic', 'Manual'], 'Who chooses addresses.'), podCIDRs, ['Automatic']),
  ),
});

export const ipPoolKind = {
  kind: 'IPPool',
  plural: 'ippools',
  singular: 'ippool',
  shortNames: ['grypool'],
  description:
    'A range of pod addresses: whether its traffic is translated on the way out, and whether it is announced.',
  columns: [
    { name: 'CIDR', type: 'string', path: '.spec.cidr' },
    { name: 'NAT', type: 'boolean', path: '.spec.natOutgoing' },
    { name: 'Disabled', type: 'boolean', path: '.spec.disabled' },
    ...acceptanceColumns,
  ],
  spec,
  status: acceptance,
} satisfies Kind<typeof spec>;
