// Gets an answer for whoever waits for it: from the shared level, or from the upstream, and keeps it where it may be kept.
import { isSameBody, nextUnchangedCount } from "../../../../core/cache/adaptive-lifetime.ts";
import { variantOf, varyNames } from "../../../../core/cache/headers/vary.ts";
import { decideReuse } from "../../../../core/cache/reuse.ts";
import { conditionalHeaders, headerOf, updatedHeaders } from "../../../../core/cache/revalidation.ts";
import { decideStorage } from "../../../../core/cache/storable.ts";
import type { StoredResponse } from "../../../../core/cache/stored-response.ts";
import type { CachePolicy } from "../../../../core/config/cache.ts";
import { truncated } from "../../../../core/protocol/rpc-response.ts";
import { Rejected } from "../../../../core/rejection.ts";
import type { Handler } from "../../call/layer.ts";
import type { Call } from "../../call.ts";
import type { L2 } from "../l2/l2-driver.ts";
import type { Lookup } from "../lookup/lookup.ts";
import { type BufferedResponse, type HeaderPairs, headerFields, headerPairs, readBody } from "../responses/buffered-response.ts";
import type { LookupResult, RouteStore } from "../route-store.ts";
import type { SingleFlight } from "./single-flight.ts";

export interface FetchSettings {
  readonly next: Handler;
  readonly policy: CachePolicy;
  readonly route: string;
  readonly store: RouteStore;
  readonly flights: SingleFlight<Fetched>;
  readonly l2: L2 | undefined;
  readonly latestPurge: () => number; // of the latest purge known
  readonly timeoutMs: number; // of a fetch that others may wait for
}

/** What everybody who waits may have. */
export type Fetched =
  | {
      readonly kind: "kept";
      readonly entry: StoredResponse;
      readonly selected: string;
      readonly from: "l2" | "upstream";
      readonly status: number;
    }
  | { readonly kind: "failed"; readonly plain: BufferedResponse } // a server error, which the others would meet as well
  | { readonly kind: "alone" }; // for one caller only

/** What the one who has asked gets, headers for one caller among it; undefined where that is what is kept. */
export type Own = BufferedResponse | Response | undefined;

/**
 * @param from   the call that asks
 * @param signal of the caller, where nobody else waits; else the fetch has a deadline of its own
 * @throws Rejected where the upstream can't be asked
 */
export async function fetchResponse(
  settings: FetchSettings,
  asked: Lookup,
  found: LookupResult,
  from: Call,
  signal: AbortSignal | null,
): Promise<[Fetched, Own]> {
  const { store: shelf, l2, policy, next } = settings;
  const startedAt = Date.now();
  let known = found.kind === "found" ? found.kept.stored : undefined;
  const shared = known === undefined && l2 !== undefined && asked.isShareable ? await l2.get(asked.key, startedAt) : undefined;
  const judgement = shared === undefined ? "hard" : shelf.checkPurges(asked, shared);
  if (shared !== undefined && judgement !== "hard") {
    shelf.put(asked, shared, startedAt, true);
    const use = decideReuse(shared, judgement, asked.directives, startedAt, Math.random());
    if (use.kind !== "revalidate")
      return [{ kind: "kept", entry: shared, selected: variantFor(asked, shared), from: "l2", status: 0 }, undefined];
    known = shared;
  }

  const seq = settings.latestPurge(); // what is purged from here on hits the answer
  const requestedAt = Date.now();
  const own = signal === null ? AbortSignal.timeout(settings.timeoutMs) : undefined;
  const deadlineAt = own === undefined ? from.deadlineAt : requestedAt + settings.timeoutMs;
  const inTime = { signal: own ?? signal, deadlineAt, receivedAt: own === undefined ? from.receivedAt : requestedAt };
  const call = asked.upstreamCall(from, inTime);
  const conditions = asked.isShareable && known !== undefined ? conditionalHeaders(known) : [];
  for (const [name, value] of conditions) call.outgoing.headers.set(name, value);
  const response = await next(call).catch((error: unknown) => {
    throw own?.aborted === true ? new Rejected({ kind: "deadline_exceeded", timeoutMs: settings.timeoutMs }) : error;
  });
  if (!asked.isShareable) return [{ kind: "alone" }, response];

  const isConfirmed = response.status === 304 && known !== undefined;
  const read = await readBody(response.body, response.headers.get("content-length"), policy.maxObjectBytes).catch((error: unknown) => {
    if (inTime.signal?.aborted === true) throw error;
    const misfit = truncated("closed the connection before the end of its response");
    throw new Rejected({ kind: "upstream_invalid", upstream: settings.route, ...misfit });
  });
  if (read.kind === "large")
    return [{ kind: "alone" }, new Response(read.body, { status: response.status, headers: response.headers, encodeBody: "manual" })];
  const status = isConfirmed ? known!.status : response.status;
  const headers: HeaderPairs = isConfirmed ? updatedHeaders(known!, headerPairs(response.headers)) : headerPairs(response.headers);
  const body = isConfirmed ? known!.body : read.body;
  const plain: BufferedResponse = { status, headers, body };
  const receivedAt = Date.now();
  if (isServerError(status) && (known !== undefined || !policy.storeErrors)) return [failed(plain), plain];

  const isSame = known !== undefined && (isConfirmed || (known.status === status && isSameBody(known.body, body)));
  const asking = {
    hasAuthorization: asked.hasAuthorization,
    unchangedCount: known === undefined ? 0 : nextUnchangedCount(known.unchangedCount, isSame),
    route: settings.route,
    tags: asked.tags,
    purgeSeq: seq,
  };
  const fields = headerFields(headers);
  const stored = asked.fitsProtocol(status, fields)
    ? decideStorage({ status, fields, requestedAt, receivedAt }, headers, body, asking, policy, Math.random())
    : undefined;
  if (stored?.kind !== "stored" || asked.directives.has("no-store")) return [failed(plain), plain];
  const { stored: entry } = stored;
  if (shelf.checkPurges(asked, entry) === "hard") return [{ kind: "alone" }, plain]; // changed while it was fetched
  shelf.put(asked, entry, receivedAt);
  offerToL2(l2, asked, entry, receivedAt);
  const kept: Fetched = { kind: "kept", entry, selected: variantFor(asked, entry), from: "upstream", status: response.status };
  return [kept, isConfirmed ? undefined : plain];
}

/** Offers an entry to the shared level: as it is fetched, and with its first hit. */
export function offerToL2(l2: L2 | undefined, asked: Lookup, entry: StoredResponse, now: number): void {
  const isWhole = asked.varyFields === undefined || varyNames(headerOf(entry, "vary"), headerOf(entry, "content-encoding")).length === 0;
  if (isWhole) l2?.put(asked.key, entry, now); // the shared level knows of no variants
}

/** An answer that can't be kept is for the one who asked; but a server error would be the same for all. */
function failed(plain: BufferedResponse): Fetched {
  const isPersonal = plain.headers.some(([name]) => name === "set-cookie");
  return isServerError(plain.status) && !isPersonal ? { kind: "failed", plain } : { kind: "alone" };
}

/** RFC 5861, section 4. */
export function isServerError(status: number): boolean {
  return status >= 500 && status !== 501;
}

/** The values that the answer was chosen by: who has others can't have it. */
export function variantFor({ varyFields: variesBy }: Lookup, { headers }: StoredResponse): string {
  if (variesBy === undefined) return "";
  const fields = headerFields(headers);
  return variantOf(varyNames(fields.get("vary"), fields.get("content-encoding")), variesBy);
}
