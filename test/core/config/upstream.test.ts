// The settings of upstreams: bindings, URLs, lists of endpoints, and how they are called.
import { describe, expect, it } from "vitest";
import { BALANCERS } from "../../../core/balance/balancers.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { parseUpstream, type UpstreamPolicy } from "../../../core/config/upstream.ts";
import { accepted, itKnowsItsFields, itReadsChoices, itReadsNumbers, parsed } from "./settings.ts";

const URL_A = "https://a.example";
const BASE = { endpoints: [{ url: URL_A }] };
const parser = (check: Checks, value: unknown) => parseUpstream(check, "upstream", value);
const of = (field: keyof UpstreamPolicy) => ({ field, read: (policy: UpstreamPolicy) => policy[field] });
const problems = (value: unknown) => parsed(parser, value).problems;
const pool = (more: object) => accepted(parser, { ...BASE, ...more });

describe("the settings of several endpoints", () => {
  itReadsNumbers(
    parser,
    "upstream",
    [
      { ...of("slowStartMs"), min: 0, max: 600_000, fallback: 10_000, unit: "ms" },
      { ...of("maxConcurrent"), min: 1, max: 10_000, fallback: 500, unit: "calls" },
      { ...of("maxQueued"), min: 0, max: 10_000, fallback: 100, unit: "calls" },
      { ...of("queueMs"), min: 1, max: 60_000, fallback: 1_000, unit: "ms" },
      { ...of("subset"), min: 2, max: 1_000, fallback: Number.POSITIVE_INFINITY, unit: "endpoints" },
      {
        field: "maxLoadPercent",
        ...{ min: 101, max: 1_000, fallback: Number.POSITIVE_INFINITY, unit: "%" },
        read: ({ maxLoadFactor }) => maxLoadFactor,
        asRead: (percent) => percent / 100,
      },
    ],
    BASE,
  );
  const balancers = Object.keys(BALANCERS);
  itReadsChoices(
    parser,
    "upstream",
    [
      { ...of("timeoutHeader"), choices: ["always", "as_called"], fallback: "always" },
      { ...of("registry"), choices: [true, false], fallback: false },
      { ...of("balancer"), choices: balancers, fallback: "least_time" },
    ],
    BASE,
  );
  itKnowsItsFields(
    parser,
    "upstream",
    [
      ...["endpoints", "registry", "health", "slowStartMs", "balancer", "hashOn", "zones", "subset", "maxConcurrent", "maxQueued"],
      ...["queueMs", "maxLoadPercent", "protocol", "timeoutHeader"],
    ],
    BASE,
  );

  it("are those of a pool where any of its fields is written", () => {
    for (const field of ["endpoints", "registry", "health", "slowStartMs", "balancer", "hashOn", "zones", "subset", "maxConcurrent"])
      expect(problems({ url: URL_A, [field]: undefined })[0]).toMatch(/^upstream\.url: found .*; remove it/);
    expect(accepted(parser, { url: URL_A }).endpoints).toEqual([{ target: { url: URL_A }, weight: 1, priority: 0 }]);
  });

  it("has no endpoints of its own where others register, and needs some else", () => {
    expect(accepted(parser, { registry: true })).toMatchObject({ registry: true, endpoints: [] });
    expect(accepted(parser, { registry: true, ...BASE }).endpoints).toHaveLength(1);
    expect(problems({ registry: false })).toEqual([
      'upstream.endpoints: found nothing; write a list of 1 to 1000 endpoints: [{ url: "https://a.example", weight: 2 }]',
    ]);
  });

  it("keeps an isolate's part of the endpoints apart from balancers that go by keys", () => {
    for (const [balancer, { usesKey }] of Object.entries(BALANCERS))
      expect(problems({ ...BASE, balancer, subset: 3 })).toEqual(
        usesKey ? ["upstream.subset: found 3; leave it out: isolates that use different endpoints don't agree on keys"] : [],
      );
  });

  it("reads zones by location, or takes each location for a zone", () => {
    expect(pool({}).zones).toBeUndefined();
    expect(pool({ zones: true }).zones).toEqual(new Map());
    expect(pool({ zones: { AMS: "eu-west_1.a", IAD: "us" } }).zones).toEqual(
      new Map([
        ["AMS", "eu-west_1.a"],
        ["IAD", "us"],
      ]),
    );
    for (const zone of ["", "a b", "a".repeat(65), 7])
      expect(problems({ ...BASE, zones: { AMS: zone } })).toEqual([
        `upstream.zones.AMS: found ${JSON.stringify(zone).length > 60 ? `${JSON.stringify(zone).slice(0, 57)}...` : JSON.stringify(zone)}; write 1 to 64 letters, digits, '-', '_' or '.'`,
      ]);
    expect(problems({ ...BASE, zones: false })[0]).toMatch(/^upstream\.zones: found false/);
  });
});

describe("an endpoint", () => {
  const endpoints = (check: Checks, value: unknown) => parseUpstream(check, "u", { endpoints: [value] }).endpoints[0]!;
  itReadsNumbers(
    endpoints,
    "u.endpoints[0]",
    [
      { field: "weight", min: 1, max: 1_000, fallback: 1, unit: "shares", read: ({ weight }) => weight },
      { field: "priority", min: 0, max: 15, fallback: 0, unit: "0 is first", read: ({ priority }) => priority },
    ],
    { url: URL_A },
  );
  itKnowsItsFields(endpoints, "u.endpoints[0]", ["binding", "url", "weight", "priority", "zone"], { url: URL_A });

  it("may be in a zone", () => {
    expect(accepted(endpoints, { url: URL_A, zone: "eu" }).zone).toBe("eu");
    expect("zone" in accepted(endpoints, { url: URL_A })).toBe(false);
    expect(parsed(endpoints, { url: URL_A, zone: "a b" }).problems).toEqual([
      "u.endpoints[0].zone: found \"a b\"; write 1 to 64 letters, digits, '-', '_' or '.'",
    ]);
  });

  it("is listed once, among at most a thousand", () => {
    const many = (count: number) => ({ endpoints: Array.from({ length: count }, (_, index) => ({ url: `https://e${index}.example` })) });
    expect(accepted(parser, many(1_000)).endpoints).toHaveLength(1_000);
    expect(problems(many(1_001))[0]).toContain("write a list of 1 to 1000 endpoints");
    expect(problems({ endpoints: [] })[0]).toContain("upstream.endpoints: found []; write a list of 1 to 1000 endpoints");
    expect(problems({ endpoints: [{ url: URL_A }, { binding: "B" }, { url: `${URL_A}/` }] })).toEqual([
      'upstream.endpoints[2]: found "https://a.example"; list each endpoint once; give it more weight instead',
    ]);
    expect(problems({ endpoints: [{ url: "x" }, { url: "y" }] })).toHaveLength(2); // mistakes are not the same endpoint
  });
});

describe("native gRPC", () => {
  const grpc = (more: object) => problems({ protocol: "grpc", ...more });
  const words = 'write https:// and port 443: with protocol "grpc", Cloudflare\'s edge makes native gRPC of such calls alone';

  it("is one of the protocols, by default both of the others", () => {
    expect(accepted(parser, { url: URL_A }).protocol).toBe("both");
    for (const protocol of ["both", "connect", "grpc_web", "grpc"])
      expect(accepted(parser, { url: URL_A, protocol }).protocol).toBe(protocol);
    expect(problems({ url: URL_A, protocol: "soap" })).toEqual([
      'upstream.protocol: found "soap"; write "both" or "connect" or "grpc_web" or "grpc"',
    ]);
  });

  it("needs https and port 443, of each endpoint", () => {
    expect(grpc({ url: "http://a.example" })).toEqual([`upstream.url: found "http://a.example"; ${words}`]);
    expect(grpc({ endpoints: [{ url: URL_A }, { url: "https://a.example:8443" }, { binding: "A" }] })).toEqual([
      `upstream.endpoints[1].url: found "https://a.example:8443"; ${words}`,
      'upstream.endpoints[2].binding: found "A"; write the https:// URL of a gRPC server; a Worker behind a binding speaks "both", "connect" or "grpc_web"',
    ]);
    expect(problems({ url: "http://a.example", protocol: "connect" })).toEqual([]);
  });

  it("alone says what becomes of streams of requests", () => {
    expect(accepted(parser, { url: URL_A }).requestStreams).toBe("refuse");
    for (const requestStreams of ["refuse", "unimplemented"])
      expect(accepted(parser, { url: URL_A, protocol: "grpc", requestStreams }).requestStreams).toBe(requestStreams);
    expect(grpc({ url: URL_A, requestStreams: "x" })).toEqual(['upstream.requestStreams: found "x"; write "refuse" or "unimplemented"']);
    for (const more of [{}, { protocol: "connect" }])
      expect(problems({ url: URL_A, requestStreams: "refuse", ...more })).toEqual([
        'upstream.requestStreams: found "refuse"; leave it out, or write protocol: "grpc"',
      ]);
  });

  it("has checks of its own, but for paths", () => {
    const kind = (protocol: string, health: object) => accepted(parser, { registry: true, protocol, health }).health?.kind;
    expect([kind("grpc", {}), kind("grpc", { check: "grpc" }), kind("grpc", { check: "/a" }), kind("connect", {})]).toEqual([
      "native_grpc",
      "native_grpc",
      "http",
      "grpc",
    ]);
  });
});
