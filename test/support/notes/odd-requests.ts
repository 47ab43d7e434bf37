// Requests of the notes service in odd forms: some that servers read in different ways, and all the usual ones.
import { fromJsonString, type Message, toBinary, toJsonString } from "@bufbuild/protobuf";
import { parseDescriptors } from "../../../workers/gateway/configure/descriptors/descriptors.ts";
import descriptors from "./notes.descriptors.ts";

export const NOTE_SERVICE = "notes.v1.NoteService";
export const noteService = parseDescriptors([descriptors], []).services.find(({ typeName }) => typeName === NOTE_SERVICE)!;
const addNote = noteService.methods.find(({ name }) => name === "AddNote")!;
export const MAX_BODY_BYTES = 2_000;

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));
export const noteOf = (text: string): Message => fromJsonString(addNote.input, text);
/** A note as JSON. */
export const textOf = (message: Message): string => toJsonString(addNote.input, message);
const binary = (json: string): Uint8Array<ArrayBuffer> => new Uint8Array(toBinary(addNote.input, fromJsonString(addNote.input, json)));
const join = (...parts: Uint8Array[]): Uint8Array<ArrayBuffer> => new Uint8Array(parts.flatMap((part) => [...part]));
const envelope = (data: Uint8Array, flags = 0, length = data.byteLength): Uint8Array<ArrayBuffer> =>
  join(new Uint8Array([flags, 0, 0, length >> 8, length & 255]), data);

interface Zlib {
  gzipSync(bytes: Uint8Array): Uint8Array;
  deflateSync(bytes: Uint8Array): Uint8Array;
  brotliCompressSync(bytes: Uint8Array): Uint8Array;
  zstdCompressSync(bytes: Uint8Array): Uint8Array;
}
const zlib = (globalThis as unknown as { process: { getBuiltinModule(name: string): Zlib } }).process.getBuiltinModule("node:zlib");
const gzip = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(zlib.gzipSync(bytes));

const BAD = '{"title":"a title that is too long"}'; // breaks a rule
const GOOD = '{"title":"tea"}';
const CONNECT_JSON = { "content-type": "application/json" };
const CONNECT_PROTO = { "content-type": "application/proto" };
const GRPC_WEB = { "content-type": "application/grpc-web+proto" };
const GRPC_WEB_JSON = { "content-type": "application/grpc-web+json" };
const STREAM = { "content-type": "application/connect+json" };

function post(headers: Record<string, string>, body: Uint8Array | string, method = "AddNote"): () => Request {
  const bytes = typeof body === "string" ? utf8(body) : (body as Uint8Array<ArrayBuffer>);
  return () => new Request(`https://gateway.example/${NOTE_SERVICE}/${method}`, { method: "POST", headers, body: bytes });
}
const get = (query: string) => () => new Request(`https://gateway.example/${NOTE_SERVICE}/FindNote?${query}`);

const esc = encodeURIComponent;
const base64 = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const groups = (depth: number): Uint8Array => join(new Uint8Array(depth).fill(0x7b), new Uint8Array(depth).fill(0x7c)); // field 15
/** A message within `depth` others, by `parent`. */
function nested(depth: number): Uint8Array<ArrayBuffer> {
  let bytes = binary(BAD);
  for (let level = 0; level < depth; level++) {
    const { length } = bytes;
    bytes = join(new Uint8Array(length < 128 ? [0x42, length] : [0x42, (length & 127) | 128, length >> 7]), bytes);
  }
  return bytes;
}
const jsonNested = (depth: number): string => `${'{"parent":'.repeat(depth)}${BAD}${"}".repeat(depth)}`;

/** Requests that one server or another reads as a message that breaks the rules, with the code of their refusal. */
export const HIDDEN: readonly (readonly [name: string, request: () => Request, code?: string])[] = [
  ["an unknown key in JSON", post(CONNECT_JSON, `{"x":1,${BAD.slice(1)}`)],
  ["the key __proto__", post(CONNECT_JSON, `{"__proto__":{"title":"tea"},${BAD.slice(1)}`)],
  ["a key in another case", post(CONNECT_JSON, '{"title":"tea","Title":"a title that is too long"}')],
  ["a key twice", post(CONNECT_JSON, '{"title":"tea","title":"a title that is too long"}')],
  ["a key twice, once with escapes", post(CONNECT_JSON, '{"title":"tea","\\u0074itle":"a title that is too long"}')],
  ["two members of a oneof", post(CONNECT_JSON, `{"drawer":"a","box":"b",${BAD.slice(1)}`)],
  ["a key of a map twice", post(CONNECT_JSON, `{"counts":{"a":1,"a":2},${BAD.slice(1)}`)],
  ["text after JSON", post(CONNECT_JSON, `${BAD}x`)],
  ["a second JSON value", post(CONNECT_JSON, `${GOOD}${BAD}`)],
  ["a null byte after JSON", post(CONNECT_JSON, `${BAD}\0`)],
  ["a comment in JSON", post(CONNECT_JSON, `/**/${BAD}`)],
  ["a trailing comma", post(CONNECT_JSON, `${BAD.slice(0, -1)},}`)],
  ["two byte order marks", post(CONNECT_JSON, `\ufeff\ufeff${BAD}`)],
  ["invalid UTF-8 in JSON", post(CONNECT_JSON, join(utf8('{"drawer":"'), new Uint8Array([0xff]), utf8(`",${BAD.slice(1)}`)))],
  ["a lone surrogate", post(CONNECT_JSON, `{"drawer":"\\ud800",${BAD.slice(1)}`)],
  ["NaN without quotes", post(CONNECT_JSON, `{"weight":NaN,${BAD.slice(1)}`)],
  ["Infinity with a sign", post(CONNECT_JSON, `{"weight":"+Infinity",${BAD.slice(1)}`)],
  ["inf in lower case", post(CONNECT_JSON, `{"weight":"inf",${BAD.slice(1)}`)],
  ["a number above a double", post(CONNECT_JSON, `{"weight":1e999,${BAD.slice(1)}`)],
  ["a number in hexadecimal", post(CONNECT_JSON, `{"from":"0x1",${BAD.slice(1)}`)],
  ["a number that JSON.parse rounds", post(CONNECT_JSON, `{"serial":9007199254740993,${BAD.slice(1)}`)],
  ["a message for which a rule fails", post(CONNECT_JSON, '{"title":"tea","pages":[0]}')],
  ["JSON that nests deeper than 100", post(CONNECT_JSON, jsonNested(101))],
  ["an Any of an unknown type", post(CONNECT_JSON, `{"attachment":{"@type":"type.googleapis.com/x.Y"},${BAD.slice(1)}`)],
  ["an empty body as JSON", post(CONNECT_JSON, "")],
  ["another charset", post({ "content-type": "application/json; charset=utf-7" }, BAD)],
  ["two charsets", post({ "content-type": "application/json; charset=utf-8; charset=utf-16" }, BAD)],
  ["JSON as binary", post(CONNECT_PROTO, BAD)],
  ["binary as JSON", post(CONNECT_JSON, binary(BAD))],
  ["binary whose content type mentions json", post({ "content-type": "application/proto; a=json" }, binary(BAD))],
  ["invalid UTF-8 in a string", post(CONNECT_PROTO, join(new Uint8Array([0x2a, 1, 0xff]), binary(BAD)))],
  ["an unknown group 101 deep", post(CONNECT_PROTO, join(groups(101), binary(BAD)))],
  ["a group without an end", post(CONNECT_PROTO, join(new Uint8Array([0x7b]), binary(BAD)))],
  ["messages 101 deep", post(CONNECT_PROTO, nested(101))],
  ["a string as a number", post(CONNECT_PROTO, join(binary(BAD), new Uint8Array([0x08, 3, 0x74, 0x65, 0x61])))],
  ["a number as a string that holds the broken field", post(CONNECT_PROTO, join(new Uint8Array([0x1a, 25]), binary(BAD)))],
  ["a message that its last field leaves", post(CONNECT_PROTO, join(new Uint8Array([0x42, 1]), binary(BAD)))],
  ["a length beyond the end", post(CONNECT_PROTO, join(binary(BAD), new Uint8Array([0x2a, 100])))],
  ["br", post({ ...CONNECT_PROTO, "content-encoding": "br" }, new Uint8Array(zlib.brotliCompressSync(binary(BAD))))],
  ["zstd", post({ ...CONNECT_PROTO, "content-encoding": "zstd" }, new Uint8Array(zlib.zstdCompressSync(binary(BAD))))],
  ["deflate", post({ ...CONNECT_PROTO, "content-encoding": "deflate" }, new Uint8Array(zlib.deflateSync(binary(BAD))))],
  ["GZIP in capitals", post({ ...CONNECT_PROTO, "content-encoding": "GZIP" }, gzip(binary(BAD)))],
  ["x-gzip", post({ ...CONNECT_PROTO, "content-encoding": "x-gzip" }, gzip(binary(BAD)))],
  ["gzip twice", post({ ...CONNECT_PROTO, "content-encoding": "gzip, gzip" }, gzip(gzip(binary(BAD)))), "unimplemented"],
  ["identity twice", post({ ...CONNECT_PROTO, "content-encoding": "identity, identity" }, binary(BAD)), "unimplemented"],
  ["identity and gzip", post({ ...CONNECT_PROTO, "content-encoding": "identity, gzip" }, gzip(binary(BAD))), "unimplemented"],
  ["an unknown coding", post({ ...CONNECT_PROTO, "content-encoding": "snappy" }, binary(BAD)), "unimplemented"],
  ["bytes that are no gzip", post({ ...CONNECT_PROTO, "content-encoding": "gzip" }, binary(BAD))],
  ["gzip of two members", post({ ...CONNECT_PROTO, "content-encoding": "gzip" }, join(gzip(binary(BAD)), gzip(binary(GOOD))))],
  ["gzip whose first member is empty", post({ ...CONNECT_PROTO, "content-encoding": "gzip" }, join(gzip(utf8("")), gzip(binary(GOOD))))],
  [
    "zstd of two frames",
    post(
      { ...CONNECT_PROTO, "content-encoding": "zstd" },
      new Uint8Array(join(zlib.zstdCompressSync(binary(BAD)), zlib.zstdCompressSync(binary(GOOD)))),
    ),
  ],
  [
    "gzip that inflates past the limit",
    post({ ...CONNECT_JSON, "content-encoding": "gzip" }, gzip(utf8(`${BAD}${" ".repeat(MAX_BODY_BYTES)}`))),
    "resource_exhausted",
  ],
  ["two gRPC-Web messages", post(GRPC_WEB, join(envelope(binary(GOOD)), envelope(binary(BAD))))],
  ["a gRPC-Web message and an empty one", post(GRPC_WEB, join(envelope(binary(BAD)), envelope(utf8(""))))],
  ["a gRPC-Web message and trailers", post(GRPC_WEB, join(envelope(binary(BAD)), envelope(utf8("a: b\r\n"), 0x80)))],
  ["trailers before the gRPC-Web message", post(GRPC_WEB, join(envelope(utf8("a: b\r\n"), 0x80), envelope(binary(BAD))))],
  ["no gRPC-Web message", post(GRPC_WEB, "")],
  ["an empty gRPC-Web message that says it has bytes", post(GRPC_WEB, envelope(utf8(""), 0, 9))],
  ["a gRPC-Web message shorter than its body", post(GRPC_WEB_JSON, envelope(utf8(`${GOOD}${BAD}`), 0, GOOD.length)), "resource_exhausted"],
  ["a gRPC-Web message with an unknown flag", post(GRPC_WEB, envelope(binary(BAD), 4))],
  ["a compressed gRPC-Web message without a coding", post(GRPC_WEB, envelope(gzip(binary(BAD)), 1))],
  ["a compressed gRPC-Web message in identity", post({ ...GRPC_WEB, "grpc-encoding": "identity" }, envelope(gzip(binary(BAD)), 1))],
  [
    "the coding header of Connect beside that of gRPC",
    post({ ...GRPC_WEB, "connect-content-encoding": "br", "grpc-encoding": "gzip" }, envelope(gzip(binary(BAD)), 1)),
  ],
  [
    "the coding header of Connect in place of that of gRPC",
    post({ ...GRPC_WEB, "connect-content-encoding": "gzip" }, envelope(gzip(binary(BAD)), 1)),
  ],
  [
    "a gRPC-Web body that is compressed as a whole",
    post({ ...GRPC_WEB, "content-encoding": "gzip" }, gzip(envelope(binary(BAD)))),
    "resource_exhausted",
  ],
  ["a content-encoding that is not that of the envelope", post({ ...GRPC_WEB, "content-encoding": "gzip" }, envelope(binary(BAD)))],
  ["two messages in a Connect stream of one", post(STREAM, join(envelope(utf8(GOOD)), envelope(utf8(BAD))), "TailNotes")],
  ["an end of stream after the one message", post(STREAM, join(envelope(utf8(BAD)), envelope(utf8("{}"), 2)), "TailNotes")],
  ["no message in a Connect stream of one", post(STREAM, "", "TailNotes")],
  ["an unknown key in a Connect stream", post(STREAM, envelope(utf8(`{"x":1,${BAD.slice(1)}`)), "TailNotes")],
  ["a Connect GET", get(`connect=v1&encoding=json&message=${esc(BAD)}`)],
  ["a Connect GET with two messages", get(`connect=v1&encoding=json&message=${esc(GOOD)}&message=${esc(BAD)}`)],
  ["a Connect GET with a message under an encoded name", get(`%6dessage=${esc(BAD)}&connect=v1&encoding=json&message=${esc(GOOD)}`)],
  ["a Connect GET with two encodings", get(`connect=v1&encoding=json&encoding=proto&message=${esc(BAD)}`)],
  ["a Connect GET with an escaped encoding", get(`connect=v1&encoding=%6ason&message=${esc(BAD)}`)],
  ["a Connect GET without an encoding", get(`connect=v1&message=${esc(BAD)}`)],
  ["a Connect GET with base64 twice", get(`connect=v1&encoding=proto&base64=1&base64=0&message=${base64(binary(BAD))}`)],
  ["a Connect GET with an escaped base64", get(`connect=v1&encoding=json&base64=%31&message=${base64(utf8(BAD))}`)],
  ["a Connect GET with base64=true", get(`connect=v1&encoding=json&base64=true&message=${base64(utf8(BAD))}`)],
  [
    "a Connect GET with two compressions",
    get(`connect=v1&encoding=json&base64=1&compression=gzip&compression=br&message=${base64(gzip(utf8(BAD)))}`),
  ],
  [
    "a Connect GET with an escaped compression",
    get(`connect=v1&encoding=json&base64=1&compression=%67zip&message=${base64(gzip(utf8(BAD)))}`),
    "unimplemented",
  ],
  ["a Connect GET with a semicolon", get(`connect=v1&encoding=json;message=${esc(BAD)}&message=${esc(GOOD)}`)],
  ["a Connect GET with binary that is no text", get(`connect=v1&encoding=proto&message=%2a%01%ff`)],
];

/** Requests that all servers read, apart from a byte order mark and a charset in quotes. */
export const USUAL: readonly (readonly [name: string, request: () => Request])[] = [
  ["JSON", post(CONNECT_JSON, GOOD)],
  ["JSON with its charset", post({ "content-type": 'Application/JSON; charset="UTF-8"' }, GOOD)],
  ["JSON with a byte order mark", post(CONNECT_JSON, `\ufeff${GOOD}`)],
  ["both spellings of numbers", post(CONNECT_JSON, '{"title":"tea","from":"1","to":2.0,"weight":"NaN"}')],
  ["a large number in quotes", post(CONNECT_JSON, '{"title":"tea","serial":"9007199254740993"}')],
  ["a large number that fits a double", post(CONNECT_JSON, '{"title":"tea","serial":9007199254740992}')],
  ["a text and null in a oneof", post(CONNECT_JSON, '{"title":"tea","drawer":null,"box":"b"}')],
  ["a text and a message that is null in a oneof", post(CONNECT_JSON, '{"title":"tea","box":"b","envelope":null}')],
  ["a message that is null and a text in a oneof", post(CONNECT_JSON, '{"title":"tea","envelope":null,"box":"b"}')],
  ["binary", post(CONNECT_PROTO, binary(GOOD))],
  ["binary with an unknown field", post(CONNECT_PROTO, join(groups(50), binary(GOOD)))],
  ["binary with a field twice", post(CONNECT_PROTO, join(binary(BAD), binary(GOOD)))],
  ["gzip", post({ ...CONNECT_PROTO, "content-encoding": "gzip" }, gzip(binary(GOOD)))],
  ["gzip of a large message", post({ ...CONNECT_JSON, "content-encoding": "gzip" }, gzip(utf8(`${GOOD}${" ".repeat(1_900)}`)))],
  ["gRPC-Web", post(GRPC_WEB, envelope(binary(GOOD)))],
  ["gRPC-Web, compressed", post({ ...GRPC_WEB, "grpc-encoding": "gzip" }, envelope(gzip(binary(GOOD)), 1))],
  ["gRPC-Web, with a coding and no compressed message", post({ ...GRPC_WEB, "grpc-encoding": "gzip" }, envelope(binary(GOOD)))],
  ["a Connect stream", post(STREAM, envelope(utf8(GOOD)), "TailNotes")],
  ["a Connect GET", get(`connect=v1&encoding=json&message=${esc(GOOD)}`)],
  ["a Connect GET in base64", get(`connect=v1&encoding=proto&base64=1&message=${base64(binary(GOOD))}`)],
];
