// Fetches a response that the isolate does not have, from the shared level or from the upstream, and stores it where it may be stored.
import { isSameBody, nextUnchangedCount } from "../../../../core/cache/adaptive-lifetime.ts";
import type { ReceivedResponse } from "../../../../core/cache/freshness.ts";
import { varyNames } from "../../../../core/cache/headers/vary.ts";
import { decideReuse } from "../../../../core/cache/reuse.ts";
import { conditionalHeaders, headerOf, updatedHeaders } from "../../../../core/cache/revalidation.ts";
import { decideStorage, type StoreContext } from "../../../../core/cache/storable.ts";
import type { L2Wait } from "../../../../core/cache/store/l2-wait.ts";
import type { StoredResponse } from "../../../../core/cache/stored-response.ts";
import type { CachePolicy } from "../../../../core/config/cache.ts";
import { truncated } from "../../../../core/protocol/rpc-response.ts";
import { Rejected } from "../../../../core/rejection.ts";
import { isInCoding } from "../../bodies/decompress.ts";
import { type BodyRead, passOn, readBody } from "../../bodies/response-body.ts";
import type { Handler } from "../../call/layer.ts";
import type { Call } from "../../call.ts";
import type { L2 } from "../l2/l2-driver.ts";
import type { Lookup } from "../lookup/lookup.ts";
import { type BufferedResponse, headerFields, headerPairs } from "../responses/buffered-response.ts";
import type { LookupResult, RouteStore } from "../route-store.ts";
import { type FetchResult, isServerError, type SharedResult, unstored, variantFor } from "./fetch-result.ts";
import type { SingleFlight } from "./single-flight.ts";

export interface FetchSettings {
  readonly next: Handler;
  readonly policy: CachePolicy;
  readonly route: string;
  readonly store: RouteStore;
  readonly flights: SingleFlight<SharedResult>;
  readonly l2: L2 | undefined;
  readonly l2Wait: L2Wait;
  readonly latestPurge: () => number; // seq
  readonly timeoutMs: number; // timeout of a fetch that several callers may wait for
}

/**
 * @param caller the call that makes the fetch
 * @param signal signal of that call, where no other call waits; null for a fetch with a timeout of its own
 * @throws Rejected where the upstream does not respond
 */
export async function fetchResponse(
  settings: FetchSettings,
  lookup: Lookup,
  lookupResult: LookupResult,
  caller: Call,
  signal: AbortSignal | null,
): Promise<FetchResult> {
  const { l2, l2Wait } = settings;
  const startedAt = Date.now();
  let previous = lookupResult.kind === "found" ? lookupResult.cached.stored : undefined;
  const fromL2 =
    previous === undefined && l2 !== undefined && lookup.isShareable ? await l2.get(lookup.key, startedAt, l2Wait.ms) : undefined;
  if (fromL2 !== undefined) {
    const use = takeFromL2(settings.store, lookup, fromL2, startedAt);
    if (use === "serve") return { kind: "l2_hit", stored: fromL2, variant: variantFor(lookup, fromL2) };
    if (use === "revalidate") previous = fromL2;
  }

  const purgeSeq = settings.latestPurge(); // later purges cover the response
  const requestedAt = Date.now();
  const call = upstreamCall(lookup, previous, caller, signal, requestedAt, settings.timeoutMs);
  try {
    const response = await settings.next(call);
    if (!lookup.isShareable) return { kind: "streamed", response };
    const read = await readResponse(settings, response, call);
    if (response.status < 500) l2Wait.recordFetch(Date.now() - requestedAt); // an upstream that fails at once is not fast
    if (read.kind === "whole") return storeResponse(settings, lookup, previous, response, read.body, requestedAt, purgeSeq);
    const { status, headers } = response;
    return { kind: "streamed", response: new Response(passOn(read), { status, headers, encodeBody: "manual" }) };
  } catch (error) {
    const isTimeout = signal === null && call.signal?.aborted === true;
    throw isTimeout ? new Rejected({ kind: "deadline_exceeded", stage: "cache", timeoutMs: settings.timeoutMs }) : error;
  } finally {
    call.held?.release();
  }
}

/** The body of a response that may be stored: what is too large for that is not read. @throws Rejected where it breaks off */
async function readResponse({ policy, route }: FetchSettings, { body, headers }: Response, call: Call): Promise<BodyRead> {
  if (body !== null && Number(headers.get("content-length")) > policy.maxObjectBytes) return { kind: "large", head: [], rest: body };
  try {
    return await readBody(body, policy.maxObjectBytes);
  } catch (error) {
    // A stream of the runtime fails with a copy of the error.
    if (error instanceof Rejected || call.signal?.aborted === true) throw error;
    const misfit = truncated("closed the connection before the end of its response");
    throw new Rejected({ kind: "upstream_invalid", upstream: route, ...misfit });
  }
}

/** Puts a response of the shared level into the route store, unless it was purged. @returns what it is good for */
function takeFromL2(store: RouteStore, lookup: Lookup, stored: StoredResponse, now: number): "serve" | "revalidate" | "purged" {
  const purged = store.checkPurges(lookup, stored);
  if (purged === "hard") return "purged";
  store.put(lookup, stored, now, true);
  const reuse = decideReuse(stored, purged, lookup.directives, now, Math.random());
  return reuse.kind === "revalidate" ? "revalidate" : "serve";
}

/** The call to the upstream: conditional where a response is previous, and with a timeout of its own where other calls may wait for it. */
function upstreamCall(
  lookup: Lookup,
  previous: StoredResponse | undefined,
  caller: Call,
  signal: AbortSignal | null,
  now: number,
  timeoutMs: number,
): Call {
  const clock =
    signal === null
      ? { receivedAt: now, deadlineAt: now + timeoutMs, signal: AbortSignal.timeout(timeoutMs) }
      : { receivedAt: caller.receivedAt, deadlineAt: caller.deadlineAt, signal };
  const call = lookup.upstreamCall(caller, clock);
  const conditions = lookup.isShareable && previous !== undefined ? conditionalHeaders(previous) : [];
  for (const [name, value] of conditions) call.outgoing.headers.set(name, value);
  return call;
}

/** Decides whether a response is stored, and stores it. */
function storeResponse(
  { store, l2, policy, route }: FetchSettings,
  lookup: Lookup,
  previous: StoredResponse | undefined,
  { status: upstreamStatus, headers: upstreamHeaders }: Response,
  upstreamBody: Uint8Array<ArrayBuffer>,
  requestedAt: number,
  purgeSeq: number,
): FetchResult {
  const receivedAt = Date.now();
  const isRevalidated = upstreamStatus === 304 && previous !== undefined;
  const response: BufferedResponse = isRevalidated
    ? { status: previous.status, headers: updatedHeaders(previous, headerPairs(upstreamHeaders)), body: previous.body }
    : { status: upstreamStatus, headers: headerPairs(upstreamHeaders), body: upstreamBody };
  const { status, headers, body } = response;
  const fields = headerFields(headers);
  const received: ReceivedResponse = { status, fields, requestedAt, receivedAt };
  const notStored = (): FetchResult => unstored(policy, lookup, response, received);
  if (isServerError(status) && (previous !== undefined || !policy.storeErrors)) return notStored();
  if (!lookup.fitsProtocol(status, fields) || lookup.directives.has("no-store")) return notStored();

  const isSame = previous !== undefined && (isRevalidated || (previous.status === status && isSameBody(previous.body, body)));
  const context: StoreContext = {
    hasAuthorization: lookup.hasAuthorization,
    unchangedCount: previous === undefined ? 0 : nextUnchangedCount(previous.unchangedCount, isSame),
    route,
    tags: lookup.tags,
    purgeSeq,
  };
  const decision = decideStorage(received, headers, body, context, policy, Math.random());
  if (decision.kind === "refused") return notStored();
  const { stored } = decision;
  if (store.checkPurges(lookup, stored) === "hard") return { kind: "outdated", response };
  const encoding = fields.get("content-encoding");
  if (!isRevalidated && encoding !== null && !isInCoding(body, encoding)) return notStored();
  store.put(lookup, stored, receivedAt);
  offerToL2(l2, lookup, stored, receivedAt);
  const variant = variantFor(lookup, stored);
  return isRevalidated ? { kind: "revalidated", stored, variant } : { kind: "fetched", stored, variant, response };
}

/** Offers a response to the shared level: when it was fetched, and with its first hit. The shared level does not store variants. */
export function offerToL2(l2: L2 | undefined, lookup: Lookup, stored: StoredResponse, now: number): void {
  if (l2 === undefined) return;
  const isVariant = lookup.varyFields !== undefined && varyNames(headerOf(stored, "vary"), headerOf(stored, "content-encoding")).length > 0;
  if (!isVariant) l2.put(lookup.key, stored, now);
}
