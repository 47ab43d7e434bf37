// What a layer throws to refuse a call.
import { expect, it } from "vitest";
import { isOfLayer, Rejected, type Rejection } from "../../core/rejection.ts";

it("has the name and the kind of the refusal, for logs", () => {
  const rejected = new Rejected({ kind: "body_too_large", maxBytes: 7 });
  expect(rejected).toBeInstanceOf(Error);
  expect([rejected.name, rejected.message, rejected.rejection]).toEqual([
    "Rejected",
    "body_too_large",
    { kind: "body_too_large", maxBytes: 7 },
  ]);
});

it("has no stack, which takes longer to write than to refuse a call; other errors keep theirs", () => {
  const { stack } = new Rejected({ kind: "body_too_large", maxBytes: 7 });
  expect(stack).toBe("Rejected: body_too_large");
  expect(new Error("later").stack).toContain("rejection.test.ts");
});

it("is of a layer of the team where such a layer has refused, or has failed", () => {
  const of = (kind: string) => isOfLayer(new Rejected({ kind } as Rejection));
  expect(["layer_refused", "layer_failed", "body_too_large", "caller_gone"].map(of)).toEqual([true, true, false, false]);
  expect(isOfLayer({ rejection: { kind: "layer_refused" } })).toBe(false);
});
