// Services whose protos the operator does not own: rules that cannot be served, and settings that replace options of the protos.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { base64Decode, base64Encode } from "@bufbuild/protobuf/wire";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../core/config/gateway.ts";
import type { MethodInput, ServiceInput } from "../../core/config/service.ts";
import { configure, InvalidConfiguration } from "../../workers/gateway/configure/configuration.ts";
import { parseDescriptors } from "../../workers/gateway/configure/descriptors/descriptors.ts";
import { createGateway } from "../../workers/gateway/gateway.ts";
import descriptors from "../support/foreign/foreign.descriptors.ts";

const TOPICS = "foreign.v1.Topics";
const BROKEN = "foreign.v1.Broken";
const { services } = parseDescriptors([descriptors], []);
const topics = services.find(({ typeName }) => typeName === TOPICS)!;

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly message: unknown;
}

const off = { breaker: { mode: "off" }, throttle: { mode: "off" }, retries: { baseMs: 1 } } as const;

function configured(input: Partial<GatewayInput>, fetch: (url: string, init: RequestInit) => Promise<Response> = () => Promise.reject()) {
  const config: GatewayInput = {
    descriptors: [descriptors],
    services: { [TOPICS]: { upstream: { binding: "FOREIGN" }, ...off } },
    metrics: { enabled: false }, // without a binding for them there would be one more warning
    ...input,
  };
  return configure(config, [], { FOREIGN: { fetch } });
}

/** A gateway whose upstream takes POST alone, as a server does whose protos say nothing of idempotency. */
function gatewayOver(service: Partial<ServiceInput>, input: Partial<GatewayInput> = {}, respond: (attempt: number) => number = () => 200) {
  const seen: Seen[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const request = new Request(url, init);
    const { pathname } = new URL(url);
    const method = topics.methods.find(({ name }) => pathname.endsWith(`/${name}`));
    const bytes = new Uint8Array(await request.arrayBuffer());
    const isJson = request.headers.get("content-type") === "application/json";
    const message = isJson ? JSON.parse(new TextDecoder().decode(bytes)) : method && fromBinary(method.input, bytes);
    seen.push({ method: request.method, path: pathname, message });
    if (request.method !== "POST") return new Response(null, { status: 405 });
    const status = respond(seen.length);
    if (status !== 200) return Response.json({ code: "unavailable", message: "down" }, { status });
    const body = isJson ? "{}" : toBinary(method!.output, create(method!.output));
    return new Response(body as BodyInit, { headers: { "content-type": isJson ? "application/json" : "application/proto" } });
  };
  const all = { [TOPICS]: { upstream: { binding: "FOREIGN" }, ...off, ...service } };
  return { seen, gateway: createGateway(configured({ services: all, ...input }, fetch)) };
}

function problemsOf(input: Partial<GatewayInput>): readonly string[] {
  try {
    configured(input);
    return [];
  } catch (error) {
    if (error instanceof InvalidConfiguration) return error.problems.map(({ path, found, fix }) => `${path}: found ${found}; ${fix}`);
    throw error;
  }
}

const get = (path: string) => new Request(`https://gateway.example${path}`);
const withMethods = (methods: Record<string, MethodInput>) => ({ [TOPICS]: { upstream: { binding: "FOREIGN" }, ...off, methods } });

afterEach(() => vi.restoreAllMocks());

const BAD: readonly (readonly [method: string, rule: string, reason: RegExp])[] = [
  ["Fine", "GET /foreign/v1/fine/{nope}/more", /no field "nope"/],
  ["Fine", "", /additional_bindings within additional_bindings/],
  ["NoSlash", "GET foreign/v1/no-slash", /column 1/],
  ["OpenBrace", "GET /foreign/v1/{topic", /column/],
  ["Deep", "GET /foreign/v1/**/deep", /after "\*\*"/],
  ["UnknownField", "GET /foreign/v1/unknown/{topic.name}", /path variable/],
  ["RepeatedField", "GET /foreign/v1/repeated/{labels}", /is a map/],
  ["MissingBody", "POST /foreign/v1/missing-body", /body "payload"/],
  ["MissingResponseBody", "GET /foreign/v1/missing-response-body", /response_body "payload"/],
  ["BodyOfGet", "GET /foreign/v1/body-of-get", /a body with GET/],
  ["StreamWithoutBody", "GET /foreign/v1/stream-without-body", /a stream of requests without a body/],
  ["LowerCaseKind", "purge /foreign/v1/lower-case", /kind "purge"/],
  ["Trace", "TRACE /foreign/v1/trace", /kind "TRACE"/],
  ["NoPattern", "", /without a pattern/],
  ["SamePaths", "GET /foreign/v1/{topic=projects/*/topics/*}", /the same paths as foreign\.v1\.Topics\.GetTopic/],
  ["OwnPath", "GET /healthz", /the gateway responds there itself/],
  ["ReadRaw", "GET /foreign/v1/raw/{body.content_type}", /"body" is a repeated field/],
];

const BOTH = { [TOPICS]: { upstream: { binding: "FOREIGN" } }, [BROKEN]: { upstream: { binding: "FOREIGN" } } };

describe("a rule that is illegal or cannot be served", () => {
  const { warnings, rest } = configured({ services: BOTH });

  it.each(BAD)("is skipped: %s %s", (method, rule, reason) => {
    const own = warnings.filter((line) => line.includes(`${BROKEN}.${method}`) && line.includes(rule) && reason.test(line));
    expect(own, warnings.join("\n")).toHaveLength(1);
    expect(own[0]).toMatch(/^HTTP rule skipped: .*: found .*; .*http: \[/);
  });

  it("is all that is skipped", () => {
    expect(warnings).toHaveLength(BAD.length);
    const served = rest.routes.filter((route) => route.method.parent.typeName === BROKEN).map(({ template }) => template.text);
    expect(served).toEqual(["/foreign/v1/fine/{topic}", "/foreign/v1/also-fine/{topic}"]);
  });

  it("leaves the first listed service its paths, whichever that is", () => {
    const turned = configured({ services: { [BROKEN]: BOTH[BROKEN]!, [TOPICS]: BOTH[TOPICS]! } });
    const match = turned.rest.match("GET", "/foreign/v1/projects/a/topics/b");
    expect(match.kind === "found" && match.route.method.name).toBe("SamePaths");
  });

  it('is refused under onUnsupportedRule: "refuse", all of them at once, with the fix', () => {
    const problems = problemsOf({ services: BOTH, rest: { onUnsupportedRule: "refuse" } });
    expect(problems).toHaveLength(BAD.length);
    for (const problem of problems) expect(problem).toMatch(/http: \[\.\.\.\].*onUnsupportedRule: "skip"/);
  });

  it("takes nothing down: the other service is served, and the method by its name", async () => {
    const { gateway, seen } = gatewayOver({}, { services: { ...BOTH, [TOPICS]: { ...BOTH[TOPICS]!, ...off } } });
    expect((await gateway(get("/foreign/v1/projects/a/topics/b"))).status).toBe(200);
    expect((await gateway(get("/foreign/v1/body-of-get"))).status).toBe(404);
    expect(seen.map(({ path }) => path)).toEqual([`/${TOPICS}/GetTopic`]);
  });

  it("names the two values of the option", () => {
    expect(problemsOf({ rest: { onUnsupportedRule: "ignore" as never } })).toEqual([
      'rest.onUnsupportedRule: found "ignore"; write "refuse" or "skip"',
    ]);
  });
});

describe("http in gateway.config.ts", () => {
  it("replaces the rules of the proto, whole", async () => {
    const http = [{ get: "/topics/{topic=**}" }, { post: "/topics:read", body: "*" }];
    const { gateway, seen } = gatewayOver({ methods: { GetTopic: { http } } });
    expect((await gateway(get("/topics/a/b"))).status).toBe(200);
    const posted = new Request("https://gateway.example/topics:read", {
      method: "POST",
      body: '{"topic":"c"}',
      headers: { "content-type": "application/json" },
    });
    expect((await gateway(posted)).status).toBe(200);
    expect((await gateway(get("/foreign/v1/projects/a/topics/b"))).status).toBe(405); // the PUT of CreateTopic has the same path
    expect(seen.map(({ message }) => message)).toEqual([
      expect.objectContaining({ topic: "a/b" }),
      expect.objectContaining({ topic: "c" }),
    ]);
  });

  it("gives rules to a method that has none, and takes them from one that has", async () => {
    const { gateway } = gatewayOver({
      methods: { CountTopics: { http: [{ get: "/count/{project}" }] }, GetTopic: { http: [] } },
    });
    expect((await gateway(get("/count/a"))).status).toBe(200);
    expect((await gateway(get("/foreign/v1/projects/a/topics/b"))).status).toBe(405); // the PUT of CreateTopic has the same path
  });

  it("comes before rules of protos that claim the same paths", () => {
    const { rest, warnings } = configured({
      services: withMethods({ CountTopics: { http: [{ get: "/foreign/v1/{project=projects/*/topics/*}" }] } }),
    });
    const match = rest.match("GET", "/foreign/v1/projects/a/topics/b");
    expect(match.kind === "found" && match.route.method.name).toBe("CountTopics");
    expect(warnings).toEqual([expect.stringContaining("foreign.v1.Topics.GetTopic")]);
  });

  it.each([
    [[{ get: "no-slash" }], /http\[0\]: found .*column 1/],
    [[{ get: "/{nope}" }], /http\[0\]: found path variable: foreign\.v1\.GetTopicRequest has no field "nope"/],
    [[{ get: "/a", post: "/b" }], /http\[0\]: found "get and post"; write one rule for each/],
    [[{ body: "*" }], /http\[0\]: found \{"body":"\*"\}; say for which HTTP method/],
    [[{ gett: "/a" }], /http\[0\]\.gett: found "\/a"; remove it, or write "get"/],
    [[{ get: 1 }], /http\[0\]\.get: found 1; write text/],
    [[{ custom: { kind: "PURGE" } }], /http\[0\]\.custom\.path: found nothing/],
    [[{ post: "/a", body: "nope" }], /http\[0\]: found body "nope"/],
    [[null], /http\[0\]: found null; write a rule/],
    [{ get: "/a" }, /http: found \{"get":"\/a"\}; write a list of rules/],
    [[{ get: "/a/{topic}" }, { get: "/a/{topic}" }], /http\[1\]: found the same paths as/],
  ])("is refused whatever rest.onUnsupportedRule says: %j", (http, expected) => {
    const problems = problemsOf({ services: withMethods({ GetTopic: { http: http as never } }) });
    expect(problems.join("\n")).toMatch(expected);
    expect(problems[0]).toMatch(/^services\["foreign\.v1\.Topics"\]\.methods\.GetTopic\.http/);
  });
});

describe("idempotency in gateway.config.ts", () => {
  const connectGet = get(`/${TOPICS}/CountTopics?encoding=json&message=${encodeURIComponent('{"project":"a"}')}&connect=v1`);

  it("lets a method be called by Connect GET, by POST at an upstream that takes no GET", async () => {
    const { gateway, seen } = gatewayOver({ methods: { CountTopics: { idempotency: "no_side_effects" } } });
    expect((await gateway(connectGet.clone())).status).toBe(200);
    expect(seen).toEqual([{ method: "POST", path: `/${TOPICS}/CountTopics`, message: { project: "a" } }]);
    const bad = await gateway(get(`/${TOPICS}/CountTopics?encoding=xml&message=x`));
    expect([bad.status, await bad.json()]).toMatchObject([400, { code: "invalid_argument" }]);
    const without = gatewayOver({});
    expect((await without.gateway(connectGet.clone())).status).toBe(405);
  });

  it("lets a method be cached: a second call does not reach the upstream", async () => {
    const cache = { ttlMs: 60_000, l2: "none" } as const;
    const { gateway, seen } = gatewayOver({ methods: { CountTopics: { idempotency: "no_side_effects", cache } } });
    for (const _ of [1, 2]) expect(await (await gateway(connectGet.clone())).json()).toEqual({});
    expect(seen).toHaveLength(1);
    expect(problemsOf({ services: withMethods({ CountTopics: { cache } }) })).toEqual([
      expect.stringContaining('idempotency: "no_side_effects"'),
    ]);
  });

  it.each(["no_side_effects", "idempotent"] as const)("lets a call be repeated: %s", async (idempotency) => {
    const call = () =>
      new Request(`https://gateway.example/${TOPICS}/CountTopics`, {
        method: "POST",
        body: "{}",
        headers: { "content-type": "application/json" },
      });
    const down = (attempt: number) => (attempt === 1 ? 503 : 200);
    const { gateway, seen } = gatewayOver({ methods: { CountTopics: { idempotency } } }, {}, down);
    expect((await gateway(call())).status).toBe(200);
    expect(seen).toHaveLength(2);
    const without = gatewayOver({}, {}, down);
    expect((await without.gateway(call())).status).toBe(503);
    expect(without.seen).toHaveLength(1);
  });

  it("lets a method be hedged, and refuses hedging that would do nothing", () => {
    expect(problemsOf({ services: withMethods({ CountTopics: { idempotency: "no_side_effects", hedging: {} } }) })).toEqual([]);
    expect(problemsOf({ services: withMethods({ CountTopics: { hedging: {} } }) })).toEqual([
      'services["foreign.v1.Topics"].methods.CountTopics.hedging: found hedging for CountTopics, which may change something; remove it, or set ' +
        'idempotency: "no_side_effects" for the method here, or option idempotency_level = NO_SIDE_EFFECTS in its proto',
    ]);
  });

  it.each([
    [
      { CountTopics: { idempotency: "safe" } },
      /CountTopics\.idempotency: found "safe"; write "no_side_effects" or "idempotent" or "unknown"/,
    ],
    [{ CountTopics: { idempotence: "idempotent" } }, /CountTopics\.idempotence: found "idempotent"; remove it, or write "idempotency"/],
    [{ WatchTopics: { idempotency: "idempotent" } }, /WatchTopics\.idempotency: found "idempotent" for a stream; remove it/],
  ])("is refused where it says nothing: %j", (methods, expected) => {
    expect(problemsOf({ services: withMethods(methods as never) }).join("\n")).toMatch(expected);
  });
});

describe("a REST GET", () => {
  it("is repeated when its attempt fails, whatever the proto says of the method", async () => {
    const { gateway, seen } = gatewayOver({}, {}, (attempt) => (attempt === 1 ? 503 : 200));
    expect((await gateway(get("/foreign/v1/projects/a/topics/b"))).status).toBe(200);
    expect(seen).toHaveLength(2);
  });

  it("is the only one: a PUT of the same service is made once", async () => {
    const { gateway, seen } = gatewayOver({}, {}, () => 503);
    const put = new Request("https://gateway.example/foreign/v1/projects/a/topics/b", {
      method: "PUT",
      body: "{}",
      headers: { "content-type": "application/json" },
    });
    expect((await gateway(put)).status).toBe(503);
    expect(seen).toHaveLength(1);
  });
});

describe("a descriptor set that is incomplete", () => {
  const set = fromBinary(FileDescriptorSetSchema, base64Decode(descriptors));
  const of = (change: (name: string) => boolean, order: (files: typeof set.file) => typeof set.file = (files) => files) =>
    base64Encode(
      toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: order(set.file.filter(({ name }) => change(name))) })),
    );
  const names = (value: string) => parseDescriptors([value], []).services.map(({ typeName }) => typeName);

  it("may list its files in any order", () => {
    expect(
      names(
        of(
          () => true,
          (files) => files.toReversed(),
        ),
      ),
    ).toEqual([TOPICS, BROKEN]);
  });

  it("may lack what only options need, and what every gateway has", () => {
    expect(names(of((name) => name !== "foreign/v1/options.proto" && !name.startsWith("google/api/")))).toEqual([TOPICS, BROKEN]);
  });

  it("takes down the services of the files that miss an import, and no others", () => {
    const other = create(FileDescriptorSetSchema, {
      file: [
        ...set.file,
        {
          name: "other.proto",
          package: "other",
          dependency: ["gone.proto"],
          service: [{ name: "Lost", method: [{ name: "Get", inputType: ".gone.In", outputType: ".gone.Out" }] }],
        },
      ],
    });
    const sets = [base64Encode(toBinary(FileDescriptorSetSchema, other))];
    expect(problemsOf({ descriptors: sets })).toEqual([]);
    expect(
      problemsOf({ descriptors: sets, services: { ...BOTH, "other.Lost": { upstream: { binding: "FOREIGN" }, methods: { Get: {} } } } }),
    ).toEqual([
      expect.stringMatching(
        /^descriptors\[0\]: found other\.proto, which cannot be used: it imports gone\.proto, which the set does not have; build it again/,
      ),
    ]);
  });
});

it("serves messages of proto2, with required fields, groups and closed enums", async () => {
  const { gateway, seen } = gatewayOver({});
  const send = (body: string) =>
    gateway(
      new Request("https://gateway.example/foreign/v1/legacy/a", { method: "POST", body, headers: { "content-type": "application/json" } }),
    );
  await send('{"detail":{"weight":3},"mode":"SLOW"}');
  expect(seen[0]?.message).toMatchObject({ label: "a", detail: { weight: 3 }, mode: 1 });
  expect((await send('{"mode":"NONE"}')).status).toBe(400);
});
