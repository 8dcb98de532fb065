import { settingDefinitions } from './definition.ts';

const introduction = `# Settings

<!-- Made from the schema in src/agent/settings/schema.ts (see test/agent/settings.test.ts); do not edit. -->

Every setting has a flag, an environment variable and a key for the YAML file that \`--config\` names. The flag wins over the
variable, the variable over the file, the file over the default. When it starts, the agent logs every setting, with
its origin where that is not the default. A wrong value stops it with a message that names the source; an unknown name gives a warning.

Switches take \`on\` and \`off\` (also \`true\`, \`yes\`, \`false\`, \`no\`), times take seconds or a duration like \`90s\` or \`1m30s\`, lists take
commas, in the file also YAML lists.

AS numbers, peers and pools are not settings of the process but objects of the cluster: BGPConfiguration, BGPPeer and IPPool.
`;

/** The page docs/settings.md. */
export function settingsReference(): string {
  const rows = settingDefinitions.map(({ key, flag, environment, type, standard, description }) => {
    const value = standard === '' ? 'none' : standard;
    return `| \`${key}\` | \`--${flag}\` | \`${environment}\` | ${type.replaceAll('|', ', ')} | ${value} | ${description} |`;
  });
  const head = ['| key | flag | variable | type | default | meaning |', '|---|---|---|---|---|---|'];
  return `${[introduction, ...head, ...rows].join('\n')}\n`;
}
