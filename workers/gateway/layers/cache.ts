// Answers from what is kept, asks the upstream for the rest, and serves what is stale where that is allowed.
import { useOf } from "../../../core/cache/reuse.ts";
import { type CacheStatus, cacheStatus, type Forward } from "../../../core/cache/status.ts";
import type { RouteCache } from "../cache/caches.ts";
import { Asker, type Got } from "../cache/coalesce.ts";
import { offer } from "../cache/fetch.ts";
import type { Asked, PassedBy, Subject } from "../cache/lookup.ts";
import { invalidate } from "../cache/purge/invalidate.ts";
import { aged, serve, told, ttlOf } from "../cache/responses/hit-response.ts";
import type { Found } from "../cache/route-store.ts";
import type { Call, Handler, Layer } from "../call.ts";

export interface CacheSettings {
  readonly cache: RouteCache;
  readonly subject: Subject;
  readonly timeoutMs: number; // of a fetch that others may wait for
}

export function cache({ cache, subject, timeoutMs }: CacheSettings): Layer {
  const { shelf, view, l2 } = cache;
  return (next) => {
    const asker = new Asker({ ...cache, next, timeoutMs });
    return async (call) => {
      const hearing = view?.prepare();
      if (hearing !== undefined) await hearing;
      if (view?.mayServe() === false) return marked(await next(call), { fwd: "bypass", detail: "purges-unknown" });
      const asking = subject.ask(call);
      const asked = asking instanceof Promise ? await asking : asking;
      if (asked.kind === "passed") return passBy(next, call, asked, cache);
      const now = Date.now();
      const found = shelf.find(asked, now);
      if (found.kind === "found") {
        const { kept, judgement } = found;
        const use = useOf(kept.entry, judgement, asked.directives, now, Math.random());
        const isDue = use.kind === "stale" || (use.kind === "fresh" && use.isEarly);
        if (isDue && now >= kept.retryAt) asker.behind(asked, found, call);
        if (use.kind === "fresh" && !kept.isOffered) {
          kept.isOffered = true;
          offer(l2, asked, kept.entry, now);
        }
        if (use.kind === "fresh") return serve(shelf, asked, found, { isHit: true }, now);
        if (use.kind === "stale") return serve(shelf, asked, found, { isHit: true, detail: "stale-while-revalidate" }, now);
        if (now < kept.retryAt && now < kept.entry.errorUntil)
          return serve(shelf, asked, found, { isHit: true, detail: "stale-if-error" }, now);
      }
      const fwd = fwdOf(found);
      if (asked.directives.has("only-if-cached")) {
        const nothing = { status: 504, headers: [], body: new Uint8Array() };
        return asked.present(nothing, told({ fwd, detail: "only-if-cached" }), now);
      }
      try {
        const got = await asker.get(asked, found, call);
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
    async function stale(asked: Asked, fwd: Forward, fwdStatus: number): Promise<Response | undefined> {
      const now = Date.now();
      const found = shelf.find(asked, now);
      if (found.kind === "none" || now >= found.kept.entry.errorUntil) return undefined;
      return serve(shelf, asked, found, { fwd, fwdStatus, detail: "stale-if-error" }, now);
    }

    async function answer(asked: Asked, found: Found, { fetched, own, isCollapsed }: Got): Promise<Response> {
      const now = Date.now();
      const fwd = fwdOf(found);
      if (own instanceof Response) return marked(own, { fwd, fwdStatus: own.status });
      if (fetched.kind === "kept") {
        const { entry, from, status } = fetched;
        const isStored = from === "upstream" && !isCollapsed;
        const ttl = ttlOf(entry, now);
        const said =
          from === "l2"
            ? { isHit: true, ttl, detail: "l2" }
            : { fwd, ttl, isStored, isCollapsed, ...(isCollapsed ? {} : { fwdStatus: status }) };
        return asked.present(own ?? entry, own === undefined ? aged(entry, said, now) : told(said), now);
      }
      const plain = own ?? (fetched.kind === "failed" ? fetched.plain : undefined);
      if (plain === undefined) throw new Error("an answer for one caller was given to another one");
      const isForOne = fetched.kind === "alone" && asked.isShareable && !asked.hasAuthorization && plain.status < 400;
      if (isForOne) shelf.pass(found.at, now);
      return asked.present(plain, told({ fwd, fwdStatus: plain.status, isCollapsed }), now);
    }
  };
}

async function passBy(next: Handler, call: Call, { fwd, detail, invalidates }: PassedBy, cache: RouteCache): Promise<Response> {
  const response = await next(call);
  if (invalidates !== undefined) invalidate(cache, call, invalidates, response);
  return marked(response, { fwd, ...(detail === undefined ? {} : { detail }) });
}

function marked(response: Response, said: CacheStatus): Response {
  response.headers.append("cache-status", cacheStatus(said));
  return response;
}

function fwdOf(found: Found): Forward {
  if (found.kind === "found") return "stale";
  return found.isVariant ? "vary-miss" : "uri-miss";
}
