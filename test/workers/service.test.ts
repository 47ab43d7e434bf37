// The front door of a service: every protocol, every limit, and whose fault is told to whom.
import { create, createFileRegistry, type DescMethodStreaming, type DescService } from "@bufbuild/protobuf";
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import {
  Code,
  ConnectError,
  createClient,
  createContextKey,
  type HandlerContext,
  type Interceptor,
  type ServiceImpl,
} from "@connectrpc/connect";
import { encodeEnvelope, encodeEnvelopes } from "@connectrpc/connect/protocol";
import { afterEach, describe, expect, it, vi } from "vitest";
import { BadRequestSchema } from "../../protos/gen/google/rpc/error_details_pb.ts";
import { OrderService } from "../../protos/gen/orders/v1/orders_pb.ts";
import { UserService } from "../../protos/gen/users/v1/users_pb.ts";
import { defineService, defineServices, implementation, type ServiceOptions } from "../../workers/service.ts";
import { asText, connectProto, errorOf, type Fetch, failureOf, gzip, post, waysToCall } from "./services/support.ts";

const GET_USER = "/users.v1.UserService/GetUser";
const LIST = "/users.v1.UserService/ListUsers";
const WATCH = "/users.v1.UserService/WatchUsers";
const utf8 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));

type Users = Partial<ServiceImpl<typeof UserService>>;
const hosted = (users: Users, options?: ServiceOptions): Fetch => {
  const { fetch } = defineService(UserService, () => users, options);
  return (request) => fetch(request, {});
};
const echo: Users = {
  getUser: ({ id }) => ({ id }),
  listUsers: () => ({ nextPageToken: "end" }),
  async *watchUsers({ afterRevision }) {
    yield { revision: afterRevision };
  },
};
const clientOf = (users: Users, options?: ServiceOptions) => createClient(UserService, connectProto(hosted(users, options)));

afterEach(() => void vi.restoreAllMocks());

describe.each(waysToCall(hosted(echo)).map(([name]) => name))("a unary call over %s", (name) => {
  const over = (users: Users, options?: ServiceOptions) =>
    createClient(UserService, waysToCall(hosted(users, options)).find(([way]) => way === name)![1]);

  it("is answered", async () => {
    expect(await over(echo).getUser({ id: "größe & 100 %+" })).toMatchObject({ id: "größe & 100 %+" });
  });

  it("keeps headers and trailers, binary and repeated ones too", async () => {
    let header = new Headers();
    let trailer = new Headers();
    const users = over({
      getUser(_request, context) {
        expect(context.requestHeader.get("x-asked")).toBe("yes");
        context.responseHeader.append("x-many", "a");
        context.responseHeader.append("x-many", "b");
        context.responseTrailer.set("x-last-bin", "AAE");
        return {};
      },
    });
    await users.getUser(
      {},
      {
        headers: { "x-asked": "yes" },
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

  it("ends at its deadline, whether or not the implementation looks at it", async () => {
    let signal: AbortSignal | undefined;
    const users = hosted({
      async getUser(_request, context) {
        signal = context.signal;
        return new Promise<never>(() => undefined); // the response can only come from the host
      },
    });
    const [, transport] = waysToCall(async (request) => {
      // The client would give up by itself: let the server alone speak.
      const answer = await users(new Request(request, { signal: new AbortController().signal }));
      return answer;
    }).find(([way]) => way === name)!;
    const client = createClient(UserService, transport);
    const timeout = name.startsWith("gRPC") ? { "grpc-timeout": "40m" } : { "connect-timeout-ms": "40" };
    expect((await failureOf(client.getUser({}, { headers: timeout }))).code).toBe(Code.DeadlineExceeded);
    expect(signal?.aborted).toBe(true);
  });

  it("is not begun when its deadline has passed already", async () => {
    const getUser = vi.fn(() => ({}));
    const timeout = name.startsWith("gRPC") ? { "grpc-timeout": "0n" } : { "connect-timeout-ms": "0" };
    expect((await failureOf(over({ getUser }).getUser({}, { headers: timeout }))).code).toBe(Code.DeadlineExceeded);
    expect(getUser).not.toHaveBeenCalled();
  });

  it("tells the implementation how long it has, and when nobody waits any more", async () => {
    let context: HandlerContext | undefined;
    const getUser: Users["getUser"] = (_request, ofCall) => {
      context = ofCall;
      expect(ofCall.signal.aborted).toBe(false);
      return { id: String(ofCall.timeoutMs()) };
    };
    expect(Number((await over({ getUser }).getUser({}, { timeoutMs: 9_000 })).id)).toBeLessThanOrEqual(9_000);
    expect(context?.signal.aborted).toBe(true);
    const nanoseconds = await over({ getUser }).getUser({}, { headers: { "grpc-timeout": "1999999u" } });
    expect(nanoseconds.id).toMatch(/^(\d+|undefined)$/);
    expect(await over({ getUser }).getUser({})).toMatchObject({ id: "undefined" });
  });

  it("refuses a longer deadline than is allowed, and one that is none", async () => {
    const users = over(echo, { maxTimeoutMs: 1_000 });
    expect((await failureOf(users.getUser({}, { timeoutMs: 1_001 }))).code).toBe(Code.InvalidArgument);
    const nonsense = name.startsWith("gRPC") ? { "grpc-timeout": "soon" } : { "connect-timeout-ms": "soon" };
    expect((await failureOf(over(echo).getUser({}, { headers: nonsense }))).code).toBe(Code.InvalidArgument);
    await over(echo)
      .getUser({}, { timeoutMs: 9_999_999_999 })
      .catch((reason: ConnectError) => expect(reason.code).toBe(Code.InvalidArgument));
  });

  it("hides what is our mistake, and logs it once", async () => {
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

  it("hides an answer that can't be written", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const error = await failureOf(over({ getUser: () => ({ createTime: { seconds: "soon" as unknown as bigint } }) }).getUser({}));
    expect([error.code, error.rawMessage]).toEqual([Code.Internal, "internal error"]);
  });

  it("takes a part of the platform that can't be reached for unavailable", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const fails: Users = {
      getUser() {
        throw Object.assign(new Error("Durable Object is overloaded"), { overloaded: true });
      },
    };
    expect((await failureOf(over(fails).getUser({}))).code).toBe(Code.Unavailable);
  });

  it("goes through the interceptors, which share values with the implementation", async () => {
    const caller = createContextKey("nobody");
    const named: Interceptor = (next) => async (request) => {
      request.contextValues.set(caller, "ada");
      const answer = await next(request);
      answer.header.set("x-method", request.method.name);
      return answer;
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

  it("is refused beyond the largest message, not before", async () => {
    if (name === "Connect GET, proto") return; // base64 makes the query longer, the message stays the same
    const users = over(echo, { readMaxBytes: 100 });
    const overhead = name.endsWith("JSON") ? '{"id":""}'.length : 2;
    expect(await users.getUser({ id: "x".repeat(100 - overhead) })).toBeTruthy();
    expect((await failureOf(users.getUser({ id: "x".repeat(101 - overhead) }))).code).toBe(Code.ResourceExhausted);
  });
});

describe("a request that is none", () => {
  const fetch = hosted(echo, { readMaxBytes: 1_000 });
  const INVALID = { status: 400, code: "invalid_argument" };

  it.each([
    ["malformed JSON", "application/json", utf8("{")],
    ["no JSON at all", "application/json", utf8("")],
    ["an unknown JSON field", "application/json", utf8('{"id":"a","nope":1}')],
    ["a JSON field of the wrong type", "application/json", utf8('{"id":5}')],
    ["invalid UTF-8", "application/json", new Uint8Array([...utf8('{"id":"'), 0xff, ...utf8('"}')])],
    ["half a surrogate pair", "application/json", utf8('{"id":"\\ud800"}')],
    ["malformed protobuf", "application/proto", new Uint8Array([0x0a, 0x05, 0x61])],
    ["invalid UTF-8 in protobuf", "application/proto", new Uint8Array([0x0a, 0x01, 0xff])],
  ])("is invalid_argument in every protocol, and not logged: %s", async (_what, contentType, body) => {
    const log = vi.spyOn(console, "error");
    expect(await errorOf(await fetch(post(GET_USER, contentType, body)))).toMatchObject(INVALID);

    const web = `application/grpc-web+${contentType.slice("application/".length)}`;
    const trailers = await asText(fetch(post(GET_USER, web, encodeEnvelope(0, body))));
    expect(trailers).toMatch(/grpc-status: 3\r\n/);

    const encoding = contentType.slice("application/".length);
    const query = `encoding=${encoding}&base64=1&message=${btoa(String.fromCharCode(...body))
      .replaceAll("+", "-")
      .replaceAll("/", "_")}`;
    expect(await errorOf(await fetch(new Request(`http://x${GET_USER}?${query}`)))).toMatchObject(INVALID);
    expect(log).not.toHaveBeenCalled();
  });

  it.each([
    ["bad base64", "encoding=proto&base64=1&message=%21%21", INVALID],
    ["base64 of an impossible length", "encoding=proto&base64=1&message=AAAAA", INVALID],
    ["half a percent sign", "encoding=json&message=%7B%2", INVALID],
    ["bytes that are no UTF-8", "encoding=json&message=%22%FF%22", INVALID],
    ["another version", "connect=v2&encoding=json&message={}", INVALID],
    ["an unknown compression", "encoding=json&compression=br&message={}", { status: 501, code: "unimplemented" }],
    ["an unknown encoding", "encoding=xml&message={}", { status: 415, code: "unknown" }],
    ["no encoding", "message={}", { status: 415, code: "unknown" }],
  ])("is told so in a GET: %s", async (_what, query, expected) => {
    expect(await errorOf(await fetch(new Request(`http://x${GET_USER}?${query}`)))).toMatchObject(expected);
  });

  it("may carry its bytes in a GET in any way that Connect knows", async () => {
    const get = async (query: string): Promise<unknown> => (await fetch(new Request(`http://x${GET_USER}?${query}`))).json();
    const packed = btoa(String.fromCharCode(...(await gzip('{"id":"a"}'))))
      .replaceAll("+", "-")
      .replaceAll("/", "_");
    expect(await get(`connect=v1&encoding=json&message=${encodeURIComponent('{"id":"a"}')}`)).toEqual({ id: "a" });
    expect(await get(`encoding=json&base64=1&compression=gzip&message=${packed}&foreign=%zz`)).toEqual({ id: "a" });
    const proto = await fetch(new Request(`http://x${GET_USER}?encoding=proto&message=%0A%01a`));
    expect([...new Uint8Array(await proto.arrayBuffer())]).toEqual([10, 1, 97]);
  });

  it("names its limits when it is too large: as it is, or unpacked", async () => {
    const EXHAUSTED = { status: 429, code: "resource_exhausted" };
    const large = JSON.stringify({ id: "x".repeat(2_000) });
    expect(await errorOf(await fetch(post(GET_USER, "application/json", large)))).toMatchObject(EXHAUSTED);
    const bomb = await gzip(new Uint8Array(5_000_000));
    for (const body of [await gzip(large), bomb.subarray(0, 900)]) {
      expect(await errorOf(await fetch(post(GET_USER, "application/json", body, { "content-encoding": "gzip" })))).toMatchObject(EXHAUSTED);
    }
    const web = post(GET_USER, "application/grpc-web+json", encodeEnvelope(1, bomb.subarray(0, 900)), { "grpc-encoding": "gzip" });
    expect(await asText(fetch(web))).toMatch(/grpc-status: 8\r\n/);
  });

  it("is read to its end although it is refused, so that its caller hears of it", async () => {
    let pulled = 0;
    const slices = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new Uint8Array(10_000));
        if (++pulled === 20) controller.close();
      },
    });
    expect(await errorOf(await fetch(post(GET_USER, "application/proto", slices)))).toMatchObject({ code: "resource_exhausted" });
    expect(pulled).toBe(20);
  });

  it("may be compressed in the ways we know", async () => {
    const body = await gzip('{"id":"a"}');
    expect(await (await fetch(post(GET_USER, "application/json", body, { "content-encoding": "gzip" }))).json()).toEqual({ id: "a" });
    const answer = await fetch(post(GET_USER, "application/json", body, { "content-encoding": "br" }));
    expect(await errorOf(answer)).toMatchObject({ status: 501, code: "unimplemented" });
    const torn = post(GET_USER, "application/json", body.subarray(0, 12), { "content-encoding": "gzip" });
    expect(await errorOf(await fetch(torn))).toMatchObject(INVALID);
  });

  it("has one message in gRPC-Web, whole", async () => {
    const status = async (body: Uint8Array<ArrayBuffer>) =>
      /grpc-status: (\d+)/.exec(await asText(fetch(post(GET_USER, "application/grpc-web", body))))?.[1];
    const message = { flags: 0, data: new Uint8Array([10, 1, 97]) };
    expect(await status(encodeEnvelopes(message, { flags: 0x80, data: utf8("x: y\r\n") }))).toBe("0"); // trailers may follow
    expect(await status(new Uint8Array())).toBe(String(Code.Unimplemented));
    expect(await status(encodeEnvelopes(message, message))).toBe(String(Code.Unimplemented));
    expect(await status(encodeEnvelopes(message).subarray(0, 6))).toBe(String(Code.InvalidArgument));
    expect(await status(new Uint8Array([0, 0]))).toBe(String(Code.InvalidArgument));
  });

  it("speaks the version of Connect that we speak, or none", async () => {
    const answer = await fetch(post(GET_USER, "application/json", "{}", { "connect-protocol-version": "2" }));
    expect(await errorOf(answer)).toMatchObject(INVALID);
    expect((await fetch(post(GET_USER, "application/json", "{}", { "connect-protocol-version": "1" }))).status).toBe(200);
  });

  it("is answered 415 with what is accepted", async () => {
    for (const type of [
      "text/plain",
      "application/connect+json",
      "application/grpc",
      "application/grpc-web-text",
      "application/json; charset=latin1",
    ]) {
      const answer = await fetch(post(GET_USER, type, "{}"));
      expect(answer.headers.get("accept-post")).toContain("application/proto");
      expect(await errorOf(answer), type).toMatchObject({ status: 415, code: "unknown" });
    }
    expect((await fetch(post(WATCH, "application/json", "{}"))).headers.get("accept-post")).toContain("application/connect+json");
  });

  it("is answered 405 with what is allowed", async () => {
    const answer = await fetch(new Request(`http://x${LIST}`, { method: "DELETE" }));
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, POST"]);
    const create = await fetch(new Request("http://x/users.v1.UserService/CreateUser"));
    expect([create.headers.get("allow"), await errorOf(create)]).toMatchObject(["POST", { status: 405 }]);
  });

  it("is unimplemented on an unknown path, in the caller's protocol", async () => {
    const path = "/users.v1.UserService/Nope";
    expect(await errorOf(await fetch(post(path, "application/json", "{}")))).toMatchObject({ status: 404, code: "unimplemented" });
    const web = await fetch(post(path, "application/grpc-web+proto", encodeEnvelope(0, new Uint8Array())));
    expect([web.status, web.headers.get("grpc-status")]).toEqual([200, "12"]);
    const stream = await fetch(post(path, "application/connect+json", encodeEnvelope(0, utf8("{}"))));
    expect([stream.status, await asText(stream)]).toEqual([200, expect.stringContaining('"unimplemented"')]);
  });
});

describe("a Worker of several services", () => {
  it("serves each of them, and makes them once for its environment", async () => {
    const make = vi.fn((env: { readonly name: string }) => [
      implementation(UserService, { getUser: () => ({ id: env.name }) }),
      implementation(OrderService, { getOrder: () => ({ id: env.name }) }),
    ]);
    const { fetch } = defineServices(make);
    const env = { name: "here" };
    const transport = connectProto((request) => fetch(request, env));
    expect(await createClient(UserService, transport).getUser({})).toMatchObject({ id: "here" });
    expect(await createClient(OrderService, transport).getOrder({})).toMatchObject({ id: "here" });
    expect(make).toHaveBeenCalledOnce();
  });
});

describe.each(["Connect JSON", "Connect proto", "gRPC-Web proto", "gRPC-Web JSON"])("a stream over %s", (name) => {
  const over = (users: Users, options?: ServiceOptions) =>
    createClient(UserService, waysToCall(hosted(users, options)).find(([way]) => way === name)![1]);

  it("tells its messages, headers and trailers", async () => {
    let trailer = new Headers();
    const users = over({
      async *watchUsers(_request, context) {
        context.responseTrailer.set("x-last", "1");
        for (const revision of [1n, 2n, 3n]) yield { revision };
      },
    });
    const seen: bigint[] = [];
    for await (const { revision } of users.watchUsers(
      {},
      {
        onTrailer: (t) => {
          trailer = t;
        },
      },
    ))
      seen.push(revision);
    expect([seen, trailer.get("x-last")]).toEqual([[1n, 2n, 3n], "1"]);
  });

  it("ends with the error of the implementation, or hides one that is our mistake", async () => {
    const log = vi.spyOn(console, "error").mockReturnValue();
    const failing = (reason: unknown): Users => ({
      async *watchUsers() {
        yield { revision: 1n };
        throw reason;
      },
    });
    expect((await failureOf(over(failing(new ConnectError("gone", Code.OutOfRange))).watchUsers({}))).code).toBe(Code.OutOfRange);
    expect(log).not.toHaveBeenCalled();
    const error = await failureOf(over(failing(new Error("secret"))).watchUsers({}));
    expect([error.code, error.rawMessage]).toEqual([Code.Internal, "internal error"]);
    expect(log).toHaveBeenCalledOnce();
  });

  it("ends at its deadline, and lets the implementation clean up", async () => {
    let cleaned = false;
    const fetch = hosted({
      async *watchUsers() {
        try {
          yield { revision: 1n };
          await scheduler.wait(100); // does not look at the signal
          yield { revision: 2n };
        } finally {
          cleaned = true;
        }
      },
    });
    const [type, timeout] = name.startsWith("gRPC")
      ? ["application/grpc-web+json", { "grpc-timeout": "40m" }]
      : ["application/connect+json", { "connect-timeout-ms": "40" }];
    const answer = await asText(fetch(post(WATCH, type, encodeEnvelope(0, utf8("{}")), timeout)));
    expect(answer).toMatch(/deadline_exceeded|grpc-status: 4/);
    expect(answer).not.toContain('"2"');
    await vi.waitFor(() => expect(cleaned).toBe(true), { timeout: 60_000 });
  });

  it("ends when its caller lets go of it", async () => {
    const log = vi.spyOn(console, "error");
    let reason: unknown;
    const fetch = hosted({
      async *watchUsers(_request, { signal }) {
        yield {};
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        reason = signal.reason;
        throw new Error("was waiting");
      },
    });
    const type = name.startsWith("gRPC") ? "application/grpc-web+json" : "application/connect+json";
    const reader = (await fetch(post(WATCH, type, encodeEnvelope(0, utf8("{}"))))).body!.getReader();
    await reader.read();
    const next = reader.read();
    await reader.cancel();
    await next;
    await vi.waitFor(() => expect(reason).toMatchObject({ code: Code.Canceled }), { timeout: 60_000 });
    expect(log).not.toHaveBeenCalled();
  });

  it("takes malformed protobuf for the caller's mistake", async () => {
    const log = vi.spyOn(console, "error");
    const type = name.startsWith("gRPC") ? "application/grpc-web+proto" : "application/connect+proto";
    const answer = hosted(echo)(post(WATCH, type, encodeEnvelope(0, new Uint8Array([0x08]))));
    expect(await asText(answer)).toMatch(/invalid_argument|grpc-status: 3/);
    expect(log).not.toHaveBeenCalled();
  });

  it("refuses a message over the limit, unpacked too", async () => {
    const bomb = (await gzip(new Uint8Array(5_000_000))).subarray(0, 900);
    const [type, encoding] = name.startsWith("gRPC")
      ? ["application/grpc-web+proto", "grpc-encoding"]
      : ["application/connect+proto", "connect-content-encoding"];
    for (const body of [encodeEnvelope(0, new Uint8Array(1_001)), encodeEnvelope(1, bomb)]) {
      const answer = hosted(echo, { readMaxBytes: 1_000 })(post(WATCH, type, body, { [encoding]: "gzip" }));
      expect(await asText(answer)).toMatch(/resource_exhausted|grpc-status: 8/);
    }
  });
});

describe("streams from the caller", () => {
  const schema = talkService();
  const talk = (methods: Record<string, unknown>) => {
    const { fetch } = defineService(schema, () => methods as Partial<ServiceImpl<DescService>>);
    return async (name: string, messages: AsyncIterable<never>): Promise<string[]> => {
      const method = schema.method[name] as DescMethodStreaming;
      const transport = connectProto((request) => fetch(request, {}));
      const { message } = await transport.stream(method, undefined, undefined, undefined, messages);
      const texts: string[] = [];
      for await (const word of message) texts.push((word as unknown as { text: string }).text);
      return texts;
    };
  };
  const words = async function* (...texts: string[]) {
    for (const text of texts) yield { text } as never;
  };

  it("are collected into one answer", async () => {
    const call = talk({
      async collect(messages: AsyncIterable<{ text: string }>) {
        let text = "";
        for await (const message of messages) text += message.text;
        return { text };
      },
    });
    expect(await call("collect", words("a", "b", "c"))).toEqual(["abc"]);
  });

  it("are answered one by one, once they have all been heard", async () => {
    const call = talk({
      async *converse(messages: AsyncIterable<{ text: string }>) {
        for await (const { text } of messages) yield { text: text.toUpperCase() };
      },
    });
    expect(await call("converse", words("a", "b"))).toEqual(["A", "B"]);
  });

  it("are read off where the implementation has heard enough", async () => {
    const call = talk({
      async collect(_messages: unknown, _context: HandlerContext) {
        throw new ConnectError("enough", Code.Aborted);
      },
    });
    expect((await failureOf(call("collect", words("a", "b")))).code).toBe(Code.Aborted);
  });
});

it("answers a call over a binding that sends no body", async () => {
  expect(await clientOf(echo).listUsers({})).toMatchObject({ nextPageToken: "end" });
});

/** A service with the kinds of streams that the examples do not have. */
function talkService(): DescService {
  const text = {
    name: "text",
    number: 1,
    label: FieldDescriptorProto_Label.OPTIONAL,
    type: FieldDescriptorProto_Type.STRING,
    jsonName: "text",
  };
  const types = { inputType: ".talk.Words", outputType: ".talk.Words" };
  const method = [
    { name: "Collect", ...types, clientStreaming: true },
    { name: "Converse", ...types, clientStreaming: true, serverStreaming: true },
  ];
  const file = {
    name: "talk.proto",
    package: "talk",
    syntax: "proto3",
    messageType: [{ name: "Words", field: [text] }],
    service: [{ name: "Talk", method }],
  };
  return createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getService("talk.Talk")!;
}

describe("a host with more to do than it can", () => {
  /** A host of `maxInFlight` calls, all of them taken. */
  const busy = async (maxInFlight: number, overload: ServiceOptions["overload"] = "enforce", calls = maxInFlight) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    const fetch = hosted(
      {
        getUser: async ({ id }) => {
          begun += 1;
          await gate.promise;
          return { id };
        },
      },
      { maxInFlight, overload },
    );
    const call = (headers: Record<string, string> = {}) => fetch(post(GET_USER, "application/json", "{}", headers));
    const running = Array.from({ length: calls }, () => call({ "tidegate-criticality": "critical_plus" }));
    await vi.waitUntil(() => begun === calls, { timeout: 10_000 });
    return { call, running, fetch, warn, letGo: gate.resolve };
  };

  it("turns calls away in every protocol, before any work, and says so to a gateway", async () => {
    const { call, running, fetch, letGo } = await busy(10);
    const refused = await call({ "tidegate-criticality": "critical_plus" });
    expect([refused.status, refused.headers.get("tidegate-shed"), refused.headers.get("retry-after")]).toEqual([503, "full", "1"]);
    expect(await refused.json()).toEqual({ code: "unavailable", message: "overloaded: too many calls in flight" });
    expect(refused.headers.get("endpoint-load-metrics")).toContain("named_metrics.rif=10");
    for (const [, transport] of waysToCall(fetch)) {
      const failure = await createClient(UserService, transport).getUser({}).catch(ConnectError.from);
      expect(failure).toMatchObject({ code: Code.Unavailable, rawMessage: "overloaded: too many calls in flight" });
    }
    letGo();
    for (const answer of await Promise.all(running)) expect(answer.status).toBe(200);
    expect((await call()).status).toBe(200);
  });

  it("turns away the least critical first", async () => {
    const { call, letGo } = await busy(10, "enforce", 7);
    expect((await call({ "tidegate-criticality": "sheddable" })).headers.get("tidegate-shed")).toBe("level");
    const critical = [call({ "tidegate-criticality": "sheddable_plus" }), call()];
    letGo();
    for (const answer of await Promise.all(critical)) expect(answer.status).toBe(200);
  });

  it("begins nothing that can't end in its time, and what has the time for it", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    let turn = Promise.resolve();
    const fetch = hosted({
      getUser: async ({ id }) => {
        turn = turn.then(() => scheduler.wait(20)); // one after the other
        await turn;
        return { id };
      },
    });
    const call = (headers: Record<string, string>) =>
      fetch(post(GET_USER, "application/json", "{}", { "tidegate-criticality": "critical_plus", ...headers }));
    const backlog = Array.from({ length: 300 }, () => call({}));
    const refused = await vi.waitUntil(
      async () => {
        const answer = await call({ "connect-timeout-ms": "40" });
        return answer.headers.get("tidegate-shed") === "late" && answer;
      },
      { timeout: 20_000, interval: 30 },
    );
    expect(await refused.json()).toEqual({ code: "unavailable", message: "overloaded: this can't be done in the time left" });
    expect((await call({ "connect-timeout-ms": "60000" })).status).toBe(200);
    for (const answer of await Promise.all(backlog)) expect(answer.status).toBe(200);
    expect((await call({ "connect-timeout-ms": "30000" })).headers.get("tidegate-shed")).toBeNull();
  });

  it.each(["report", "off"] as const)("serves all of them where it is told to: %s", async (overload) => {
    const { call, warn, letGo } = await busy(3, overload);
    const more = call();
    letGo();
    expect((await more).status).toBe(200);
    expect(warn.mock.calls.some(([line]) => String(line).includes('"point":"host"'))).toBe(overload === "report");
  });
});
