import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Code, ConnectError, createClient, createHandlerContext, type HandlerContext } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { transportTo } from "../../../workers/client/transport.ts";
import { expectInvalid, failureOf, firstOf } from "../services/support.ts";

const { USERS } = env as unknown as { USERS: Fetcher };
const users = createClient(UserService, transportTo(USERS));
const userId = "usr_01aryz6s41tsv4rrffq69g5fav";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

describe("transportTo", () => {
  const during = (timeoutMs?: number): HandlerContext => {
    const { getUser: method } = UserService.method;
    const init = { method, service: UserService, protocolName: "connect", requestMethod: "POST", url: "http://x" };
    return createHandlerContext({ ...init, ...(timeoutMs !== undefined && { timeoutMs }), requestHeader: { "x-request-id": "r1" } });
  };
  const binding = (answer: (request: Request) => Response | Promise<Response>) =>
    ({ fetch: async (request: Request) => answer(request) }) as unknown as Fetcher;

  it("makes no call when there is no time left for one", async () => {
    const fetch = vi.fn();
    const client = createClient(UserService, transportTo({ fetch } as unknown as Fetcher, { during: during(0) }));
    expect((await failureOf(client.getUser({ id: userId }))).code).toBe(Code.DeadlineExceeded);
    expect((await failureOf(client.watchUsers({}))).code).toBe(Code.DeadlineExceeded);
    expect(fetch).not.toHaveBeenCalled();
  });

  it("has a deadline for unary calls of its own, and leaves headers that were set for the call", async () => {
    let sent = new Headers();
    const target = binding((request) => {
      sent = request.headers;
      return Response.json({}, { headers: { "content-type": "application/proto" } });
    });
    await createClient(UserService, transportTo(target, { during: during(), timeoutMs: 700 }))
      .getUser({ id: userId }, { headers: { "x-request-id": "mine" } })
      .catch(() => undefined);
    expect([sent.get("connect-timeout-ms"), sent.get("x-request-id")]).toEqual(["700", "mine"]);
  });

  it("ends with the call it is made for", async () => {
    const hanging = binding(({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))));
    const context = during() as HandlerContext & { abort(reason: unknown): void };
    const client = createClient(UserService, transportTo(hanging, { during: context }));
    const call = failureOf(client.getUser({ id: userId }));
    context.abort(new ConnectError("over", Code.Canceled));
    expect((await call).code).toBe(Code.Canceled);
  });

  it("reads a 504 without a body as deadline_exceeded", async () => {
    const client = createClient(UserService, transportTo(binding(() => new Response("error code: 504", { status: 504 }))));
    expect((await failureOf(client.getUser({ id: userId }))).code).toBe(Code.DeadlineExceeded);
  });

  it("keeps the error of the other service, details and all", async () => {
    await expectInvalid(users.getUser({ id: "x" }), ["id"]);
  });

  it("reads a response that the platform has decompressed although its headers say otherwise", async () => {
    const headers = { "content-type": "application/proto", "content-encoding": "gzip", "content-length": "999" };
    vi.spyOn(globalThis, "fetch").mockImplementation(
      async () => new Response(new Uint8Array([10, 1, 97]), { headers, encodeBody: "manual" }),
    );
    expect(await createClient(UserService, transportTo("https://users.example.com/")).getUser({ id: userId })).toMatchObject({ id: "a" });
    expect(vi.mocked(fetch).mock.calls[0]![0]).toMatchObject({ url: "https://users.example.com/users.v1.UserService/GetUser" });
  });

  it("streams", async () => {
    const { id } = await users.createUser({ user: { displayName: "B", email: "b@example.com" } });
    await users.deleteUser({ id });
    const [change] = await firstOf(1, (signal) => users.watchUsers({ afterRevision: 1n }, { signal }));
    expect(change?.revision).toBe(2n);
  });
});
