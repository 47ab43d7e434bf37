// Which calls have spans at the collector, through the running gateway.
import { afterEach, describe, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import type { TracingInput } from "../../../../core/config/tracing.ts";
import { InvalidConfiguration } from "../../../../workers/gateway/configure/configuration.ts";
import { gatewayTo, json, rest, type Upstream, unary, userFor } from "../../../support/gateway.ts";

interface Sent {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly status?: { readonly code: number; readonly message?: string };
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, string> }[];
}

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const sampled = (flags: string) => ({ traceparent: `00-${TRACE}-b7ad6b7169203331-${flags}` });
const attributesOf = (span: Sent) => Object.fromEntries(span.attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

let collectors = 0;

/** A gateway, the spans that its collector has received, and the `traceparent` that its upstream has received last. */
function traced(
  tracing: TracingInput,
  respond: Upstream = userFor,
  input: Partial<GatewayInput> = {},
  bindings: Record<string, unknown> = {},
) {
  const spans: Sent[] = [];
  collectors += 1;
  const otlpUrl = `https://collector-${collectors}.example/v1/traces`;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (target, init) => {
    const request = new Request(target, init);
    if (request.url !== otlpUrl) return new Response("{}"); // it belongs to the test before
    sent = request.headers;
    const { resourceSpans } = await request.json<{ resourceSpans: { scopeSpans: { spans: Sent[] }[] }[] }>();
    spans.push(...resourceSpans[0]!.scopeSpans[0]!.spans);
    return new Response("{}");
  });
  let sent: Headers | undefined; // with the last batch
  let forwarded: string | null = null;
  const gateway = gatewayTo(
    (request) => {
      forwarded = request.headers.get("traceparent");
      return respond(request);
    },
    { tracing: { otlpUrl, ...tracing }, ...input },
    bindings,
  );
  return { gateway, spans, forwarded: () => forwarded!, headers: () => sent };
}

afterEach(() => void vi.restoreAllMocks());

describe("a tracer", () => {
  it("sends the span of a call whose caller has sampled it: in the caller's trace, as parent of the upstream's spans", async () => {
    const { gateway, spans, forwarded } = traced({ ratio: 0 });
    const response = await gateway(unary("GetUser", {}, sampled("01")));
    await expect.poll(() => spans.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(2);
    const [own] = spans;
    const attempt = spans.at(-1); // one before it has the time until it was sent, where that is 1 ms or more
    expect(own).toMatchObject({ traceId: TRACE, parentSpanId: "b7ad6b7169203331", name: "users.v1.UserService/GetUser" });
    expect(forwarded()).toBe(`00-${TRACE}-${own!.spanId}-01`);
    expect(attributesOf(own!)).toMatchObject({
      "rpc.system.name": "connectrpc",
      "http.response.status_code": "200",
      "tidegate.request_id": response.headers.get("x-request-id"),
      "tidegate.upstream": "users.v1.UserService",
      "server.address": "USERS",
    });
    expect(attempt).toMatchObject({ traceId: TRACE, parentSpanId: own!.spanId, name: "attempt users.v1.UserService" });
  });

  it("leaves a call alone whose caller has not sampled it, and says so to the upstream", async () => {
    const { gateway, spans, forwarded } = traced({ ratio: 1 });
    await gateway(unary("GetUser", {}, sampled("00")));
    expect(forwarded()).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
    await gateway(unary("GetUser"));
    await expect.poll(() => spans.length, { timeout: 30_000 }).toBeGreaterThan(0);
    expect(spans.map(({ traceId }) => traceId)).not.toContain(TRACE);
  });

  it.each([
    [1, "01"],
    [0, "00"],
  ])("with ratio %d begins traces with flags %s", async (ratio, flags) => {
    const { gateway, forwarded } = traced({ ratio });
    await gateway(unary("GetUser"));
    expect(forwarded().slice(-2)).toBe(flags);
  });

  it("keeps calls that have failed, by the gateway's or the upstream's fault, and not those that the caller is at fault for", async () => {
    const responses = [json({ code: "internal", message: "x" }, { status: 500 }), json({ code: "not_found" }, { status: 404 })];
    const { gateway, spans } = traced({ ratio: 0 }, () => responses.shift() ?? json({ code: "unavailable" }, { status: 503 }));
    await gateway(unary("CreateUser"));
    await gateway(unary("CreateUser"));
    await gateway(unary("CreateUser"));
    await expect.poll(() => spans.length, { timeout: 30_000 }).toBe(2);
    expect(spans.map((span) => [attributesOf(span)["error.type"], span.status?.code])).toEqual([
      ["internal", 2],
      ["unavailable", 2],
    ]);
  });

  it("keeps so many failures in a minute", async () => {
    const { gateway, spans } = traced({ ratio: 0, maxKeptPerMinute: 2 }, () => json({ code: "internal" }, { status: 500 }));
    for (let call = 0; call < 5; call++) await gateway(unary("CreateUser"));
    await expect.poll(() => spans.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(2);
    expect(spans.length).toBeLessThanOrEqual(4); // where a minute has ended meanwhile
  });

  it("keeps slow calls", async () => {
    const slow: Upstream = async (request) => {
      await scheduler.wait(80);
      return userFor(request);
    };
    const { gateway, spans } = traced({ ratio: 0, slowMs: 50 }, slow);
    await gateway(unary("GetUser"));
    await expect.poll(() => spans.length, { timeout: 30_000 }).toBe(1);
  });

  it("names REST calls by their method, with the template of their path and no value of it", async () => {
    const { gateway, spans } = traced({ ratio: 0 });
    await gateway(rest("GET", "/api/v1/users/usr_01arz3ndektsv4rrffq69g5fav?secret=1", undefined, sampled("01")));
    await expect.poll(() => spans.length, { timeout: 30_000 }).toBeGreaterThan(0);
    expect(attributesOf(spans[0]!)["http.route"]).toMatch(/^\/api\/v1\/users\/\{/);
    expect(JSON.stringify(spans)).not.toContain("usr_01arz3");
    expect(JSON.stringify(spans)).not.toContain("secret");
  });

  it("sends the secret that its settings name, in the header that they name", async () => {
    const { gateway, spans, headers } = traced(
      { ratio: 1, otlpHeader: "X-Key", otlpSecretBinding: "OTLP_KEY" },
      userFor,
      {},
      { OTLP_KEY: "s3cret" },
    );
    await gateway(unary("GetUser"));
    await expect.poll(() => spans.length, { timeout: 30_000 }).toBeGreaterThan(0);
    expect([headers()!.get("x-key"), headers()!.get("authorization")]).toEqual(["s3cret", null]);
  });

  it("needs the secret that its settings name", () => {
    expect(() => traced({ otlpSecretBinding: "OTLP_NO_SUCH" })).toThrow(InvalidConfiguration);
  });
});
