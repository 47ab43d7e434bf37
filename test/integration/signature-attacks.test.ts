// Attacks on signed requests: all are refused for their exact reason, and the upstream gets nothing of them.
import { afterEach, expect, it, vi } from "vitest";
import { SIGNATURE_ATTACKS } from "../support/attacks/signature-attacks.ts";
import { gatewayTo, userFor } from "../support/gateway.ts";
import { HMAC_SECRET, SIGNATURES } from "../support/signed-requests.ts";

afterEach(() => void vi.restoreAllMocks());

it.each(SIGNATURE_ATTACKS)("$kind: $name is $reason", async ({ build, reason }) => {
  const reasons: string[] = [];
  vi.spyOn(console, "warn").mockImplementation((line: string) => {
    const record = JSON.parse(line);
    if (record.event === "auth_refused") reasons.push(record.reason);
  });
  let received = 0;
  const serve = gatewayTo(
    (request) => {
      received += 1;
      return userFor(request);
    },
    { auth: { signatures: SIGNATURES }, defaults: { auth: "required" }, httpRoutes: { "/files/": { upstream: { binding: "USERS" } } } },
    { PARTNER_KEY: HMAC_SECRET },
  );
  const requests = await build();
  const statuses = [];
  for (const request of requests) statuses.push((await serve(request)).status);
  expect(statuses).toEqual([...requests.slice(1).map(() => 200), 401]);
  expect([reasons, received]).toEqual([[reason], requests.length - 1]);
});

it("has at least four attacks of each kind", () => {
  const kinds = Object.groupBy(SIGNATURE_ATTACKS, ({ kind }) => kind);
  for (const [kind, attacks] of Object.entries(kinds)) expect(attacks?.length, kind).toBeGreaterThanOrEqual(4);
  expect(Object.keys(kinds)).toHaveLength(8);
});
