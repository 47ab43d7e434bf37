// Faulty messages, sent through the gateway: each is a fault of its caller, whether the gateway decodes the message or not, and none counts
// against the upstream.
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../workers/gateway/app.ts";
import { protovalidate } from "../../workers/gateway/configure/protovalidate.ts";
import type { Bindings } from "../../workers/gateway/upstream/destination.ts";
import { codeOf, MESSAGE_FAULTS } from "../support/message-faults.ts";
import { catalog } from "../support/shipped/catalog.ts";

const gateway = (validate: "off" | "enforce", maxBodyBytes = 1_048_576) =>
  createApp(
    { services: { "users.v1.UserService": { upstream: { binding: "USERS" }, validate, maxBodyBytes } }, discovery: false },
    catalog,
    env as unknown as Bindings,
    { validator: protovalidate() },
  );

afterEach(() => void vi.restoreAllMocks());

describe.each(["off", "enforce"] as const)("with validate: %s", (mode) => {
  const app = gateway(mode);

  it.each(MESSAGE_FAULTS)("$name", async ({ request, status, codes }) => {
    const errors = vi.spyOn(console, "error");
    const warnings = vi.spyOn(console, "warn");
    const response = await app.fetch(request());
    expect([response.status, codes]).toEqual([status, expect.arrayContaining([await codeOf(response)])]);
    expect(errors).not.toHaveBeenCalled();
    expect(warnings).not.toHaveBeenCalled(); // an upstream that is at fault is logged
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe("over REST", () => {
  const app = gateway("off");
  const post = (body: BodyInit) =>
    new Request("https://gateway.example/api/v1/users", { method: "POST", headers: { "content-type": "application/json" }, body });
  const get = (query: string) => new Request(`https://gateway.example/api/v1/users?${query}`);
  const over = new TextEncoder().encode(`{"email":"${"x".repeat(1_048_576)}"}`);

  it.each<[string, () => Request, number]>([
    ["B03 body over the limit, with its length", () => post(over), 413],
    ["B03 body over the limit, without its length", () => post(new Blob([over]).stream()), 413],
    ["B07 half a million items", () => post(`{"email":[${"1,".repeat(500_000)}1]}`), 413],
    ["B08 100,000 arrays within one another", () => post("[".repeat(100_000)), 400],
    ["B08 10 MB of arrays within one another", () => post("[".repeat(10_000_000)), 413],
    ["B09 __proto__ in JSON", () => post('{"__proto__":{"polluted":"yes"}}'), 400],
    ["B09 constructor.prototype in JSON", () => post('{"constructor":{"prototype":{"polluted":"yes"}}}'), 400],
    ["B09 __proto__ in a query", () => get("__proto__=polluted&__proto__.polluted=yes"), 400],
    ["B09 constructor.prototype in a query", () => get("constructor.prototype.polluted=yes"), 400],
    ["B10 a key twice", () => post('{"email":"a","email":"b"}'), 400],
    ["B10 an int32 beyond its range", () => get("page_size=2147483648"), 400],
    ["B10 1e400", () => get("page_size=1e400"), 400],
    ["B10 NaN", () => get("page_size=NaN"), 400],
  ])("%s", async (_name, request, status) => {
    const errors = vi.spyOn(console, "error");
    const response = await app.fetch(request());
    const { code, message } = (await response.json()) as { code: number; message: string };
    expect([response.status, [3, 8].includes(code), message.length < 500]).toEqual([status, true, true]);
    expect(errors).not.toHaveBeenCalled();
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("B08 10 MB of arrays within one another, where as much may be sent", async () => {
    const response = await gateway("off", 16_777_216).fetch(post("[".repeat(10_000_000)));
    expect([response.status, await response.json()]).toMatchObject([400, { message: "body nests deeper than 100 levels" }]);
  });
});
