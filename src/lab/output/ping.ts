export interface PingResult {
  readonly sent: number;
  readonly received: number;
}

/** The counts in the last lines of `ping`; undefined when it got no further than an error. */
export function parsePing(text: string): PingResult | undefined {
  const found = /(\d+) packets transmitted, (\d+) received/.exec(text);
  return found === null ? undefined : { sent: Number(found[1]), received: Number(found[2]) };
}
