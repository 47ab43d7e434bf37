import { Code, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { headersOf, linked, remaining } from "../../../workers/client/during.ts";
import { callerFrom, PROVEN_CALLER } from "../../../workers/service/identity/caller.ts";

const claims = { iss: "tidegate", aud: "orders", kind: "user", sub: "ada", iat: 0, exp: 0 };
const proven = { caller: callerFrom(claims), from: { name: "tidegate", before: [] }, isFromGateway: true, claims, payload: "claims" };
const during = (leftMs?: number, signal = new AbortController().signal): HandlerContext =>
  ({
    timeoutMs: () => leftMs,
    signal,
    requestHeader: new Headers({ "x-request-id": "r-1", "x-other": "o" }),
    values: createContextValues().set(PROVEN_CALLER, proven),
  }) as unknown as HandlerContext;

it("has the shorter time, and none where the served call has none left", () => {
  expect([remaining(500, undefined), remaining(undefined, during()), remaining(500, during(100_000))]).toEqual([500, undefined, 500]);
  expect(remaining(undefined, during(1_000))).toBeLessThanOrEqual(1_000);
  expect(() => remaining(500, during(0))).toThrow(expect.objectContaining({ code: Code.DeadlineExceeded }));
});

it("ends with the served call, and with its own signal", () => {
  const [own, served] = [new AbortController(), new AbortController()];
  expect(linked(undefined, undefined)).toBeUndefined();
  expect(linked(undefined, during(1, served.signal))).toBe(served.signal);
  const both = linked(own.signal, during(1, served.signal));
  served.abort();
  expect(both?.aborted).toBe(true);
});

it("hands on the headers that connect calls, below its own, and the caller only where it is believed", () => {
  const headers = headersOf({ "x-own": "1" }, during(), true);
  expect([...headers]).toEqual([
    ["tidegate-depth", "1"],
    ["tidegate-identity", "claims"],
    ["x-own", "1"],
    ["x-request-id", "r-1"],
  ]);
  expect(headersOf({ "x-request-id": "own" }, during(), false).get("x-request-id")).toBe("own");
  for (const own of [undefined, { "tidegate-identity": "copied" }])
    expect(headersOf(own, during(), false).has("tidegate-identity")).toBe(false);
});
