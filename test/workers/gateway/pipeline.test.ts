// The order of layers, seen from outside: what a layer near the caller spares those below it.
import { expect, it } from "vitest";
import type { GatewayInput } from "../../../core/config/gateway.ts";
import { gatewayTo, PATIENT_MS, recordingGateway, unary, userFor } from "../../support/gateway.ts";

let rules = 0;

function limitedTo(capacity: number, more: Partial<GatewayInput> = {}): Partial<GatewayInput> {
  const name = `pipeline-${rules++}`;
  const rule = { key: "all", capacity, rate: 1, intervalMs: 600_000, mode: "exact", waitMs: PATIENT_MS } as const;
  return { rateLimits: { [name]: rule }, defaults: { rateLimits: [name] }, ...more };
}

it("checks the deadline before it charges the call, and charges the call before it sends anything", async () => {
  const { gateway, seen } = recordingGateway(limitedTo(1));
  expect((await gateway(unary("GetUser", {}, { "connect-timeout-ms": "soon" }))).status).toBe(400);
  expect((await gateway(unary("GetUser"))).status).toBe(200); // the malformed call has taken no token
  expect((await gateway(unary("GetUser"))).status).toBe(429);
  expect(seen).toHaveLength(1);
});

it("counts a call that the cache serves", async () => {
  let fetches = 0;
  const count = (request: Request): Response => {
    fetches += 1;
    return userFor(request);
  };
  const cache = { ttlMs: 60_000, scope: "shared", l2: "none" } as const;
  const { rateLimits, defaults } = limitedTo(2);
  const gateway = gatewayTo(count, {
    ...(rateLimits && { rateLimits }),
    services: { "users.v1.UserService": { upstream: { binding: "USERS" }, methods: { GetUser: { ...defaults, cache } } } },
  });
  const statuses = [];
  for (let n = 0; n < 3; n++) statuses.push((await gateway(unary("GetUser", { id: "a" }))).status);
  expect([statuses, fetches]).toEqual([[200, 200, 429], 1]);
});

it("charges a call before it reads the body: one that is too large is refused for its rate", async () => {
  const { defaults, ...input } = limitedTo(1);
  const { gateway } = recordingGateway({ ...input, defaults: { ...defaults, maxBodyBytes: 100 } });
  await gateway(unary("GetUser"));
  const refused = await gateway(unary("GetUser", { id: "x".repeat(200) }));
  expect(await refused.json()).toMatchObject({ message: expect.stringContaining("rate limit") });
});
