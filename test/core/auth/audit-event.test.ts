// What is stored of a call of an admin service: no text is longer than its bound.
import { expect, it } from "vitest";
import { AUDIT_BOUNDS, AUDIT_LENGTHS, boundedEvent } from "../../../core/auth/audit-event.ts";

const EVENT = {
  outcome: "changed",
  identity: "ada",
  role: "operator",
  route: "a.B/C",
  subject: "x",
  address: "::1",
  requestId: "r",
} as const;

it("cuts each text at its bound, and leaves shorter ones as they are", () => {
  expect(boundedEvent(EVENT)).toEqual(EVENT);
  const long = Object.fromEntries(Object.keys(AUDIT_LENGTHS).map((name) => [name, "x".repeat(1_000)]));
  const bounded: Readonly<Record<string, string>> = { ...boundedEvent({ ...EVENT, ...long }) };
  for (const [name, length] of Object.entries(AUDIT_LENGTHS)) expect(bounded[name]).toBe("x".repeat(length));
  expect(bounded["outcome"]).toBe("changed");
});

it("stores more of what was changed than of what was denied, in 11 MiB at most", () => {
  expect(AUDIT_BOUNDS.changed).toBeGreaterThan(AUDIT_BOUNDS.denied);
  expect(AUDIT_BOUNDS.denied).toBeGreaterThan(0);
  expect((AUDIT_BOUNDS.changed + AUDIT_BOUNDS.denied) * 1_024).toBeLessThanOrEqual(11 * 1_048_576);
});
