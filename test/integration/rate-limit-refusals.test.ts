// Calls that a rate limit admits and refuses, in every protocol, and Durable Objects that do not respond.
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../core/config/gateway.ts";
import type { Gateway } from "../../workers/gateway/gateway.ts";
import { AUTH, bearer } from "../support/callers.ts";
import { endOfStream, enveloped, gatewayTo, json, PATIENT_MS, rest, USER, unary } from "../support/gateway.ts";

afterEach(() => void vi.restoreAllMocks());

let fresh = 0;
const limited = (rule: object, route: object = {}, bindings: Record<string, unknown> = {}) =>
  gatewayTo(
    () => json(USER),
    {
      auth: AUTH,
      rateLimits: { [`rule-${fresh++}`]: { capacity: 3, rate: 1, intervalMs: 60_000, mode: "exact", waitMs: PATIENT_MS, ...rule } },
      defaults: { rateLimits: [`rule-${fresh - 1}`], ...route },
    } as Partial<GatewayInput>,
    bindings,
  );

it("admits the burst, then answers 429 with Retry-After and the RateLimit fields", async () => {
  const gateway = limited({});
  const first = await gateway(unary("GetUser"));
  expect(first.status).toBe(200);
  expect(first.headers.get("ratelimit-policy")).toMatch(/^"rule-\d+";q=3;w=180$/);
  expect(first.headers.get("ratelimit")).toMatch(/^"rule-\d+";r=2;t=60$/);
  await gateway(unary("GetUser"));
  await gateway(unary("GetUser"));
  const refused = await gateway(unary("GetUser"));
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toSatisfy((s: number) => s > 50 && s <= 60);
  expect(refused.headers.get("ratelimit")).toMatch(/r=0;t=\d+$/);
  const { code, details } = await refused.json<{ code: string; details: { type: string; debug: { retryDelay: string } }[] }>();
  expect(code).toBe("resource_exhausted");
  expect(details[0]).toMatchObject({ type: "google.rpc.RetryInfo", debug: { retryDelay: expect.stringMatching(/^\d+(\.\d+)?s$/) } });
});

it("refuses in every protocol, and before the body is read", async () => {
  const gateway = limited({ capacity: 1 });
  await gateway(unary("GetUser"));
  expect((await gateway(enveloped("GetUser", "application/grpc-web"))).headers.get("grpc-status")).toBe("8");
  const stream = await gateway(enveloped("WatchUsers", "application/connect+json", "{}"));
  expect(stream.headers.has("retry-after")).toBe(true);
  expect((await endOfStream(stream)).error?.code).toBe("resource_exhausted");
  const answer = await gateway(rest("GET", "/api/v1/users/x"));
  expect(answer.status).toBe(429);
  expect(await answer.json()).toMatchObject({ code: 8, details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo" }] });
});

it.each([
  ["ip", { key: "ip" }, { "cf-connecting-ip": "192.0.2.1" }, { "cf-connecting-ip": "192.0.2.2" }],
  ["ip, IPv6 by /64", { key: "ip" }, { "cf-connecting-ip": "2001:db8::1" }, { "cf-connecting-ip": "2001:db8:0:1::1" }],
  ["header", { key: { header: "X-Api-Key" } }, { "x-api-key": "a" }, { "x-api-key": "b" }],
  ["principal", { key: "principal" }, await bearer("ada"), await bearer("bob")],
])("counts callers apart by %s", async (_, rule, one, other) => {
  const gateway = limited({ capacity: 1, ...rule });
  const call = async (headers: Record<string, string>) => (await gateway(unary("GetUser", {}, headers))).status;
  expect(await call(one)).toBe(200);
  expect(await call(one)).toBe(429);
  expect(await call(other)).toBe(200);
});

it("counts addresses of one IPv6 /64 together, and callers without the header by address", async () => {
  const gateway = limited({ capacity: 1, key: { header: "x-api-key" } });
  const call = async (headers: Record<string, string>) => (await gateway(unary("GetUser", {}, headers))).status;
  expect(await call({ "cf-connecting-ip": "2001:db8::1" })).toBe(200);
  expect(await call({ "cf-connecting-ip": "2001:db8::2" })).toBe(429);
  expect(await call({ "x-api-key": "ip:2001:db8:0:0::/64" })).toBe(200); // no caller can name itself into another's bucket
});

it("takes the cost of the route", async () => {
  const gateway = limited({}, { cost: 2 });
  expect((await gateway(unary("GetUser"))).headers.get("ratelimit")).toContain(";r=1;");
  expect((await gateway(unary("GetUser"))).status).toBe(429);
});

it("charges all rules of a call or none, also where their buckets live in different objects", async () => {
  const rules = Object.fromEntries(
    Array.from({ length: 6 }, (_, index) => [
      `all-${fresh}-${index}`,
      { capacity: index === 5 ? 1 : 5, rate: 1, intervalMs: 60_000, mode: "exact" as const, waitMs: PATIENT_MS },
    ]),
  );
  fresh += 1;
  const returned: Promise<unknown>[] = []; // tokens go back in the background
  const TOKEN_BUCKET = {
    getByName(name: string) {
      const bucket = env.TOKEN_BUCKET.getByName(name);
      return {
        take: (charges: never) => bucket.take(charges),
        returnTokens: (charges: never) => {
          returned.push(bucket.returnTokens(charges));
          return returned.at(-1);
        },
      };
    },
  };
  const input = { rateLimits: rules, defaults: { rateLimits: Object.keys(rules) } };
  const gateway = gatewayTo(() => json(USER), input, { TOKEN_BUCKET });
  const remaining = (answer: Response) => [...(answer.headers.get("ratelimit") ?? "").matchAll(/r=(\d+)/g)].map(([, r]) => Number(r));
  expect(remaining(await gateway(unary("GetUser")))).toEqual([4, 4, 4, 4, 4, 0]);
  for (let call = 0; call < 10; call++) expect((await gateway(unary("GetUser"))).status).toBe(429);
  const others = gatewayTo(() => json(USER), { rateLimits: rules, defaults: { rateLimits: Object.keys(rules).slice(0, 5) } });
  await Promise.all(returned);
  expect(remaining(await others(unary("GetUser")))).toEqual([3, 3, 3, 3, 3]);
});

describe("with the object out of reach", () => {
  const hang = { getByName: () => ({ take: () => new Promise(() => undefined), returnTokens: () => Promise.resolve() }) };
  const gone = {
    getByName: () => {
      throw new Error("too many objects");
    },
  };
  const broken = { getByName: () => ({ take: () => Promise.reject(new Error("overloaded")), returnTokens: () => Promise.resolve() }) };

  it.each([
    ["hangs", hang],
    ["fails", broken],
    ["can't be named", gone],
  ])("lets calls pass under a rule that fails open: it %s", async (_, buckets) => {
    const answer = await limited({ fail: "open", waitMs: 50 }, {}, { TOKEN_BUCKET: buckets })(unary("GetUser"));
    expect(answer.status).toBe(200);
    expect(answer.headers.has("ratelimit")).toBe(false);
  });

  it.each([
    ["hangs", hang],
    ["fails", broken],
  ])("refuses them under a rule that fails closed: it %s", async (_, buckets) => {
    const answer = await limited({ fail: "closed", waitMs: 50 }, {}, { TOKEN_BUCKET: buckets })(unary("GetUser"));
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(await answer.json()).toMatchObject({ code: "unavailable" });
  });

  it("waits for it no longer than the rule says, 1 s by default, and never beyond the deadline of the call", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const waits = vi.spyOn(globalThis, "setTimeout");
    const query = "connect=v1&encoding=json&message=%7B%7D";
    const withoutBody = () => new Request(`https://gateway.example/users.v1.UserService/GetUser?${query}`); // nothing else is waited for
    await limited({ fail: "open", waitMs: undefined }, {}, { TOKEN_BUCKET: hang })(withoutBody());
    await limited({ fail: "open", waitMs: 7 }, {}, { TOKEN_BUCKET: hang })(withoutBody());
    await limited({ fail: "open", waitMs: 60_000 }, { readTimeoutMs: 20 }, { TOKEN_BUCKET: hang })(withoutBody());
    expect(waits.mock.calls.map(([, ms]) => ms)).toEqual([1_000, 7, 20]);
    vi.useRealTimers();
    waits.mockRestore();
  });
});

it("is one message to one object for each call", async () => {
  let calls = 0;
  const counting = {
    getByName: (name: string) => ({
      take: (charges: never) => {
        calls += 1;
        return env.TOKEN_BUCKET.getByName(name).take(charges);
      },
    }),
  };
  const gateway = limited({ capacity: 100 }, {}, { TOKEN_BUCKET: counting });
  for (let call = 0; call < 20; call++) await gateway(unary("GetUser"));
  expect(calls).toBe(20);
});

describe("keys that callers make up", () => {
  const attack = async (gateway: Gateway, count: number, address: string, header = "x-app") => {
    const statuses: number[] = [];
    for (let call = 0; call < count; call++)
      statuses.push((await gateway(unary("GetUser", {}, { [header]: `made-up-${call}`, "cf-connecting-ip": address }))).status);
    return statuses.filter((status) => status === 200).length;
  };

  it.each(["local", "exact"])("get an address no more than twenty callers may use up: %s", async (mode) => {
    const gateway = limited({ mode, key: { header: "x-app" }, perAddress: 20 });
    expect(await attack(gateway, 100, "192.0.2.1")).toBe(60);
    const refused = await gateway(unary("GetUser", {}, { "x-app": "another", "cf-connecting-ip": "192.0.2.1" }));
    expect([refused.status, refused.headers.get("ratelimit")]).toEqual([429, expect.stringMatching(/^"rule-\d+\.address";r=0;t=\d+$/)]);
    expect(await attack(gateway, 10, "192.0.2.2")).toBe(10);
  });

  it("get one as much as they want where the configuration says so, and from a Worker of the operator's own", async () => {
    const off = limited({ mode: "local", key: { header: "x-app" }, perAddress: "off" });
    expect(await attack(off, 70, "192.0.2.1")).toBe(70);
    const bound = limited({ mode: "local", key: { header: "x-app" }, perAddress: 1 });
    for (let call = 0; call < 10; call++) expect((await bound(unary("GetUser", {}, { "x-app": `tenant-${call}` }))).status).toBe(200);
  });

  it("cost the address nothing while the rule itself refuses", async () => {
    const gateway = limited({ mode: "local", key: { header: "x-app" }, perAddress: 2 });
    const call = async (app: string) => {
      const response = await gateway(unary("GetUser", {}, { "x-app": app, "cf-connecting-ip": "192.0.2.1" }));
      return [response.status, response.headers.get("ratelimit-policy")?.replace(/\d+"/, '1"')];
    };
    for (let calls = 0; calls < 3; calls++) expect(await call("one")).toEqual([200, '"rule-1";q=3;w=180']);
    for (let calls = 0; calls < 20; calls++) expect((await call("one"))[0]).toBe(429);
    for (let calls = 0; calls < 3; calls++) expect((await call("two"))[0]).toBe(200);
    expect((await call("three"))[0]).toBe(429);
  });
});
