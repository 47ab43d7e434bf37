// What a leased bucket knows of the isolate that sent the latest request: plain data.
import type { SpentTokens } from "../lease-messages.ts";

/** The isolate that sent the latest request. */
export interface LatestLessee {
  readonly isolate: string;
  readonly sequence: number; // its latest one
  readonly spent: SpentTokens; // reported with that request
  readonly at: number; // epoch ms, when it was decided
  readonly aloneSince: number; // epoch ms; another isolate has sent a request then, and none since; -Infinity if there was none
  readonly isAhead?: true; // it has been lent tokens ahead of need
  readonly tokens?: number; // in the pool and in the isolate at that time, at least; absent if other isolates may have had tokens
}
