// The caller as a service reads it.
import { createContextValues } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { callerFrom, callerOf, callingServiceOf, valuesOf } from "../../../../workers/service/identity/caller.ts";
import { claimsOf } from "../../../support/identity.ts";

it("has what the gateway states, and empty lists for what it does not", () => {
  const stated = { scopes: ["a"], issuer: "https://issuer.example", subject: "ada", owner: "team", plan: "gold", claims: { email: "x" } };
  expect(callerFrom(claimsOf(stated))).toEqual({ kind: "user", id: "https://issuer.example#ada", ...stated });
  const anonymous = { iss: "tidegate", aud: "x", kind: "anonymous", iat: 1, exp: 2 };
  const nothing = { issuer: undefined, subject: undefined, owner: undefined, plan: undefined };
  expect(callerFrom(anonymous)).toEqual({ kind: "anonymous", id: "", scopes: [], claims: {}, ...nothing });
});

it("is in the values of the call, where one was proven", () => {
  const caller = callerFrom(claimsOf());
  const from = { name: "tidegate-orders", before: [] };
  const values = valuesOf({ caller, from, isFromGateway: false, claims: claimsOf(), payload: "" });
  expect([callerOf({ values }), callingServiceOf({ values })]).toEqual([caller, from]);
  expect(callingServiceOf({ values: valuesOf(undefined) })).toBeUndefined();
  expect(callerOf({ values: valuesOf(undefined) })).toBeUndefined();
  expect(callerOf({ values: createContextValues() })).toBeUndefined();
});
