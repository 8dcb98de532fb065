import { Type } from 'typebox';
import { asNumber, choice, cidr, integer, refused, text } from './field.ts';
import type { Kind } from './kind.ts';
import { cidrRule, communityRule, familyRule, isSet, type Rule, ruled } from './rule.ts';
import { acceptance, acceptanceColumns } from './status.ts';
import { wellKnownCommunities } from './well-known-communities.ts';

const community = (description: string) =>
  ruled(
    text(64, `${description} aa:nn, aa:nn:mm, or a well-known name.`),
    communityRule(wellKnownCommunities),
  );

/** Calico's path metric: the smaller, the better; 1024 is that of an ordinary route. */
const priority = (description: string) => integer(1, 2_147_483_646, description);

/** What no field of a rule says of itself alone. */
const checks: readonly Rule[] = [
  {
    rule: `${isSet('cidr')} == has(self.matchOperator)`,
    message: 'cidr and matchOperator go together',
  },
  {
    rule: "self.action == 'Accept' || !has(self.operations) || self.operations.size() == 0",
    message: 'operations go with action Accept: a route that is rejected cannot be changed',
  },
];

const operation = ruled(
  Type.Object(
    {
      addCommunity: Type.Optional(
        Type.Object({ value: community('The community.') }, { description: 'Adds a community.' }),
      ),
      prependASPath: Type.Optional(
        Type.Object(
          {
            prefix: Type.Array(asNumber('An AS number.'), {
              minItems: 1,
              maxItems: 10,
              description: 'The AS numbers that the path begins with afterwards, in this order; 1 to 10.',
            }),
          },
          { description: 'Makes the AS path longer.' },
        ),
      ),
      setPriority: Type.Optional(
        Type.Object(
          {
            value: priority(
              'The smaller, the better: LOCAL_PREF becomes 1124 less this number, never below 0, so that 1024 is an ordinary route.',
            ),
          },
          { description: 'Sets how much the route is preferred inside of the AS.' },
        ),
      ),
    },
    { description: 'One change to the route.' },
  ),
  {
    rule: '[has(self.addCommunity), has(self.prependASPath), has(self.setPriority)].filter(b, b).size() == 1',
    message: 'exactly one of addCommunity, prependASPath and setPriority belongs here',
  },
);

const rule = (bits: 32 | 128) =>
  ruled(
    Type.Object(
      {
        action: choice(['Accept', 'Reject'], 'What becomes of a route that the rule matches.'),
        cidr: Type.Optional(
          ruled(
            cidr('What the prefix of the route is compared with; goes with matchOperator.'),
            cidrRule,
            familyRule(bits === 32 ? 4 : 6),
          ),
        ),
        matchOperator: Type.Optional(
          choice(
            ['Equal', 'NotEqual', 'In', 'NotIn'],
            'How: Equal is the same prefix, In the same or one inside of it; the other two are their opposites.',
          ),
        ),
        prefixLength: Type.Optional(
          ruled(
            Type.Object(
              {
                min: Type.Optional(integer(0, bits, 'Shortest length.')),
                max: Type.Optional(integer(0, bits, 'Longest length.')),
              },
              {
                description:
                  "Bounds of the route's prefix length, both included. In Calico only beside cidr; here also alone.",
              },
            ),
            {
              rule: '!has(self.min) || !has(self.max) || self.min <= self.max',
              message: 'min must not be above max',
            },
          ),
        ),
        source: Type.Optional(
          choice(
            ['RemotePeers'],
            'Only routes that were learned from a peer, not what the node itself announces.',
          ),
        ),
        interface: Type.Optional(
          text(64, 'Only routes that leave by a link of this name; * stands for any characters.'),
        ),
        peerType: Type.Optional(
          choice(['eBGP', 'iBGP'], 'Only where the peer is in another AS (eBGP), or in ours (iBGP).'),
        ),
        communities: Type.Optional(
          Type.Object(
            {
              values: Type.Array(community('A community.'), {
                minItems: 1,
                maxItems: 16,
                description: 'Communities that the route must all have. Calico takes one.',
              }),
            },
            { description: 'Only routes that carry these communities.' },
          ),
        ),
        asPathPrefix: Type.Optional(
          Type.Array(asNumber('An AS number.'), {
            maxItems: 64,
            description: 'Only routes whose AS path begins with these, the nearest first.',
          }),
        ),
        priority: Type.Optional(
          refused(
            priority('Only routes of this metric.'),
            'match by cidr, communities or asPathPrefix instead',
          ),
        ),
        operations: Type.Optional(
          Type.Array(operation, {
            maxItems: 10,
            description: 'Changes to an accepted route, in their order. Only with action Accept.',
          }),
        ),
      },
      { description: 'Matches when everything that is given matches; an empty one matches every route.' },
    ),
    ...checks,
  );

const rules = (bits: 32 | 128, description: string) => Type.Array(rule(bits), { maxItems: 256, description });

const spec = Type.Object({
  exportV4: Type.Optional(
    rules(32, 'Rules for IPv4 routes that are announced to the peer; the first that matches decides.'),
  ),
  importV4: Type.Optional(
    rules(32, 'Rules for IPv4 routes that the peer announces; the first that matches decides.'),
  ),
  exportV6: Type.Optional(
    rules(128, 'Rules for IPv6 routes that are announced to the peer; the first that matches decides.'),
  ),
  importV6: Type.Optional(
    rules(128, 'Rules for IPv6 routes that the peer announces; the first that matches decides.'),
  ),
});

export const bgpFilterKind = {
  kind: 'BGPFilter',
  plural: 'bgpfilters',
  singular: 'bgpfilter',
  shortNames: ['gryfilter'],
  description: 'Rules for what a BGPPeer that names the filter may tell us and is told.',
  columns: acceptanceColumns,
  spec,
  status: acceptance,
} satisfies Kind<typeof spec>;
