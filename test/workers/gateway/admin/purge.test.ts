// CacheService through the gateway: who may purge, which purges it writes, and its errors.
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { PurgeDelta } from "../../../../core/cache/purge/purges.ts";
import { InvalidConfiguration } from "../../../../workers/gateway/configure/configuration.ts";
import { gatewayTo, json, USER } from "../../../support/gateway.ts";

const TOKEN = "a secret of the cache";
let names = 0;

function gateway(fault = false) {
  const log = env.PURGE_LOG.getByName(`purging-${names++}`);
  const append: typeof log.append = (...args) => (fault ? (Promise.reject(new Error("gone")) as never) : log.append(...args));
  const PURGE_LOG = { getByName: () => ({ since: (known: number) => log.since(known), append }) };
  const input = { purge: { tokenBinding: "CACHE_TOKEN", pollMs: 3_000 } };
  const served = gatewayTo(() => json(USER), input, { PURGE_LOG, CACHE_TOKEN: TOKEN });
  const purge = (message: object, token = TOKEN) =>
    served(
      new Request("https://gateway.example/tidegate.cache.v1.CacheService/Purge", {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify(message),
      }),
    );
  return { purge, known: () => log.since(0) as Promise<PurgeDelta> };
}

it("appends purges to the log, soft ones by default, and responds with the time until they take effect", async () => {
  const { purge, known } = gateway();
  const response = await purge({ targets: [{ tag: "user:42" }, { key: "v1|a" }, { route: "users.v1.UserService/GetUser" }] });
  const { seq, effectiveWithinMs } = (await response.json()) as { seq: string; effectiveWithinMs: number };
  expect([response.status, effectiveWithinMs]).toEqual([200, 7_000]);
  expect(await known()).toMatchObject({
    seq: Number(seq),
    purges: [
      { kind: "tag", value: "user:42", mode: "soft" },
      { kind: "key", value: "v1|a", mode: "soft" },
      { kind: "route", value: "users.v1.UserService/GetUser", mode: "soft" },
    ],
  });
  expect((await purge({ targets: [{ all: true }], hard: true })).status).toBe(200);
  expect(await known()).toMatchObject({ purges: [], softFloor: 0 });
  expect(await known()).toHaveProperty("epoch", ((await known()) as { seq: number }).seq);
});

it.each(["", "a secret of the cachf", `${TOKEN} `, "x"])("refuses the token %j", async (token) => {
  const { purge, known } = gateway();
  expect((await purge({ targets: [{ all: true }] }, token)).status).toBe(token === `${TOKEN} ` ? 200 : 401); // a header value ends without spaces
  expect((await known()).kind).toBe(token === `${TOKEN} ` ? "purged" : "same");
});

it.each([
  [{}, "1 to 100"],
  [{ targets: Array.from({ length: 101 }, () => ({ tag: "a" })) }, "1 to 100"],
  [{ targets: [{ tag: "a" }, { tag: "" }] }, "targets[1]: tag: write 1 to 256 characters"],
  [{ targets: [{ tag: "a".repeat(257) }] }, "1 to 256"],
  [{ targets: [{ key: "a".repeat(1_025) }] }, "1 to 1024"],
  [{ targets: [{ all: false }] }, "write one of key, tag, route, all: true"],
  [{ targets: [{}] }, "write one of"],
])("purges all targets or none, and says what is wrong: %j", async (message, problem) => {
  const { purge, known } = gateway();
  const response = await purge(message);
  expect([response.status, (await response.json<{ message: string }>()).message]).toEqual([400, expect.stringContaining(problem)]);
  expect((await known()).kind).toBe("same");
});

it("is unavailable if the log cannot be written", async () => {
  const response = await gateway(true).purge({ targets: [{ all: true }] });
  expect([response.status, await response.json()]).toMatchObject([
    503,
    { code: "unavailable", message: "the purge log cannot be written; nothing was purged, try again" },
  ]);
});

it("is not served without `purge` in the configuration", async () => {
  const response = await gatewayTo(() => json(USER))(
    new Request("https://gateway.example/tidegate.cache.v1.CacheService/Purge", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    }),
  );
  expect(response.status).toBe(404);
});

it.each([
  [{ purge: { tokenBinding: "NO_SUCH" } }, {}, "no secret of that name"],
  [{ purge: { tokenBinding: "CACHE_TOKEN" } }, { CACHE_TOKEN: "short" }, "a shorter secret"],
  [{ purge: { tokenBinding: "CACHE_TOKEN" } }, { CACHE_TOKEN: TOKEN, PURGE_LOG: undefined }, "PurgeLog as PURGE_LOG"],
  [{ purge: { tokenBinding: 7 } }, {}, "purge.tokenBinding"],
  [{ purge: { tokenBinding: "CACHE_TOKEN", pollMs: 1, strict: "yes", waitMs: 0 } }, { CACHE_TOKEN: TOKEN }, "purge.waitMs"],
])("reports a wrong configuration at the start: %j", (input, bindings, problem) => {
  let message = "";
  try {
    gatewayTo(() => json(USER), input as never, { PURGE_LOG: env.PURGE_LOG, ...bindings });
  } catch (error) {
    message = error instanceof InvalidConfiguration ? error.message : "another error";
  }
  expect(message).toContain(problem);
});
