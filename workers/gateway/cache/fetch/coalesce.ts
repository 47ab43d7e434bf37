// Coalesces fetches: calls that need the same response at once share one fetch, and a stale response is refreshed in the background.
import { type Directives, NO_DIRECTIVES } from "../../../../core/cache/headers/directives.ts";
import { decideReuse } from "../../../../core/cache/reuse.ts";
import { isOfLayer, Rejected, type Rejection } from "../../../../core/rejection.ts";
import type { Call } from "../../call.ts";
import type { Lookup } from "../lookup/lookup.ts";
import type { LookupResult } from "../route-store.ts";
import { type FetchSettings, fetchResponse } from "./fetch.ts";
import {
  type FetchResult,
  OUTDATED,
  type SharedError,
  type SharedResult,
  type SharedStored,
  sharedPart,
  UNSHAREABLE,
  variantFor,
} from "./fetch-result.ts";
import { errorOf } from "./single-flight.ts";

export type CoalescedResult =
  | { readonly kind: "own"; readonly result: FetchResult } // this call made the fetch
  | { readonly kind: "collapsed"; readonly result: SharedStored | SharedError }; // this call waited for the fetch of another one

/** How the fetch of a leader went, for the leader itself. */
interface Led {
  result?: FetchResult;
  error?: unknown;
}

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
    this.#settings.flights.startInBackground(lookupResult.storeKey, this.#leaderTimeoutMs, () =>
      this.#lead(lookup, lookupResult, call, {}),
    );
  }

  /** @throws Rejected where there is no response */
  async fetch(lookup: Lookup, lookupResult: LookupResult, call: Call): Promise<CoalescedResult> {
    const { policy, route, store, flights } = this.#settings;
    const { storeKey } = lookupResult;
    if (!lookup.isShareable || store.isHitForMiss(lookup, storeKey, Date.now())) return this.#fetchAlone(lookup, lookupResult, call);
    const limits = { maxFollowers: policy.maxFollowers, deadlineAt: call.deadlineAt, leaderTimeoutMs: this.#leaderTimeoutMs };
    while (Date.now() < call.deadlineAt) {
      const led: Led = {};
      const joined = await flights.join(storeKey, limits, () => this.#lead(lookup, lookupResult, call, led));
      if (led.result !== undefined) return { kind: "own", result: led.result };
      if ("error" in led) throw led.error;
      if (joined.kind === "full") throw new Rejected({ kind: "no_endpoint", upstream: route, isFull: true, isCollapsed: true });
      if (joined.kind === "late") break;
      if (joined.kind === "failed") throw errorOf(joined.failure);
      const { value } = joined;
      if (value.kind === "outdated") continue;
      if (this.#isFor(value, lookup)) return { kind: "collapsed", result: value };
      return this.#fetchAlone(lookup, store.find(lookup, Date.now()), call);
    }
    throw new Rejected({ kind: "deadline_exceeded", stage: "cache", timeoutMs: call.deadlineAt - call.receivedAt });
  }

  /** Makes the fetch that other calls may wait for. @param led gets what the leader itself gets */
  async #lead(lookup: Lookup, lookupResult: LookupResult, call: Call, led: Led): Promise<SharedResult> {
    try {
      led.result = await this.#fetch(lookup, lookupResult, call, null);
      return sharedPart(led.result);
    } catch (error) {
      led.error = error;
      const isKeyed = lookup.varyFields === undefined && !lookup.hasAuthorization;
      const shared = sharedFailure(error, isKeyed);
      if (shared === undefined) throw error;
      return shared;
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
      this.#markHitForMiss(lookup, lookupResult.storeKey, result);
      if (result.kind === "server_error" && lookupResult.kind === "found") store.recordFailure(lookupResult.cached, Date.now());
      return result;
    } catch (error) {
      if (signal?.aborted !== true && !isOfLayer(error) && lookupResult.kind === "found")
        store.recordFailure(lookupResult.cached, Date.now());
      throw error;
    }
  }

  /** After a response that was for its caller alone, calls of its key do not wait for one another. */
  #markHitForMiss(lookup: Lookup, storeKey: string, result: FetchResult): void {
    const isOwn = result.kind === "private" ? result.isLasting : result.kind === "streamed" || !this.#isForOthers(result, lookup);
    if (!isOwn || !lookup.isShareable) return;
    const isError = result.kind !== "streamed" && "response" in result && result.response.status >= 400;
    this.#settings.store.markHitForMiss(lookup, storeKey, isError, Date.now());
  }

  #isForOthers(result: FetchResult, lookup: Lookup): boolean {
    const shared = sharedPart(result);
    return (
      shared.kind === "outdated" || shared.kind === "error" || (shared.kind === "stored" && this.#isReusable(shared, lookup, NO_DIRECTIVES))
    );
  }

  /** Whether the result of another call's fetch may be used by this call. */
  #isFor(result: SharedResult, lookup: Lookup): result is SharedStored | SharedError {
    if (result.kind === "error") return result.variant === variantFor(lookup, result.response);
    if (result.kind !== "stored" || result.variant !== variantFor(lookup, result.stored)) return false;
    return this.#isReusable(result, lookup, lookup.directives);
  }

  /** Not where it has to be validated with each use (`no-cache`), or is not fresh on arrival. RFC 9111, section 4 */
  #isReusable({ stored }: SharedStored, lookup: Lookup, directives: Directives): boolean {
    const purged = this.#settings.store.checkPurges(lookup, stored);
    return decideReuse(stored, purged, directives, Date.now(), 1).kind !== "revalidate";
  }
}

/** Failures that have nothing to do with the caller. */
const COMMON_FAILURES: readonly Rejection["kind"][] = ["breaker_open", "no_endpoint"];
/** Failures that only depend on what the upstream received. */
const UPSTREAM_FAILURES: readonly Rejection["kind"][] = ["upstream_unreachable", "upstream_invalid"];

/**
 * What calls that wait get where the fetch of their leader failed: undefined where they get its failure. After a timeout one of them
 * fetches again: a call that came late has time left.
 *
 * @param isKeyed whether the upstream received only what these calls have in common
 */
function sharedFailure(error: unknown, isKeyed: boolean): SharedResult | undefined {
  if (!(error instanceof Rejected)) return UNSHAREABLE;
  const { kind } = error.rejection;
  if (COMMON_FAILURES.includes(kind) || (isKeyed && UPSTREAM_FAILURES.includes(kind))) return undefined;
  return kind === "deadline_exceeded" ? OUTDATED : UNSHAREABLE;
}
