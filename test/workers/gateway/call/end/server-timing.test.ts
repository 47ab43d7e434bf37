// The header that says where the time of a call went.
import { expect, it } from "vitest";
import { serverTiming } from "../../../../../workers/gateway/call/end/server-timing.ts";
import { NO_ROUTE } from "../../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../../workers/gateway/call.ts";
import { trace } from "../../../../../workers/gateway/layers/trace.ts";

function callWith(facts: Partial<Call>): Call {
  const call = new Call(new Request("https://api.example/x"), { kind: "rest" }, NO_ROUTE, "/x", "", 1_000);
  return Object.assign(call, facts);
}

it.each<[string, Partial<Call>, string]>([
  ["a call that waited, and then was at its upstream", { attempts: 1, sentMs: 5, upstreamMs: 40 }, "gw;dur=10, up;dur=40, q;dur=5"],
  ["a refusal", {}, "gw;dur=50"],
  ["a hit", { cacheLevel: "l1" }, "gw;dur=50, cache;desc=hit"],
  ["a stale response", { cacheLevel: "stale", attempts: 1, sentMs: 0, upstreamMs: 50 }, "gw;dur=0, up;dur=50, q;dur=0, cache;desc=stale"],
  ["a miss", { cacheLevel: "miss", attempts: 1, sentMs: 0, upstreamMs: 50 }, "gw;dur=0, up;dur=50, q;dur=0"],
])("of %s", (_, facts, header) => expect(serverTiming(callWith(facts), 1_050)).toBe(header));

it("is on the responses of routes with serverTiming, beside that of an upstream, and on no others", async () => {
  const respond = (): Promise<Response> => Promise.resolve(new Response("", { headers: { "server-timing": "db;dur=3" } }));
  const on = await trace(undefined, undefined, true)(respond)(callWith({ receivedAt: Date.now() }));
  expect(on.headers.get("server-timing")).toMatch(/^db;dur=3, gw;dur=\d+$/);
  const off = await trace()(respond)(callWith({}));
  expect(off.headers.get("server-timing")).toBe("db;dur=3");
});
