import { expect, it } from "vitest";
import { limitTimeout, withLimitedTimeout } from "../../../../workers/service/limits/timeout.ts";

it("bounds a timeout by the setting, and by the longest timer", () => {
  expect([limitTimeout(undefined, 5), limitTimeout(4, 5), limitTimeout(6, 5), limitTimeout(0, 5)]).toEqual([undefined, 4, 5, 0]);
  expect(limitTimeout(9_999_999_999, Number.MAX_SAFE_INTEGER)).toBe(2_147_483_647);
});

it.each([
  [false, "connect-timeout-ms", "9999999999", 1_000, "1000"],
  [false, "connect-timeout-ms", "1000", 1_000, "1000"],
  [false, "connect-timeout-ms", "0", 1_000, "0"],
  [true, "grpc-timeout", "99999999H", 1_000, "1000m"],
  [true, "grpc-timeout", "99999999H", Number.MAX_SAFE_INTEGER, "2147483S"],
  [true, "grpc-timeout", "1S", 1_000, "1S"],
  [true, "grpc-timeout", "soon", 1_000, "soon"],
])("writes the timeout that holds (gRPC-Web: %s): %s: %s, at most %d ms", (isGrpcWeb, name, value, maxTimeoutMs, held) => {
  expect(withLimitedTimeout(new Headers({ [name]: value, a: "b" }), isGrpcWeb, maxTimeoutMs).get(name)).toBe(held);
});

it("leaves the headers as they are where no timeout is too long", () => {
  const headers = new Headers({ a: "b" });
  expect(withLimitedTimeout(headers, true, 1)).toBe(headers);
});
