// Serves stored responses, fetches the others from the upstream, and serves stale responses where that is allowed.
import { type CacheStatus, cacheStatus, type ForwardReason } from "../../../core/cache/headers/cache-status.ts";
import { decideReuse } from "../../../core/cache/reuse.ts";
import type { Reason } from "../../../core/reasons.ts";
import { isOfLayer } from "../../../core/rejection.ts";
import type { RouteCache } from "../cache/caches.ts";
import { CoalescedFetcher, type CoalescedResult } from "../cache/fetch/coalesce.ts";
import { offerToL2 } from "../cache/fetch/fetch.ts";
import type { FetchResult, SharedError, SharedStored } from "../cache/fetch/fetch-result.ts";
import type { Bypass, Lookup, LookupBuilder } from "../cache/lookup/lookup.ts";
import { invalidateResource } from "../cache/purge/invalidate.ts";
import type { BufferedResponse } from "../cache/responses/buffered-response.ts";
import { fetchedHeaders, serveStored, storedHeaders, ttlSeconds } from "../cache/responses/hit-response.ts";
import type { LookupResult } from "../cache/route-store.ts";
import { recordDelay } from "../call/end/call-delays.ts";
import { type Handler, type Layer, needsWholeBody, type Responding } from "../call/layer.ts";
import { madeHere } from "../call/outcome.ts";
import type { Call } from "../call.ts";

export interface CacheSettings {
  readonly cache: RouteCache;
  readonly lookups: LookupBuilder;
  readonly timeoutMs: number; // timeout of a fetch that several callers may wait for
}

export function cache({ cache, lookups, timeoutMs }: CacheSettings): Layer {
  const { purgeView } = cache;
  const layer: Layer = (next) => {
    const fetcher = new CoalescedFetcher({ ...cache, next, timeoutMs });
    return async (call) => {
      call.cacheLevel = "miss"; // until a stored response is found
      const purgesArriving = purgeView?.prepare();
      if (purgesArriving !== undefined) {
        const startedAt = Date.now();
        await purgesArriving;
        recordDelay("purges", startedAt);
      }
      if (purgeView?.mayServe() === false) return withStatus(await next(call), { fwd: "bypass", detail: "purges-unknown" });
      const lookup = lookups.build(call);
      call.trace?.note("cache", { "cache.ttlMs": cache.policy.ttlMs, outcome: lookup.kind });
      if (lookup.kind === "bypass") return passThrough(next, call, lookup, cache);
      const now = Date.now();
      const lookupResult = cache.store.find(lookup, now);
      call.trace?.note("cache", { outcome: lookupResult.kind, ...numbersOf(lookupResult, now) });
      const hit = lookupResult.kind === "found" ? serveFound(cache, fetcher, lookup, lookupResult, call, now) : undefined;
      if (hit !== undefined) return hit;
      const fwd = forwardReason(lookupResult);
      call.trace?.note("cache", { outcome: fwd });
      if (lookup.directives.has("only-if-cached"))
        return inPlace(call, "only_if_cached", lookup.render(NOTHING_STORED, fetchedHeaders({ fwd, detail: "only-if-cached" }), now));
      try {
        const fetched = await fetcher.fetch(lookup, lookupResult, call);
        if (isFromL2(fetched.result)) call.cacheLevel = "l2";
        if ("stored" in fetched.result) call.responseBytes = fetched.result.stored.body.byteLength;
        if (fetched.result.kind !== "server_error" && fetched.result.kind !== "error") return await respond(lookup, fwd, fetched);
        const stale = serveStaleOnError(cache, lookup, fwd, fetched.result.response.status, call);
        return await (stale ?? respond(lookup, fwd, fetched));
      } catch (error) {
        if (isOfLayer(error)) throw error; // the upstream has not failed
        const stale = serveStaleOnError(cache, lookup, fwd, 503, call);
        if (stale === undefined) throw error;
        return await stale;
      }
    };
  };
  return lookups.needs === undefined ? layer : needsWholeBody(layer);
}

/** Age and remaining lifetime of what was found, for traces. */
function numbersOf(lookupResult: LookupResult, now: number): Readonly<Record<string, number>> {
  if (lookupResult.kind === "none") return {};
  const { generatedAt, freshUntil } = lookupResult.cached.stored;
  return { ageMs: now - generatedAt, freshMs: freshUntil - now };
}

/** The response to `only-if-cached`. RFC 9111, section 5.2.1.7. */
const NOTHING_STORED: BufferedResponse = { status: 504, headers: [], body: new Uint8Array() };

/** Serves a stored response, and starts its refresh where one is due; undefined where the upstream has to be called first. */
function serveFound(
  { store, l2 }: RouteCache,
  fetcher: CoalescedFetcher,
  lookup: Lookup,
  lookupResult: LookupResult & { kind: "found" },
  call: Call,
  now: number,
): Responding | undefined {
  const { cached, purged } = lookupResult;
  const reuse = decideReuse(cached.stored, purged, lookup.directives, now, Math.random());
  const isUpstreamPaused = now < cached.retryAt && now < cached.stored.staleIfErrorUntil;
  // Before the refresh, which is then none of the call.
  call.responseBytes = cached.stored.body.byteLength;
  if (reuse.kind === "fresh") call.cacheLevel = "l1";
  else if (reuse.kind === "stale" || isUpstreamPaused) call.cacheLevel = "stale";
  const isRefreshDue = reuse.kind === "stale" || (reuse.kind === "fresh" && reuse.isRefreshedEarly);
  if (isRefreshDue && now >= cached.retryAt) fetcher.refreshInBackground(lookup, lookupResult, call);
  if (reuse.kind === "fresh" && !cached.isOfferedToL2) {
    cached.isOfferedToL2 = true;
    offerToL2(l2, lookup, cached.stored, now);
  }
  if (reuse.kind === "fresh") return serveStored(store, lookup, lookupResult, { isHit: true }, now);
  if (reuse.kind === "stale") return serveStored(store, lookup, lookupResult, { isHit: true, detail: "stale-while-revalidate" }, now);
  if (!isUpstreamPaused) return undefined;
  return inPlace(call, "stale_on_error", serveStored(store, lookup, lookupResult, { isHit: true, detail: "stale-if-error" }, now));
}

/** The stored response that may serve while the upstream fails; undefined where there is none. */
function serveStaleOnError(
  { store }: RouteCache,
  lookup: Lookup,
  fwd: ForwardReason,
  fwdStatus: number,
  call: Call,
): Responding | undefined {
  const now = Date.now();
  const lookupResult = store.find(lookup, now);
  if (lookupResult.kind === "none" || now >= lookupResult.cached.stored.staleIfErrorUntil) return undefined;
  call.cacheLevel = "stale";
  call.responseBytes = lookupResult.cached.stored.body.byteLength;
  return inPlace(call, "stale_on_error", serveStored(store, lookup, lookupResult, { fwd, fwdStatus, detail: "stale-if-error" }, now));
}

/** A response in place of one of the upstream, with the reason. */
function inPlace(call: Call, reason: Reason, response: Responding): Responding {
  return response instanceof Promise ? response.then((made) => madeHere(call, reason, made)) : madeHere(call, reason, response);
}

function isFromL2(result: CoalescedResult["result"]): boolean {
  return result.kind === "l2_hit" || (result.kind === "stored" && result.isFromL2);
}

function respond(lookup: Lookup, fwd: ForwardReason, fetched: CoalescedResult): Responding {
  const now = Date.now();
  if (fetched.kind === "collapsed") return respondCollapsed(lookup, fwd, fetched.result, now);
  return respondOwn(lookup, fwd, fetched.result, now);
}

/** Responds with the result of this call's own fetch. */
function respondOwn(lookup: Lookup, fwd: ForwardReason, result: FetchResult, now: number): Responding {
  switch (result.kind) {
    case "streamed":
      return withStatus(result.response, { fwd, fwdStatus: result.response.status });
    case "private":
    case "outdated":
    case "server_error":
      return lookup.render(result.response, fetchedHeaders({ fwd, fwdStatus: result.response.status }), now);
    case "l2_hit":
      return renderStored(lookup, result.stored, { isHit: true, detail: "l2" }, now);
    case "revalidated":
      return renderStored(lookup, result.stored, { fwd, isStored: true, fwdStatus: 304 }, now);
    case "fetched": {
      const status = { fwd, ttl: ttlSeconds(result.stored, now), isStored: true, fwdStatus: result.response.status };
      return lookup.render(result.response, fetchedHeaders(status), now);
    }
  }
}

/** Responds with the result of another call's fetch. */
function respondCollapsed(lookup: Lookup, fwd: ForwardReason, result: SharedStored | SharedError, now: number): Responding {
  if (result.kind === "error") {
    return lookup.render(result.response, fetchedHeaders({ fwd, fwdStatus: result.response.status, isCollapsed: true }), now);
  }
  return renderStored(lookup, result.stored, result.isFromL2 ? { isHit: true, detail: "l2" } : { fwd, isCollapsed: true }, now);
}

function renderStored(lookup: Lookup, stored: SharedStored["stored"], status: CacheStatus, now: number): Responding {
  return lookup.render(stored, storedHeaders(stored, status, now), now);
}

async function passThrough(next: Handler, call: Call, { fwd, detail, invalidates }: Bypass, cache: RouteCache): Promise<Response> {
  const response = await next(call);
  if (invalidates !== undefined) invalidateResource(cache, call, invalidates, response);
  return withStatus(response, { fwd, ...(detail === undefined ? {} : { detail }) });
}

function withStatus(response: Response, status: CacheStatus): Response {
  response.headers.append("cache-status", cacheStatus(status));
  return response;
}

function forwardReason(lookupResult: LookupResult): ForwardReason {
  if (lookupResult.kind === "found") return "stale";
  return lookupResult.isVariant ? "vary-miss" : "uri-miss";
}
