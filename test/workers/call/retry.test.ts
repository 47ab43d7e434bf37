// Repeated attempts of one call, with what sends them in the place of a network.
import { expect, it } from "vitest";
import { Budget } from "../../../core/budget.ts";
import { RETRIES } from "../../../core/config/retry.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { AttemptSender } from "../../../workers/call/call-attempt.ts";
import type { OutboundCall } from "../../../workers/call/outbound-call.ts";
import { PUSHBACK_HEADER, retryRules, withRetries } from "../../../workers/call/retry.ts";
import { outboundCall } from "../../support/outbound-call.ts";

const DOWN = (headers: Record<string, string> = {}): Response => new Response(null, { status: 503, headers });

function over(
  send: (number: number, signal: AbortSignal | null) => Response | Promise<Response>,
  policy: Partial<typeof RETRIES> = {},
  tokens = 100,
) {
  const seen: (string | null)[] = [];
  const pauses: number[] = [];
  const budget = new Budget({ share: 0, perSecond: 0, cap: tokens, initial: tokens });
  const rules = retryRules({ ...RETRIES, baseMs: 1, ...policy }, budget, {
    retrying: () => undefined,
    paused: (pausedAt) => void pauses.push(pausedAt),
    spent: () => undefined,
  });
  const next: AttemptSender<OutboundCall> = async ({ outgoing }, { number, signal }) => {
    seen.push(outgoing.headers.get("tidegate-attempt"));
    return send(number, signal);
  };
  return { seen, pauses, run: (call = outboundCall(), isIdempotent = true) => withRetries(rules, call, isIdempotent, next) };
}

it("repeats an attempt that failed, after a pause, and numbers it", async () => {
  const { seen, pauses, run } = over((number) => (number < 3 ? DOWN() : new Response("ok")));
  expect(await (await run()).text()).toBe("ok");
  expect([seen, pauses.length]).toEqual([[null, "2", "3"], 2]);
});

it("repeats no call that is not idempotent, unless it was not sent", async () => {
  const sent = over(() => DOWN());
  await sent.run(outboundCall(), false);
  const refused = over((number) => {
    if (number > 1) return new Response();
    throw new Rejected({ kind: "upstream_unreachable", upstream: "A", wasSent: false });
  });
  await refused.run(outboundCall(), false);
  expect([sent.seen.length, refused.seen.length]).toEqual([1, 2]);
});

it("repeats nothing that a service before it repeats", async () => {
  const { seen, run } = over(() => DOWN());
  await run(outboundCall({ headers: { "tidegate-attempt": "2" } }));
  expect(seen).toEqual(["2"]);
});

it.each([
  ["its budget is spent", {}, 2, 3],
  ["it has made all attempts", { max: 1 }, 100, 2],
])("stops once %s, and lets the caller know that it need not retry", async (_, policy, tokens, attempts) => {
  const { seen, run } = over(() => DOWN(), policy, tokens);
  expect((await run()).headers.get(PUSHBACK_HEADER)).toBe("-1");
  expect(seen).toHaveLength(attempts);
});

it("honors that an endpoint forbids retries, and keeps to the deadline", async () => {
  const forbidding = over(() => DOWN({ [PUSHBACK_HEADER]: "-1" }));
  await forbidding.run();
  const waiting = over(() => DOWN({ "retry-after": "60" }));
  await waiting.run();
  expect([forbidding.seen.length, waiting.seen.length]).toEqual([1, 1]);
});

it("ends an attempt that takes too long, and throws where the last one does", async () => {
  const hanging = (signal: AbortSignal | null) =>
    new Promise<Response>((_, reject) => void signal?.addEventListener("abort", () => reject(signal.reason)));
  const one = over((number, signal) => (number === 1 ? hanging(signal) : new Response()), { perAttemptMs: 20 });
  expect((await one.run()).status).toBe(200);
  const all = over((_, signal) => hanging(signal), { perAttemptMs: 5, max: 1 });
  await expect(all.run()).rejects.toMatchObject({ rejection: { kind: "deadline_exceeded", stage: "attempt" } });
  expect(all.seen).toHaveLength(2);
});

it("ends its pause with the call", async () => {
  const stop = new AbortController();
  const { seen, run } = over(() => DOWN({ [PUSHBACK_HEADER]: "5000" }));
  const call = run(outboundCall({ sendSignal: stop.signal }));
  setTimeout(() => stop.abort(new Error("gone")), 5);
  await expect(call).rejects.toThrow("gone");
  expect(seen).toHaveLength(1);
});
