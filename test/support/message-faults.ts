// Faulty messages, by the ids of the list of faults, as requests to the user service; and what each has to end with. They are sent to a host
// directly, and through the gateway.
import { encodeEnvelope } from "@connectrpc/connect/protocol";

export interface MessageFault {
  readonly name: string; // with the id of the fault
  request(): Request;
  readonly status: number;
  readonly codes: readonly string[]; // any of them; "ok" for a response
}

type Body = ConstructorParameters<typeof Response>[0];

const USERS = "https://users.example/users.v1.UserService";
const MIB = 1_048_576;
const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
const bytes = (...all: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(all);
const envelope = (message: Uint8Array, flags = 0) => encodeEnvelope(flags, message) as Uint8Array<ArrayBuffer>;

function post(method: string, type: string, body: Body, headers: Record<string, string> = {}): Request {
  // `duplex` is for Node, which sends streams only with it.
  const init = { method: "POST", headers: { "content-type": type, ...headers }, body, duplex: "half" };
  return new Request(`${USERS}/${method}`, init as RequestInit);
}

const get = (query: string): Request => new Request(`${USERS}/GetUser?${query}`);

const unary = (
  name: string,
  type: string,
  body: () => Body,
  status = 400,
  code = "invalid_argument",
  method = "GetUser",
): MessageFault => ({
  name,
  request: () => post(method, type, body()),
  status,
  codes: [code],
});

const stream = (name: string, type: string, body: Uint8Array<ArrayBuffer>, ...codes: string[]): MessageFault => ({
  name,
  request: () => post("WatchUsers", type, body),
  status: 200,
  codes,
});

/** A body without a length. */
const chunked = (body: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> => new Blob([body]).stream();

const over = utf8(`{"id":"${"x".repeat(MIB - 8)}"}`);
const timeout = (value: string, status: number, code: string): MessageFault => ({
  name: `B13 Connect-Timeout-Ms: ${value}`,
  request: () => post("GetUser", "application/json", '{"id":"usr_01arz3ndektsv4rrffq69g5fav"}', { "connect-timeout-ms": value }),
  status,
  codes: [code],
});

const BINARY: readonly (readonly [string, Uint8Array<ArrayBuffer>])[] = [
  ["field length prefix of 2^31 - 1 in six bytes", bytes(0x0a, 0xff, 0xff, 0xff, 0xff, 0x07)],
  ["varint of 11 bytes", bytes(0x78, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01)],
  ["field number 0", bytes(0x02, 0x00)],
  ["end of a group that has not begun", bytes(0x7c)],
  ["end of a group under the number of a field", bytes(0x0c, 0x00)],
];

export const MESSAGE_FAULTS: readonly MessageFault[] = [
  unary("B03 body one byte over the limit, with its length", "application/json", () => over, 429, "resource_exhausted"),
  unary("B03 body one byte over the limit, without its length", "application/json", () => chunked(over), 429, "resource_exhausted"),
  stream(
    "B04 envelope of 4 GiB with one byte, Connect",
    "application/connect+proto",
    bytes(0, 255, 255, 255, 255, 1),
    "resource_exhausted",
  ),
  {
    ...stream("B04 envelope of 4 GiB with one byte, gRPC-Web", "application/grpc-web+proto", bytes(0, 255, 255, 255, 255, 1), "8"),
    request: () => post("GetUser", "application/grpc-web+proto", bytes(0, 255, 255, 255, 255, 1)),
  },
  ...BINARY.flatMap(([name, body]) => [
    unary(`B05 ${name}, Connect`, "application/proto", () => body),
    {
      ...stream(`B05 ${name}, gRPC-Web`, "application/grpc-web+proto", envelope(body), "3"),
      request: () => post("GetUser", "application/grpc-web+proto", envelope(body)),
    },
    stream(`B05 ${name}, a stream`, "application/connect+proto", envelope(body), "invalid_argument"),
  ]),
  unary(
    "B07 a megabyte of unknown fields",
    "application/proto",
    () => new Uint8Array(MIB).map((_, at) => (at % 2 === 0 ? 0x78 : 1)),
    429,
    "resource_exhausted",
  ),
  unary("B08 JSON of 100,000 arrays within one another", "application/json", () => "[".repeat(100_000)),
  unary("B08 JSON of 100,000 objects within one another", "application/json", () => '{"id":'.repeat(100_000)),
  stream(
    "B08 JSON of 100,000 arrays within one another, a stream",
    "application/connect+json",
    envelope(utf8("[".repeat(100_000))),
    "invalid_argument",
  ),
  unary("B08 10 MB of JSON arrays within one another", "application/json", () => "[".repeat(10_000_000), 429, "resource_exhausted"),
  unary("B09 __proto__ in JSON", "application/json", () => '{"__proto__":{"polluted":"yes"}}'),
  unary("B09 constructor.prototype in JSON", "application/json", () => '{"constructor":{"prototype":{"polluted":"yes"}}}'),
  {
    name: "B09 __proto__ in a query",
    request: () => get("connect=v1&encoding=json&message=%7B%7D&__proto__=polluted&__proto__[polluted]=yes"),
    status: 400,
    codes: ["invalid_argument"],
  },
  unary("B10 a key twice", "application/json", () => '{"id":"usr_01arz3ndektsv4rrffq69g5fav","id":"b"}'),
  unary("B10 a key twice, once escaped", "application/json", () => '{"id":"usr_01arz3ndektsv4rrffq69g5fav","\\u0069d":"b"}'),
  unary("B10 a field by both of its names", "application/json", () => '{"pageSize":1,"page_size":2}', 400, "invalid_argument", "ListUsers"),
  unary("B10 an int32 beyond its range", "application/json", () => '{"pageSize":2147483648}', 400, "invalid_argument", "ListUsers"),
  unary("B10 1e400", "application/json", () => '{"pageSize":1e400}', 400, "invalid_argument", "ListUsers"),
  unary('B10 "NaN"', "application/json", () => '{"pageSize":"NaN"}', 400, "invalid_argument", "ListUsers"),
  stream(
    "B10 a key twice, a stream",
    "application/connect+json",
    envelope(utf8('{"afterRevision":"1","afterRevision":"2"}')),
    "invalid_argument",
  ),
  {
    name: "B12 a Connect GET whose message is no base64",
    request: () => get("connect=v1&encoding=proto&base64=1&message=a*b"),
    status: 400,
    codes: ["invalid_argument"],
  },
  {
    name: "B12 a Connect GET whose message has a malformed escape",
    request: () => get("connect=v1&encoding=json&message=%zz"),
    status: 400,
    codes: ["invalid_argument"],
  },
  timeout("abc", 400, "invalid_argument"),
  timeout("99999999999", 400, "invalid_argument"),
  timeout("-1", 400, "invalid_argument"),
  timeout("0", 504, "deadline_exceeded"),
  timeout("9999999999", 404, "not_found"), // above each limit: it counts as the limit
  stream("B15 no message", "application/connect+json", bytes(), "unimplemented", "invalid_argument"),
  stream(
    "B15 two messages",
    "application/connect+json",
    bytes(...envelope(utf8("{}")), ...envelope(utf8("{}"))),
    "unimplemented",
    "invalid_argument",
  ),
  stream("B15 an envelope that is cut", "application/connect+json", bytes(0, 0, 0, 0, 9, 0x7b), "invalid_argument"),
  stream("B15 a compressed message without a coding", "application/connect+json", envelope(utf8("{}"), 1), "internal", "invalid_argument"),
];

/** Code of a response in the protocol of its request: of Connect, or the number of gRPC-Web. */
export async function codeOf(response: Response): Promise<string> {
  const inHeader = response.headers.get("grpc-status");
  if (inHeader !== null) return inHeader;
  const text = await response.text();
  return /grpc-status: ?(\d+)/.exec(text)?.[1] ?? /"code":"(\w+)"/.exec(text)?.[1] ?? "ok";
}
