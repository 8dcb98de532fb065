/** One executable that was looked at by `installExecutables`. */
export interface InstalledExecutable {
  readonly path: string;
  readonly changed: boolean;
}

/** Puts the shim `source` (dist/gryphon-cni) into `binDirectory` as `gryphon`. */
export declare function installExecutables(options: {
  readonly source: string;
  readonly binDirectory: string;
}): Promise<readonly InstalledExecutable[]>;
