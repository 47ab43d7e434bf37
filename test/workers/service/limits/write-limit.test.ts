// What a host sends is bounded: messages, errors and the ends of streams, over every protocol.
import { Code, ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { describe, expect, it } from "vitest";
import { BadRequestSchema } from "../../../../protos/gen/google/rpc/error_details_pb.ts";
import { limitEnd, limitError } from "../../../../workers/service/limits/write-limit.ts";
import { settingsOf } from "../../../../workers/service/settings.ts";
import { failureOf, post, waysToCall } from "../../services/support.ts";
import { clientOver, echo, GET_USER, hosted, type Users, utf8, WATCH_USERS } from "../host.ts";

const LARGE = "x".repeat(100_000);
const detail = (description: string) => ({ desc: BadRequestSchema, value: { fieldViolations: [{ field: "id", description }] } });

/** @returns an implementation that throws a new error in each method */
const failing = (error: () => ConnectError): Users => ({
  getUser() {
    throw error();
  },
  // biome-ignore lint/correctness/useYield: the stream ends with an error
  async *watchUsers() {
    throw error();
  },
});

describe.each(waysToCall(hosted(echo)).map(([name]) => name))("a host over %s", (name) => {
  it.each(["n", "é", "€", "😀"])("counts bytes, not characters, of a response of many %s", async (character) => {
    const users: Users = { getUser: () => ({ displayName: character.repeat(1_000) }) };
    const size = new TextEncoder().encode(character).byteLength * 1_000;
    const isBinary = !/json/i.test(name);
    const overhead = isBinary ? 3 : '{"displayName":""}'.length; // tag and length
    await expect(clientOver(name, users, { writeMaxBytes: size + overhead }).getUser({})).resolves.toBeDefined();
    await expect(clientOver(name, users, { writeMaxBytes: size + overhead - 1 }).getUser({})).rejects.toMatchObject({
      code: Code.ResourceExhausted,
    });
  });

  it("refuses a response above writeMaxBytes, and names the setting", async () => {
    const users = (writeMaxBytes: number) => clientOver(name, { getUser: () => ({ displayName: LARGE }) }, { writeMaxBytes });
    expect((await users(200_000).getUser({})).displayName).toBe(LARGE);
    const error = await failureOf(users(100_000).getUser({}));
    expect([error.code, error.rawMessage]).toEqual([
      Code.ResourceExhausted,
      "response is larger than 100000 bytes; request less, or raise writeMaxBytes of the service",
    ]);
  });

  it("cuts the message of an error, and leaves out details that are too large", async () => {
    const long = await failureOf(
      clientOver(
        name,
        failing(() => new ConnectError(LARGE, Code.Aborted, { "x-why": "a" }, [detail("b")])),
      ).getUser({}),
    );
    expect([long.code, long.rawMessage.length, long.metadata.get("x-why")]).toEqual([Code.Aborted, 4_096, "a"]);
    expect(long.findDetails(BadRequestSchema)).toHaveLength(1);
    const wide = await failureOf(
      clientOver(
        name,
        failing(() => new ConnectError("no", Code.Aborted, {}, [detail(LARGE)])),
      ).getUser({}),
    );
    expect([wide.code, wide.rawMessage, wide.details]).toEqual([
      Code.Aborted,
      "no (its details are left out: they are larger than 65536 bytes)",
      [],
    ]);
  });

  it("writes a message with a lone surrogate", async () => {
    const error = await failureOf(
      clientOver(
        name,
        failing(() => new ConnectError("a\ud800b", Code.Aborted)),
      ).getUser({}),
    );
    expect([error.code, error.rawMessage]).toEqual([Code.Aborted, "a\ufffdb"]);
  });
});

describe.each(["Connect JSON", "Connect proto", "gRPC-Web proto", "gRPC-Web JSON"])("a stream over %s", (name) => {
  it("ends with an error at a message above writeMaxBytes", async () => {
    const users: Users = {
      async *watchUsers() {
        yield { revision: 1n };
        yield { user: { displayName: LARGE } };
      },
    };
    const seen: bigint[] = [];
    const call = async () => {
      for await (const { revision } of clientOver(name, users, { writeMaxBytes: 10_000 }).watchUsers({})) seen.push(revision);
    };
    const error = await failureOf(call());
    expect([seen, error.code, error.rawMessage]).toEqual([[1n], Code.ResourceExhausted, expect.stringContaining("writeMaxBytes")]);
  });

  it("ends with an error whose message is cut and whose details are left out", async () => {
    const error = await failureOf(
      clientOver(
        name,
        failing(() => new ConnectError(LARGE, Code.Aborted, {}, [detail(LARGE)])),
      ).watchUsers({}),
    );
    expect([error.code, error.rawMessage.length < 1_200, error.details]).toEqual([Code.Aborted, true, []]);
  });

  it("replaces trailers that are too large", async () => {
    const users: Users = {
      async *watchUsers(_request, { responseTrailer }) {
        responseTrailer.set("x-large", LARGE);
        yield {};
      },
    };
    const error = await failureOf(clientOver(name, users).watchUsers({}));
    expect([error.code, error.rawMessage]).toEqual([Code.ResourceExhausted, "trailers are larger than 65536 bytes"]);
  });
});

it("replaces the trailers of a unary gRPC-Web call that are too large", async () => {
  const users: Users = {
    getUser(_request, { responseTrailer }) {
      responseTrailer.set("x-large", LARGE);
      return {};
    },
  };
  const error = await failureOf(clientOver("gRPC-Web proto", users).getUser({}));
  expect([error.code, error.rawMessage]).toEqual([Code.ResourceExhausted, "trailers are larger than 65536 bytes"]);
});

it.each([
  ["Connect", GET_USER, "application/json", `{"${"\ud800k".repeat(20_000)}":1}`],
  ["gRPC-Web", GET_USER, "application/grpc-web+json", encodeEnvelope(0, utf8(`{"\\ud800${"k".repeat(60_000)}":1}`))],
  ["a stream", WATCH_USERS, "application/connect+json", encodeEnvelope(0, utf8(`{"\\ud800${"k".repeat(60_000)}":1}`))],
])("cuts what a caller wrote in the error of the decoder: %s", async (_name, path, contentType, body) => {
  const response = await hosted(echo)(post(path, contentType, body as BodyInit));
  const text = await response.text();
  expect(text.length).toBeLessThan(13_000); // percent-encoded in gRPC-Web
  expect(text).toMatch(/invalid_argument|grpc-status: 3/);
});

describe("limitError", () => {
  const settings = settingsOf({});

  it("returns an error of ordinary size as it is", () => {
    const error = new ConnectError("no", Code.Aborted, { a: "b" }, [detail("c")]);
    expect(limitError(error, settings)).toBe(error);
  });

  it("leaves out metadata that is too large, and holds a smaller writeMaxBytes", () => {
    const limited = limitError(new ConnectError("no", Code.Aborted, { a: LARGE }), settings);
    expect([...limited.metadata]).toEqual([]);
    expect(
      limitError(new ConnectError("no", Code.Aborted, {}, [detail("c".repeat(300))]), settingsOf({ writeMaxBytes: 200 })).details,
    ).toEqual([]);
  });
});

describe("limitEnd", () => {
  it("passes every envelope that is no end, and ends of ordinary size", () => {
    const settings = settingsOf({});
    for (const envelope of [encodeEnvelope(0, utf8(LARGE)), encodeEnvelope(2, utf8("{}")), new Uint8Array()])
      expect(limitEnd(envelope, false, settings)).toBe(envelope);
    expect(limitEnd(encodeEnvelope(2, utf8(LARGE)), false, settings).byteLength).toBeLessThan(200);
  });
});
