// Which version of a service gets a call.
import { createContextValues, type HandlerContext, type Transport } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { withCanary } from "../../../../workers/client/mesh/canary.ts";
import { callerFrom, PROVEN_CALLER } from "../../../../workers/service/identity/caller.ts";
import { claimsOf } from "../../../support/identity.ts";

const [own, canary] = [{}, {}] as [Transport, Transport];
const chosen = (percent: number, during?: HandlerContext, key?: string) =>
  withCanary(
    () => own,
    { target: "canary", percent, ...(key !== undefined && { key }) },
    during,
    () => canary,
  ) === canary;

function served(requestId: string, sub?: string): HandlerContext {
  const values = createContextValues();
  const claims = claimsOf({ sub: sub! });
  const from = { name: "tidegate", before: [] };
  if (sub !== undefined) values.set(PROVEN_CALLER, { caller: callerFrom(claims), from, isFromGateway: true, claims, payload: "" });
  return { values, requestHeader: new Headers({ "x-request-id": requestId }) } as HandlerContext;
}
const share = (choices: readonly boolean[]) => choices.filter(Boolean).length / choices.length;
const numbers = Array.from({ length: 4_000 }, (_, index) => index);

it("a caller gets the same version in all its requests, and the share is that of the callers", () => {
  const versions = numbers.map((n) => chosen(20, served(`r${n}`, `caller-${n}`)));
  expect(numbers.map((n) => chosen(20, served(`other-${n}`, `caller-${n}`)))).toEqual(versions);
  expect(share(versions)).toBeGreaterThan(0.16); // standard deviation 0.006
  expect(share(versions)).toBeLessThan(0.24);
});

it("without a caller all calls of a request get one version", () => {
  const versions = numbers.map((n) => chosen(20, served(`r${n}`)));
  expect(numbers.map((n) => chosen(20, served(`r${n}`)))).toEqual(versions);
  expect(new Set(versions).size).toBe(2);
});

it("a key of its own comes first", () => {
  const [a] = numbers.filter((n) => chosen(20, undefined, `tenant-${n}`));
  expect(numbers.slice(0, 50).every((n) => chosen(20, served(`r${n}`, `caller-${n}`), `tenant-${a}`))).toBe(true);
});

it("0 is nobody, 100 everybody, and anything else is refused", () => {
  expect([chosen(0, served("r", "a")), chosen(100, served("r", "a")), chosen(100), chosen(0)]).toEqual([false, true, true, false]);
  for (const percent of [-1, 101, Number.NaN]) expect(() => chosen(percent)).toThrow(`canary.percent: found ${percent}`);
});
