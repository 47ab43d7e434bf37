// Responses of an endpoint of a pool: which ones are none, and which count against it.
import { Code, type ConnectError, createClient } from "@connectrpc/connect";
import { afterEach, expect, it, vi } from "vitest";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { servicePool, transportTo } from "../../../../workers/client/transport.ts";
import { failureOf } from "../../services/support.ts";

afterEach(() => void vi.useRealTimers());

const OK = (): Response => Response.json({ id: "a" });

/** One endpoint; its first failure opens its breaker. */
function over(
  respond: (nth: number, init: RequestInit) => Response | Promise<Response>,
  retries: false | { baseMs: number } = false,
  consecutive = 1,
) {
  const seen: RequestInit[] = [];
  const target = {
    fetch: async (_: string, init: RequestInit) => {
      seen.push({ ...init, headers: new Headers(init.headers) }); // attempts share the headers
      return respond(seen.length, init);
    },
  };
  const pool = servicePool({ name: "users", endpoints: [target], breaker: { consecutive }, retries });
  return { seen, pool, client: createClient(UserService, transportTo(pool, { json: {}, readMaxBytes: 100 })) };
}

const JSON_TYPE = { "content-type": "application/json" };

it.each<[string, () => Response, Code]>([
  ["a page of a proxy", () => new Response("<html>", { headers: { "content-type": "text/html" } }), Code.Unknown],
  ["a redirect", () => new Response(null, { status: 302, headers: { location: "https://x.example" } }), Code.Unavailable],
  [
    "a body that is shorter than its length",
    () => new Response('{"id"', { headers: { ...JSON_TYPE, "content-length": "99" } }),
    Code.Unavailable,
  ],
  ["a 504 without a body", () => new Response("late", { status: 504 }), Code.DeadlineExceeded],
])("counts %s against the endpoint", async (_, response, code) => {
  const { client, pool } = over(() => response());
  const error: ConnectError = await failureOf(client.getUser({}));
  expect(error.code).toBe(code);
  expect(pool.status()).toBe("not_serving");
});

it.each<[string, () => Response, Code]>([
  ["a response that is larger than its caller wants", () => Response.json({ id: "a".repeat(1_000) }), Code.ResourceExhausted],
  ["an error about the call", () => Response.json({ code: "not_found" }, { status: 404 }), Code.NotFound],
  ["a method that it does not have", () => new Response(null, { status: 404 }), Code.Unimplemented],
])("counts %s against no endpoint", async (_, response, code) => {
  const { client, pool } = over(() => response());
  expect((await failureOf(client.getUser({}))).code).toBe(code);
  expect(pool.status()).toBe("serving");
});

it("repeats a read whose response has broken off, and sends the time that is left", async () => {
  const broken = (): Response =>
    new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("lost")) }), { headers: JSON_TYPE });
  const { seen, client } = over((nth) => (nth === 1 ? broken() : OK()), { baseMs: 1 }, 5);
  await client.getUser({}, { timeoutMs: 5_000 });
  const timeouts = seen.map(({ headers }) => Number((headers as Headers).get("connect-timeout-ms")));
  expect([timeouts.length, timeouts[0], timeouts[1]! <= 5_000, timeouts[1]! > 0]).toEqual([2, 5_000, true, true]);
});

it("lets calls wait while the endpoint is full", async () => {
  vi.setSystemTime(Date.now()); // the clock stands still: a call that has waited for long would be dropped
  const held = Promise.withResolvers<Response>();
  const target = { fetch: () => held.promise.then((response) => response.clone()) };
  const pool = servicePool({ name: "users", endpoints: [target], maxConcurrent: 1, maxQueued: 1, queueMs: 60_000 });
  const client = createClient(UserService, transportTo(pool, { json: {}, timeoutMs: Number.POSITIVE_INFINITY }));
  const [first, second] = [client.getUser({}), client.getUser({})];
  const refused = await failureOf(client.getUser({}));
  expect(refused.rawMessage).toBe("service users has no endpoint that takes more calls");
  held.resolve(OK());
  expect((await Promise.all([first, second])).map(({ id }) => id)).toEqual(["a", "a"]);
});
