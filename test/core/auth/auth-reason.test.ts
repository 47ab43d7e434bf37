// The reasons for which a call is refused for its identity.
import { expect, it } from "vitest";
import { IDENTITY_REASONS } from "../../../core/auth/auth-reason.ts";
import { REASONS } from "../../../core/reasons.ts";

it("are reasons of the gateway like all others, and none of them is one that callers read", () => {
  expect(REASONS).toMatchObject(IDENTITY_REASONS);
  for (const reason of Object.keys(IDENTITY_REASONS)) expect(reason).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
  for (const shown of ["unauthenticated", "permission_denied", "auth_unavailable"]) expect(IDENTITY_REASONS).not.toHaveProperty(shown);
});
