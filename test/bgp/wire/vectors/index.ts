import { BIRD } from './bird.ts';
import { EXABGP } from './exabgp.ts';
import { FRR } from './frr.ts';
import { GOBGP } from './gobgp.ts';
import { OPENBGPD } from './openbgpd.ts';
import type { Vector, VectorSource } from './vector.ts';

export const SOURCES: readonly VectorSource[] = [BIRD, FRR, GOBGP, OPENBGPD, EXABGP];

export const VECTORS: readonly Vector[] = SOURCES.flatMap((source) => source.vectors);
