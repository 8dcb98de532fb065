import { inspect, styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const levelStyles: Readonly<Record<string, Style>> = {
  debug: 'gray',
  info: 'green',
  warn: 'yellow',
  error: 'red',
};

/** A JSON line for a person's terminal: `12:00:01.123 WARN  bgp         peer lost  peer=tor-a reason="hold timer"`. */
export function prettyLine(json: string, colour: boolean): string {
  // Our own line, written by pino a moment ago.
  const { time, level, component, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const paint = (style: Style, text: string): string =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const word = String(level);
  const columns = [
    paint('gray', String(time).slice(11, 23)),
    paint(levelStyles[word] ?? 'reset', word.toUpperCase().padEnd(5)),
    String(component).padEnd(11),
    String(msg),
  ];
  const rest = Object.entries(fields).map(([key, value]) => `${paint('cyan', key)}=${prettyValue(value)}`);
  return `${columns.join(' ')}${rest.length > 0 ? `  ${rest.join(' ')}` : ''}\n`;
}

function prettyValue(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 4 });
}
