import type { AnyFamily } from './family.ts';

/** RFC 7911 §4, from the point of view of the one who announces it. */
export type AddPathMode = 'receive' | 'send' | 'both';

/** RFC 9234 §4.1: what the sender is to its peer. */
export type Role = 'provider' | 'route-server' | 'route-server-client' | 'customer' | 'peer';

/** One capability of an OPEN, RFC 5492. The numbers and forms are in the table of capabilities.ts. */
export type Capability =
  /** RFC 4760 §8. */
  | { readonly kind: 'multiprotocol'; readonly family: AnyFamily }
  /** RFC 2918. */
  | { readonly kind: 'route-refresh' }
  /** RFC 8950: routes of the family may have next hops of this AFI. */
  | {
      readonly kind: 'extended-next-hop';
      readonly families: readonly { readonly family: AnyFamily; readonly nextHopAfi: number }[];
    }
  /** RFC 8654. */
  | { readonly kind: 'extended-message' }
  /** RFC 9234; `unassigned` is a number that the standard does not name. */
  | { readonly kind: 'role'; readonly role: Role | 'unassigned' }
  /** RFC 4724 §3; `notification` is the N bit of RFC 8538. `restartTime` in seconds, at most 4095. */
  | {
      readonly kind: 'graceful-restart';
      readonly restarting: boolean;
      readonly notification: boolean;
      readonly restartTime: number;
      readonly families: readonly { readonly family: AnyFamily; readonly forwarding: boolean }[];
    }
  /** RFC 6793. */
  | { readonly kind: 'four-octet-as'; readonly as: number }
  /** RFC 7911. */
  | {
      readonly kind: 'add-path';
      readonly families: readonly { readonly family: AnyFamily; readonly mode: AddPathMode }[];
    }
  /** RFC 7313. */
  | { readonly kind: 'enhanced-route-refresh' }
  /** RFC 9494 §3.1; `staleTime` in seconds, at most 2^24 - 1. */
  | {
      readonly kind: 'long-lived-graceful-restart';
      readonly families: readonly {
        readonly family: AnyFamily;
        readonly forwarding: boolean;
        readonly staleTime: number;
      }[];
    }
  /** draft-walton-bgp-hostname-capability: FRR, BIRD and GoBGP speak it. For people only. */
  | { readonly kind: 'fqdn'; readonly host: string; readonly domain: string }
  /** Not ours: kept as it came. */
  | { readonly kind: 'unknown'; readonly code: number; readonly value: Uint8Array };
