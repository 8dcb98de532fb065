import type { DaemonKind } from './daemon.ts';
import { bird } from './daemons/bird.ts';
import { exabgp } from './daemons/exabgp.ts';
import { frr } from './daemons/frr.ts';
import { gobgp } from './daemons/gobgp.ts';
import { openbgpd } from './daemons/openbgpd.ts';
import { CAPABILITIES } from './features/capabilities.ts';
import type { Feature } from './features/feature.ts';
import { PROTECTION } from './features/protection.ts';
import { REFLECTION } from './features/reflection.ts';
import { RESTARTS } from './features/restart.ts';
import { ROUTES } from './features/routes.ts';
import { SESSIONS } from './features/sessions.ts';

export const DAEMONS: readonly DaemonKind[] = [bird, frr, gobgp, openbgpd, exabgp];

export const FEATURES: readonly Feature[] = [
  ...ROUTES,
  ...SESSIONS,
  ...CAPABILITIES,
  ...REFLECTION,
  ...RESTARTS,
  ...PROTECTION,
];
