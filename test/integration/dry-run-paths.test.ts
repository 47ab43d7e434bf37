// Policies that only report, on the paths that other calls take: streams, stored responses, further messages, and limiters that fail.
import { env } from "cloudflare:workers";
import { encodeEnvelope, encodeEnvelopes } from "@connectrpc/connect/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Enforcement } from "../../core/config/enforcement.ts";
import type { GatewayInput } from "../../core/config/gateway.ts";
import type { RouteInput } from "../../core/config/route.ts";
import { isEnforcedFor } from "../../core/enforcement/enforcement.ts";
import { celExpressions } from "../../workers/gateway/auth/expression/cel.ts";
import { policyCounters } from "../../workers/gateway/call/enforcer.ts";
import { configure } from "../../workers/gateway/configure/configuration.ts";
import { protovalidate } from "../../workers/gateway/configure/protovalidate.ts";
import { createGateway } from "../../workers/gateway/gateway.ts";
import { AUTH } from "../support/callers.ts";
import { enveloped, gatewayTo, rest, unary, userFor } from "../support/gateway.ts";
import notes from "../support/notes/notes.descriptors.ts";
import { withRelays } from "../support/relays.ts";
import { catalog } from "../support/shipped/catalog.ts";
import uploads from "../support/uploads/uploads.descriptors.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const SERVICE = "users.v1.UserService";
const PARTLY: Enforcement = { mode: "enforce", percent: 50 };
const ADDRESSES = Array.from({ length: 32 }, (_, n) => `198.51.100.${n + 1}`);
const ENFORCED = ADDRESSES.find((address) => isEnforcedFor(PARTLY, address))!;
const REPORTED = ADDRESSES.find((address) => !isEnforcedFor(PARTLY, address))!;
const from = (address: string) => ({ "cf-connecting-ip": address });

/** Policies that object to every call. */
const OBJECTING: Readonly<
  Record<string, (enforcement: Enforcement) => { readonly route: RouteInput; readonly input?: Partial<GatewayInput> }>
> = {
  addresses: (enforcement) => ({ route: { addresses: { deny: ["198.51.100.0/24"], ...enforcement } } }),
  auth: (enforcement) => ({ route: { auth: { callers: "required", ...enforcement } } }),
  allow: (enforcement) => ({ route: { allow: { expression: "false", ...enforcement } } }),
  rate_limit: (enforcement) => ({
    route: { rateLimits: ["few"], cost: 2, auth: "off" },
    input: { rateLimits: { few: { mode: "local", capacity: 2, rate: 1, intervalMs: 86_400_000, enforcement } } },
  }),
};

/** Takes the tokens of both callers first, where there are some. */
const USED_UP = new Set(["rate_limit"]);

function countOf(policy: string, outcome: string): number {
  return [...policyCounters.read()]
    .filter((row) => row.policy === policy && row.outcome === outcome)
    .reduce((sum, { count }) => sum + count, 0);
}

describe.each(Object.keys(OBJECTING))("%s", (policy) => {
  const { route, input = {} } = OBJECTING[policy]!(PARTLY);

  it("reports on a stream, which goes on to its end", async () => {
    const messages = encodeEnvelopes({ flags: 0, data: new Uint8Array([1]) }, { flags: 2, data: new TextEncoder().encode("{}") });
    const gateway = gatewayTo(
      () =>
        new Response(new Blob([messages as Uint8Array<ArrayBuffer>]).stream(), {
          headers: { "content-type": "application/connect+proto" },
        }),
      { auth: AUTH, defaults: route, ...input },
      {},
      celExpressions(),
    );
    const watch = async (address: string) => {
      const response = await gateway(enveloped("WatchUsers", "application/connect+proto", "", from(address)));
      return new Uint8Array(await response.arrayBuffer());
    };
    if (USED_UP.has(policy)) for (const address of [ENFORCED, REPORTED]) await watch(address);
    const before = [countOf(policy, "would_refuse"), countOf(policy, "refused")];
    expect(await watch(REPORTED)).toEqual(messages);
    expect([countOf(policy, "would_refuse"), countOf(policy, "refused")]).toEqual([before[0]! + 1, before[1]]);
    const refused = await watch(ENFORCED);
    expect([refused[0], new TextDecoder().decode(refused)]).toEqual([2, expect.stringContaining('"error"')]);
    expect([countOf(policy, "would_refuse"), countOf(policy, "refused")]).toEqual([before[0]! + 1, before[1]! + 1]);
  });

  it.each([
    ["a method", (address: string) => unaryGet(address), { methods: { GetUser: { cache: { ttlMs: 60_000, l2: "none" as const } } } }],
    ["plain HTTP", (address: string) => rest("GET", "/files/a", undefined, from(address)), {}],
  ])("is decided for stored responses of %s, too", async (_, request, service) => {
    let fetched = 0;
    const gateway = gatewayTo(
      (forwarded) => {
        fetched += 1;
        return userFor(forwarded);
      },
      {
        auth: AUTH,
        defaults: route,
        services: { [SERVICE]: { upstream: { binding: "USERS" }, ...service } },
        httpRoutes: { "/files/": { upstream: { binding: "USERS" }, cache: { ttlMs: 60_000, l2: "none", scope: "shared" } } },
        ...input,
      },
      {},
      celExpressions(),
    );
    if (USED_UP.has(policy)) for (const address of [ENFORCED, REPORTED]) await gateway(request(address));
    const before = countOf(policy, "would_refuse");
    const statuses = [];
    for (const address of [REPORTED, REPORTED, ENFORCED, REPORTED]) {
      const response = await gateway(request(address));
      await response.arrayBuffer();
      statuses.push(response.status);
    }
    expect([statuses.map((status) => status === 200), fetched]).toEqual([[true, true, false, true], 1]);
    expect(countOf(policy, "would_refuse")).toBe(before + 3);
  });
});

function unaryGet(address: string): Request {
  const query = new URLSearchParams({ connect: "v1", encoding: "json", message: JSON.stringify({ id: "a" }) });
  return new Request(`https://gateway.example/${SERVICE}/GetUser?${query}`, { headers: from(address) });
}

it("validates calls for stored responses where some callers are only reported: what one of them got is not for the others", async () => {
  const added = new Uint8Array([10, 2, 110, 49]); // id: "n1"
  const NOTES = { fetch: async () => new Response(added, { headers: { "content-type": "application/proto" } }) };
  const methods = { FindNote: { validate: PARTLY, cache: { ttlMs: 60_000, l2: "none" as const } } };
  const input = { descriptors: [notes], services: { "notes.v1.NoteService": { upstream: { binding: "NOTES" }, methods } } };
  const gateway = createGateway(configure(input, [], { ...withRelays({}), NOTES }, { validator: protovalidate() }));
  const message = JSON.stringify({ title: "a title that is too long" });
  const query = new URLSearchParams({ connect: "v1", encoding: "json", message });
  const get = (address: string) =>
    gateway(new Request(`https://gateway.example/notes.v1.NoteService/FindNote?${query}`, { headers: from(address) }));
  const [first, hit, refused] = [await get(REPORTED), await get(REPORTED), await get(ENFORCED)];
  expect([first, hit, refused].map(({ status }) => status)).toEqual([200, 200, 400]);
  expect(hit.headers.get("cache-status")).toContain("hit");
});

it("reports further messages of a stream in the same steps in which they would be charged", async () => {
  let received = 0;
  const UPLOADS = {
    async fetch(url: string, init: RequestInit) {
      const bytes = new Uint8Array(await new Request(url, init).arrayBuffer());
      for (let at = 0; at < bytes.length; received++) at += 5 + new DataView(bytes.buffer).getUint32(at + 1);
      const end = encodeEnvelope(2, new TextEncoder().encode("{}"));
      const body = new Blob([encodeEnvelope(0, new TextEncoder().encode("{}")), end]).stream();
      return new Response(body, { headers: { "content-type": "application/connect+json" } });
    },
  };
  const limit = { key: "all", mode: "local", capacity: 10, rate: 1, intervalMs: 86_400_000, enforcement: "report" } as const;
  const service = { upstream: { binding: "UPLOADS" }, rateLimits: ["messages"], messageCost: 1 };
  const config = {
    descriptors: [uploads],
    rateLimits: { messages: limit },
    services: { "uploads.v1.UploadService": service },
    discovery: false,
  };
  const gateway = createGateway(configure(config as never, catalog, { UPLOADS, TOKEN_BUCKET: env.TOKEN_BUCKET }));
  const item = { flags: 0, data: new TextEncoder().encode('{"name":"x"}') };
  const before = countOf("rate_limit", "would_refuse");
  const response = await gateway(
    new Request("https://gateway.example/uploads.v1.UploadService/Import", {
      method: "POST",
      headers: { "content-type": "application/connect+json" },
      body: encodeEnvelopes(...Array.from({ length: 40 }, () => item)) as Uint8Array<ArrayBuffer>,
    }),
  );
  expect(await response.text()).not.toContain("error");
  expect(received).toBe(40);
  // The call takes one token, its further 39 messages 39: steps of 10, 10, 10 and 9 of a bucket that has 9.
  await vi.waitUntil(() => countOf("rate_limit", "would_refuse") - before >= 3, { timeout: 30_000 });
});

describe("a limiter that fails while it only reports", () => {
  const never = (): Promise<never> => new Promise(() => undefined);
  it.each([
    ["rejects", () => Promise.reject(new Error("gone"))],
    ["never responds", never],
    [
      "throws",
      () => {
        throw new Error("no binding");
      },
    ],
  ])("does not affect the call: it %s", async (_, fail) => {
    const stub = { take: fail, grantLeases: fail, returnTokens: fail, overdraw: fail };
    const rateLimits = Object.fromEntries(
      (["exact", "leased"] as const).map((mode) => [
        `failing-${mode}`,
        { mode, capacity: 5, rate: 1, fail: "closed" as const, waitMs: 50, enforcement: "report" as const },
      ]),
    );
    const gateway = gatewayTo(
      userFor,
      { rateLimits, defaults: { rateLimits: Object.keys(rateLimits) }, httpRoutes: { "/files/": { upstream: { binding: "USERS" } } } },
      { TOKEN_BUCKET: { getByName: () => stub } },
    );
    const before = countOf("rate_limit", "would_refuse");
    expect((await gateway(unary("GetUser"))).status).toBe(200);
    expect((await gateway(rest("GET", "/files/a"))).status).toBe(200);
    await vi.waitUntil(() => countOf("rate_limit", "would_refuse") - before >= 4, { timeout: 30_000 });
  });
});
