/** Tries until it works; the last error tells what was still wrong. */
export async function eventually<T>(what: string, attempt: () => T | Promise<T>): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`, { cause: error });
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}
