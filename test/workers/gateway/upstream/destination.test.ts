import { afterEach, expect, it, vi } from "vitest";
import { destinationOf } from "../../../../workers/gateway/upstream/destination.ts";

afterEach(() => vi.restoreAllMocks());

it("sends to a service binding, under a host name made of the binding's name", async () => {
  const seen: string[] = [];
  const binding = {
    name: "users",
    fetch(url: string) {
      seen.push(`${this.name} ${url}`);
      return Promise.resolve(new Response("ok"));
    },
  };
  const destination = destinationOf({ binding: "USERS_V2" }, { USERS_V2: binding }, "both")!;
  expect(destination.base).toBe("https://users-v2.internal");
  expect(await (await destination.fetch(`${destination.base}/a`, {})).text()).toBe("ok");
  expect(seen).toEqual(["users https://users-v2.internal/a"]); // `this` of the binding is kept
});

it("sends the real URL through a binding that has one", async () => {
  const seen: string[] = [];
  const VPC = { fetch: (url: string) => Promise.resolve(new Response(String(seen.push(url)))) };
  const destination = destinationOf({ binding: "VPC", url: "http://10.0.0.7:9000/base" }, { VPC }, "both")!;
  await destination.fetch(`${destination.base}/a`, {});
  expect([destination.base, seen]).toEqual(["http://10.0.0.7:9000/base", ["http://10.0.0.7:9000/base/a"]]);
  expect(destination.enforcesLength).toBeUndefined();
  expect(destinationOf({ binding: "VPC", url: "http://10.0.0.7" }, {}, "both")).toBeUndefined();
});

it.each([
  ["is missing", undefined],
  ["is a text", "secret"],
  ["is null", null],
  ["has no fetch", { get: () => undefined }],
])("has no destination where the binding %s", (_, binding) => {
  expect(destinationOf({ binding: "USERS" }, { USERS: binding }, "both")).toBeUndefined();
});

it.each([
  ["both", undefined],
  ["connect", undefined],
  ["grpc", { grpcWeb: "convert" }],
] as const)("sends to a URL that speaks %s with the conversion %j of the edge", async (protocol, cf) => {
  const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(() => Promise.resolve(new Response("ok")));
  const destination = destinationOf({ url: "https://users.example/base" }, {}, protocol)!;
  await destination.fetch(`${destination.base}/a`, { method: "POST" });
  const [url, init] = fetched.mock.calls[0] as unknown as [string, { readonly method: string; readonly cf?: unknown }];
  expect([url, init.method, init.cf]).toEqual(["https://users.example/base/a", "POST", cf]);
});
