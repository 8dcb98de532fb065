/** Hours, minutes and seconds as Go writes them (`30s`, `1m30s`, `1h`); at least one part, in this order. */
const durationPattern = /^(?=\d)(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?$/;

/** Whole seconds of a Go duration (`metav1.Duration`), or undefined. Fractions and parts below a second are refused. */
export function parseDuration(text: string): number | undefined {
  const match = durationPattern.exec(text);
  if (match === null) return undefined;
  const [hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
}
