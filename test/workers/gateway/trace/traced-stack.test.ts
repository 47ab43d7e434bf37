// Layers that are traced: outcomes of each, and needs that reach the layers above.
import { expect, it } from "vitest";
import { TraceRecorder } from "../../../../core/explain/trace-recorder.ts";
import { Rejected } from "../../../../core/rejection.ts";
import { type Layer, needsWholeBody } from "../../../../workers/gateway/call/layer.ts";
import { tracedStack } from "../../../../workers/gateway/trace/traced-stack.ts";
import { httpCall } from "../../../support/cache-lookup.ts";

const pass: Layer = (next) => (call) => next(call);
const twice: Layer = (next) => async (call) => {
  await next(call);
  return next(call);
};
const refuse: Layer = () => () => Promise.reject(new Rejected({ kind: "rate_limited", rule: "one", retryAfterMs: 7, quotas: [] }));
const rescue: Layer = (next) => async (call) => {
  try {
    return await next(call);
  } catch {
    return new Response(null, { status: 429 });
  }
};
const respond = () => Promise.resolve(new Response("ok"));
const unreachable = () => Promise.reject(new Rejected({ kind: "upstream_unreachable", upstream: "a", wasSent: true }));

async function outcomesOf(layers: readonly (readonly [string, Layer])[], innermost = respond) {
  const call = httpCall();
  call.trace = new TraceRecorder();
  await Promise.resolve(tracedStack()(layers, ["dispatch", innermost])(call)).catch(() => undefined);
  return call.trace.steps.map(({ mark, outcome, reason }) => `${mark.layer} ${outcome}${reason === "" ? "" : ` ${reason}`}`);
}

it("says who has passed the call on, who has responded, and who has repeated it", async () => {
  expect(await outcomesOf([["outer", pass]])).toEqual(["outer passed", "dispatch responded"]);
  expect(await outcomesOf([["retry", twice]])).toEqual(["retry retried", "dispatch responded", "dispatch responded"]);
});

it("says who has refused the call, and who has made a response of that", async () => {
  expect(
    await outcomesOf([
      ["rescue", rescue],
      ["outer", pass],
      ["rate-limit", refuse],
    ]),
  ).toEqual(["rescue responded rate_limited", "outer passed", "rate-limit refused rate_limited"]);
  expect(await outcomesOf([["outer", pass]], unreachable)).toEqual(["outer passed", "dispatch failed upstream_unreachable"]);
});

it("hands on what layers need, and runs as any other stack without a recorder", async () => {
  const needs: (string | undefined)[] = [];
  const looking: Layer = (next) => {
    needs.push(next.needs);
    return (call) => next(call);
  };
  const reading = needsWholeBody(pass);
  const combine = tracedStack();
  const handler = combine(
    [["outer", looking]],
    combine(
      [
        ["reading", reading],
        ["inner", looking],
      ],
      ["dispatch", respond],
    ),
  );
  expect(needs).toEqual([undefined, "whole_body"]);
  expect(handler.needs).toBe("whole_body");
  expect(await (await handler(httpCall())).text()).toBe("ok");
});
