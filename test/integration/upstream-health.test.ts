// Health of configured endpoints: which of them get calls, and what grpc.health.v1 reports for the service.
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import type { ServiceInput } from "../../core/config/service.ts";
import type { HashRing } from "../../durable-objects/hash-ring.ts";
import { InvalidConfiguration } from "../../workers/gateway/configure/configuration.ts";
import type { Gateway } from "../../workers/gateway/gateway.ts";
import { gatewayTo, json, unary, userFor } from "../support/gateway.ts";

afterEach(() => vi.restoreAllMocks());

const SERVICE = "users.v1.UserService";
const health = { check: "/healthz", intervalMs: 1_000, healthyAfter: 1, unhealthyAfter: 1 } as const;
const A = "https://a.example";
const B = "https://b.example";

async function statusOf(gateway: Gateway, service = SERVICE): Promise<string> {
  const request = new Request("https://gateway.example/grpc.health.v1.Health/Check", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ service }),
  });
  const body = (await (await gateway(request)).json()) as { status?: string; code?: string };
  return body.status ?? body.code ?? "";
}

function gatewayOf(service: ServiceInput, HASH_RING: unknown): Gateway {
  return gatewayTo(() => json({}), { services: { [SERVICE]: service } }, { HASH_RING });
}

it("keeps calls from a configured endpoint whose checks fail, and is not serving where all of them do", async () => {
  const ring = env.HASH_RING.getByName(`health-${crypto.randomUUID()}`) as unknown as DurableObjectStub<HashRing>;
  const down = new Set<string>();
  const calls: Record<string, number> = { [A]: 0, [B]: 0 };
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input as string, init as RequestInit);
    const { origin, pathname } = new URL(request.url);
    if (pathname === "/healthz") return new Response(null, { status: down.has(origin) ? 503 : 200 });
    calls[origin]! += 1;
    return userFor(request);
  });
  const upstream = { endpoints: [{ url: A }, { url: B }], balancer: "round_robin", health } as const;
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    const gateway = gatewayOf({ upstream }, { getByName: () => ring });
    const learned = async (isDown: readonly string[]): Promise<void> => {
      down.clear();
      for (const one of isDown) down.add(one);
      vi.setSystemTime(Date.now() + 6_000); // the list is older than a poll
      await runDurableObjectAlarm(ring);
      await gateway(unary("GetUser")); // the first call requests the list
    };
    await gateway(unary("GetUser")); // reports the endpoints to the object
    await vi.waitUntil(async () => (await ring.snapshot(-1)).kind === "changed", { timeout: 60_000 });
    expect(await statusOf(gateway)).toBe("SERVING");

    await learned([A]);
    await vi.waitUntil(
      async () => {
        const before = calls[A]!;
        for (let n = 0; n < 4; n++) await gateway(unary("GetUser"));
        return calls[A] === before;
      },
      { timeout: 60_000 },
    );
    expect(await statusOf(gateway)).toBe("SERVING");

    await learned([A, B]);
    await vi.waitUntil(async () => (await statusOf(gateway)) === "NOT_SERVING", { timeout: 60_000 });
    expect((await gateway(unary("GetUser"))).status).toBe(200); // a wrong guess must not close an upstream

    await learned([]);
    await vi.waitUntil(async () => (await statusOf(gateway)) === "SERVING", { timeout: 60_000 });
  } finally {
    vi.useRealTimers();
  }
});

it("is not serving while every endpoint is open, and unknown is what is not listed", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  let isDown = true;
  const gateway = gatewayTo((request) => (isDown ? json({ code: "unavailable" }, { status: 503 }) : userFor(request)), {
    services: { [SERVICE]: { upstream: { binding: "USERS" }, retries: false, breaker: { consecutive: 2 } } },
  });
  expect(await statusOf(gateway)).toBe("SERVING");
  for (let n = 0; n < 2; n++) await gateway(unary("GetUser"));
  expect(await statusOf(gateway)).toBe("NOT_SERVING");
  expect(await statusOf(gateway, "")).toBe("SERVING");
  expect(await statusOf(gateway, "none.v1.None")).toBe("not_found");
  isDown = false;
  await vi.waitUntil(async () => (await gateway(unary("GetUser"))).status === 200, { timeout: 60_000, interval: 200 });
  expect(await statusOf(gateway)).toBe("SERVING");
});

it("refuses health checks that nothing makes", () => {
  expect(() => gatewayOf({ upstream: { endpoints: [{ url: A }], health } }, undefined)).toThrow(InvalidConfiguration);
  expect(() => gatewayOf({ upstream: { endpoints: [{ url: A }], health } }, undefined)).toThrow(
    `services["${SERVICE}"].upstream.health: found no binding RELAY`,
  );
});
