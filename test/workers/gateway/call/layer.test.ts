// Stacks of layers: their order, layers that a route does not have, and what the layers below need.
import { expect, it } from "vitest";
import { type Handler, type Layer, type NamedLayer, needsWholeBody, stack } from "../../../../workers/gateway/call/layer.ts";
import { httpCall } from "../../../support/cache-lookup.ts";

const named = (name: string, order: string[]): NamedLayer => [
  name,
  (next) => (call) => {
    order.push(name);
    return next(call);
  },
];
const respond: Handler = () => Promise.resolve(new Response("ok"));

it("runs the first layer first, and leaves out those that a route does not have", async () => {
  const order: string[] = [];
  const handler = stack([named("outer", order), ["absent", undefined], named("inner", order)], respond);
  expect(await (await handler(httpCall())).text()).toBe("ok");
  expect(order).toEqual(["outer", "inner"]);
});

it("tells each layer whether one below it, or the innermost handler, needs the whole body", () => {
  const needs: (string | undefined)[] = [];
  const looking: Layer = (next) => {
    needs.push(next.needs);
    return (call) => next(call);
  };
  const reading = needsWholeBody((next) => (call) => next(call));
  stack(
    [
      ["outer", looking],
      ["reading", reading],
      ["inner", looking],
    ],
    respond,
  );
  expect(needs).toEqual([undefined, "whole_body"]); // the innermost layer is put around the handler first
  needs.length = 0;
  const copying: Handler = Object.assign(() => Promise.resolve(new Response()), { needs: "whole_body" as const });
  expect(stack([["looking", looking]], ["copying", copying]).needs).toBe("whole_body");
  expect(needs).toEqual(["whole_body"]);
});
