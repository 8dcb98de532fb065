/** A file of an image. Paths are relative to its root: `usr/bin/node`. */
export type Entry =
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly mode: number;
      readonly size: number;
      read(): Buffer;
    }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'directory'; readonly path: string };

export const textEntry = (path: string, text: string): Entry => {
  const content = Buffer.from(text);
  return { kind: 'file', path, mode: 0o644, size: content.length, read: () => content };
};

/** Sorted by path, each once, with the directories that lead to them: the same files make the same archive. */
export function complete(entries: readonly Entry[]): readonly Entry[] {
  const all = new Map<string, Entry>();
  for (const entry of entries) {
    const steps = entry.path.split('/');
    for (let i = 1; i < steps.length; i++) {
      const path = steps.slice(0, i).join('/');
      if (!all.has(path)) all.set(path, { kind: 'directory', path });
    }
    all.set(entry.path, entry);
  }
  return [...all.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
