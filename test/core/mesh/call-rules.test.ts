// Which Worker may call what.
import { describe, expect, it } from "vitest";
import { callRules } from "../../../core/mesh/call-rules.ts";

const METHODS = ["u.v1.U/Get", "u.v1.U/List", "u.v1.U/Delete"];
const CALLERS = ["orders", "cart", "idle"];
const decide = callRules(
  [
    { from: "orders", methods: ["u.v1.U/Get"] },
    { from: "cart", methods: ["*"] },
    { from: "orders", methods: ["u.v1.U/List"] },
  ],
  "tidegate",
  CALLERS,
  METHODS,
);

describe("rules", () => {
  it("let a Worker call what they list for it, together, and nothing else", () => {
    expect(METHODS.map((method) => decide("orders", method))).toEqual([undefined, undefined, "method_not_allowed"]);
    expect(METHODS.map((method) => decide("cart", method))).toEqual([undefined, undefined, undefined]);
  });

  it("let a Worker without a rule call nothing, and a caller that is not proven neither", () => {
    expect(decide("idle", "u.v1.U/Get")).toBe("method_not_allowed");
    expect(decide(undefined, "u.v1.U/Get")).toBe("caller_unproven");
  });

  it("let nobody but the gateway call methods that are none of the Worker's own", () => {
    expect(["cart", "tidegate"].map((from) => decide(from, "grpc.reflection.v1.ServerReflection/ServerReflectionInfo"))).toEqual([
      "method_not_allowed",
      undefined,
    ]);
  });

  it("bind the gateway only where one has its name", () => {
    expect(METHODS.map((method) => decide("tidegate", method))).toEqual([undefined, undefined, undefined]);
    const bound = callRules([{ from: "tidegate", methods: ["u.v1.U/Get"] }], "tidegate", CALLERS, METHODS);
    expect(METHODS.map((method) => bound("tidegate", method))).toEqual([undefined, "method_not_allowed", "method_not_allowed"]);
  });

  it("that are empty let the gateway alone call", () => {
    const none = callRules([], "tidegate", CALLERS, METHODS);
    expect([none("orders", "u.v1.U/Get"), none("tidegate", "u.v1.U/Get")]).toEqual(["method_not_allowed", undefined]);
  });

  it("name what exists", () => {
    const wrong = (from: string, method: string) => () => callRules([{ from, methods: [method] }], "tidegate", CALLERS, METHODS);
    expect(wrong("order", "*")).toThrow(
      'identity.allow[0].from: found "order", which is neither the gateway nor listed in identity.callers',
    );
    expect(wrong("orders", "u.v1.U/Gone")).toThrow("identity.allow[0].methods");
  });
});
