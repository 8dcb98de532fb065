/** Tries until `probe` gives true, every 200 ms. A probe that throws has not got there yet. @throws Error naming what was waited for */
export async function until(what: string, seconds: number, probe: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + seconds * 1000;
  let last: unknown;
  for (;;) {
    try {
      if (await probe()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
