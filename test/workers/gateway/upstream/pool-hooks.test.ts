// What the gateway's hooks write on a call.
import { expect, it } from "vitest";
import { parsePolicy } from "../../../../core/config/gateway.ts";
import { poolHooks } from "../../../../workers/gateway/upstream/pool-hooks.ts";
import { httpCall } from "../../../support/cache-lookup.ts";

function hooks() {
  const parsed = parsePolicy({ services: { "a.v1.A": { upstream: { binding: "A" } } } }, new Map([["a.v1.A", ["Get"]]]));
  if (parsed.kind !== "ok") throw new Error(JSON.stringify(parsed));
  return poolHooks("a.v1.A", parsed.policy.services.get("a.v1.A")!.upstream, undefined, () => undefined);
}

it("counts an attempt on its call, and none that goes to a mirror", () => {
  const call = httpCall();
  const { attemptBegan, attemptEnded } = hooks();
  attemptBegan(call, "A", call.receivedAt + 1);
  attemptEnded(call, "A", "responded", true, 1, call.receivedAt + 2);
  expect([call.attempts, call.openAttempts, call.endpoint]).toEqual([1, 1, "A"]);
  attemptEnded(call, "A", "responded", false, 4, call.receivedAt + 5);
  expect([call.openAttempts, call.upstreamMs]).toEqual([0, 4]);
});

it("takes the address of a caller as its key where nothing else is configured", () => {
  const call = httpCall();
  expect(hooks().keyOf(call)).toEqual({ text: call.caller.network });
});
