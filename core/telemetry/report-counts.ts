// Which reports of each isolate have arrived, whichever relay has sent them on: what is missing in the sequence is lost.
import type { ReportCount } from "../exchange/metrics/metrics-messages.ts";

/** Isolates that are remembered. Of more, the one that has been silent for longest is forgotten, and its losses stay counted. */
const MAX_ISOLATES = 20_000;

/** Plain data: fit for storage. */
export interface ReportCountsState {
  readonly isolates: readonly (readonly [boot: string, last: number, received: number])[];
  readonly lost: number; // reports of isolates that are forgotten
  readonly hasForgotten: boolean;
}

interface Counts {
  last: number;
  received: number;
}

export class ReportCounts {
  readonly #max: number;
  readonly #isolates: Map<string, Counts>; // the one that has been silent for longest first
  #lost: number; // reports of isolates that are forgotten
  #hasForgotten: boolean;

  constructor(state: ReportCountsState = { isolates: [], lost: 0, hasForgotten: false }, max = MAX_ISOLATES) {
    this.#max = max;
    this.#isolates = new Map(state.isolates.map(([boot, last, received]) => [boot, { last, received }]));
    this.#lost = state.lost;
    this.#hasForgotten = state.hasForgotten;
  }

  /** Reports that were made and have not arrived. One that arrives late is no longer lost. */
  get lost(): number {
    let lost = this.#lost;
    for (const { last, received } of this.#isolates.values()) lost += last - received;
    return lost;
  }

  add({ boot, last, received }: ReportCount): void {
    const known = this.#isolates.get(boot);
    // An isolate that is not known may be one that was forgotten: its former reports are counted already.
    const counts = known ?? { last: 0, received: this.#hasForgotten ? Math.max(0, last - received) : 0 };
    counts.last = Math.max(counts.last, last);
    counts.received += received;
    this.#isolates.delete(boot);
    this.#isolates.set(boot, counts);
    for (const [oldest, forgotten] of this.#isolates) {
      if (this.#isolates.size <= this.#max) break;
      this.#lost += forgotten.last - forgotten.received;
      this.#hasForgotten = true;
      this.#isolates.delete(oldest);
    }
  }

  state(): ReportCountsState {
    const isolates = [...this.#isolates].map(([boot, { last, received }]) => [boot, last, received] as const);
    return { isolates, lost: this.#lost, hasForgotten: this.#hasForgotten };
  }
}
