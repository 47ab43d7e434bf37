// Idempotency keys through the gateway: REST and RPC callers of one service, and the retries of the gateway itself.
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { UserService } from "../../protos/gen/users/v1/users_pb.ts";
import { defineService } from "../../workers/service.ts";
import { gatewayTo, rest, type Upstream, unary } from "../support/gateway.ts";
import { gate } from "../support/idempotency/gate.ts";

const ada = { displayName: "Ada", email: "ada@example.com" };
let keys = 0;
const freshKey = () => ({ "idempotency-key": `"gateway-${keys++}"` });

function service(createUser: () => Promise<{ id: string }> | { id: string }): Upstream {
  const host = defineService(UserService, () => ({ createUser }), { idempotency: { methods: { CreateUser: { required: true } } } });
  return (request) => host.fetch(request, env);
}

it("reach the service over REST and RPC, whose repeats agree", async () => {
  let calls = 0;
  const gateway = gatewayTo(service(() => ({ id: `usr_${++calls}` })));
  const headers = freshKey();
  const responses = [
    await gateway(rest("POST", "/api/v1/users", ada, headers)),
    await gateway(rest("POST", "/api/v1/users", ada, headers)),
    await gateway(unary("CreateUser", { user: ada }, headers)),
  ];
  expect(responses.map((response) => [response.status, response.headers.get("idempotency-replayed")])).toEqual([
    [200, null],
    [200, "true"],
    [200, "true"],
  ]);
  expect(await Promise.all(responses.map((response) => response.json()))).toMatchObject(Array(3).fill({ id: "usr_1" }));
  expect(calls).toBe(1);
});

it("with another payload are 422 over REST, and Connect's own status over RPC", async () => {
  const gateway = gatewayTo(service(() => ({ id: "usr_1" })));
  const headers = freshKey();
  await gateway(rest("POST", "/api/v1/users", ada, headers));
  const other = { ...ada, displayName: "B" };
  const response = await gateway(rest("POST", "/api/v1/users", other, headers));
  expect([response.status, await response.json()]).toMatchObject([
    422,
    { code: 9, details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "IDEMPOTENCY_KEY_REUSED", domain: "tidegate" }] },
  ]);
  const rpc = await gateway(unary("CreateUser", { user: other }, headers));
  expect([rpc.status, await rpc.json()]).toMatchObject([400, { code: "failed_precondition" }]);
});

it("of a call that still runs are 409 and `aborted`", async () => {
  const handler = gate();
  let calls = 0;
  const gateway = gatewayTo(
    service(async () => {
      calls += 1;
      await handler.passed;
      return { id: "usr_1" };
    }),
  );
  const headers = freshKey();
  const first = gateway(rest("POST", "/api/v1/users", ada, headers));
  await vi.waitFor(() => expect(calls).toBe(1), { timeout: 60_000 });
  const response = await gateway(rest("POST", "/api/v1/users", ada, headers));
  expect([response.status, response.headers.get("retry-after"), await response.json()]).toMatchObject([409, "1", { code: 10 }]);
  const rpc = await gateway(unary("CreateUser", { user: ada }, headers));
  expect([rpc.status, await rpc.json()]).toMatchObject([409, { code: "aborted" }]);
  handler.open();
  expect((await first).status).toBe(200);
  expect(calls).toBe(1);
});

it("that are missing or invalid are 400, with what to send", async () => {
  const gateway = gatewayTo(service(() => ({ id: "usr_1" })));
  const missing = await gateway(rest("POST", "/api/v1/users", ada));
  expect([missing.status, await missing.json()]).toMatchObject([
    400,
    { message: expect.stringContaining("Idempotency-Key is missing; send") },
  ]);
  const invalid = await gateway(rest("POST", "/api/v1/users", ada, { "idempotency-key": "k" }));
  expect([invalid.status, await invalid.json()]).toMatchObject([400, { message: expect.stringContaining("is not one string in quotes") }]);
});

it("let the gateway repeat a call whose response was lost: the effect happens once", async () => {
  let calls = 0;
  const host = service(() => ({ id: `usr_${++calls}` }));
  let attempts = 0;
  const upstream: Upstream = async (request) => {
    const response = await host(request);
    if (++attempts > 1) return response;
    await response.body?.cancel();
    return new Response(null, { status: 503 }); // in place of the response, which the network has lost
  };
  const retries = { max: 2, baseMs: 1, maxMs: 1 };
  const gateway = gatewayTo(upstream, { services: { "users.v1.UserService": { upstream: { binding: "USERS" }, retries } } });
  const response = await gateway(rest("POST", "/api/v1/users", ada, freshKey()));
  expect([response.status, response.headers.get("idempotency-replayed"), await response.json()]).toMatchObject([
    200,
    "true",
    { id: "usr_1" },
  ]);
  expect([attempts, calls]).toEqual([2, 1]);
});

it("of the example services are honored, too", async () => {
  const gateway = gatewayTo((request) => env.USERS.fetch(request));
  const headers = freshKey();
  const statusOf = async (user: object): Promise<number> => {
    const response = await gateway(rest("POST", "/api/v1/users", user, headers));
    await response.body?.cancel();
    return response.status;
  };
  expect([await statusOf(ada), await statusOf(ada), await statusOf({ ...ada, displayName: "B" })]).toEqual([200, 200, 422]);
});
