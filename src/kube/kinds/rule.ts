import type { TSchema } from 'typebox';

/** Keyword of a CRD: rules that the API server checks before it takes an object. */
export const rulesKeyword = 'x-kubernetes-validations';

/**
 * One rule in CEL. Only what Kubernetes 1.31 knows is used: its library, IP addresses and CIDRs among it, and no function of a later
 * one. The parsers of the records refuse the same, and more: what a rule cannot say shows in the status of the object.
 */
export interface Rule {
  /** True for good values; `self` is the value. */
  readonly rule: string;
  /** What a good value looks like; the API server puts the path before it. */
  readonly message: string;
}

/** The schema with rules of its own. */
export const ruled = <T extends TSchema>(schema: T, ...rules: readonly Rule[]): T => ({
  ...schema,
  [rulesKeyword]: [...rulesOf(schema), ...rules],
});

export const rulesOf = (schema: TSchema): readonly Rule[] =>
  rulesKeyword in schema ? (schema[rulesKeyword] as readonly Rule[]) : [];

/** CEL: the text field has a value; Calico's tools write empty ones where nothing is meant. */
export const isSet = (field: string): string => `(has(self.${field}) && self.${field} != '')`;

/** CEL: not both; each is the expression for "is set". */
export const notBoth = (first: string, second: string): string => `!(${first} && ${second})`;

/** Also good where the text is empty. */
const orEmpty = (expression: string): string => `self == '' || (${expression})`;

/**
 * The address, as a network of its own, has that of the network in it: nothing is set beyond the length. Plainly comparing the two
 * would be too dear, because the API server knows no bound of what it compares.
 */
const cleanCidr = [
  'isCIDR(self)',
  "cidr(self.split('/')[0] + (self.contains(':') ? '/128' : '/32')).containsIP(cidr(self).masked().ip())",
].join(' && ');

export const cidrRule: Rule = {
  rule: orEmpty(cleanCidr),
  message: 'must be a CIDR without bits set beyond its length, such as 10.244.0.0/16 or fd00:244::/56',
};

export const requiredCidrRule: Rule = { ...cidrRule, rule: cleanCidr };

/** `cidr()` of what is none would be an error; then only the other rule should speak. */
export const familyRule = (family: 4 | 6): Rule => ({
  rule: orEmpty(`!isCIDR(self) || cidr(self).ip().family() == ${family}`),
  message: `must be an IPv${family} CIDR; the other family has a list of its own`,
});

export const immutableRule = (what: string): Rule => ({
  rule: 'self == oldSelf',
  message: `${what} cannot change; make another object and delete this one`,
});

/** CEL: `text`, an expression, is an address at which something can be reached. */
const isUnicast = (text: string): string =>
  `[${text}].all(a, isIP(a) && !ip(a).isUnspecified() && !cidr('224.0.0.0/4').containsIP(a) && !cidr('ff00::/8').containsIP(a))`;

export const unicastRule: Rule = {
  rule: orEmpty(isUnicast('self')),
  message: 'must be a unicast address, such as 192.0.2.1 or 2001:db8::1',
};

/** CEL: the address in `peerIP`, without brackets and port. */
const peerAddress = String.raw`self.startsWith('[') ? self.find('[^\\[\\]]+') : self.matches('^[0-9]+[.]') ? self.find('^[0-9.]+') : self`;

export const peerAddressRule: Rule = {
  rule: orEmpty(
    [
      isUnicast(peerAddress),
      // A port only behind an IPv4 address, or behind an IPv6 one in brackets, which then need one.
      String.raw`(!self.matches('^\\[|[.].*:') || (self.matches('^(\\[[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\\]|[0-9.]+):[1-9][0-9]{0,4}$') && int(self.find('[0-9]+$')) <= 65535))`,
    ].join(' && '),
  ),
  message:
    'must be the unicast address of a peer, with or without port: 192.0.2.1, 192.0.2.1:1790, 2001:db8::1, [2001:db8::1]:1790',
};

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const isObjectName = String.raw`self.matches('^${label}(\\.${label})*$')`;

/** RFC 1123 §2.1, as Kubernetes wants it. */
export const nameRule: Rule = {
  rule: orEmpty(isObjectName),
  message: 'must be the name of an object: lower-case letters, digits, "-" and "."',
};

export const requiredNameRule: Rule = { ...nameRule, rule: isObjectName };

export const filePathRule: Rule = {
  rule: String.raw`self.matches('^(/[^/[:cntrl:]]+)+$') && !self.matches('/[.][.]?(/|$)')`,
  message: 'must be the absolute path of a file, without "." and ".."',
};

export const passwordRule: Rule = {
  rule: 'has(self.secretKeyRef) != has(self.file)',
  message: 'exactly one of secretKeyRef and file must be set',
};

/** RFC 4271 §4.2; longer texts for one or two seconds are left to the parser of the record. */
export const holdTimeRule: Rule = {
  rule: "type(self) == int ? self == 0 || self >= 3 : !(self in ['1', '2', '1s', '2s'])",
  message: 'must be 0 or at least 3 seconds',
};

export const keepaliveTimeRule: Rule = {
  rule: "type(self) == int ? self >= 1 : !(self in ['0', '0s'])",
  message: 'must be at least 1 second',
};

/** From 0 to 65535. */
const sixteenBits =
  '(0|[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';
/** Of up to ten digits; what of them is beyond 32 bits is left to the parser of the record. */
const number = '(0|[1-9][0-9]{0,9})';

/** RFC 1997, RFC 8092. `names` are those of the well-known communities. */
export const communityRule = (names: readonly string[]): Rule => ({
  rule: `self.matches('^(${names.join('|')}|${sixteenBits}:${sixteenBits}|${number}:${number}:${number})$')`,
  message: 'must be a community, such as 65000:100, 65000:1:100 or no-export',
});
