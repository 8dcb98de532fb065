import { type Static, Type } from 'typebox';
import { list } from './common.ts';

export const HealthCheck = Type.Object({ name: Type.String(), ok: Type.Boolean(), detail: Type.String() });

/** `/livez` and `/readyz` for those who accept `application/json`. */
export const Health = Type.Object({ ok: Type.Boolean(), checks: list(HealthCheck) });
export type Health = Static<typeof Health>;
