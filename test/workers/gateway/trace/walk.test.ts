// The names of the layers that a pipeline is made of.
import { expect, it } from "vitest";
import type { Layer } from "../../../../workers/gateway/call/layer.ts";
import { listing } from "../../../../workers/gateway/trace/walk.ts";
import { httpCall } from "../../../support/cache-lookup.ts";

const pass: Layer = (next) => (call) => next(call);
const respond = () => Promise.resolve(new Response("ok"));

it("lists the layers that are there, with those of the attempts and of another upstream", async () => {
  const { combine, stepsOf } = listing();
  const attempts = combine([["retry", pass]], ["dispatch", respond]);
  const other = combine([["retry", undefined]], ["dispatch", respond]);
  const handler = combine(
    [
      ["outer", pass],
      ["absent", undefined],
      ["fallback", pass, other],
    ],
    attempts,
  );
  expect(stepsOf(handler)).toEqual([
    { layer: "outer", isAttempt: false },
    { layer: "fallback", isAttempt: false, other: [{ layer: "dispatch", isAttempt: true }] },
    { layer: "retry", isAttempt: true },
    { layer: "dispatch", isAttempt: true },
  ]);
  expect(await (await handler(httpCall())).text()).toBe("ok"); // it is the pipeline, too
});
