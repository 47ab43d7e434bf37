import { Code, createContextKey } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { openContext } from "../../../workers/service/call-context.ts";

const open = (timeoutMs?: number, request = new Request("http://x/a", { headers: { "x-a": "1" } })) =>
  openContext({
    method: UserService.method.getUser,
    protocolName: "connect",
    request,
    timeoutMs,
    contentType: "application/json",
    trailer: { "grpc-status": "0" },
  });

describe("openContext", () => {
  it("has the facts of the request, and the headers of the response", () => {
    const context = open();
    expect([context.service.typeName, context.method.name, context.requestMethod, context.url]).toEqual([
      "users.v1.UserService",
      "GetUser",
      "GET",
      "http://x/a",
    ]);
    expect([context.requestHeader.get("x-a"), context.responseHeader.get("content-type")]).toEqual(["1", "application/json"]);
    expect([context.responseTrailer.get("grpc-status"), context.timeoutMs()]).toEqual(["0", undefined]);
  });

  it("keeps values and request headers once they are used", () => {
    const context = open();
    const key = createContextKey("none");
    context.values.set(key, "ada");
    context.requestHeader.set("x-b", "2");
    expect([context.values.get(key), context.requestHeader.get("x-b")]).toEqual(["ada", "2"]);
  });

  it("creates headers of the response once they are used", () => {
    const context = open();
    expect([context.usedHeader, context.usedTrailer]).toEqual([undefined, undefined]);
    context.responseHeader.set("x-a", "1");
    expect([context.usedHeader?.get("x-a"), context.usedTrailer]).toEqual(["1", undefined]);
    expect(context.responseTrailer).toBe(context.usedTrailer);
  });

  it("copies all that it has for interceptors, which spread it", () => {
    const context = open(60_000);
    const copy = { ...context.toPlain() };
    expect(Object.keys(copy).sort()).toEqual(
      "method protocolName requestHeader requestMethod responseHeader responseTrailer service signal timeoutMs url values".split(" "),
    );
    expect([copy.responseHeader, copy.signal, copy.values]).toEqual([context.responseHeader, context.signal, context.values]);
    expect(copy.timeoutMs()).toBeGreaterThan(50_000);
    context.end();
    expect(copy.signal.aborted).toBe(true);
  });

  it("ends work at its deadline, and aborts the signal with the same error", async () => {
    const context = open(20);
    const { signal } = context;
    await expect(context.withDeadline(new Promise(() => undefined))).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
      rawMessage: "no response within 20 ms",
    });
    expect(signal.reason).toMatchObject({ code: Code.DeadlineExceeded });
    expect(open().timeoutMs()).toBeUndefined();
  });

  it("has one deadline for all that it waits for", async () => {
    const context = open(20);
    await expect(context.withDeadline(Promise.resolve("a"))).resolves.toBe("a");
    await expect(context.withDeadline(new Promise(() => undefined))).rejects.toMatchObject({ code: Code.DeadlineExceeded });
    await expect(context.withDeadline(new Promise(() => undefined))).rejects.toMatchObject({ code: Code.DeadlineExceeded });
    const ended = open(1);
    await ended.withDeadline(Promise.resolve());
    ended.end();
    await expect(ended.withDeadline(scheduler.wait(20))).resolves.toBeUndefined(); // its timer has been cleared
    expect(ended.signal.reason).not.toMatchObject({ code: Code.DeadlineExceeded });
  });

  it("throws after the deadline only", () => {
    expect(() => open(0).throwIfExpired()).toThrow("no response within 0 ms");
    expect(() => open(60_000).throwIfExpired()).not.toThrow();
    expect(() => open().throwIfExpired()).not.toThrow();
  });

  it("aborts its signal at the end of the call, also one that is used for the first time then", () => {
    const context = open();
    const { signal } = context;
    expect(signal.aborted).toBe(false);
    context.end();
    expect(signal.aborted).toBe(true);
    const unused = open();
    unused.end();
    expect(unused.signal.aborted).toBe(true);
  });

  it("aborts its signal when the caller hangs up", () => {
    const controller = new AbortController();
    const { signal } = open(undefined, new Request("http://x/a", { signal: controller.signal }));
    controller.abort();
    expect(signal.aborted).toBe(true);
  });
});
