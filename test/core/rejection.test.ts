// What a layer throws to refuse a call.
import { expect, it } from "vitest";
import { Rejected } from "../../core/rejection.ts";

it("has the name and the kind of the refusal, for logs", () => {
  const rejected = new Rejected({ kind: "body_too_large", maxBytes: 7 });
  expect(rejected).toBeInstanceOf(Error);
  expect([rejected.name, rejected.message, rejected.rejection]).toEqual([
    "Rejected",
    "body_too_large",
    { kind: "body_too_large", maxBytes: 7 },
  ]);
});
