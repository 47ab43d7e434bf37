// What a gateway counts of calls, attempts and policies, through the whole pipeline, against what the test knows that it has sent.
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import { type Configuration, configure } from "../../../../workers/gateway/configure/configuration.ts";
import { createGateway, type Gateway } from "../../../../workers/gateway/gateway.ts";
import { AddedReports, type MetricReading } from "../../../support/added-reports.ts";
import { enveloped, json, rest, type Upstream, unary, userFor } from "../../../support/gateway.ts";
import { catalog } from "../../../support/shipped/catalog.ts";

const SERVICE = "users.v1.UserService";
const ID = { id: "usr_01arz3ndektsv4rrffq69g5fav" };

interface Counted {
  readonly gateway: Gateway;
  readonly configuration: Configuration;
  /** Series of a metric, by their labels: the value, or the count of a histogram. Everything since the gateway began. */
  readonly read: (metric: string) => Readonly<Record<string, number>>;
  readonly reading: (metric: string) => MetricReading;
}

function counted(upstream: Upstream, input: Partial<GatewayInput> = {}, service: GatewayInput["services"][string] = {}): Counted {
  const binding = { fetch: async (url: string, init: RequestInit) => upstream(new Request(url, init)) };
  const config: GatewayInput = { services: { [SERVICE]: { upstream: { binding: "USERS" }, ...service } }, ...input };
  const bindings = { TOKEN_BUCKET: env.TOKEN_BUCKET, USERS: binding, TELEMETRY: {}, RELAY: env.RELAY };
  const configuration = configure(config, catalog, bindings);
  const added = new AddedReports();
  const reading = (metric: string): MetricReading => {
    const { isolate } = configuration.metrics!;
    const reports = isolate.reports();
    for (const report of structuredClone(reports)) added.apply(report);
    isolate.acknowledged(reports.at(-1)!.sequence);
    return added.read().find(({ definition }) => definition.name === metric)!;
  };
  const read: Counted["read"] = (metric) =>
    Object.fromEntries(reading(metric).series.map(({ labels, value, histogram }) => [labels.join(" "), histogram?.count ?? value]));
  return { gateway: createGateway(configuration), configuration, read, reading };
}

const later = async (ms: number, response: Response): Promise<Response> => {
  await scheduler.wait(ms);
  return response;
};

async function drained(response: Response | Promise<Response>): Promise<number> {
  const { status, body } = await response;
  for await (const _ of body ?? []);
  return status;
}

describe("metrics of calls", () => {
  it("count each call once: by route, protocol, method, code and reason", async () => {
    const { gateway, read } = counted((request) => userFor(request));
    for (let call = 0; call < 3; call++) await drained(gateway(unary("GetUser", ID)));
    await drained(gateway(unary("GetUser", "{", { "connect-timeout-ms": "x" })));
    await drained(gateway(unary("Nothing")));
    await drained(gateway(rest("GET", `/api/v1/users/${ID.id}`)));
    await drained(gateway(enveloped("GetUser", "application/grpc-web+proto")));
    const calls = read("tidegate_calls");
    expect(calls).toMatchObject({
      [`${SERVICE}/GetUser connect_unary POST ok `]: 3,
      [`${SERVICE}/GetUser rest GET ok `]: 1,
      [`${SERVICE}/GetUser grpc_web POST ok `]: 1,
    });
    const refused = Object.entries(calls).filter(([labels]) => !labels.endsWith(" ok "));
    expect(refused.map(([, count]) => count)).toEqual([1, 1]);
    for (const [labels] of refused) expect(labels).toMatch(/ (invalid_argument|not_found) [a-z_]+$/); // the gateway's own reason
    expect(Object.values(read("tidegate_call_duration")).reduce((sum, count) => sum + count, 0)).toBe(7);
  });

  it("measure the time at the upstream apart from the gateway's", async () => {
    const { gateway, reading } = counted((request) => later(50, userFor(request)));
    await drained(gateway(unary("GetUser", ID)));
    const secondsOf = (metric: string): number => reading(metric).series[0]!.histogram!.sum;
    const whole = secondsOf("tidegate_call_duration");
    const upstream = secondsOf("tidegate_call_upstream_duration");
    expect(upstream).toBeGreaterThanOrEqual(0.049);
    expect(secondsOf("tidegate_call_gateway_duration")).toBeCloseTo(whole - upstream, 9);
    expect(secondsOf("tidegate_attempt_duration")).toBeCloseTo(upstream, 9);
  });

  it("count attempts by endpoint and outcome, retries, and what the breakers have done", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    let calls = 0;
    const { gateway, read } = counted(
      (request) => {
        calls += 1;
        return calls === 3 ? userFor(request) : json({ code: "unavailable", message: "down" }, { status: 503 });
      },
      {},
      { breaker: { consecutive: 5, minCalls: 5 }, methods: { GetUser: { retries: { max: 3, baseMs: 1, codes: ["unavailable"] } } } },
    );
    expect(await drained(gateway(unary("GetUser", ID)))).toBe(200);
    expect(read("tidegate_attempt_duration")).toEqual({ [`${SERVICE} USERS unavailable`]: 2, [`${SERVICE} USERS responded`]: 1 });
    expect(read("tidegate_call_retries")).toEqual({ [SERVICE]: 2 });
    expect(read("tidegate_breaker_state")).toEqual({});
    for (let call = 0; call < 10; call++) await drained(gateway(unary("CreateUser", { displayName: "A", email: "a@example.com" })));
    expect(read("tidegate_breaker_state")).toEqual({ [`${SERVICE} USERS local open`]: 1 });
    expect(read("tidegate_ejections")).toEqual({ [`${SERVICE} USERS`]: 1 });
    const decisions = read("tidegate_policy_decisions");
    expect(decisions[`breaker ${SERVICE} ${SERVICE}/CreateUser refused`]).toBeGreaterThan(0);
    expect(read("tidegate_endpoints")).toEqual({ [SERVICE]: 1 });
  });

  it("count bytes of bodies, in and out", async () => {
    const body = JSON.stringify(ID);
    const text = '{"id":"x"}';
    const { gateway, read } = counted(() => new Response(text, { headers: { "content-type": "application/json" } }));
    await drained(gateway(unary("GetUser", body)));
    expect(read("tidegate_call_bytes")).toEqual({
      [`${SERVICE}/GetUser request`]: body.length,
      [`${SERVICE}/GetUser response`]: text.length,
    });
  });

  it("count a stream at its end, with its bytes, and show it as open before", async () => {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const { gateway, read } = counted((request) => {
      const body = new ReadableStream<Uint8Array>({
        start(made) {
          controller = made;
        },
      });
      return new Response(body, { headers: { "content-type": request.headers.get("content-type")! } });
    });
    const response = await gateway(enveloped("WatchUsers", "application/connect+proto"));
    const route = `${SERVICE}/WatchUsers`;
    expect(read("tidegate_streams_open")).toEqual({ "": 1, [route]: 1 });
    expect(read("tidegate_calls")).toEqual({});
    const text = response.arrayBuffer();
    controller!.enqueue(new Uint8Array([2, 0, 0, 0, 2, 0x7b, 0x7d]));
    controller!.close();
    await text;
    expect(read("tidegate_calls")).toEqual({ [`${route} connect_stream POST ok `]: 1 });
    expect(read("tidegate_call_bytes")).toMatchObject({ [`${route} response`]: 7 });
    expect(read("tidegate_streams_open")).toEqual({});
  });

  it("show calls in flight of the isolate and of the route, and attempts", async () => {
    const { gateway, read } = counted((request) => later(60, userFor(request)));
    const calls = Promise.all([1, 2, 3].map(() => drained(gateway(unary("GetUser", ID)))));
    await scheduler.wait(20);
    expect(read("tidegate_calls_in_flight")).toEqual({ "": 3, [`${SERVICE}/GetUser`]: 3 });
    expect(read("tidegate_attempts_in_flight")).toEqual({ [SERVICE]: 3 });
    await calls;
    expect(read("tidegate_calls_in_flight")).toEqual({});
  });

  it("count what of the cache has served, and show what is stored", async () => {
    const { gateway, read } = counted(
      (request) => {
        const response = userFor(request);
        response.headers.set("cache-control", "public, max-age=60");
        return response;
      },
      {},
      { cache: { ttlMs: 60_000, l2: "none" } },
    );
    const get = `https://gateway.example/${SERVICE}/GetUser?connect=v1&encoding=json&message=${encodeURIComponent(JSON.stringify(ID))}`;
    for (let call = 0; call < 4; call++) await drained(gateway(new Request(get)));
    expect(read("tidegate_cache_lookups")).toEqual({ [`${SERVICE}/GetUser miss`]: 1, [`${SERVICE}/GetUser l1`]: 3 });
    expect(read("tidegate_cache_entries")).toEqual({ "": 1 });
    expect(read("tidegate_cache_bytes")[""]).toBeGreaterThan(0);
  });

  it("measure where calls waited before they were sent", async () => {
    let calls = 0;
    const { gateway, read } = counted(
      (request) => {
        calls += 1;
        return calls === 1 ? json({ code: "unavailable", message: "down" }, { status: 503 }) : userFor(request);
      },
      {},
      { methods: { GetUser: { retries: { max: 1, baseMs: 40, codes: ["unavailable"] } } } },
    );
    read("tidegate_call_delay");
    const slowBody = new ReadableStream<Uint8Array>({
      async start(controller) {
        await scheduler.wait(30);
        controller.enqueue(new TextEncoder().encode(JSON.stringify(ID)));
        controller.close();
      },
    });
    const { url, headers } = unary("GetUser", ID);
    await drained(gateway(new Request(url, { method: "POST", headers, body: slowBody })));
    expect(read("tidegate_call_delay")).toEqual({ body: 1, retry: 1 });
  });

  it("show which keys of limits refuse, by a hash of each", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const rateLimits: GatewayInput["rateLimits"] = {
      "per-address": { capacity: 2, rate: 1, intervalMs: 600_000, mode: "local", key: "ip" },
    };
    const { gateway, configuration } = counted((request) => userFor(request), { rateLimits }, { rateLimits: ["per-address"] });
    configuration.metrics!.isolate.reports();
    configuration.metrics!.isolate.acknowledged(1);
    for (let call = 0; call < 5; call++) await drained(gateway(unary("GetUser", ID, { "cf-connecting-ip": "192.0.2.77" })));
    const [report] = configuration.metrics!.isolate.reports();
    expect(report!.hotKeys).toEqual([{ rule: "per-address", hash: expect.stringMatching(/^[0-9a-f]{16}$/), allowed: 2, refused: 3 }]);
    expect(JSON.stringify(report)).not.toContain("192.0.2");
  });

  it("show memory that is held, and its bound", async () => {
    const { read } = counted((request) => userFor(request), { overload: { memoryBytes: 33_554_432 } });
    expect(read("tidegate_buffer_bytes")).toEqual({ limit: 33_554_432 });
  });

  it("count nothing where they are off, and where no relay takes them", () => {
    const binding = { fetch: async () => new Response() };
    const config = (enabled: boolean): GatewayInput => ({
      services: { [SERVICE]: { upstream: { binding: "USERS" } } },
      metrics: { enabled },
    });
    const all = { TOKEN_BUCKET: env.TOKEN_BUCKET, USERS: binding, TELEMETRY: {}, RELAY: env.RELAY };
    expect(configure(config(true), catalog, all).metrics).toBeDefined();
    expect(configure(config(false), catalog, all).metrics).toBeUndefined();
    expect(configure(config(true), catalog, { ...all, TELEMETRY: undefined }).metrics).toBeUndefined();
    expect(configure(config(true), catalog, { ...all, RELAY: undefined }).metrics).toBeUndefined();
  });
});
