// What the gateway under measurement and the benchmark of its versions share.

/** What the isolate says at `/__versions`. */
export interface VersionsSeen {
  readonly number: number; // number of the live version; 0 for the bundled configuration
  readonly size: number; // compiled versions in memory
  readonly compileMs: readonly number[]; // time that the isolate stood still for each version that it has followed, in their order
}

export const ADMIN_SECRET = "a-secret-of-more-than-thirty-two-characters";
export const ADMIN = { secretBinding: "ADMIN_SECRET" } as const;
/** An isolate takes a version in the second in which it is published. */
export const CONTROL = { pollMs: 100, coldWaitMs: 0 } as const;
