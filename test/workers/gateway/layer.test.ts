// defineLayer: what a layer may be called, and where it may stand.
import * as v from "valibot";
import { expect, it } from "vitest";
import { defineLayer, isLayerRefusal, LayerRefusal, refusal } from "../../../workers/gateway/layer.ts";

const layer = (settings: object) =>
  defineLayer({ name: "own", at: "after_auth", schema: v.strictObject({}), layer: () => (_, next) => next(), ...settings });

it("returns the layer as it is", () => {
  expect(layer({})).toMatchObject({ name: "own", at: "after_auth" });
});

it.each([
  [{ name: "Own" }, /layer "Own": write a name/],
  [{ name: "" }, /layer "": write a name/],
  [{ at: "anywhere" }, /at is "anywhere"; write one of response, before_auth/],
  [{ needs: "message" }, /needs is "message" at after_auth; write at: "before_cache"/],
])("refuses %o", (settings, problem) => {
  expect(() => layer(settings)).toThrow(problem);
});

it("makes refusals with a code, a message and a time", () => {
  const refused = refusal("unavailable", "later", { retryAfterMs: 5 });
  expect(refused).toBeInstanceOf(LayerRefusal);
  expect([refused.code, refused.message, refused.retryAfterMs]).toEqual(["unavailable", "later", 5]);
});

it("knows refusals of another copy of itself, and nothing else", () => {
  const copy = Object.assign(new Error("no"), { name: "LayerRefusal", code: "not_found" });
  const others = [
    new Error("no"),
    Object.assign(new Error("no"), { name: "LayerRefusal", code: "internal" }),
    { name: "LayerRefusal" },
    undefined,
  ];
  expect([refusal("not_found", "no"), copy, ...others].map(isLayerRefusal)).toEqual([true, true, false, false, false, false]);
});
