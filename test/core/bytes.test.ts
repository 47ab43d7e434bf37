import { expect, it } from "vitest";
import { joinBytes } from "../../core/bytes.ts";

it("copies all parts in their order, also empty ones", () => {
  const parts = [Uint8Array.of(1, 2), new Uint8Array(), Uint8Array.of(3), Uint8Array.of(9, 4, 5, 9).subarray(1, 3)];
  expect(joinBytes(parts)).toEqual(Uint8Array.of(1, 2, 3, 4, 5));
  expect(joinBytes(parts, 5)).toEqual(Uint8Array.of(1, 2, 3, 4, 5));
  expect(joinBytes([])).toEqual(new Uint8Array());
});

it("shares no memory with its parts", () => {
  const part = Uint8Array.of(1);
  const whole = joinBytes([part]);
  part[0] = 2;
  expect(whole[0]).toBe(1);
});
