import { describe, expect, it } from "vitest";
import { IsolateRegion, placeOf } from "../../../../workers/gateway/region/isolate-region.ts";
import { gatewayTo, json, USER, unary } from "../../../support/gateway.ts";

const from = (colo: string | undefined, region?: string): Request =>
  new Request("https://gateway.example/", {
    ...(colo === undefined ? {} : { cf: { colo, continent: "EU" } }),
    headers: region === undefined ? {} : { "tidegate-region": region },
  } as RequestInit);

it("reads the place of a request", () => {
  expect([placeOf(from("AMS")).colo, placeOf(from(undefined)).colo]).toEqual(["AMS", undefined]);
});

describe("the region of an isolate", () => {
  it("is that of its first request from the edge, for its life", () => {
    const isolate = new IsolateRegion();
    expect(isolate.current).toBe("local");
    expect(isolate.observe(from(undefined))).toBe("local");
    expect(isolate.observe(from("SYD"))).toBe("oc");
    expect(isolate.observe(from("LHR"))).toBe("oc");
    expect(isolate.current).toBe("oc");
  });

  it("is that of the Worker that calls, where the edge has not received the request", () => {
    expect(new IsolateRegion().observe(from(undefined, "apac-se"))).toBe("apac-se");
  });

  it.each(["somewhere", "", "weur, oc"])("is no other text of that header: %j", (sent) => {
    expect(new IsolateRegion().observe(from(undefined, sent))).toBe("local");
  });

  it("is found among the first 64 requests at once, and later within 64 more", () => {
    const early = new IsolateRegion();
    for (let request = 0; request < 63; request++) early.observe(from(undefined));
    expect(early.observe(from("SYD"))).toBe("oc");
    const late = new IsolateRegion();
    for (let request = 0; request < 100; request++) late.observe(from(undefined));
    let needed = 1;
    while (late.observe(from("SYD")) === "local" && needed <= 64) needed += 1;
    expect(late.current).toBe("oc");
    expect(needed).toBeLessThanOrEqual(64);
  });

  it("does not depend on what a caller sends to the edge", () => {
    expect(new IsolateRegion().observe(from("LHR", "oc"))).toBe("weur");
  });
});

// The last test of the file: the isolate that runs it has a region from here on.
it("reaches upstreams in a header, in place of what the caller sends", async () => {
  const seen: (string | null)[] = [];
  const gateway = gatewayTo((request) => {
    seen.push(request.headers.get("tidegate-region"));
    return json(USER);
  });
  const call = (colo: string): Request => new Request(unary("GetUser", {}, { "tidegate-region": "wnam" }), { cf: { colo } } as RequestInit);
  await gateway(call("FRA"));
  await gateway(call("SYD"));
  expect(seen).toEqual(["weur", "weur"]);
});
