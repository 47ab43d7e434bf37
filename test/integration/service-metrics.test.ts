// Metrics of a service host, through a real relay to the real Durable Object, as the gateway's `/metrics` shows them.
import { env } from "cloudflare:workers";
import { createClient } from "@connectrpc/connect";
import { expect, it, vi } from "vitest";
import { TELEMETRY_NAME } from "../../core/exchange/metrics/metrics-messages.ts";
import { snapshotOf } from "../../core/metrics/exposition/snapshot-of.ts";
import { writeText } from "../../core/metrics/exposition/text.ts";
import { UserService } from "../../protos/gen/users/v1/users_pb.ts";
import { inProcess } from "../../workers/client/transport.ts";
import { defineService } from "../../workers/service.ts";

const GET_USER = "https://users/users.v1.UserService/GetUser";

async function shown(): Promise<string> {
  const reading = await env.TELEMETRY.getByName(TELEMETRY_NAME).metrics();
  return writeText(snapshotOf(reading), "prometheus", 1_000_000).body;
}

it("shows calls over HTTP and from the same isolate some seconds later, though no further call comes", async () => {
  const service = defineService(UserService, (_env: { readonly RELAY: typeof env.RELAY }) => ({
    getUser: ({ id }) => ({ id }),
    async *watchUsers() {
      yield { revision: 1n };
    },
  }));
  await shown(); // loads the objects, which takes longer than an exchange may
  const bindings = { RELAY: env.RELAY };
  const call = (contentType: string) =>
    service.fetch(new Request(GET_USER, { method: "POST", headers: { "content-type": contentType }, body: "{}" }), bindings);
  expect([(await call("application/json")).status, (await call("text/plain")).status]).toEqual([200, 415]);
  const client = createClient(UserService, inProcess(service, bindings));
  await client.getUser({});
  for await (const _ of client.watchUsers({}));
  await expect(client.listUsers({})).rejects.toThrow();
  const lines = [
    'tidegate_service_calls_total{service="users.v1.UserService",method="GetUser",code="ok"} 2',
    'tidegate_service_calls_total{service="users.v1.UserService",method="GetUser",code="unknown"} 1',
    'tidegate_service_calls_total{service="users.v1.UserService",method="WatchUsers",code="ok"} 1',
    'tidegate_service_calls_total{service="users.v1.UserService",method="ListUsers",code="unimplemented"} 1',
    'tidegate_service_call_duration_seconds_count{service="users.v1.UserService",method="GetUser"} 3',
  ];
  await vi.waitUntil(async () => (await shown()).includes(lines[0]!), { timeout: 60_000, interval: 200 });
  const text = await shown();
  expect(lines.filter((line) => !text.includes(line))).toEqual([]);
});
