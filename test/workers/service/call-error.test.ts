import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { asCallerError, toConnectError, untilAborted } from "../../../workers/service/call-error.ts";

afterEach(() => void vi.restoreAllMocks());

describe("toConnectError", () => {
  const call = (signal = new AbortController().signal) => ({
    method: UserService.method.getUser,
    header: new Headers({ "x-request-id": "r-1" }),
    signal,
  });

  it("keeps a ConnectError as it is, and logs nothing", () => {
    const log = vi.spyOn(console, "error");
    const error = new ConnectError("no such user", Code.NotFound);
    expect(toConnectError(error, call())).toBe(error);
    expect(log).not.toHaveBeenCalled();
  });

  it("logs anything else with its stack, and shows none of it", () => {
    const log = vi.spyOn(console, "error").mockReturnValue();
    const error = toConnectError(new TypeError("secret"), call());
    expect([error.code, error.rawMessage, error.cause]).toEqual([Code.Internal, "internal error", undefined]);
    expect(JSON.parse(log.mock.calls[0]![0] as string)).toEqual({
      level: "error",
      event: "handler_failed",
      requestId: "r-1",
      route: "users.v1.UserService/GetUser",
      error: expect.stringMatching(/^TypeError: secret\n +at /),
    });
  });

  it.each(["retryable", "overloaded", "durableObjectReset"])("is unavailable for an error of the platform with the mark %s", (mark) => {
    vi.spyOn(console, "error").mockReturnValue();
    expect(toConnectError(Object.assign(new Error("x"), { [mark]: true }), call()).code).toBe(Code.Unavailable);
    expect(toConnectError(Object.assign(new Error("x"), { [mark]: false }), call()).code).toBe(Code.Internal);
  });

  it("is the reason of the signal where the call has ended", () => {
    const log = vi.spyOn(console, "error");
    const late = AbortSignal.abort(new ConnectError("too late", Code.DeadlineExceeded));
    expect(toConnectError(new Error("socket closed"), call(late))).toMatchObject({ code: Code.DeadlineExceeded, rawMessage: "too late" });
    expect(toConnectError(new Error("socket closed"), call(AbortSignal.abort(new Error("gone")))).code).toBe(Code.Canceled);
    expect(log).not.toHaveBeenCalled();
  });

  it("takes any thrown value", () => {
    vi.spyOn(console, "error").mockReturnValue();
    for (const reason of [undefined, null, "text", 7]) expect(toConnectError(reason, call()).code).toBe(Code.Internal);
  });
});

describe("untilAborted", () => {
  it("settles as the work does", async () => {
    const { signal } = new AbortController();
    expect(await untilAborted(Promise.resolve(7), signal)).toBe(7);
    await expect(untilAborted(Promise.reject(new Error("x")), signal)).rejects.toThrow("x");
  });

  it("rejects with the reason of the signal, also where it was aborted before", async () => {
    const controller = new AbortController();
    const waiting = untilAborted(new Promise(() => undefined), controller.signal);
    controller.abort(new Error("over"));
    await expect(waiting).rejects.toThrow("over");
    await expect(untilAborted(new Promise(() => undefined), controller.signal)).rejects.toThrow("over");
  });
});

it("asCallerError turns a parse error of connect-es into invalid_argument, and no other error", () => {
  expect(asCallerError(new ConnectError("parse binary: premature EOF", Code.Internal))).toMatchObject({ code: Code.InvalidArgument });
  for (const other of [
    new ConnectError("parse binary: x", Code.Unknown),
    new ConnectError("x", Code.Internal),
    new Error("parse binary:"),
  ]) {
    expect(asCallerError(other)).toBe(other);
  }
});
