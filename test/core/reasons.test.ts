// The reasons of refusals: which one each has, and which one its caller reads.
import { describe, expect, it } from "vitest";
import { publicReasonOf, REASONS, reasonOf } from "../../core/reasons.ts";
import type { Rejection } from "../../core/rejection.ts";
import { rejectionsByReason } from "../support/rejections.ts";

const examples = Object.entries(rejectionsByReason) as [keyof typeof rejectionsByReason, Rejection][];

describe("the reason of a refusal", () => {
  it.each(examples)("is %s where it is its own", (reason, rejection) => {
    expect(reasonOf(rejection)).toBe(reason);
    expect(Object.hasOwn(REASONS, reason)).toBe(true);
  });

  it("is one for each status towards callers that are refused for their identity", () => {
    const of = (rejection: Rejection) => [reasonOf(rejection), publicReasonOf(rejection)];
    expect(of({ kind: "unauthenticated", reason: "key_revoked", message: "" })).toEqual(["key_revoked", "unauthenticated"]);
    expect(of({ kind: "permission_denied", reason: "address_denied", message: "" })).toEqual(["address_denied", "permission_denied"]);
    expect(of({ kind: "auth_unavailable", reason: "jwt_keys_unavailable", retryAfterMs: 1 })).toEqual([
      "jwt_keys_unavailable",
      "auth_unavailable",
    ]);
  });

  it("is the exact one for everything else", () => {
    for (const [, rejection] of examples) {
      if (!("reason" in rejection) || rejection.kind === "overloaded") expect(publicReasonOf(rejection)).toBe(reasonOf(rejection));
    }
  });
});
