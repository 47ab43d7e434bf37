import { Code, ConnectError, createClient, createContextKey, type HandlerContext, type Interceptor } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { BadRequestSchema } from "../../../protos/gen/google/rpc/error_details_pb.ts";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import type { ServiceOptions } from "../../../workers/service.ts";
import { failureOf, waysToCall } from "../services/support.ts";
import { clientOver, echo, hosted, type Users } from "./host.ts";

afterEach(() => void vi.restoreAllMocks());

describe.each(waysToCall(hosted(echo)).map(([name]) => name))("a unary call over %s", (name) => {
  const over = (users: Users, options?: ServiceOptions) => clientOver(name, users, options);

  it("responds", async () => {
    expect(await over(echo).getUser({ id: "größe & 100 %+" })).toMatchObject({ id: "größe & 100 %+" });
  });

  it("keeps headers and trailers, binary and repeated ones too", async () => {
    let header = new Headers();
    let trailer = new Headers();
    const users = over({
      getUser(_request, context) {
        expect(context.requestHeader.get("x-sent")).toBe("yes");
        context.responseHeader.append("x-many", "a");
        context.responseHeader.append("x-many", "b");
        context.responseTrailer.set("x-last-bin", "AAE");
        return {};
      },
    });
    await users.getUser(
      {},
      {
        headers: { "x-sent": "yes" },
        onHeader: (h) => {
          header = h;
        },
        onTrailer: (t) => {
          trailer = t;
        },
      },
    );
    expect(header.get("x-many")).toBe("a, b");
    expect(trailer.get("x-last-bin")).toBe("AAE");
  });

  it("keeps code, message, details and metadata of an error", async () => {
    const detail = { desc: BadRequestSchema, value: { fieldViolations: [{ field: "id", description: "is odd" }] } };
    const fails: Users = {
      getUser() {
        throw new ConnectError("größer, 100 %", Code.Aborted, { "x-why": "because" }, [detail]);
      },
    };
    const error = await failureOf(over(fails).getUser({}));
    expect([error.code, error.rawMessage, error.metadata.get("x-why")]).toEqual([Code.Aborted, "größer, 100 %", "because"]);
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe("id");
  });

  it("ends at its deadline, also where the implementation does not use the signal", async () => {
    let signal: AbortSignal | undefined;
    const users = hosted({
      async getUser(_request, context) {
        signal = context.signal;
        return new Promise<never>(() => undefined); // the response can only come from the host
      },
    });
    const [, transport] = waysToCall(async (request) => {
      // The client would give up by itself: only the host ends this call.
      const response = await users(new Request(request, { signal: new AbortController().signal }));
      return response;
    }).find(([way]) => way === name)!;
    const client = createClient(UserService, transport);
    const timeout = name.startsWith("gRPC") ? { "grpc-timeout": "40m" } : { "connect-timeout-ms": "40" };
    expect((await failureOf(client.getUser({}, { headers: timeout }))).code).toBe(Code.DeadlineExceeded);
    expect(signal?.aborted).toBe(true);
  });

  it("does not start after its deadline", async () => {
    const getUser = vi.fn(() => ({}));
    const timeout = name.startsWith("gRPC") ? { "grpc-timeout": "0n" } : { "connect-timeout-ms": "0" };
    expect((await failureOf(over({ getUser }).getUser({}, { headers: timeout }))).code).toBe(Code.DeadlineExceeded);
    expect(getUser).not.toHaveBeenCalled();
  });

  it("gives the implementation its remaining time, and aborts its signal at the end", async () => {
    let context: HandlerContext | undefined;
    const getUser: Users["getUser"] = (_request, callContext) => {
      context = callContext;
      expect(callContext.signal.aborted).toBe(false);
      return { id: String(callContext.timeoutMs()) };
    };
    expect(Number((await over({ getUser }).getUser({}, { timeoutMs: 9_000 })).id)).toBeLessThanOrEqual(9_000);
    expect(context?.signal.aborted).toBe(true);
    const nanoseconds = await over({ getUser }).getUser({}, { headers: { "grpc-timeout": "1999999u" } });
    expect(nanoseconds.id).toMatch(/^(\d+|undefined)$/);
    expect(await over({ getUser }).getUser({})).toMatchObject({ id: "undefined" });
  });

  it("shortens a timeout to the limit, and refuses one that is no number", async () => {
    const getUser = (_request: unknown, context: HandlerContext) => ({ id: String(context.timeoutMs()) });
    const longest = name.startsWith("gRPC") ? { "grpc-timeout": "99999999H" } : { "connect-timeout-ms": "9999999999" };
    expect(Number((await over({ getUser }, { maxTimeoutMs: 9_000 }).getUser({}, { headers: longest })).id)).toBeLessThanOrEqual(9_000);
    expect(Number((await over({ getUser }).getUser({}, { headers: longest })).id)).toBeGreaterThan(9_000);
    const nonsense = name.startsWith("gRPC") ? { "grpc-timeout": "soon" } : { "connect-timeout-ms": "soon" };
    expect((await failureOf(over(echo).getUser({}, { headers: nonsense }))).code).toBe(Code.InvalidArgument);
  });

  it("hides a fault of the service from the caller, and logs it once", async () => {
    const log = vi.spyOn(console, "error").mockReturnValue();
    const fails: Users = {
      getUser() {
        throw new Error("password is 1234");
      },
    };
    const error = await failureOf(over(fails).getUser({}, { headers: { "x-request-id": "r1" } }));
    expect([error.code, error.rawMessage]).toEqual([Code.Internal, "internal error"]);
    expect(log).toHaveBeenCalledOnce();
    const line = JSON.parse(log.mock.calls[0]![0] as string) as Record<string, string>;
    expect(line).toMatchObject({ event: "handler_failed", requestId: "r1", route: "users.v1.UserService/GetUser" });
    expect(line["error"]).toContain("password is 1234");
  });

  it("hides a response that can't be written", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const error = await failureOf(over({ getUser: () => ({ createTime: { seconds: "soon" as unknown as bigint } }) }).getUser({}));
    expect([error.code, error.rawMessage]).toEqual([Code.Internal, "internal error"]);
  });

  it("is unavailable where a Durable Object can't be reached", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const fails: Users = {
      getUser() {
        throw Object.assign(new Error("Durable Object is overloaded"), { overloaded: true });
      },
    };
    expect((await failureOf(over(fails).getUser({}))).code).toBe(Code.Unavailable);
  });

  it("runs the interceptors, which share values with the implementation", async () => {
    const caller = createContextKey("anonymous");
    const named: Interceptor = (next) => async (request) => {
      request.contextValues.set(caller, "ada");
      const response = await next(request);
      response.header.set("x-method", request.method.name);
      return response;
    };
    let header = new Headers();
    const users = over({ getUser: (_request, context) => ({ id: context.values.get(caller) }) }, { interceptors: [named] });
    expect(
      await users.getUser(
        {},
        {
          onHeader: (h) => {
            header = h;
          },
        },
      ),
    ).toMatchObject({ id: "ada" });
    expect(header.get("x-method")).toBe("GetUser");
  });

  it("is unimplemented where the method is left out", async () => {
    expect((await failureOf(over({}).getUser({}))).code).toBe(Code.Unimplemented);
  });

  it("refuses a message above the limit, and no smaller one", async () => {
    if (name === "Connect GET, proto") return; // base64 makes the query longer, the message stays the same
    const users = over(echo, { readMaxBytes: 100 });
    const overhead = name.endsWith("JSON") ? '{"id":""}'.length : 2;
    expect(await users.getUser({ id: "x".repeat(100 - overhead) })).toBeTruthy();
    expect((await failureOf(users.getUser({ id: "x".repeat(101 - overhead) }))).code).toBe(Code.ResourceExhausted);
  });
});
