// Two attempts of one call side by side, with what sends them in the place of a network.
import { expect, it } from "vitest";
import { HedgeState } from "../../../core/retry/hedge-state.ts";
import { type AttemptSender, CallAttempt } from "../../../workers/call/call-attempt.ts";
import { type HedgeRules, hedged } from "../../../workers/call/hedge.ts";
import type { OutboundCall } from "../../../workers/call/outbound-call.ts";
import { outboundCall } from "../../support/outbound-call.ts";

/** Rules that have seen a hundred quick calls. */
async function warmed() {
  const seen = { hedges: 0 };
  const kept: Promise<void>[] = [];
  const rules: HedgeRules = {
    policy: { percent: 10, quantile: 0.95, minMs: 20 },
    state: new HedgeState(),
    hedging: () => {
      seen.hedges += 1;
    },
    keepAlive: (done) => void kept.push(done),
  };
  const run = (next: AttemptSender<OutboundCall>, call = outboundCall()) => hedged(rules, call, new CallAttempt(call), next);
  for (let n = 0; n < 120; n++) await run(async () => new Response());
  return { seen, kept, run };
}

const until = (signal: AbortSignal | null) =>
  new Promise<Response>((_, reject) => void signal?.addEventListener("abort", () => reject(signal.reason)));

it("takes the first response, and ends the other attempt", async () => {
  const { seen, kept, run } = await warmed();
  const signals: (AbortSignal | null)[] = [];
  const response = await run(async (_, { number, signal, headers }) => {
    signals.push(signal);
    return number === 1 ? until(signal) : new Response(headers.get("tidegate-attempt"));
  });
  expect(await response.text()).toBe("2");
  await Promise.all(kept);
  expect([seen.hedges, signals.map((signal) => signal?.aborted), kept.length]).toEqual([1, [true, false], 1]);
});

it("waits for the other attempt where the first one to end fails", async () => {
  const { run } = await warmed();
  const response = await run(async (_, { number, signal }) => {
    if (number === 2) return new Response(null, { status: 503 });
    const { promise, resolve } = Promise.withResolvers<Response>();
    setTimeout(() => resolve(new Response("first")), 60);
    return Promise.race([promise, until(signal)]);
  });
  expect(await response.text()).toBe("first");
});

it("hedges no retry", async () => {
  const { seen, run } = await warmed();
  const slow: AttemptSender<OutboundCall> = () => new Promise((resolve) => void setTimeout(() => resolve(new Response()), 60));
  await run(slow, outboundCall({ headers: { "tidegate-attempt": "2" } }));
  expect(seen.hedges).toBe(0);
});
