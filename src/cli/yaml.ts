import { stringify } from 'yaml';

/** A module of ours between us and a package that is loaded late: in the bundle, that of CommonJS has a default export only. */
export const yamlText = (data: unknown): string => stringify(data, { aliasDuplicateObjects: false });
