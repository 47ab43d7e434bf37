// Refusals for identity: what their callers read.
import { expect, it } from "vitest";
import { type AuthFailure, rejectionOf, unauthenticated } from "../../../core/auth/refusal.ts";

const challenge = ({ reason }: AuthFailure) => (reason === "scope_missing" ? undefined : `Bearer realm="${reason}"`);

it("gives the callers of one status the same message, and each its challenge", () => {
  for (const reason of ["jwt_expired", "two_credentials"] as const)
    expect(rejectionOf(unauthenticated(reason), challenge)).toEqual({
      kind: "unauthenticated",
      reason,
      message: "valid credentials are required",
      challenge: `Bearer realm="${reason}"`,
      retryAfterMs: undefined,
    });
  expect(rejectionOf({ kind: "permission_denied", reason: "scope_missing", scopes: ["a"] }, challenge)).toEqual({
    kind: "permission_denied",
    reason: "scope_missing",
    message: "the caller may not do this",
    challenge: undefined,
  });
});

it("says when to try again: a second later where nothing else is known", () => {
  const unavailable = { kind: "unavailable", reason: "jwt_keys_unavailable" } as const;
  expect(rejectionOf(unavailable, challenge)).toEqual({ kind: "auth_unavailable", reason: "jwt_keys_unavailable", retryAfterMs: 1_000 });
  expect(rejectionOf({ ...unavailable, retryAfterMs: 70 }, challenge)).toEqual({
    kind: "auth_unavailable",
    reason: "jwt_keys_unavailable",
    retryAfterMs: 70,
  });
  expect(rejectionOf({ ...unauthenticated("too_many_failures"), retryAfterMs: 70 }, challenge)).toMatchObject({ retryAfterMs: 70 });
});
