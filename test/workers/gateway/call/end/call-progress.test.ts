import { expect, it } from "vitest";
import { attemptBegan, attemptEnded, upstreamMsAt } from "../../../../../workers/gateway/call/end/call-progress.ts";
import { NO_ROUTE } from "../../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../../workers/gateway/call.ts";
import { REST } from "../../../../../workers/gateway/protocol/protocol.ts";
import { CallSampling } from "../../../../../workers/gateway/tracing/call-sampling.ts";

const START = 1_000;
const newCall = () => new Call(new Request("https://gateway.example/x"), REST, NO_ROUTE, "/x", "", START);

it("counts the time during which at least one attempt is at an upstream", () => {
  const call = newCall();
  attemptBegan(call, "users", "A", START + 5);
  attemptBegan(call, "users", "B", START + 10);
  attemptEnded(call, "users", "A", false, START + 20);
  expect(upstreamMsAt(call, START + 25)).toBe(20);
  attemptEnded(call, "users", "B", true, START + 30);
  expect([upstreamMsAt(call, START + 90), call.attempts, call.sentMs, call.endpoint]).toEqual([25, 2, 5, "B"]);
});

it("records attempts for tracing, where the call is sampled", () => {
  const call = newCall();
  call.sampling = new CallSampling(undefined, true);
  attemptBegan(call, "users", "A", START + 5);
  attemptEnded(call, "users", "A", false, START + 20);
  expect(call.sampling.times).toEqual([{ upstream: "users", endpoint: "A", startMs: START + 5, endMs: START + 20, hasFailed: true }]);
});
