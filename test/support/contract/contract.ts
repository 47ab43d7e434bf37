// What a caller may rely on, whichever transport reaches the service: in the same isolate, over a service binding, or over a URL.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createClient,
  createContextValues,
  type HandlerContext,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { createWritableIterable } from "@connectrpc/connect/protocol";
import { describe, expect, it } from "vitest";
import { BadRequestSchema } from "../../../protos/gen/google/rpc/error_details_pb.ts";
import { ServerReflection } from "../../../protos/gen/grpc/reflection/v1/reflection_pb.ts";
import { UserSchema, UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { MAX_STREAMS } from "./service.ts";

export interface ContractOptions {
  readonly during?: HandlerContext;
  readonly timeoutMs?: number;
  readonly interceptors?: readonly Interceptor[];
}

/**
 * @param transport      to the service of `service.ts`
 * @param noticesHangUps whether the service learns at once that its caller has gone: over HTTP/1.1, workerd reports it only where it writes
 */
export function transportContract(name: string, transport: (options?: ContractOptions) => Transport, noticesHangUps = true): void {
  const users = (options?: ContractOptions) => createClient(UserService, transport(options));
  const failed = (call: Promise<unknown>) =>
    call.then(
      () => undefined,
      (reason) => ConnectError.from(reason),
    );
  const noticed = async (id: string, ...either: string[]) =>
    expect.poll(async () => (await users().getUser({ id: `noticed/${id}` })).id, { timeout: 10_000 }).toBeOneOf(either);
  const unique = () => Math.random().toString(36).slice(2);

  describe(`a call ${name}`, () => {
    it("has headers and trailers in both directions", async () => {
      const received = new Map<string, Headers>();
      const response = await users().getUser(
        { id: "headers" },
        {
          headers: { "x-sent": "s" },
          onHeader: (headers) => void received.set("header", headers),
          onTrailer: (headers) => void received.set("trailer", headers),
        },
      );
      expect([response.id, received.get("header")?.get("x-header"), received.get("trailer")?.get("x-trailer")]).toEqual(["s", "h", "t"]);
    });

    it("fails with the error that is thrown, its details and its metadata", async () => {
      const error = await failed(users().getUser({ id: "fail" }));
      expect([error?.code, error?.rawMessage, error?.metadata.get("x-meta")]).toEqual([
        Code.FailedPrecondition,
        "email is wrong",
        "of the error",
      ]);
      expect(error?.findDetails(BadRequestSchema)).toMatchObject([{ fieldViolations: [{ field: "email", description: "has no @" }] }]);
      expect(error?.cause).toBeUndefined();
    });

    it("gets nothing of an error that is not for it", async () => {
      const error = await failed(users().getUser({ id: "throw" }));
      expect([error?.code, error?.rawMessage, error?.cause]).toEqual([Code.Internal, "internal error", undefined]);
    });

    it("of a method without implementation is unimplemented", async () => {
      expect(await failed(users().listUsers({}))).toMatchObject({ code: Code.Unimplemented });
    });

    it("ends at its deadline, and so does the work, whatever it waits for", async () => {
      const id = unique();
      expect(await failed(users().getUser({ id: `stuck/${id}` }, { timeoutMs: 300 }))).toMatchObject({ code: Code.DeadlineExceeded });
      await noticed(id, "expired", "canceled"); // its own clock, or that of its caller, who hangs up
      const left = Number((await users({ timeoutMs: 5_000 }).getUser({ id: "time" })).id);
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(5_000);
    });

    it("ends where its caller cancels it, and so does the work", async () => {
      const id = unique();
      const caller = new AbortController();
      const call = failed(users({ timeoutMs: 60_000 }).getUser({ id: `stuck/${id}` }, { signal: caller.signal }));
      await noticed(id, "started");
      caller.abort();
      expect(await call).toMatchObject({ code: Code.Canceled });
      if (noticesHangUps) await noticed(id, "canceled");
    });

    it("shares no message with the service", async () => {
      const first = await users().getUser({ id: "shared" });
      first.displayName = "changed by the caller";
      expect(await users().getUser({ id: "shared" })).toMatchObject({ displayName: "unchanged" });
      const user = create(UserSchema, { id: "1", displayName: "mine" });
      const call = users().createUser({ user, requestId: "later" });
      await Promise.resolve();
      user.email = "changed@while.sent";
      expect(await call).toMatchObject({ displayName: "mine", email: "" });
      expect(user.displayName).toBe("mine");
    });

    it("has unknown fields, and text as it can be encoded", async () => {
      const user = fromBinary(
        UserSchema,
        new Uint8Array([...toBinary(UserSchema, create(UserSchema, { id: "\u{1f600}" })), 0xf8, 0x7f, 5]),
      );
      const response = await users().createUser({ user });
      expect([response.id, response.$unknown?.length]).toEqual(["\u{1f600}", 1]);
      expect((await users().createUser({ user: { id: "a\ud800b" } })).id).toBe("a\ufffdb");
    });

    it("of a message that has no encoding is refused", async () => {
      expect(await failed(users().listUsers({ pageSize: 2 ** 40 }))).toMatchObject({ code: Code.Internal });
    });

    it("is refused above the limits of the service", async () => {
      expect(await failed(users().getUser({ id: "x".repeat(70_000) }))).toMatchObject({
        code: Code.ResourceExhausted,
        rawMessage: "message is larger than 65536 bytes",
      });
      expect((await users().getUser({ id: "x".repeat(60_000) })).id).toHaveLength(60_000);
      expect(await failed(users().getUser({ id: "large/70000" }))).toMatchObject({ code: Code.ResourceExhausted });
      expect((await users().getUser({ id: "large/60000" })).id).toHaveLength(60_000);
    });

    it("passes the interceptors of its client, which may refuse it", async () => {
      const names: string[] = [];
      const note: Interceptor = (next) => async (request) => {
        names.push(request.method.name);
        request.header.set("x-sent", "by the interceptor");
        return next(request);
      };
      expect((await users({ interceptors: [note] }).getUser({ id: "headers" })).id).toBe("by the interceptor");
      expect(names).toEqual(["GetUser"]);
    });

    it("during another one has its request id, its trace and its remaining time", async () => {
      const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      const during = {
        timeoutMs: () => 2_000,
        signal: new AbortController().signal,
        requestHeader: new Headers({ "x-request-id": "r-1", traceparent, "x-other": "stays" }),
        values: createContextValues(),
      } as unknown as HandlerContext;
      expect((await users({ during }).getUser({ id: "forwarded" })).id).toBe(`r-1 ${traceparent}`);
      expect(Number((await users({ during }).getUser({ id: "time" })).id)).toBeLessThanOrEqual(2_000);
      const late = { ...during, timeoutMs: () => 0 };
      expect(await failed(users({ during: late }).getUser({ id: "1" }))).toMatchObject({ code: Code.DeadlineExceeded });
    });
  });

  describe(`a stream ${name}`, () => {
    it("has its messages in order, and headers and trailers", async () => {
      const received = new Map<string, Headers>();
      const revisions: bigint[] = [];
      const options = {
        onHeader: (headers: Headers) => void received.set("header", headers),
        onTrailer: (headers: Headers) => void received.set("trailer", headers),
      };
      for await (const { revision } of users().watchUsers({}, options)) revisions.push(revision);
      expect(revisions).toEqual([1n, 2n, 3n]);
      expect([received.get("header")?.get("x-header"), received.get("trailer")?.get("x-trailer")]).toEqual(["h", "t"]);
    });

    it("may fail after messages, with details", async () => {
      const revisions: bigint[] = [];
      const read = async () => {
        for await (const { revision } of users().watchUsers({ afterRevision: 13n })) revisions.push(revision);
      };
      const error = await failed(read());
      expect([revisions, error?.code, error?.findDetails(BadRequestSchema).length]).toEqual([[1n, 2n, 3n], Code.FailedPrecondition, 1]);
    });

    it("ends at its deadline", async () => {
      const read = async () => {
        for await (const _ of users().watchUsers({ afterRevision: 7n }, { timeoutMs: 300 }));
      };
      expect(await failed(read())).toMatchObject({ code: Code.DeadlineExceeded });
    });

    it("in both directions responds to each message while more are to come", async () => {
      const requests = createWritableIterable<{ host: string }>();
      const reflection = createClient(ServerReflection, transport());
      const responses = reflection.serverReflectionInfo(requests)[Symbol.asyncIterator]();
      for (const host of ["a", "b", "c"]) {
        const received = responses.next();
        await requests.write({ host });
        expect(await received).toMatchObject({ value: { validHost: `echo ${host}`, originalRequest: { host } } });
      }
      requests.close();
      expect(await responses.next()).toMatchObject({ done: true });
    });

    it("above the limit of the service is unavailable, until another one is canceled", async () => {
      const callers = Array.from({ length: MAX_STREAMS }, () => new AbortController());
      const timeoutMs = noticesHangUps ? 60_000 : 4_000;
      const open = (signal?: AbortSignal) =>
        users()
          .watchUsers({ afterRevision: 7n }, { timeoutMs, ...(signal && { signal }) })
          [Symbol.asyncIterator]();
      // Streams of other tests may still be ending.
      const first = async (signal: AbortSignal) => {
        const stream = open(signal);
        expect(await stream.next()).toMatchObject({ value: { revision: 1n } });
        return stream;
      };
      const streams = [];
      for (const { signal } of callers)
        streams.push(
          await expect
            .poll(
              () =>
                first(signal).then(
                  (one) => ({ one }),
                  () => undefined,
                ),
              { timeout: 10_000 },
            )
            .toBeDefined(),
        );
      expect(await failed(open().next())).toMatchObject({ code: Code.Unavailable, rawMessage: "overloaded: too many open streams" });
      callers[0]!.abort();
      const again = new AbortController();
      await expect.poll(() => failed(open(again.signal).next()), { timeout: 10_000 }).toBeUndefined();
      for (const caller of [...callers, again]) caller.abort();
    });
  });
}
