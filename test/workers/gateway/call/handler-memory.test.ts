// What stands for the parts that all routes of a version take: one object while they are the same, another one as soon as any differs.
import { describe, expect, it } from "vitest";
import { LatestFrame } from "../../../../workers/gateway/call/handler-memory.ts";
import type { SharedParts } from "../../../../workers/gateway/pipeline.ts";

const object = (): never => ({}) as never;
const SHARED: SharedParts = {
  gateway: { overload: { maxStreams: 1 } as never, rest: { ignoredQuery: ["key"] } as never },
  limiters: { local: object(), leased: object(), exact: object() },
  ...{ scope: object(), caches: object(), types: object(), validator: undefined, auth: object() },
  ...{ expressions: object(), layers: object(), secretOf: () => "", observer: undefined, tracer: undefined },
};

describe("the frame of routes", () => {
  it("is one object for settings that say the same and parts that are the same", () => {
    const latest = new LatestFrame();
    const frame = latest.of(SHARED);
    const gateway = { overload: { maxStreams: 1 } as never, rest: { ignoredQuery: ["key"] } as never };
    expect(latest.of({ ...SHARED, gateway, limiters: { ...SHARED.limiters } })).toBe(frame);
    // Routes compare these themselves.
    expect(latest.of({ ...SHARED, caches: object(), expressions: object(), layers: object(), secretOf: () => "" })).toBe(frame);
  });

  it.each<[string, Partial<SharedParts>]>([
    ["the settings", { gateway: { ...SHARED.gateway, rest: { ignoredQuery: [] } as never } }],
    ["a limiter", { limiters: { ...SHARED.limiters, exact: object() } }],
    ["the limit of the isolate", { scope: object() }],
    ["the types", { types: object() }],
    ["who callers are", { auth: object() }],
    ["the tracer", { tracer: object() }],
    ["the observer of calls", { observer: () => undefined }],
    ["a part that nobody has thought of", { later: object() } as never],
  ])("is another one where %s differs", (_, differing) => {
    const latest = new LatestFrame();
    const frame = latest.of(SHARED);
    expect(latest.of({ ...SHARED, ...differing })).not.toBe(frame);
  });
});
