/** Who answered: an address and the MAC that claims it. */
export interface ShownNeighbour {
  readonly address: string;
  readonly mac: string;
}

/** The answers in the output of (Habets') `arping`: `42 bytes from ee:ee:ee:ee:ee:ee (169.254.1.1): index=0 time=6 usec`. */
export const parseArping = (text: string): readonly ShownNeighbour[] =>
  [...text.matchAll(/bytes from ([0-9a-f:]{17}) \(([^)]+)\)/g)].map(([, mac = '', address = '']) => ({
    address,
    mac,
  }));

/** Resolved entries in the output of `ip neighbour show`: `fe80::1 dev eth0 lladdr ee:ee:ee:ee:ee:ee router REACHABLE`. */
export const parseNeighbours = (text: string): readonly ShownNeighbour[] =>
  [...text.matchAll(/^(\S+) .*\blladdr ([0-9a-f:]{17})/gm)].map(([, address = '', mac = '']) => ({
    address,
    mac,
  }));
