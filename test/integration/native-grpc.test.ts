// Upstreams of native gRPC: Cloudflare's edge converts gRPC-Web for them where the fetch requests it. These tests look at the fetch itself.

import { env } from "cloudflare:workers";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ServiceInput } from "../../core/config/service.ts";
import type { UpstreamInput } from "../../core/config/upstream.ts";
import { parseRegistration } from "../../core/registry/registration.ts";
import { GetUserRequestSchema, UserSchema } from "../../protos/gen/users/v1/users_pb.ts";
import { configure } from "../../workers/gateway/configure/configuration.ts";
import { createGateway, type Gateway } from "../../workers/gateway/gateway.ts";
import { catalog } from "../../workers/services/catalog.ts";
import { ConformanceService } from "../conformance/gen/connectrpc/conformance/v1/service_pb.ts";
import { endOfStream, enveloped, rest, USER, unary } from "../support/gateway.ts";
import { withRelays } from "../support/relays.ts";

const GRPC = { url: "https://grpc.example", protocol: "grpc" } as const;
const ID = USER.id;
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const trailers = (text: string): Uint8Array => encodeEnvelope(0x80, utf8(text));
const OK = trailers("grpc-status: 0\r\n");
const ANSWER = toBinary(UserSchema, create(UserSchema, USER));

interface Sent {
  readonly url: string;
  readonly init: RequestInit & { headers: Headers };
}

afterEach(() => vi.restoreAllMocks());

/** A gateway before an edge of the test's own. */
function edge(
  respond: (sent: Sent) => Promise<Response> | Response,
  service: Partial<ServiceInput> = {},
): { gateway: Gateway; sent: Sent[] } {
  const sent: Sent[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation((async (url: string, init: Sent["init"]) => {
    sent.push({ url, init: { ...init, headers: new Headers(init.headers) } });
    return respond(sent.at(-1)!);
  }) as typeof fetch);
  const services = { "users.v1.UserService": { upstream: GRPC, ...service } };
  return { gateway: createGateway(configure({ services }, catalog, { TOKEN_BUCKET: env.TOKEN_BUCKET })), sent };
}

const grpcWeb = (parts: Uint8Array[], headers: Record<string, string> = {}) =>
  new Response(new Blob(parts), { headers: { "content-type": "application/grpc-web", ...headers } });
const user = () => grpcWeb([encodeEnvelope(0, ANSWER), OK]);
const binary = (message: Uint8Array): RequestInit => ({ method: "POST", headers: { "content-type": "application/proto" }, body: message });
const REQUEST = toBinary(GetUserRequestSchema, create(GetUserRequestSchema, { id: ID }));

describe("the fetch of a native gRPC upstream", () => {
  it.each<[string, Request]>([
    ["Connect", new Request("https://gateway.example/users.v1.UserService/GetUser", binary(REQUEST))],
    [
      "Connect GET",
      new Request(
        `https://gateway.example/users.v1.UserService/GetUser?connect=v1&encoding=proto&base64=1&message=${btoa(String.fromCharCode(...REQUEST))}`,
      ),
    ],
    ["gRPC-Web", enveloped("GetUser", "application/grpc-web+proto", REQUEST)],
    ["gRPC-Web without a suffix", enveloped("GetUser", "application/grpc-web", REQUEST)],
    ["REST", rest("GET", `/api/v1/users/${ID}`)],
  ])("has exactly these options for %s", async (_, request) => {
    const { gateway, sent } = edge(user);
    const response = await gateway(request);
    expect(response.status).toBe(200);
    const [{ url, init }] = sent as [Sent];
    const { headers, body, signal, ...options } = init;
    expect(url).toBe("https://grpc.example/users.v1.UserService/GetUser");
    expect(options).toEqual({ method: "POST", redirect: "manual", encodeResponseBody: "manual", cf: { grpcWeb: "convert" } });
    expect(signal).toBeInstanceOf(AbortSignal);
    expect(new Uint8Array(body as Uint8Array)).toEqual(encodeEnvelope(0, REQUEST));
    expect(headers.get("content-type")).toBe("application/grpc-web");
    expect(headers.get("x-grpc-web")).toBe("1");
    expect(headers.get("grpc-timeout")).toMatch(/^\d+m$/);
    for (const name of ["connect-protocol-version", "connect-timeout-ms", "te"]) expect(headers.has(name)).toBe(false);
  });

  it("converts for every endpoint of a list", async () => {
    const endpoints = [{ url: "https://a.example:443" }, { url: "https://b.example/base", weight: 3 }, { url: "https://c.example" }];
    const { gateway, sent } = edge(user, { upstream: { endpoints, protocol: "grpc", balancer: "round_robin" } });
    for (let n = 0; n < 30; n++) await gateway(rest("GET", `/api/v1/users/${ID}`));
    expect(new Set(sent.map(({ init }) => JSON.stringify(init.cf)))).toEqual(new Set(['{"grpcWeb":"convert"}']));
    expect(new Set(sent.map(({ url }) => new URL(url).hostname)).size).toBe(3);
  });

  it("does not convert for other protocols", async () => {
    for (const protocol of ["both", "grpc_web"] as const) {
      const { gateway, sent } = edge(user, { upstream: { url: "https://other.example", protocol } });
      await gateway(enveloped("GetUser", "application/grpc-web+proto", REQUEST));
      expect(sent[0]!.init.cf).toBeUndefined();
      vi.restoreAllMocks();
    }
  });
});

describe("its response", () => {
  it("is the caller's in Connect, gRPC-Web and REST", async () => {
    const { gateway } = edge(user);
    const connect = await gateway(new Request("https://gateway.example/users.v1.UserService/GetUser", binary(REQUEST)));
    expect(connect.headers.get("content-type")).toBe("application/proto");
    expect(fromBinary(UserSchema, new Uint8Array(await connect.arrayBuffer())).displayName).toBe("Ada");
    const web = await gateway(enveloped("GetUser", "application/grpc-web+proto", REQUEST));
    expect(web.headers.get("content-type")).toBe("application/grpc-web+proto"); // unchanged
    expect(new Uint8Array(await web.arrayBuffer()).slice(0, 5)).toEqual(encodeEnvelope(0, ANSWER).slice(0, 5));
    expect(await (await gateway(rest("GET", `/api/v1/users/${ID}`))).json()).toMatchObject({ displayName: "Ada" });
  });

  it("streams to each of them, errors at the end included", async () => {
    const { gateway } = edge(() =>
      grpcWeb([encodeEnvelope(0, new Uint8Array()), trailers("grpc-status: 9\r\ngrpc-message: not%20now\r\n")]),
    );
    const connect = await gateway(enveloped("WatchUsers", "application/connect+proto"));
    expect(connect.headers.get("content-type")).toBe("application/connect+proto");
    const bytes = new Uint8Array(await connect.arrayBuffer());
    expect(JSON.parse(new TextDecoder().decode(bytes.slice(10)))).toMatchObject({
      error: { code: "failed_precondition", message: "not now" },
    });
    const lines = await (await gateway(rest("GET", "/api/v1/users:watch", undefined, { accept: "application/x-ndjson" }))).text();
    expect(lines.trim().split("\n").at(-1)).toContain('"code":9');
  });

  it("that is an error in the head keeps its code, message and details", async () => {
    const details = btoa(String.fromCharCode(...utf8("\b\u0005\u0012\u0004gone"))).replace(/=+$/, "");
    const headers = { "grpc-status": "5", "grpc-message": "gone", "grpc-status-details-bin": details };
    const { gateway } = edge(() => grpcWeb([], headers));
    const response = await gateway(new Request("https://gateway.example/users.v1.UserService/GetUser", binary(REQUEST)));
    expect([response.status, await response.json()]).toMatchObject([404, { code: "not_found", message: "gone" }]);
  });

  it.each([
    ["Connect", unary("GetUser", { id: ID }), 415],
    ["Connect GET", new Request("https://gateway.example/users.v1.UserService/GetUser?connect=v1&encoding=json&message=%7B%7D"), 415],
  ])("is not there for JSON in %s, and the refusal says what is taken", async (_, request, status) => {
    const { gateway, sent } = edge(user);
    const response = await gateway(request);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      message: expect.stringContaining('application/json" is not accepted, use application/proto'),
    });
    expect(sent).toEqual([]);
  });

  it("is not there for JSON streams and gRPC-Web in JSON either", async () => {
    const { gateway, sent } = edge(user);
    const stream = await gateway(enveloped("WatchUsers", "application/connect+json", "{}"));
    expect((await endOfStream(stream)).error?.message).toContain("application/connect+proto");
    const web = await gateway(enveloped("GetUser", "application/grpc-web+json", "{}"));
    expect([web.headers.get("grpc-status"), decodeURIComponent(web.headers.get("grpc-message")!)]).toEqual([
      "2",
      expect.stringContaining("application/grpc-web+proto"),
    ]);
    expect(sent).toEqual([]);
  });
});

describe("a configuration", () => {
  const problemsOf = (upstream: UpstreamInput, more: object = {}): string => {
    try {
      configure({ services: { "users.v1.UserService": { upstream } }, ...more }, catalog, {
        TOKEN_BUCKET: env.TOKEN_BUCKET,
        USERS: { fetch },
      });
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };

  it.each<[string, UpstreamInput, string]>([
    ["http", { url: "http://grpc.example", protocol: "grpc" }, 'upstream.url: found "http://grpc.example"; write https:// and port 443'],
    ["another port", { url: "https://grpc.example:8443/x", protocol: "grpc" }, "write https:// and port 443"],
    ["another port of an address", { url: "https://[::1]:50051", protocol: "grpc" }, "write https:// and port 443"],
    ["a binding", { binding: "USERS", protocol: "grpc" }, 'upstream.binding: found "USERS"; write the https:// URL of a gRPC server'],
    [
      "one of several endpoints",
      { endpoints: [{ url: "https://a.example" }, { url: "http://b.example" }], protocol: "grpc" },
      "upstream.endpoints[1].url",
    ],
    ["a protocol that there is not", { url: "https://a.example", protocol: "grpcs" as "grpc" }, '"grpc"'],
    ["requestStreams for another protocol", { url: "https://a.example", requestStreams: "unimplemented" }, 'write protocol: "grpc"'],
  ])("is refused with the fix: %s", (_, upstream, problem) => {
    expect(problemsOf(upstream)).toContain(problem);
  });

  it("is refused for plain HTTP, and for versions that speak something else", () => {
    expect(problemsOf(GRPC, { httpRoutes: { "/x/": { upstream: GRPC } } })).toContain("plain HTTP is forwarded as it comes");
    const services = { "users.v1.UserService": { upstream: GRPC, fallback: { upstream: { url: "https://other.example" } } } };
    expect(problemsOf(GRPC, { services })).toContain("let versions and fallbacks speak grpc");
  });

  it("is refused for methods that take streams of requests, by name", () => {
    const services = { [ConformanceService.typeName]: { upstream: GRPC } };
    const load = () => configure({ discovery: false, services }, [ConformanceService], {});
    expect(load).toThrow(/upstream\.protocol: found "grpc" for ClientStream, BidiStream, which .*; write requestStreams: "unimplemented"/);
  });

  it('with requestStreams: "unimplemented" serves the other methods, and calls nobody for these', async () => {
    const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async () => grpcWeb([encodeEnvelope(0, new Uint8Array()), OK]));
    const services = { [ConformanceService.typeName]: { upstream: { ...GRPC, requestStreams: "unimplemented" } as const } };
    const gateway = createGateway(configure({ discovery: false, services }, [ConformanceService], {}));
    const call = (method: string, contentType: string, body: Uint8Array) =>
      gateway(
        new Request(`https://gateway.example/${ConformanceService.typeName}/${method}`, {
          method: "POST",
          headers: { "content-type": contentType },
          body,
        }),
      );
    const empty = encodeEnvelope(0, new Uint8Array());
    const stream = await call("BidiStream", "application/connect+proto", empty);
    expect((await endOfStream(stream)).error?.code).toBe("unimplemented");
    expect((await call("ClientStream", "application/grpc-web+proto", empty)).headers.get("grpc-status")).toBe("12");
    expect(fetched).not.toHaveBeenCalled();
    expect((await call("Unary", "application/proto", new Uint8Array())).status).toBe(200);
    expect(fetched).toHaveBeenCalledTimes(1);
  });
});

describe("an endpoint that registers itself", () => {
  it("is called with a conversion, and not at all where it registered at another kind of URL before", async () => {
    const { sent } = edge(user);
    const listed = (id: string, url: string) => ({ id, url, weight: 1, priority: 0, zone: "", isDraining: false, isHealthy: true });
    const endpoints = [listed("old", "http://old.example"), listed("new", "https://new.example")];
    const checks: unknown[] = [];
    const snapshot = (_: number, check: unknown) => {
      checks.push(check);
      return Promise.resolve({ kind: "changed", version: 1, endpoints });
    };
    const bindings = { TOKEN_BUCKET: env.TOKEN_BUCKET, HASH_RING: { getByName: () => ({ snapshot }) }, TOKEN: "a long enough secret" };
    const upstream = { registry: true, protocol: "grpc", balancer: "round_robin", health: {} } as const;
    const input = { registry: { tokenBinding: "TOKEN" }, services: { "users.v1.UserService": { upstream } } };
    const gateway = createGateway(configure(input, catalog, withRelays(bindings)));
    for (let n = 0; n < 6; n++) expect((await gateway(rest("GET", `/api/v1/users/${ID}`))).status).toBe(200);
    expect(new Set(sent.map(({ url, init }) => `${new URL(url).host} ${init.cf?.grpcWeb}`))).toEqual(new Set(["new.example convert"]));
    expect(checks[0]).toMatchObject({ kind: "native_grpc" });
  });

  const admission = {
    ...{ isLocal: false, allowPrivate: false, allowIpAddresses: false, allowHttp: true, allowPorts: [443, 50_051], ownHosts: [] },
    partsOf: (url: string) => URL.parse(url) ?? undefined,
  };
  it.each([
    ["https://a.example", true],
    ["https://a.example:443/base", true],
    ["http://a.example", false],
    ["https://a.example:50051", false],
  ])("at %s is taken for native gRPC: %s", (url, isTaken) => {
    expect("problems" in parseRegistration({ id: "a", url }, { ...admission, isNativeGrpc: true })).toBe(!isTaken);
    expect("problems" in parseRegistration({ id: "a", url }, admission)).toBe(false);
  });
});
