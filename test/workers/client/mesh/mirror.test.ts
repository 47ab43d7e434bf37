// Copies of calls: which there are, what they have, and how many at a time.
import { createClient, createContextValues, createHandlerContext, type HandlerContext, type Transport } from "@connectrpc/connect";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { type MirrorOptions, serviceMirror } from "../../../../workers/client/mesh/mirror.ts";
import { transportTo } from "../../../../workers/client/transport.ts";
import { callerFrom, PROVEN_CALLER } from "../../../../workers/service/identity/caller.ts";
import { stopRetriesAbove } from "../../../../workers/service/mesh/retry-chain.ts";
import { claimsOf } from "../../../support/identity.ts";

const log = vi.spyOn(console, "warn").mockImplementation(() => undefined);
let works: Promise<unknown>[] = [];
beforeEach(() => {
  works = [];
  log.mockClear();
});
const waitUntil = (work: Promise<unknown>): void => void works.push(work);

/** A service binding that records the headers of its requests. */
function version(respond: () => Response | Promise<Response>) {
  const requests: Headers[] = [];
  const fetch = async (request: Request | string, init?: RequestInit) => {
    requests.push(new Headers(init?.headers ?? (request as Request).headers));
    return respond();
  };
  return { requests, target: { fetch } as unknown as Fetcher };
}
const ok = () => Response.json({}, { headers: { "content-type": "application/json" } });

function during(): HandlerContext {
  const values = createContextValues();
  const claims = claimsOf();
  const from = { name: "tidegate", before: [] };
  values.set(PROVEN_CALLER, { caller: callerFrom(claims), from, isFromGateway: true, claims, payload: "payload" });
  const init = {
    method: UserService.method.getUser,
    service: UserService,
    protocolName: "connect",
    requestMethod: "POST",
    url: "http://x",
  };
  return createHandlerContext({ ...init, requestHeader: { "x-request-id": "r1" }, timeoutMs: 5_000, contextValues: values });
}
const users = (own: Fetcher, mirrored: Fetcher, options: Partial<MirrorOptions> = {}, context: HandlerContext | undefined = during()) => {
  const mirror = serviceMirror(mirrored, { waitUntil, ...options });
  const client = () =>
    createClient(UserService, transportTo(own, { during: context, mirror, json: {} } as Parameters<typeof transportTo>[1]) as Transport);
  return client();
};

describe("a mirror", () => {
  it("gets a copy of each call, with its headers and its caller, marked, after the call's own end", async () => {
    const [own, mirrored] = [version(ok), version(ok)];
    await users(own.target, mirrored.target).getUser({ id: "a" }, { headers: { "x-own": "1" } });
    await Promise.all(works);
    expect([own.requests.length, mirrored.requests.length, works.length]).toEqual([1, 1, 1]);
    const sent = ["x-request-id", "x-own", "tidegate-identity", "x-tidegate-mirror"];
    expect(sent.map((name) => mirrored.requests[0]!.get(name))).toEqual(["r1", "1", "payload", "1"]);
    expect(own.requests[0]!.get("x-tidegate-mirror")).toBeNull();
  });

  it("does not end with the call, nor by its deadline", async () => {
    let end!: (response: Response) => void;
    const mirrored = version(() => new Promise((resolve) => (end = resolve)));
    const context = during() as HandlerContext & { abort(reason: unknown): void };
    await users(version(ok).target, mirrored.target, {}, context).getUser({});
    context.abort(new Error("the call is over"));
    await vi.waitFor(() => expect(mirrored.requests.length).toBe(1));
    end(ok());
    await Promise.all(works);
    expect(log).not.toHaveBeenCalled();
    expect(Number(mirrored.requests[0]!.get("connect-timeout-ms"))).toBeGreaterThan(10_000);
  });

  it("that fails changes nothing for the call, and is logged", async () => {
    const context = during();
    const mirrored = version(() => new Response(null, { status: 503 }));
    expect(await users(version(ok).target, mirrored.target, {}, context).getUser({})).toMatchObject({ id: "" });
    await Promise.all(works);
    expect(JSON.parse(String(log.mock.calls[0]![0]))).toMatchObject({
      ...{ event: "mirror_failed", requestId: "r1", route: "users.v1.UserService/GetUser", upstream: "mirror" },
    });
    stopRetriesAbove({ values: createContextValues() });
    expect(context.values.get(PROVEN_CALLER)?.payload).toBe("payload");
  });

  it("gets no writes, unless it is to", async () => {
    const [own, mirrored] = [version(ok), version(ok)];
    await users(own.target, mirrored.target).createUser({});
    expect(works.length).toBe(0);
    await users(own.target, mirrored.target, { writes: true }).createUser({});
    await Promise.all(works);
    expect(mirrored.requests.length).toBe(1);
  });

  it("gets as many copies at a time as its bound says", async () => {
    const ends: (() => void)[] = [];
    const mirrored = version(() => new Promise((resolve) => ends.push(() => resolve(ok()))));
    const client = users(version(ok).target, mirrored.target, { maxInFlight: 2 });
    for (let call = 0; call < 5; call++) await client.getUser({});
    await vi.waitFor(() => expect(ends.length).toBe(2));
    expect(String(JSON.parse(String(log.mock.calls[0]![0])).error)).toContain("more than 2 copies in flight");
    for (const end of ends) end();
    await Promise.all(works);
    await client.getUser({});
    await vi.waitFor(() => expect(ends.length).toBe(3));
    ends[2]!();
    await Promise.all(works);
  });

  it("gets its share of the calls", async () => {
    const mirrored = version(ok);
    const random = vi.spyOn(Math, "random").mockReturnValue(0.05);
    const client = users(version(ok).target, mirrored.target, { percent: 5 });
    await client.getUser({});
    random.mockReturnValue(0.049);
    await client.getUser({});
    random.mockRestore();
    await Promise.all(works);
    expect(mirrored.requests.length).toBe(1);
  });

  it("has bounds that are some", () => {
    expect(() => serviceMirror("x", { waitUntil, percent: 101 })).toThrow("mirror.percent: found 101");
    expect(() => serviceMirror("x", { waitUntil, maxInFlight: 0 })).toThrow("mirror.maxInFlight: found 0");
  });
});
