import { create, createFileRegistry, type DescMethodStreaming, type DescService } from "@bufbuild/protobuf";
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { afterEach, describe, expect, it, vi } from "vitest";
import { defineService, type ServiceOptions } from "../../../workers/service.ts";
import { asText, connectProto, failureOf, gzip, post } from "../services/support.ts";
import { clientOver, echo, hosted, type Users, utf8, WATCH_USERS } from "./host.ts";

afterEach(() => void vi.restoreAllMocks());

describe.each(["Connect JSON", "Connect proto", "gRPC-Web proto", "gRPC-Web JSON"])("a stream over %s", (name) => {
  const over = (users: Users, options?: ServiceOptions) => clientOver(name, users, options);

  it("has messages, headers and trailers", async () => {
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

  it("ends with the error of the implementation, and hides a fault", async () => {
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
          await scheduler.wait(100); // does not use the signal
          yield { revision: 2n };
        } finally {
          cleaned = true;
        }
      },
    });
    const [type, timeout] = name.startsWith("gRPC")
      ? ["application/grpc-web+json", { "grpc-timeout": "40m" }]
      : ["application/connect+json", { "connect-timeout-ms": "40" }];
    const response = await asText(fetch(post(WATCH_USERS, type, encodeEnvelope(0, utf8("{}")), timeout)));
    expect(response).toMatch(/deadline_exceeded|grpc-status: 4/);
    expect(response).not.toContain('"2"');
    await vi.waitFor(() => expect(cleaned).toBe(true), { timeout: 60_000 });
  });

  it("ends when its caller cancels it", async () => {
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
    const reader = (await fetch(post(WATCH_USERS, type, encodeEnvelope(0, utf8("{}"))))).body!.getReader();
    await reader.read();
    const next = reader.read();
    await reader.cancel();
    await next;
    await vi.waitFor(() => expect(reason).toMatchObject({ code: Code.Canceled }), { timeout: 60_000 });
    expect(log).not.toHaveBeenCalled();
  });

  it("is invalid_argument for malformed protobuf, and not logged", async () => {
    const log = vi.spyOn(console, "error");
    const type = name.startsWith("gRPC") ? "application/grpc-web+proto" : "application/connect+proto";
    const response = hosted(echo)(post(WATCH_USERS, type, encodeEnvelope(0, new Uint8Array([0x08]))));
    expect(await asText(response)).toMatch(/invalid_argument|grpc-status: 3/);
    expect(log).not.toHaveBeenCalled();
  });

  it("refuses a message above the limit, also after decompression", async () => {
    const bomb = (await gzip(new Uint8Array(5_000_000))).subarray(0, 900);
    const [type, encoding] = name.startsWith("gRPC")
      ? ["application/grpc-web+proto", "grpc-encoding"]
      : ["application/connect+proto", "connect-content-encoding"];
    for (const body of [encodeEnvelope(0, new Uint8Array(1_001)), encodeEnvelope(1, bomb)]) {
      const response = hosted(echo, { readMaxBytes: 1_000 })(post(WATCH_USERS, type, body, { [encoding]: "gzip" }));
      expect(await asText(response)).toMatch(/resource_exhausted|grpc-status: 8/);
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

  it("are collected into one response", async () => {
    const call = talk({
      async collect(messages: AsyncIterable<{ text: string }>) {
        let text = "";
        for await (const message of messages) text += message.text;
        return { text };
      },
    });
    expect(await call("collect", words("a", "b", "c"))).toEqual(["abc"]);
  });

  it("get one response each", async () => {
    const call = talk({
      async *converse(messages: AsyncIterable<{ text: string }>) {
        for await (const { text } of messages) yield { text: text.toUpperCase() };
      },
    });
    expect(await call("converse", words("a", "b"))).toEqual(["A", "B"]);
  });

  it("end with an error of the implementation before the last message", async () => {
    const call = talk({
      async collect(_messages: unknown, _context: HandlerContext) {
        throw new ConnectError("enough", Code.Aborted);
      },
    });
    expect((await failureOf(call("collect", words("a", "b")))).code).toBe(Code.Aborted);
  });
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
