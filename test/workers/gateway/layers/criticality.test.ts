// The criticality of a call: that of its route, or that of a trusted caller.
import { expect, it } from "vitest";
import { CRITICAL, type Trust } from "../../../../core/overload/criticality.ts";
import type { Call } from "../../../../workers/gateway/call.ts";
import { criticality } from "../../../../workers/gateway/layers/criticality.ts";
import { httpCall } from "../../../support/cache-lookup.ts";

const ADA: Trust = { kind: "listed", names: new Set(["ada"]) };
const NONE: Trust = { kind: "none" };

/** The call behind the layer. */
async function through(own: number, trust: Trust, headers: Record<string, string>, principal?: string): Promise<Call> {
  const call = httpCall("/a", { headers }, principal);
  await criticality({ own, trust })!(() => Promise.resolve(new Response()))(call);
  return call;
}

it("is left out of a route whose calls are all critical", () => {
  expect(criticality({ own: CRITICAL, trust: NONE })).toBeUndefined();
});

it.each([
  ["the level of the route", 0, NONE, {}, undefined, 0, "sheddable"],
  [
    "the level of the route, for a caller that is not trusted",
    1,
    ADA,
    { "tidegate-criticality": "critical_plus" },
    "bob",
    1,
    "sheddable_plus",
  ],
  ["the level that a trusted caller names", 1, ADA, { "tidegate-criticality": "critical_plus" }, "ada", 3, "critical_plus"],
  ["the level of the route, where a trusted caller names none", 1, ADA, { "tidegate-criticality": "high" }, "ada", 1, "sheddable_plus"],
  ["no header for a critical call", 2, ADA, {}, "ada", 2, null],
] as const)("sends %s", async (_, own, trust, headers, principal, rank, sent) => {
  const call = await through(own, trust, headers, principal);
  expect([call.rank, call.outgoing.headers.get("tidegate-criticality")]).toEqual([rank, sent]);
});

it("honors the attempt number of a trusted caller only", async () => {
  const attempt = async (user: string) =>
    (await through(1, ADA, { "tidegate-attempt": "2" }, user)).outgoing.headers.get("tidegate-attempt");
  expect([await attempt("ada"), await attempt("bob")]).toEqual(["2", null]);
});
