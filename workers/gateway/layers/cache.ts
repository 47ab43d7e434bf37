// Answers from what is kept, asks the upstream for the rest, and serves what is stale where that is allowed.

import { type CacheStatus, cacheStatus, type ForwardReason } from "../../../core/cache/headers/cache-status.ts";
import { decideReuse } from "../../../core/cache/reuse.ts";
import type { RouteCache } from "../cache/caches.ts";
import { CoalescedFetcher, type Got } from "../cache/fetch/coalesce.ts";
import { offerToL2 } from "../cache/fetch/fetch.ts";
import type { Bypass, Lookup, LookupBuilder } from "../cache/lookup/lookup.ts";
import { invalidateResource } from "../cache/purge/invalidate.ts";
import { fetchedHeaders, serveStored, storedHeaders, ttlSeconds } from "../cache/responses/hit-response.ts";
import type { LookupResult } from "../cache/route-store.ts";
import { type Handler, type Layer, needsWholeBody } from "../call/layer.ts";
import type { Call } from "../call.ts";

export interface CacheSettings {
  readonly cache: RouteCache;
  readonly lookups: LookupBuilder;
  readonly timeoutMs: number; // of a fetch that others may wait for
}

export function cache({ cache, lookups: subject, timeoutMs }: CacheSettings): Layer {
  const { store: shelf, purgeView: view, l2 } = cache;
  const layer: Layer = (next) => {
    const asker = new CoalescedFetcher({ ...cache, next, timeoutMs });
    return async (call) => {
      const hearing = view?.prepare();
      if (hearing !== undefined) await hearing;
      if (view?.mayServe() === false) return marked(await next(call), { fwd: "bypass", detail: "purges-unknown" });
      const asking = subject.build(call);
      const asked = asking instanceof Promise ? await asking : asking;
      if (asked.kind === "passed") return passBy(next, call, asked, cache);
      const now = Date.now();
      const found = shelf.find(asked, now);
      if (found.kind === "found") {
        const { kept, judgement } = found;
        const use = decideReuse(kept.stored, judgement, asked.directives, now, Math.random());
        const isDue = use.kind === "stale" || (use.kind === "fresh" && use.isRefreshedEarly);
        if (isDue && now >= kept.retryAt) asker.refreshInBackground(asked, found, call);
        if (use.kind === "fresh" && !kept.isOfferedToL2) {
          kept.isOfferedToL2 = true;
          offerToL2(l2, asked, kept.stored, now);
        }
        if (use.kind === "fresh") return serveStored(shelf, asked, found, { isHit: true }, now);
        if (use.kind === "stale") return serveStored(shelf, asked, found, { isHit: true, detail: "stale-while-revalidate" }, now);
        if (now < kept.retryAt && now < kept.stored.staleIfErrorUntil)
          return serveStored(shelf, asked, found, { isHit: true, detail: "stale-if-error" }, now);
      }
      const fwd = fwdOf(found);
      if (asked.directives.has("only-if-cached")) {
        const nothing = { status: 504, headers: [], body: new Uint8Array() };
        return asked.render(nothing, fetchedHeaders({ fwd, detail: "only-if-cached" }), now);
      }
      try {
        const got = await asker.fetch(asked, found, call);
        if (got.fetched.kind !== "failed") return await answer(asked, found, got);
        const { status } = got.fetched.plain;
        return (await stale(asked, fwd, status)) ?? (await answer(asked, found, got));
      } catch (error) {
        const response = await stale(asked, fwd, 503);
        if (response === undefined) throw error;
        return response;
      }
    };

    /** What is kept for when the upstream fails; undefined where there is nothing that may serve. */
    async function stale(asked: Lookup, fwd: ForwardReason, fwdStatus: number): Promise<Response | undefined> {
      const now = Date.now();
      const found = shelf.find(asked, now);
      if (found.kind === "none" || now >= found.kept.stored.staleIfErrorUntil) return undefined;
      return serveStored(shelf, asked, found, { fwd, fwdStatus, detail: "stale-if-error" }, now);
    }

    async function answer(asked: Lookup, found: LookupResult, { fetched, own, isCollapsed }: Got): Promise<Response> {
      const now = Date.now();
      const fwd = fwdOf(found);
      if (own instanceof Response) return marked(own, { fwd, fwdStatus: own.status });
      if (fetched.kind === "kept") {
        const { entry, from, status } = fetched;
        const isStored = from === "upstream" && !isCollapsed;
        const ttl = ttlSeconds(entry, now);
        const said =
          from === "l2"
            ? { isHit: true, ttl, detail: "l2" }
            : { fwd, ttl, isStored, isCollapsed, ...(isCollapsed ? {} : { fwdStatus: status }) };
        return asked.render(own ?? entry, own === undefined ? storedHeaders(entry, said, now) : fetchedHeaders(said), now);
      }
      const plain = own ?? (fetched.kind === "failed" ? fetched.plain : undefined);
      if (plain === undefined) throw new Error("an answer for one caller was given to another one");
      const isForOne = fetched.kind === "alone" && asked.isShareable && !asked.hasAuthorization && plain.status < 400;
      if (isForOne) shelf.markHitForPass(found.at, now);
      return asked.render(plain, fetchedHeaders({ fwd, fwdStatus: plain.status, isCollapsed }), now);
    }
  };
  return subject.needs === undefined ? layer : needsWholeBody(layer);
}

async function passBy(next: Handler, call: Call, { fwd, detail, invalidates }: Bypass, cache: RouteCache): Promise<Response> {
  const response = await next(call);
  if (invalidates !== undefined) invalidateResource(cache, call, invalidates, response);
  return marked(response, { fwd, ...(detail === undefined ? {} : { detail }) });
}

function marked(response: Response, said: CacheStatus): Response {
  response.headers.append("cache-status", cacheStatus(said));
  return response;
}

function fwdOf(found: LookupResult): ForwardReason {
  if (found.kind === "found") return "stale";
  return found.isVariant ? "vary-miss" : "uri-miss";
}
