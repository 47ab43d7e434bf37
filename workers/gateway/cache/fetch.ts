// Gets an answer for whoever waits for it: from the shared level, or from the upstream, and keeps it where it may be kept.
import { isSameBody, unchangedAfter } from "../../../core/cache/adaptive.ts";
import type { Entry } from "../../../core/cache/entry.ts";
import { useOf } from "../../../core/cache/reuse.ts";
import { storing } from "../../../core/cache/storable.ts";
import { conditionsOf, freshened, headerOf } from "../../../core/cache/validate.ts";
import { selection, varyNames } from "../../../core/cache/vary.ts";
import type { CachePolicy } from "../../../core/config/cache.ts";
import { cutShort } from "../../../core/protocol/rpc-response.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { Call, Handler } from "../call.ts";
import type { L2 } from "./l2/l2-driver.ts";
import type { Asked } from "./lookup.ts";
import { fieldsOf, type Pairs, type Plain, pairsOf, readBody } from "./responses/stored-response.ts";
import type { Found, Shelf } from "./route-store.ts";
import type { Flights } from "./single-flight.ts";

export interface FetchSettings {
  readonly next: Handler;
  readonly policy: CachePolicy;
  readonly route: string;
  readonly shelf: Shelf;
  readonly flights: Flights<Fetched>;
  readonly l2: L2 | undefined;
  readonly seq: () => number; // of the latest purge known
  readonly timeoutMs: number; // of a fetch that others may wait for
}

/** What everybody who waits may have. */
export type Fetched =
  | { readonly kind: "kept"; readonly entry: Entry; readonly selected: string; readonly from: "l2" | "upstream"; readonly status: number }
  | { readonly kind: "failed"; readonly plain: Plain } // a server error, which the others would meet as well
  | { readonly kind: "alone" }; // for one caller only

/** What the one who has asked gets, headers for one caller among it; undefined where that is what is kept. */
export type Own = Plain | Response | undefined;

/**
 * @param from   the call that asks
 * @param signal of the caller, where nobody else waits; else the fetch has a deadline of its own
 * @throws Rejected where the upstream can't be asked
 */
export async function fetchAnswer(
  settings: FetchSettings,
  asked: Asked,
  found: Found,
  from: Call,
  signal: AbortSignal | null,
): Promise<[Fetched, Own]> {
  const { shelf, l2, policy, next } = settings;
  const startedAt = Date.now();
  let known = found.kind === "found" ? found.kept.entry : undefined;
  const shared = known === undefined && l2 !== undefined && asked.isShareable ? await l2.get(asked.key, startedAt) : undefined;
  const judgement = shared === undefined ? "hard" : shelf.judge(asked, shared);
  if (shared !== undefined && judgement !== "hard") {
    shelf.keep(asked, shared, startedAt, true);
    const use = useOf(shared, judgement, asked.directives, startedAt, Math.random());
    if (use.kind !== "validate")
      return [{ kind: "kept", entry: shared, selected: selected(asked, shared), from: "l2", status: 0 }, undefined];
    known = shared;
  }

  const seq = settings.seq(); // what is purged from here on hits the answer
  const requestedAt = Date.now();
  const call = asked.told(from);
  const conditions = asked.isShareable && known !== undefined ? conditionsOf(known) : [];
  for (const [name, value] of conditions) call.outgoing.headers.set(name, value);
  const own = signal === null ? AbortSignal.timeout(settings.timeoutMs) : undefined;
  const deadlineAt = own === undefined ? call.deadlineAt : requestedAt + settings.timeoutMs;
  const inTime = { signal: own ?? signal, deadlineAt, receivedAt: own === undefined ? call.receivedAt : requestedAt };
  const response = await next({ ...call, ...inTime }).catch((error: unknown) => {
    throw own?.aborted === true ? new Rejected({ kind: "deadline_exceeded", timeoutMs: settings.timeoutMs }) : error;
  });
  if (!asked.isShareable) return [{ kind: "alone" }, response];

  const isConfirmed = response.status === 304 && known !== undefined;
  const read = await readBody(response.body, response.headers.get("content-length"), policy.maxObjectBytes).catch((error: unknown) => {
    if (inTime.signal?.aborted === true) throw error;
    const misfit = cutShort("closed the connection before the end of its response");
    throw new Rejected({ kind: "upstream_invalid", upstream: settings.route, ...misfit });
  });
  if (read.kind === "large")
    return [{ kind: "alone" }, new Response(read.body, { status: response.status, headers: response.headers, encodeBody: "manual" })];
  const status = isConfirmed ? known!.status : response.status;
  const headers: Pairs = isConfirmed ? freshened(known!, pairsOf(response.headers)) : pairsOf(response.headers);
  const body = isConfirmed ? known!.body : read.body;
  const plain: Plain = { status, headers, body };
  const receivedAt = Date.now();
  if (isFailure(status) && (known !== undefined || !policy.storeErrors)) return [failed(plain), plain];

  const isSame = known !== undefined && (isConfirmed || (known.status === status && isSameBody(known.body, body)));
  const asking = {
    hasAuthorization: asked.hasAuthorization,
    unchanged: known === undefined ? 0 : unchangedAfter(known.unchanged, isSame),
    route: settings.route,
    tags: asked.tags,
    seq,
  };
  const fields = fieldsOf(headers);
  const stored = asked.isFit(status, fields)
    ? storing({ status, fields, requestedAt, receivedAt }, headers, body, asking, policy, Math.random())
    : undefined;
  if (stored?.kind !== "stored" || asked.directives.has("no-store")) return [failed(plain), plain];
  const { entry } = stored;
  if (shelf.judge(asked, entry) === "hard") return [{ kind: "alone" }, plain]; // changed while it was fetched
  shelf.keep(asked, entry, receivedAt);
  offer(l2, asked, entry, receivedAt);
  const kept: Fetched = { kind: "kept", entry, selected: selected(asked, entry), from: "upstream", status: response.status };
  return [kept, isConfirmed ? undefined : plain];
}

/** Offers an entry to the shared level: as it is fetched, and with its first hit. */
export function offer(l2: L2 | undefined, asked: Asked, entry: Entry, now: number): void {
  const isWhole = asked.variesBy === undefined || varyNames(headerOf(entry, "vary"), headerOf(entry, "content-encoding")).length === 0;
  if (isWhole) l2?.put(asked.key, entry, now); // the shared level knows of no variants
}

/** An answer that can't be kept is for the one who asked; but a server error would be the same for all. */
function failed(plain: Plain): Fetched {
  const isPersonal = plain.headers.some(([name]) => name === "set-cookie");
  return isFailure(plain.status) && !isPersonal ? { kind: "failed", plain } : { kind: "alone" };
}

/** RFC 5861, section 4. */
export function isFailure(status: number): boolean {
  return status >= 500 && status !== 501;
}

/** The values that the answer was chosen by: who has others can't have it. */
export function selected({ variesBy }: Asked, { headers }: Entry): string {
  if (variesBy === undefined) return "";
  const fields = fieldsOf(headers);
  return selection(varyNames(fields.get("vary"), fields.get("content-encoding")), variesBy);
}
