/** What the conflist says; rendered by `renderConflist`. */
export interface Conflist {
  /** Sorted, `cniVersion` is always 1.0.0. */
  readonly cniVersions: readonly string[];
  readonly socketPath: string;
  /** 0: the agent decides. */
  readonly mtu: number;
  /** Names of chained executables that are present, in order: `portmap`. */
  readonly chained: readonly string[];
}

export declare function renderConflist(conflist: Conflist): string;
