// Coalesces fetches: calls that need the same response at once share one fetch, and a stale response is refreshed in the background.
import { Rejected } from "../../../../core/rejection.ts";
import type { Call } from "../../call.ts";
import type { Lookup } from "../lookup/lookup.ts";
import type { LookupResult } from "../route-store.ts";
import { type FetchSettings, fetchResponse } from "./fetch.ts";
import { type FetchResult, type ServerError, type SharedResult, type SharedStored, sharedPart, variantFor } from "./fetch-result.ts";
import { errorOf } from "./single-flight.ts";

export type CoalescedResult =
  | { readonly kind: "own"; readonly result: FetchResult } // this call made the fetch
  | { readonly kind: "collapsed"; readonly result: SharedStored | ServerError }; // this call waited for the fetch of another one

const LEADER_GRACE_MS = 100; // after the timeout of a fetch, until its leader counts as lost

export class CoalescedFetcher {
  readonly #settings: FetchSettings;
  readonly #leaderTimeoutMs: number;

  constructor(settings: FetchSettings) {
    this.#settings = settings;
    this.#leaderTimeoutMs = settings.timeoutMs + LEADER_GRACE_MS;
  }

  /** Refreshes a response that has served already. No call waits for it. */
  refreshInBackground(lookup: Lookup, lookupResult: LookupResult, call: Call): void {
    this.#settings.flights.startInBackground(lookupResult.storeKey, this.#leaderTimeoutMs, async () =>
      sharedPart(await this.#fetch(lookup, lookupResult, call, null)),
    );
  }

  /** @throws Rejected where there is no response */
  async fetch(lookup: Lookup, lookupResult: LookupResult, call: Call): Promise<CoalescedResult> {
    if (!lookup.isShareable || (lookupResult.kind === "none" && lookupResult.isHitForPass))
      return this.#fetchAlone(lookup, lookupResult, call);
    const { policy, route, flights } = this.#settings;
    const limits = { maxFollowers: policy.maxFollowers, deadlineAt: call.deadlineAt, leaderTimeoutMs: this.#leaderTimeoutMs };
    let own: FetchResult | undefined; // set where this call is the leader
    const joined = await flights.join(lookupResult.storeKey, limits, async () => {
      own = await this.#fetch(lookup, lookupResult, call, null);
      return sharedPart(own);
    });
    switch (joined.kind) {
      case "full":
        throw new Rejected({ kind: "no_endpoint", upstream: route, isFull: true });
      case "late":
        throw new Rejected({ kind: "deadline_exceeded", timeoutMs: call.deadlineAt - call.receivedAt });
      case "failed":
        throw errorOf(joined.failure);
      case "done":
        if (own !== undefined) return { kind: "own", result: own };
        if (isFor(joined.value, lookup)) return { kind: "collapsed", result: joined.value };
        return this.#fetchAlone(lookup, lookupResult, call);
    }
  }

  async #fetchAlone(lookup: Lookup, lookupResult: LookupResult, call: Call): Promise<CoalescedResult> {
    return { kind: "own", result: await this.#fetch(lookup, lookupResult, call, call.signal) };
  }

  /** Records failures of the upstream: while a stored response may serve, a failing upstream is called less often. */
  async #fetch(lookup: Lookup, lookupResult: LookupResult, call: Call, signal: AbortSignal | null): Promise<FetchResult> {
    const { store } = this.#settings;
    try {
      const result = await fetchResponse(this.#settings, lookup, lookupResult, call, signal);
      if (result.kind === "server_error" && lookupResult.kind === "found") store.recordFailure(lookupResult.cached, Date.now());
      return result;
    } catch (error) {
      if (signal?.aborted !== true && lookupResult.kind === "found") store.recordFailure(lookupResult.cached, Date.now());
      throw error;
    }
  }
}

/** Whether the result of another call's fetch may be used by this call. */
function isFor(result: SharedResult, lookup: Lookup): result is SharedStored | ServerError {
  if (result.kind === "stored") return result.variant === variantFor(lookup, result.stored);
  return result.kind === "server_error";
}
