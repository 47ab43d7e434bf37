import { expect, it } from "vitest";
import { fixedUpstream } from "../../../../workers/gateway/upstream/fixed-upstream.ts";

const destination = { base: "https://registry.internal", fetch: () => Promise.resolve(new Response("ok")) };
const unused = undefined as never; // a fixed upstream looks at no call

it("picks its one destination, without anything to wait for", () => {
  const upstream = fixedUpstream("registry", destination);
  expect(upstream.prepare(unused, unused)).toBeUndefined();
  const call = { origin: {} } as never; // Any call gets the same attempt.
  const picked = upstream.pick(call, unused);
  expect([picked.endpoint, picked.destination]).toEqual(["registry", destination]);
  expect([picked.medianMs, picked.maxMs, picked.cookie]).toEqual([0, undefined, undefined]); // no host redirect, no time limit
  expect([picked.mayRedirectShed, picked.redirect(true), picked.end("failed")]).toEqual([false, false, undefined]);
});

it("shares no retry budget and no hedging state with another one", () => {
  const [first, second] = [fixedUpstream("a", destination), fixedUpstream("b", destination)];
  while (first.retryBudget.take(0));
  expect([first.retryBudget.isSpent(0), second.retryBudget.isSpent(0)]).toEqual([true, false]);
  expect(first.hedging).not.toBe(second.hedging);
});
