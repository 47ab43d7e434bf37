// Refusals for identity: what is counted, and which of them are audit events.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { AuthFailure } from "../../../../core/auth/refusal.ts";
import { AuthFailures } from "../../../../workers/gateway/auth/failures.ts";
import { refuse } from "../../../../workers/gateway/auth/refuse.ts";
import { NO_ROUTE } from "../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../workers/gateway/call.ts";

let events: Record<string, unknown>[] = [];
beforeEach(() => {
  events = [];
  vi.spyOn(console, "warn").mockImplementation((line: string) => void events.push(JSON.parse(line) as Record<string, unknown>));
});
afterEach(() => void vi.restoreAllMocks());

function refusals(failure: AuthFailure, times: number, isKnown: boolean): unknown[] {
  const parts = { failures: new AuthFailures(), challenge: () => undefined };
  for (let made = 0; made < times; made++) {
    const call = new Call(new Request("https://api.example/x"), { kind: "rest" }, NO_ROUTE, "/x", "", 0);
    if (isKnown) call.principal = { kind: "user", id: "u1", scopes: [], claims: {}, expiresAt: 0 };
    expect(() => refuse(parts, call, failure)).toThrow(
      expect.objectContaining({ rejection: expect.objectContaining({ reason: failure.reason }) }),
    );
  }
  return events.filter(({ event }) => String(event).startsWith("audit_"));
}

it.each(["key_revoked", "key_replaced"] as const)("writes an audit event for each use of a key that is %s", (reason) => {
  const audited = refusals({ kind: "unauthenticated", reason }, 3, false);
  expect(audited).toHaveLength(3);
  expect(audited[0]).toMatchObject({ event: "audit_revoked_key", reason, address: "unknown" });
});

it("writes one for each call that a known caller may not make", () => {
  const audited = refusals({ kind: "permission_denied", reason: "scope_missing" }, 2, true);
  expect(audited).toHaveLength(2);
  expect(audited[0]).toMatchObject({ event: "audit_denied", reason: "scope_missing", identity: "u1" });
});

it("only samples what strangers do", () => {
  expect(refusals({ kind: "permission_denied", reason: "address_denied" }, 3, false)).toEqual([]);
  expect(refusals({ kind: "unauthenticated", reason: "jwt_expired" }, 3, false)).toEqual([]);
  expect(events.filter(({ event }) => event === "auth_refused")).toHaveLength(2); // one of each reason
});
