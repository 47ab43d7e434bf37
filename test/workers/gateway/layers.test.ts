// The layers, each through the whole pipeline: what they let through, what they add, and when they refuse.
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../../core/config/gateway.ts";
import { endOfStream, enveloped, gatewayTo, json, PATIENT_MS, rest, USER, unary, userFor } from "../../support/gateway.ts";

/** A gateway whose upstream keeps the last request it saw. */
function recording(input: Partial<GatewayInput> = {}) {
  const seen: Request[] = [];
  const gateway = gatewayTo((request) => {
    seen.push(request);
    return userFor(request);
  }, input);
  return { gateway, last: () => seen.at(-1)!, seen };
}

describe("trace", () => {
  it("names a call that has no name, and tells upstream and caller", async () => {
    const { gateway, last } = recording();
    const answer = await gateway(unary("GetUser"));
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(last().headers.get("x-request-id")).toBe(answer.headers.get("x-request-id"));
    expect(last().headers.get("traceparent")).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });

  it("continues the caller's trace with a span of its own, and keeps its request id", async () => {
    const { gateway, last } = recording();
    const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const answer = await gateway(unary("GetUser", {}, { traceparent: parent, tracestate: "a=1", "x-request-id": "mine" }));
    expect(answer.headers.get("x-request-id")).toBe("mine");
    expect(last().headers.get("traceparent")).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/);
    expect(last().headers.get("tracestate")).toBe("a=1");
  });

  it("replaces a request id that is not safe in a log, and drops the state of a trace it can't read", async () => {
    const { gateway, last } = recording();
    const answer = await gateway(unary("GetUser", {}, { "x-request-id": 'a"},{"b', traceparent: "00-no", tracestate: "a=1" }));
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(last().headers.has("tracestate")).toBe(false);
  });

  it("names refusals, too", async () => {
    expect((await recording().gateway(rest("GET", "/nothing"))).headers.has("x-request-id")).toBe(true);
  });
});

describe("rescue", () => {
  it("tells nobody of a fault of ours, and logs it whole under the request id", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const gateway = gatewayTo(() => undefined as unknown as Response); // a bug
    const answer = await gateway(unary("GetUser", {}, { "x-request-id": "req-1" }));
    expect(answer.status).toBe(500);
    expect(await answer.json()).toEqual({ code: "internal", message: "internal error" });
    expect(log.mock.calls).toHaveLength(1);
    expect(JSON.parse(log.mock.calls[0]![0])).toMatchObject({
      event: "gateway_failed",
      requestId: "req-1",
      error: expect.stringContaining("TypeError"),
    });
    log.mockRestore();
  });

  it("logs nothing of what callers got wrong", async () => {
    const log = vi.spyOn(console, "error");
    const { gateway } = recording();
    await gateway(rest("POST", "/api/v1/users", "{"));
    await gateway(unary("NoSuchMethod"));
    await gateway(unary("GetUser", {}, { "connect-timeout-ms": "soon" }));
    expect(log).not.toHaveBeenCalled();
  });

  it("does not take an upstream's malformed message for a fault of ours", async () => {
    const gateway = gatewayTo(() => new Response("\xff", { headers: { "content-type": "application/proto" } }));
    const answer = await gateway(rest("GET", "/api/v1/users/x"));
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({ message: "upstream users.v1.UserService sent bytes that are not a users.v1.User" });
  });
});

describe("deadline", () => {
  const hanging = (input: Partial<GatewayInput> = {}) =>
    gatewayTo(
      (request) =>
        new Promise((_, reject) => {
          request.signal.addEventListener("abort", () => reject(request.signal.reason));
        }),
      input,
    );

  it("gives up at what the caller asked for, in the caller's protocol", async () => {
    const answer = await hanging()(unary("GetUser", {}, { "connect-timeout-ms": "30" }));
    expect(answer.status).toBe(504);
    expect(await answer.json()).toEqual({ code: "deadline_exceeded", message: "no response within 30 ms" });
    const web = await hanging()(enveloped("GetUser", "application/grpc-web", "", { "grpc-timeout": "30m" }));
    expect(web.headers.get("grpc-status")).toBe("4");
    const stream = await hanging()(enveloped("WatchUsers", "application/connect+json", "{}", { "connect-timeout-ms": "30" }));
    expect((await endOfStream(stream)).error?.code).toBe("deadline_exceeded");
  });

  it("gives up at what the route allows, whatever the caller asked for", async () => {
    const gateway = hanging({ defaults: { readTimeoutMs: 30 } });
    expect(await (await gateway(unary("GetUser", {}, { "connect-timeout-ms": "9999999999" }))).json()).toMatchObject({
      message: "no response within 30 ms",
    });
    expect((await gateway(rest("GET", "/api/v1/users/x"))).status).toBe(504);
  });

  it("passes the remaining time on, less a margin: 15 s by default", async () => {
    const { gateway, last } = recording();
    await gateway(unary("GetUser"));
    expect(Number(last().headers.get("connect-timeout-ms"))).toSatisfy((ms: number) => ms <= 14_980 && ms > 14_000);
    await gateway(unary("GetUser", {}, { "connect-timeout-ms": "1000" }));
    expect(Number(last().headers.get("connect-timeout-ms"))).toSatisfy((ms: number) => ms <= 980 && ms > 500);
    await gateway(enveloped("GetUser", "application/grpc-web", "", { "grpc-timeout": "2S" }));
    expect(last().headers.get("grpc-timeout")).toMatch(/^1\d{3}m$/);
  });

  it("gives up on a body that never ends", async () => {
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) });
    const headers = { "content-type": "application/json", "connect-timeout-ms": "30" };
    const slow = new Request("https://gateway.example/users.v1.UserService/GetUser", { method: "POST", headers, body });
    expect(await (await recording().gateway(slow)).json()).toMatchObject({ code: "deadline_exceeded" });
  });

  it("refuses a timeout it can't read", async () => {
    const { gateway, seen } = recording();
    const answer = await gateway(unary("GetUser", {}, { "connect-timeout-ms": "soon" }));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: "invalid_argument" });
    expect(seen).toHaveLength(0);
  });
});

describe("limitBody", () => {
  const small = { defaults: { maxBodyBytes: 100 } };
  const chunked = (method: string, contentType: string, bytes: Uint8Array): Request => {
    const body = new ReadableStream({
      start(controller) {
        for (let at = 0; at < bytes.length; at += 10) controller.enqueue(bytes.subarray(at, at + 10));
        controller.close();
      },
    });
    return new Request(`https://gateway.example/users.v1.UserService/${method}`, {
      method: "POST",
      headers: { "content-type": contentType },
      body,
    });
  };

  it("refuses what is larger than the route allows, told or found out, in the caller's protocol", async () => {
    const { gateway, seen } = recording(small);
    const large = { displayName: "x".repeat(200) };
    const told = await gateway(unary("CreateUser", large));
    expect(told.status).toBe(429);
    expect(await told.json()).toMatchObject({ code: "resource_exhausted", message: "request is larger than 100 bytes" });
    const found = await gateway(chunked("CreateUser", "application/json", new Uint8Array(200)));
    expect(await found.json()).toMatchObject({ code: "resource_exhausted" });
    expect((await gateway(rest("POST", "/api/v1/users", large))).status).toBe(413);
    expect((await gateway(enveloped("GetUser", "application/grpc-web", new Uint8Array(200)))).headers.get("grpc-status")).toBe("8");
    expect(seen).toHaveLength(0);
  });

  it("lets a body of unknown length through that is small enough, whole", async () => {
    const { gateway, last } = recording(small);
    await gateway(chunked("GetUser", "application/json", new TextEncoder().encode('{"id":"usr_01arz3ndektsv4rrffq69g5fav"}')));
    expect(await last().json()).toEqual({ id: "usr_01arz3ndektsv4rrffq69g5fav" });
  });
});

describe("dispatch", () => {
  it("sends the canonical path and the query as it came", async () => {
    const { gateway, last } = recording();
    await gateway(new Request("https://gateway.example/users.v1.UserService/%47etUser?connect=v1&encoding=json&message=%7B%7D"));
    expect(last().url).toBe("https://users.internal/users.v1.UserService/GetUser?connect=v1&encoding=json&message=%7B%7D");
    expect(last().method).toBe("GET");
  });
});

describe("rateLimit", () => {
  afterEach(() => void vi.restoreAllMocks());

  let fresh = 0;
  const limited = (rule: object, route: object = {}, bindings: Record<string, unknown> = {}) =>
    gatewayTo(
      () => json(USER),
      {
        principalHeader: "x-principal",
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
    ["principal", { key: "principal" }, { "x-principal": "ada" }, { "x-principal": "bob" }],
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
    expect(await call({ "x-api-key": "ip:2001:db8:0:0::/64" })).toBe(200); // nobody can name himself into another's bucket
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

    it("waits for it no longer than the rule says, 50 ms by default, and never beyond the deadline of the call", async () => {
      vi.useFakeTimers({ toFake: ["Date"] });
      const waits = vi.spyOn(globalThis, "setTimeout");
      await limited({ fail: "open", waitMs: undefined }, {}, { TOKEN_BUCKET: hang })(unary("GetUser"));
      await limited({ fail: "open", waitMs: 7 }, {}, { TOKEN_BUCKET: hang })(unary("GetUser"));
      await limited({ fail: "open", waitMs: 60_000 }, { readTimeoutMs: 20 }, { TOKEN_BUCKET: hang })(unary("GetUser"));
      expect(waits.mock.calls.map(([, ms]) => ms)).toEqual([50, 7, 20]);
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
});
