// What the end of a call reports, through the whole pipeline: once for each call, with its facts; streams at their end.
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../../../../core/config/gateway.ts";
import { assemble } from "../../../../../workers/gateway/assemble.ts";
import { callObserver, codeOf } from "../../../../../workers/gateway/call/end/call-end.ts";
import { attemptBegan, attemptEnded, upstreamMsAt } from "../../../../../workers/gateway/call/end/call-progress.ts";
import type { Call } from "../../../../../workers/gateway/call.ts";
import { configure } from "../../../../../workers/gateway/configure/configuration.ts";
import { createGateway, type Gateway } from "../../../../../workers/gateway/gateway.ts";
import { enveloped, json, rest, type Upstream, unary, userFor } from "../../../../support/gateway.ts";
import { withRelays } from "../../../../support/relays.ts";
import { catalog } from "../../../../support/shipped/catalog.ts";

const SERVICE = "users.v1.UserService";

afterEach(() => void vi.useRealTimers());

interface Ended {
  readonly call: Call;
  readonly status: number;
  readonly upstreamMs: number;
}

function observed(
  upstream: Upstream,
  service: GatewayInput["services"][string] = {},
): { readonly gateway: Gateway; readonly ended: Ended[] } {
  const ended: Ended[] = [];
  const binding = { fetch: (url: string, init: RequestInit) => Promise.resolve(upstream(new Request(url, init))) };
  const config: GatewayInput = { services: { [SERVICE]: { upstream: { binding: "USERS" }, ...service } } };
  const configuration = configure(config, catalog, { TOKEN_BUCKET: env.TOKEN_BUCKET, USERS: binding, ...withRelays({}) });
  const observer = callObserver([(call, status, now) => void ended.push({ call, status, upstreamMs: upstreamMsAt(call, now) })]);
  return { gateway: createGateway(configuration, assemble(configuration, observer)), ended };
}

const later = async (ms: number, response: Response): Promise<Response> => {
  await scheduler.wait(ms);
  return response;
};

describe("the end of a call", () => {
  it("is reported once, with the upstream and the time there", async () => {
    const { gateway, ended } = observed((request) => later(30, userFor(request)));
    await (await gateway(unary("GetUser", { id: "usr_01arz3ndektsv4rrffq69g5fav" }))).arrayBuffer();
    expect(ended.length).toBe(1);
    const { call, status, upstreamMs } = ended[0]!;
    expect([call.route.name, status, call.attempts, call.upstreamName, call.endpoint]).toEqual([
      `${SERVICE}/GetUser`,
      200,
      1,
      SERVICE,
      "USERS",
    ]);
    expect(upstreamMs).toBeGreaterThanOrEqual(29);
    expect(call.headMs).toBeGreaterThanOrEqual(upstreamMs);
    expect(call.sentMs).toBeGreaterThanOrEqual(0);
    expect(call.cacheLevel).toBe("");
  });

  it("is reported of refusals, with and without a route", async () => {
    const { gateway, ended } = observed((request) => userFor(request));
    await gateway(unary("GetUser", {}, { "connect-timeout-ms": "x" }));
    await gateway(unary("Unknown", {}));
    await gateway(new Request("https://gateway.example/%zz"));
    await gateway(rest("GET", "/nothing/here"));
    expect(ended.map(({ call, status }) => [call.route.name, status, call.attempts])).toEqual([
      [`${SERVICE}/GetUser`, 400, 0],
      ["", 404, 0],
      ["", 400, 0],
      ["", 404, 0],
    ]);
  });

  it("counts attempts of retries, and names the endpoint that responded", async () => {
    let calls = 0;
    const { gateway, ended } = observed(
      (request) => {
        calls += 1;
        return calls < 3 ? json({ code: "unavailable", message: "down" }, { status: 503 }) : userFor(request);
      },
      { methods: { GetUser: { retries: { max: 3, baseMs: 1, codes: ["unavailable"] } } } },
    );
    expect((await gateway(unary("GetUser", { id: "usr_01arz3ndektsv4rrffq69g5fav" }))).status).toBe(200);
    expect([ended.length, ended[0]!.call.attempts]).toEqual([1, 3]);
  });

  it("counts time at two upstreams at once as one", async () => {
    const { gateway, ended } = observed((request) => later(120, userFor(request)));
    const startedAt = Date.now();
    await gateway(unary("GetUser", { id: "usr_01arz3ndektsv4rrffq69g5fav" }));
    const { call } = ended[0]!;
    const now = call.receivedAt + 200;
    attemptBegan(call, "users", "a", now);
    attemptBegan(call, "users", "b", now + 10);
    attemptEnded(call, "users", "b", true, now + 30);
    expect(upstreamMsAt(call, now + 40)).toBe(ended[0]!.upstreamMs + 40);
    attemptEnded(call, "users", "a", false, now + 50);
    expect(upstreamMsAt(call, now + 90)).toBe(ended[0]!.upstreamMs + 50);
    expect(call.endpoint).toBe("b");
    expect(startedAt).toBeLessThanOrEqual(call.receivedAt);
  });

  it("is reported when the stream has ended, and lets go of the request before", async () => {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const { gateway, ended } = observed((request) => {
      const body = new ReadableStream<Uint8Array>({
        start(made) {
          controller = made;
        },
      });
      return new Response(body, { headers: { "content-type": request.headers.get("content-type")! } });
    });
    vi.setSystemTime(Date.now());
    const response = await gateway(enveloped("WatchUsers", "application/connect+proto"));
    const text = response.arrayBuffer();
    vi.setSystemTime(Date.now() + 1_000);
    await scheduler.wait(20);
    expect(ended).toEqual([]);
    controller!.enqueue(new Uint8Array([2, 0, 0, 0, 2, 0x7b, 0x7d]));
    controller!.close();
    await text;
    expect(ended.length).toBe(1);
    const { call, status, upstreamMs } = ended[0]!;
    expect([call.route.name, status, call.outgoing.body]).toEqual([`${SERVICE}/WatchUsers`, 200, null]);
    expect(upstreamMs).toBe(0); // until its head
  });

  it("is reported when a stream is no longer read", async () => {
    const { gateway, ended } = observed(
      (request) => new Response(new ReadableStream<Uint8Array>(), { headers: { "content-type": request.headers.get("content-type")! } }),
    );
    const response = await gateway(enveloped("WatchUsers", "application/connect+proto"));
    expect(ended).toEqual([]);
    await response.body!.cancel();
    expect(ended.length).toBe(1);
  });

  it("has the code of an error in Connect's form, of which several have the same HTTP status", async () => {
    let calls = 0;
    const { gateway, ended } = observed((request) => {
      calls += 1;
      return calls === 1 ? json({ code: "failed_precondition", message: "not yet" }, { status: 400 }) : userFor(request);
    });
    for (let call = 0; call < 2; call++) await (await gateway(unary("GetUser", { id: "usr_01arz3ndektsv4rrffq69g5fav" }))).arrayBuffer();
    expect(ended.map(({ call }) => call.code)).toEqual(["failed_precondition", "ok"]);
  });

  it("says what of the cache has served the call", async () => {
    const { gateway, ended } = observed(
      (request) => {
        const response = userFor(request);
        response.headers.set("cache-control", "public, max-age=60");
        return response;
      },
      { cache: { ttlMs: 60_000, l2: "none" } },
    );
    const get = `https://gateway.example/${SERVICE}/GetUser?connect=v1&encoding=json&message=${encodeURIComponent('{"id":"usr_01arz3ndektsv4rrffq69g5fav"}')}`;
    for (let call = 0; call < 3; call++) await (await gateway(new Request(get))).arrayBuffer();
    expect(ended.map(({ call }) => [call.cacheLevel, call.attempts])).toEqual([
      ["miss", 1],
      ["l1", 0],
      ["l1", 0],
    ]);
    expect(ended[0]!.call.upstreamName).toBe(SERVICE);
  });
});

describe("callObserver", () => {
  it("is undefined where nothing observes", () => {
    expect(callObserver([undefined, undefined])).toBeUndefined();
  });

  it("lets no observer fail a call or another observer, and logs it", async () => {
    const logged = vi.spyOn(console, "error").mockReturnValue();
    const seen: number[] = [];
    const observer = callObserver([
      () => {
        throw new Error("broken");
      },
      undefined,
      (_call, status) => void seen.push(status),
    ])!;
    const { gateway, ended } = observed((request) => userFor(request));
    await gateway(unary("GetUser", "{"));
    observer(ended[0]!.call, 418, Date.now());
    expect(seen).toEqual([418]);
    expect(String(logged.mock.calls[0])).toContain("observer_failed");
  });
});

describe("codeOf", () => {
  const callIn = (kind: string): Call => ({ protocol: { kind }, upstreamCode: "" }) as Call; // nothing else is read
  it.each([
    ["connect_unary", 200, undefined, "ok"],
    ["connect_unary", 404, undefined, "not_found"],
    ["connect_unary", 418, undefined, "invalid_argument"],
    ["rest", 304, undefined, "ok"],
    ["rest", 503, undefined, "unavailable"],
    ["rest", 599, undefined, "internal"],
    ["grpc_web", 200, "8", "resource_exhausted"],
    ["grpc_web", 200, "0", "ok"],
    ["grpc_web", 200, "99", "unknown"],
    ["grpc_web", 200, undefined, "ok"],
    ["rest", 200, "8", "ok"], // a header of some HTTP service
  ])("reads %s %i, grpc-status %s as %s", (kind, status, grpc, code) => {
    expect(codeOf(callIn(kind), new Response(null, { status, headers: grpc === undefined ? {} : { "grpc-status": grpc } }))).toBe(code);
  });
});
