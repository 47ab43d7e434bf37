// Unary calls without the machinery of connect-es end as those with it: responses, errors, limits and time.
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import type { UniversalClientFn, UniversalClientRequest, UniversalClientResponse } from "@connectrpc/connect/protocol";
import { createTransport } from "@connectrpc/connect/protocol-connect";
import { describe, expect, it } from "vitest";
import { UserSchema, UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { chunksOf } from "../../../workers/client/response-body.ts";
import { unaryCall } from "../../../workers/client/unary-client.ts";

const { getUser: method } = UserService.method;
const SETTINGS = {
  baseUrl: "http://service",
  useBinaryFormat: true,
  jsonOptions: { ignoreUnknownFields: true },
  readMaxBytes: 1_000,
  writeMaxBytes: 1_000,
};
const JSON_SETTINGS = { ...SETTINGS, useBinaryFormat: false };
type Settings = typeof SETTINGS;
type Call = Parameters<Transport["unary"]>;

/** A client of either kind: its call ends with what a caller learns of it. */
type Caller = (client: UniversalClientFn, settings: Settings, id?: string, timeoutMs?: number, signal?: AbortSignal) => Promise<object>;

const outcomeOf = (response: Promise<Awaited<ReturnType<Transport["unary"]>>>): Promise<object> =>
  response.then(
    ({ message, header, trailer }) => ({ message, header: [...header], trailer: [...trailer] }),
    (reason: unknown) => {
      const { code, rawMessage, details, metadata, isWireError } = ConnectError.from(reason);
      return { isConnectError: reason instanceof ConnectError, isWireError, code, rawMessage, details, metadata: [...metadata] };
    },
  );
const own: Caller = (client, settings, id = "a", timeoutMs = undefined, signal = undefined) =>
  outcomeOf(unaryCall(client, settings, { method, signal, timeoutMs, header: new Headers({ "x-own": "1" }), message: { id } }) as never);
const theirs: Caller = (client, settings, id = "a", timeoutMs = undefined, signal = undefined) => {
  const unused = { interceptors: [], acceptCompression: [], sendCompression: null, compressMinBytes: -1, useHttpGet: false };
  const call = [method, signal, timeoutMs, new Headers({ "x-own": "1" }), { id }] as unknown as Call;
  return outcomeOf(createTransport({ ...settings, ...unused, httpClient: client }).unary(...call));
};

const USER = toBinary(UserSchema, create(UserSchema, { id: "a", email: "a@example.com" }));
const text = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
function response(status: number, fields: Record<string, string>, ...chunks: Uint8Array[]): UniversalClientResponse {
  return { status, header: new Headers(fields), body: chunksOf(chunks), trailer: new Headers() };
}
const PROTO = { "content-type": "application/proto" };
const JSON_TYPE = { "content-type": "application/json" };
const DETAIL = { type: "google.rpc.ErrorInfo", value: "CgFh" };

describe("a call ends as by connect-es", () => {
  it.each<[string, Settings, () => UniversalClientResponse]>([
    ["a message", SETTINGS, () => response(200, PROTO, USER)],
    ["a message in pieces", SETTINGS, () => response(200, PROTO, USER.slice(0, 3), USER.slice(3))],
    ["an empty message", SETTINGS, () => response(200, PROTO)],
    ["trailers", SETTINGS, () => response(200, { ...PROTO, "trailer-cost": "2", "x-a": "1" }, USER)],
    ["JSON with unknown fields", JSON_SETTINGS, () => response(200, JSON_TYPE, text({ id: "a", more: 1 }))],
    ["JSON that is none", JSON_SETTINGS, () => response(200, JSON_TYPE, text("{"))],
    ["bytes that are no message", SETTINGS, () => response(200, PROTO, new Uint8Array([0xff, 0xff]))],
    ["an error", SETTINGS, () => response(404, JSON_TYPE, text({ code: "not_found", message: "no user" }))],
    ["an error with details", SETTINGS, () => response(400, JSON_TYPE, text({ code: "invalid_argument", details: [DETAIL] }))],
    [
      "an error with headers and trailers",
      SETTINGS,
      () => response(429, { ...JSON_TYPE, "retry-after": "1", "trailer-a": "b" }, text({ code: "x" })),
    ],
    ["an error without a code", SETTINGS, () => response(503, JSON_TYPE, text({}))],
    ["an error that is no JSON", SETTINGS, () => response(503, JSON_TYPE, text("<html>"))],
    ["a page", SETTINGS, () => response(502, { "content-type": "text/html" }, text("<html>"))],
    ["an error in the binary form", SETTINGS, () => response(500, PROTO, USER)],
    ["another format", SETTINGS, () => response(200, JSON_TYPE, text({ id: "a" }))],
    ["a stream", SETTINGS, () => response(200, { "content-type": "application/connect+proto" }, USER)],
    ["no content type", SETTINGS, () => response(200, {}, USER)],
    ["a compression", SETTINGS, () => response(200, { ...PROTO, "content-encoding": "gzip" }, USER)],
    ["identity as a compression", SETTINGS, () => response(200, { ...PROTO, "content-encoding": "identity" }, USER)],
    ["a message at the limit", { ...SETTINGS, readMaxBytes: USER.byteLength }, () => response(200, PROTO, USER)],
    ["a message above the limit", { ...SETTINGS, readMaxBytes: USER.byteLength - 1 }, () => response(200, PROTO, USER)],
    ["a declared length above the limit", SETTINGS, () => response(200, { ...PROTO, "content-length": "2000" }, USER)],
    ["fewer bytes than declared", SETTINGS, () => response(200, { ...PROTO, "content-length": "900" }, USER)],
    ["more bytes than declared", SETTINGS, () => response(200, { ...PROTO, "content-length": "2" }, USER)],
  ])("%s", async (_, settings, respond) => {
    const [ours, expected] = [await own(async () => respond(), settings), await theirs(async () => respond(), settings)];
    expect(ours).toEqual(expected);
  });

  it("a request above the limit, which is not sent", async () => {
    const client = async (): Promise<never> => expect.unreachable("a request was sent");
    const long = "a".repeat(1_001);
    expect(await own(client, SETTINGS, long)).toEqual(await theirs(client, SETTINGS, long));
    expect(await own(client, SETTINGS, long)).toMatchObject({ code: Code.ResourceExhausted });
  });

  it("a client that fails", async () => {
    const client = (): Promise<never> => Promise.reject(new TypeError("no network"));
    expect(await own(client, SETTINGS)).toEqual(await theirs(client, SETTINGS));
  });

  it.each<[string, () => [timeoutMs: number | undefined, signal: AbortSignal | undefined]]>([
    ["its timeout", () => [20, undefined]],
    ["its caller", () => [undefined, AbortSignal.timeout(20)]],
    ["its caller, before its timeout", () => [60_000, AbortSignal.timeout(20)]],
    ["its timeout, before its caller", () => [20, AbortSignal.timeout(60_000)]],
    ["a caller that has gone before", () => [60_000, AbortSignal.abort(new ConnectError("gone", Code.Aborted))]],
  ])("when it is ended by %s", async (_, ends) => {
    const never: UniversalClientFn = ({ signal }) =>
      new Promise((_, reject) => {
        const end = (): void => reject(signal!.reason);
        if (signal!.aborted) end();
        else signal!.addEventListener("abort", end);
      });
    expect(await own(never, SETTINGS, "a", ...ends())).toEqual(await theirs(never, SETTINGS, "a", ...ends()));
  });

  it("and its request is the same", async () => {
    const seen: object[] = [];
    const client = async ({ url, method: verb, header, body }: UniversalClientRequest): Promise<UniversalClientResponse> => {
      const chunks: number[] = [];
      for await (const chunk of body!) chunks.push(...chunk);
      seen.push({ url, verb, header: [...header], chunks });
      return response(200, PROTO, USER);
    };
    for (const call of [own, theirs]) await call(client, SETTINGS, "abc", 1_500);
    expect(seen[0]).toEqual(seen[1]);
    expect(seen[0]).toMatchObject({ url: "http://service/users.v1.UserService/GetUser", verb: "POST" });
  });
});

it("gives up a body that it does not read to its end, and leaves no timer behind", async () => {
  let given: AbortSignal | undefined;
  const client =
    (body: UniversalClientResponse): UniversalClientFn =>
    async ({ signal }) => {
      given = signal;
      return body;
    };
  await own(client(response(502, { "content-type": "text/html" }, text("<html>"))), SETTINGS, "a", 10);
  expect(given!.aborted).toBe(true);
  await own(client(response(200, PROTO, USER)), SETTINGS, "a", 10);
  await scheduler.wait(30);
  expect(given!.aborted).toBe(false);
});
