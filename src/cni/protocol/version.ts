import { CniError, cniCode } from './error.ts';

/** Versions of the specification that we speak, oldest first. The shim answers VERSION with the same list. */
export const supportedVersions = ['0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;
export type CniVersion = (typeof supportedVersions)[number];

/** A configuration without `cniVersion` is one of 0.1.0, as the reference library reads it. */
export const implicitVersion = '0.1.0';

export const isSupported = (text: string): text is CniVersion =>
  supportedVersions.some((version) => version === text);

/** Whether `version` is `minimum` or later. */
export const atLeast = (version: CniVersion, minimum: CniVersion): boolean =>
  supportedVersions.indexOf(version) >= supportedVersions.indexOf(minimum);

/** @throws CniError 1 */
export function checkVersion(text: string): CniVersion {
  if (isSupported(text)) return text;
  const details = `config is ${JSON.stringify(text)}, plugin supports ${JSON.stringify(supportedVersions)}`;
  throw new CniError(cniCode.incompatibleVersion, 'incompatible CNI versions', details);
}
