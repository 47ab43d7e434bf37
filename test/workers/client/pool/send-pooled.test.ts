// Streams over a pool: one attempt, and whose fault it is where they break off.
import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { expect, it } from "vitest";
import { UserService, WatchUsersRequestSchema } from "../../../../protos/gen/users/v1/users_pb.ts";
import { servicePool, transportTo } from "../../../../workers/client/transport.ts";
import { failureOf } from "../../services/support.ts";

const STREAM = { headers: { "content-type": "application/connect+json" } };
const message = encodeEnvelope(0, new TextEncoder().encode('{"revision":"1"}'));
const end = encodeEnvelope(2, new TextEncoder().encode("{}"));

function over(body: () => ReadableStream<Uint8Array>) {
  const seen: RequestInit[] = [];
  const target = {
    fetch: async (_: string, init: RequestInit) => {
      seen.push(init);
      return new Response(body(), STREAM);
    },
  };
  const pool = servicePool({ name: "users", endpoints: [target], breaker: { minCalls: 2 } });
  return { seen, pool, client: createClient(UserService, transportTo(pool, { json: {} })) };
}

it("reads a stream to its end, and sends its one message from memory", async () => {
  const { seen, client, pool } = over(() => new Blob([message, message, end] as Uint8Array<ArrayBuffer>[]).stream());
  const revisions: bigint[] = [];
  for await (const { revision } of client.watchUsers(create(WatchUsersRequestSchema))) revisions.push(revision);
  expect([revisions, seen[0]!.body instanceof Uint8Array, pool.status()]).toEqual([[1n, 1n], true, "serving"]);
});

it("counts a stream that breaks off against its endpoint", async () => {
  const { client, pool } = over(() => new ReadableStream({ pull: (controller) => controller.error(new Error("lost")) }));
  for (let n = 0; n < 2; n++) await failureOf(client.watchUsers({}));
  expect(pool.status()).toBe("not_serving");
});

it("counts a stream that its reader leaves against no endpoint", async () => {
  const { client, pool } = over(() => new ReadableStream({ pull: (controller) => controller.enqueue(message) }));
  for (let n = 0; n < 3; n++) for await (const _ of client.watchUsers({})) break;
  expect(pool.status()).toBe("serving");
});
