import { type SettingForm, type SettingKey, type SettingSchema, settingsSchema } from './schema.ts';

/** One setting under all its names. */
export interface SettingDefinition {
  /** Key in the file: `bgpPort`. */
  readonly key: SettingKey;
  /** Flag without dashes: `bgp-port`. */
  readonly flag: string;
  /** Variable: `GRYPHON_BGP_PORT`. */
  readonly environment: string;
  /** What stands behind the flag: `ADDRESS:PORT`, `on|off`. */
  readonly type: string;
  /** The default as people read it; empty: none. */
  readonly standard: string;
  readonly description: string;
  readonly schema: SettingSchema;
}

export const environmentPrefix = 'GRYPHON_';

/** The one rule between the names: `clusterCIDR`, `clusterCidr` and `cluster-cidr` all give `cluster-cidr`. */
export const flagOf = (key: string): string => key.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();

export const environmentOf = (key: string): string =>
  environmentPrefix + flagOf(key).replaceAll('-', '_').toUpperCase();

const typeNames: Readonly<Record<SettingForm, string>> = {
  name: 'NAME',
  path: 'PATH',
  choice: 'WORD',
  switch: 'on|off',
  count: 'NUMBER',
  seconds: 'SECONDS',
  prefixes: 'CIDR,...',
  'listen-address': 'ADDRESS:PORT',
};

/** All settings in the order of the schema, which is the order in which people read them. */
export const settingDefinitions: readonly SettingDefinition[] = Object.entries(settingsSchema.properties).map(
  // The casts are sound: the entries are those of the schema, and every property was made by `setting`.
  ([key, schema]) => define(key as SettingKey, schema as unknown as SettingSchema),
);

function define(key: SettingKey, schema: SettingSchema): SettingDefinition {
  return {
    key,
    flag: flagOf(key),
    environment: environmentOf(key),
    type: schema.enum?.join('|') ?? typeNames[schema.form],
    standard: schema.default ?? schema.derived ?? '',
    description: schema.description,
    schema,
  };
}
