// Asks for an answer: once for all callers in an isolate that want the same, and behind an answer where one is there already.
import { Rejected } from "../../../../core/rejection.ts";
import type { Call } from "../../call.ts";
import type { Lookup } from "../lookup/lookup.ts";
import type { LookupResult } from "../route-store.ts";
import { type Fetched, type FetchSettings, fetchResponse, type Own, variantFor } from "./fetch.ts";
import { errorOf } from "./single-flight.ts";

export interface Got {
  readonly fetched: Fetched;
  readonly own: Own; // of the one who has asked itself
  readonly isCollapsed: boolean; // got from the call of another one
}

const GRACE_MS = 100; // past the deadline of a leader, until it is taken for lost

export class CoalescedFetcher {
  readonly #settings: FetchSettings;

  constructor(settings: FetchSettings) {
    this.#settings = settings;
  }

  /** Refreshes what has served already. */
  refreshInBackground(asked: Lookup, found: LookupResult, call: Call): void {
    this.#settings.flights.startInBackground(
      found.at,
      this.#settings.timeoutMs + GRACE_MS,
      async () => (await this.#fetch(asked, found, call, null))[0],
    );
  }

  /** @throws Rejected where there is no answer */
  async fetch(asked: Lookup, found: LookupResult, call: Call): Promise<Got> {
    if (!asked.isShareable || (found.kind === "none" && found.isPassing)) return this.#alone(asked, found, call);
    const { policy, timeoutMs, route } = this.#settings;
    const wait = { maxFollowers: policy.maxFollowers, deadlineAt: call.deadlineAt, patienceMs: timeoutMs + GRACE_MS };
    let own: Own;
    const joined = await this.#settings.flights.join(found.at, wait, async () => {
      const [fetched, mine] = await this.#fetch(asked, found, call, null);
      own = mine;
      return fetched;
    });
    switch (joined.kind) {
      case "full":
        throw new Rejected({ kind: "no_endpoint", upstream: route, isFull: true });
      case "late":
        throw new Rejected({ kind: "deadline_exceeded", timeoutMs: call.deadlineAt - call.receivedAt });
      case "failed":
        throw errorOf(joined.failure);
      case "landed": {
        const { value, isLeader } = joined;
        if (isLeader || isFor(value, asked)) return { fetched: value, own, isCollapsed: !isLeader };
        return this.#alone(asked, found, call);
      }
    }
  }

  async #alone(asked: Lookup, found: LookupResult, call: Call): Promise<Got> {
    const [fetched, own] = await this.#fetch(asked, found, call, call.signal);
    return { fetched, own, isCollapsed: false };
  }

  /** An upstream that fails is left alone for a while, as far as what is kept serves. */
  async #fetch(asked: Lookup, found: LookupResult, call: Call, signal: AbortSignal | null): Promise<[Fetched, Own]> {
    const failed = (): void => {
      if (found.kind === "found") this.#settings.store.recordFailure(found.kept, Date.now());
    };
    try {
      const [fetched, own] = await fetchResponse(this.#settings, asked, found, call, signal);
      if (fetched.kind === "failed") failed();
      return [fetched, own];
    } catch (error) {
      if (signal?.aborted !== true) failed();
      throw error;
    }
  }
}

/** Whether what another caller got may be this one's. */
function isFor(fetched: Fetched, asked: Lookup): boolean {
  if (fetched.kind === "kept") return fetched.selected === variantFor(asked, fetched.entry);
  return fetched.kind === "failed";
}
