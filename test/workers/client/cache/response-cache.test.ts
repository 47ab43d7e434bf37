// The cache of a client: what it keeps, for whom, and for how long.
import { create, toBinary } from "@bufbuild/protobuf";
import { type CallOptions, createClient, createHandlerContext } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ListUsersResponseSchema, UserSchema, UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { responseCache, servicePool, type TransportOptions, transportTo } from "../../../../workers/client/transport.ts";
import { callerFrom, valuesOf } from "../../../../workers/service/identity/caller.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 }));
afterEach(() => void vi.useRealTimers());

/** A service that numbers its responses. @param fields headers of them */
function service(fields: Record<string, string> = {}) {
  let calls = 0;
  const fetch = async (request: Request | string): Promise<Response> => {
    calls += 1;
    if ((typeof request === "string" ? request : request.url).endsWith("ListUsers"))
      return new Response(toBinary(ListUsersResponseSchema, create(ListUsersResponseSchema, { nextPageToken: String(calls) })), {
        headers: { "content-type": "application/proto", ...fields },
      });
    if (fields["fails"] !== undefined) return Response.json({ code: "not_found" }, { status: 404, headers: fields });
    const user = create(UserSchema, { id: String(calls), displayName: "Ada" });
    return new Response(toBinary(UserSchema, user), { headers: { "content-type": "application/proto", ...fields } });
  };
  return { fetch } as unknown as Fetcher;
}

function during(sub: string, iat = 0) {
  const claims = { iss: "tidegate", aud: "users", kind: "user", sub, iat, exp: iat + 60 };
  const from = { name: "tidegate", before: [] };
  const contextValues = valuesOf({ caller: callerFrom(claims), from, isFromGateway: true, claims, payload: "cGF5" });
  const call = {
    method: UserService.method.getUser,
    service: UserService,
    protocolName: "connect",
    requestMethod: "POST",
    url: "http://x",
  };
  return createHandlerContext({ ...call, contextValues });
}

const clientOf = (target: Fetcher, options: TransportOptions) => createClient(UserService, transportTo(target, options));
/** Numbers of the responses to two calls, some seconds apart. */
async function twice(target: Fetcher, options: TransportOptions, call: CallOptions = {}, apartMs = 1_000): Promise<string[]> {
  const users = clientOf(target, options);
  const first = await users.getUser({ id: "a" }, call);
  vi.setSystemTime(Date.now() + apartMs);
  return [first.id, (await users.getUser({ id: "a" }, call)).id];
}

describe("a response is used again", () => {
  it("for the same method and message, until its lifetime is over", async () => {
    const cache = responseCache({ ttlMs: 10_000 });
    const target = service();
    expect(await twice(target, { cache })).toEqual(["1", "1"]);
    expect((await clientOf(target, { cache }).getUser({ id: "b" })).id).toBe("2");
    expect((await clientOf(target, { cache }).listUsers({})).nextPageToken).toBe("3");
    expect((await clientOf(target, { cache }).listUsers({})).nextPageToken).toBe("3");
    vi.setSystemTime(Date.now() + 10_000);
    expect((await clientOf(target, { cache }).getUser({ id: "a" })).id).toBe("4");
  });

  it("with its headers, its age, and a message of its own", async () => {
    const cache = responseCache({ ttlMs: 10_000 });
    const users = clientOf(service({ "x-a": "1", "trailer-cost": "2" }), { cache });
    const seen: (string | null)[][] = [];
    const call = {
      onHeader: (header: Headers) => void seen.push([header.get("x-a"), header.get("age")]),
      onTrailer: (trailer: Headers) => void seen.push([trailer.get("cost")]),
    };
    const first = await users.getUser({ id: "a" }, call);
    first.displayName = "changed";
    vi.setSystemTime(Date.now() + 3_500);
    const second = await users.getUser({ id: "a" }, call);
    second.displayName = "changed, too";
    expect((await users.getUser({ id: "a" })).displayName).toBe("Ada");
    expect(seen).toEqual([["1", null], ["2"], ["1", "3"], ["2"]]);
  });

  it("of a pool, too", async () => {
    const cache = responseCache({ ttlMs: 10_000 });
    const pool = servicePool({ name: "users", endpoints: [service()] });
    expect(await twice(pool as never, { cache })).toEqual(["1", "1"]);
  });

  it.each<[string, Record<string, string>, number, boolean]>([
    ["max-age, in place of `ttlMs`", { "cache-control": "max-age=5" }, 0, true],
    ["a max-age that is over", { "cache-control": "max-age=1" }, 60_000, false],
    ["no lifetime, and there is no `ttlMs`", {}, 0, false],
    ["no-store", { "cache-control": "no-store, max-age=5" }, 60_000, false],
    ["no-cache", { "cache-control": "no-cache" }, 60_000, false],
    ["an age that its max-age has reached", { "cache-control": "max-age=5", age: "5" }, 0, false],
    ["private", { "cache-control": "private, max-age=5" }, 0, true],
    ["Vary", { vary: "accept-language" }, 60_000, false],
  ])("where the service states %s: %j", async (_, fields, ttlMs, isKept) => {
    const cache = responseCache({ ttlMs });
    expect(await twice(service(fields), { cache })).toEqual(["1", isKept ? "1" : "2"]);
    if (!isKept && ttlMs === 0) expect(cache.size).toBe(0);
  });
});

describe("each caller has responses of its own", () => {
  const ids = async (shared: boolean, fields: Record<string, string> = {}): Promise<string[]> => {
    const cache = responseCache({ ttlMs: 10_000, shared });
    const target = service(fields);
    const found: string[] = [];
    for (const context of [during("ada"), during("bob"), during("ada", 30), undefined, during("bob")]) {
      found.push((await clientOf(target, { cache, ...(context !== undefined && { during: context }) }).getUser({ id: "a" })).id);
    }
    return found;
  };

  it("by what is proven of it, whenever that was signed", async () => expect(await ids(false)).toEqual(["1", "2", "1", "3", "2"]));
  it("unless they are shared", async () => expect(await ids(true)).toEqual(["1", "1", "1", "1", "1"]));
  it("where the service says so, though they are shared", async () =>
    expect(await ids(true, { "cache-control": "private" })).toEqual(["1", "2", "3", "4", "5"]));
});

describe("a call is made", () => {
  it("to another service", async () => {
    const cache = responseCache({ ttlMs: 10_000 });
    const [one, other] = [service(), service()];
    await clientOf(one, { cache }).getUser({ id: "a" });
    await clientOf(one, { cache }).getUser({ id: "b" });
    expect([(await clientOf(other, { cache }).getUser({ id: "a" })).id, cache.size]).toEqual(["1", 3]);
  });

  it("with headers of its own, or those that `prepare` writes", async () => {
    const cache = responseCache({ ttlMs: 10_000 });
    expect(await twice(service(), { cache }, { headers: { authorization: "x" } })).toEqual(["1", "2"]);
    expect(await twice(service(), { cache, prepare: () => undefined })).toEqual(["1", "2"]);
    expect(cache.size).toBe(0);
  });

  it("to a method that may have side effects", async () => {
    const cache = responseCache({ ttlMs: 10_000 });
    const users = clientOf(service(), { cache });
    expect([(await users.createUser({})).id, (await users.createUser({})).id, cache.size]).toEqual(["1", "2", 0]);
  });

  it("after one that failed", async () => {
    const cache = responseCache({ ttlMs: 10_000 });
    const users = clientOf(service({ fails: "1", "cache-control": "max-age=5" }), { cache });
    for (let n = 0; n < 2; n++) await expect(users.getUser({ id: "a" })).rejects.toThrow("not_found");
    expect(cache.size).toBe(0);
  });

  it("after `clear`", async () => {
    const cache = responseCache({ ttlMs: 10_000 });
    const target = service();
    await twice(target, { cache });
    cache.clear();
    expect([cache.size, cache.bytes, (await twice(target, { cache }))[0]]).toEqual([0, 0, "2"]);
  });
});

it("uses no more memory than it may", async () => {
  const cache = responseCache({ ttlMs: 10_000, maxBytes: 65_536 });
  const users = clientOf(service({ "x-large": "x".repeat(1_000) }), { cache });
  for (let n = 0; n < 200; n++) await users.getUser({ id: `user-${n}` });
  expect(cache.bytes).toBeLessThanOrEqual(65_536);
  expect(cache.size).toBeGreaterThan(30);
  expect(cache.size).toBeLessThan(66); // each has more than 1,000 bytes
});

it.each([[{ ttlMs: -1 }], [{ ttlMs: Number.NaN }], [{ ttlMs: 86_400_001 }], [{ maxBytes: 65_535 }], [{ maxBytes: 2 ** 30 }]])(
  "refuses %j",
  (options) => expect(() => responseCache(options)).toThrow(/^(ttlMs|maxBytes): found .*; write a number from/),
);
