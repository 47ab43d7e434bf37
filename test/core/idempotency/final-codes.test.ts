import { expect, it } from "vitest";
import { isFinal } from "../../../core/idempotency/final-codes.ts";

it("records errors that are the result of a call, and none that may be over soon", () => {
  const final = Array.from({ length: 17 }, (_, code) => code).filter(isFinal);
  expect(final).toEqual([3, 5, 6, 9, 11, 15]);
});
