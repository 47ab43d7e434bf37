// Requests that cost most for their size: what each part of a request can be made to cost, beside the same call with an empty body.
import { gzipSync } from "node:zlib";
import { inflatedLimit, MAX_INFLATION } from "../../../core/protocol/inflation.ts";
import { request } from "../wire.ts";

export interface AmplificationCase {
  readonly input: string; // what is large, as the table names it
  readonly send: Buffer; // the whole request
  readonly empty: Buffer; // the same call with an empty body
  readonly inflatedBytes: number; // size of the whole request after decompression
  readonly isRefused: boolean; // whether a response other than 200 is expected
}

const MIB = 1_048_576;
const JSON_TYPE = "content-type: application/json";
const PROTO_TYPE = "content-type: application/proto";
const ORDER = "POST /orders.v1.OrderService/CreateOrder";
const USER = "POST /users.v1.UserService/UpdateUser";
const NOTE = "POST /notes.v1.NoteService/AddNote";

interface Settings {
  readonly type?: string;
  readonly fields?: readonly string[];
  readonly encoding?: "gzip";
  readonly isRefused?: boolean;
  readonly empty?: string;
}

function bodyCase(input: string, line: string, body: string | Buffer, settings: Settings = {}): AmplificationCase {
  const { type = JSON_TYPE, encoding, isRefused = true, empty = type === JSON_TYPE ? "{}" : "" } = settings;
  const plain = Buffer.from(body as string, "latin1");
  const fields = [type, ...(encoding === undefined ? [] : [`content-encoding: ${encoding}`])];
  const send = request(line, fields, encoding === undefined ? plain : gzipSync(plain, { level: 9 }));
  const headBytes = send.indexOf("\r\n\r\n") + 4;
  const inflated = encoding === undefined ? plain.length : inflatedLimit(send.length - headBytes, MIB, MAX_INFLATION); // the rest never is inflated
  return { input, send, empty: request(line, [type], empty), inflatedBytes: headBytes + Math.min(plain.length, inflated), isRefused };
}

function headCase(input: string, send: Buffer, empty: Buffer): AmplificationCase {
  return { input, send, empty, inflatedBytes: send.length, isRefused: true };
}

/** `Field { }` so often that the whole message has `bytes` bytes: a tag and a length of 0 each. */
function emptyMessages(tag: number, bytes: number): Buffer {
  const all = Buffer.alloc(bytes - (bytes % 2));
  for (let at = 0; at < all.length; at += 2) all[at] = tag;
  return all;
}

/** Items of so many bytes each: their `sku` fills them. */
function messages(size: number, count: number): Buffer {
  const item = size === 2 ? [] : [0x0a, size - 4, ...Buffer.alloc(size - 4, 0x78)];
  return Buffer.concat(Array.from({ length: count }, () => Buffer.from([0x1a, item.length, ...item])));
}

function nested(tag: number, message: Buffer): Buffer {
  const length: number[] = [];
  for (let rest = message.length; ; rest = Math.floor(rest / 128)) {
    length.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    if (rest < 128) break;
  }
  return Buffer.concat([Buffer.from([tag, ...length]), message]);
}

const filled = (unit: string, bytes: number): string => unit.repeat(Math.floor(bytes / unit.length));
const jsonItems = (unit: string, bytes: number): string => `{"order":{"items":[${filled(`${unit},`, bytes - 30)}${unit}]}}`;
const bomb = nested(0x0a, emptyMessages(0x1a, MIB - 100));

/** All of them in the largest form that the default limits let in, or one that they do not. */
export const CASES: readonly AmplificationCase[] = [
  bodyCase("body, passed on", USER, `{"user":{"displayName":"${filled("x", MIB - 100)}"}}`, { isRefused: false }),
  bodyCase("body over the limit", USER, `{"user":{"displayName":"${filled("x", 2 * MIB)}"}}`),
  headCase(
    "headers, 64 KiB in one",
    request(`${USER}`, [JSON_TYPE, `x-big: ${filled("x", 65_536)}`], "{}"),
    request(USER, [JSON_TYPE], "{}"),
  ),
  headCase(
    "headers, 70 KiB in 700",
    request(USER, [JSON_TYPE, ...Array.from({ length: 700 }, (_, n) => `x-${n}: ${filled("x", 95)}`)], "{}"),
    request(USER, [JSON_TYPE], "{}"),
  ),
  headCase("URL, 70 KiB", request(`GET /pub/${filled("x/", 70_000)}`), request("GET /nowhere")),
  headCase("URL, 70 KiB of query", request(`GET /api/v1/users?${filled("a=1&", 70_000)}`), request("GET /api/v1/users?x=1")),
  bodyCase("JSON, nested", NOTE, filled("[", MIB - 100)),
  bodyCase("JSON, many keys", NOTE, `{${filled('"a":1,', MIB - 100)}"a":1}`),
  bodyCase("JSON, nested, REST", "POST /api/v1/orders", filled('{"a":', MIB - 100)),
  bodyCase("JSON, numbers, REST", "POST /api/v1/orders", `{"items":[${filled("1,", MIB - 100)}1]}`),
  bodyCase("JSON, items", ORDER, jsonItems("{}", MIB)),
  bodyCase("JSON, items, REST", "POST /api/v1/orders", `{"items":[${filled("{},", MIB - 100)}{}]}`),
  bodyCase("JSON, items below the element limit", ORDER, jsonItems(`{"sku":"${filled("x", 10)}"}`, 900_000)),
  bodyCase("JSON, long text with a fault", ORDER, `{"order":{"userId":"${filled("\\u0001", MIB - 100)}"}}`),
  bodyCase("protobuf elements", ORDER, bomb, { type: PROTO_TYPE }),
  bodyCase("protobuf elements, unknown", ORDER, filled("\x78\x01", MIB - 100), { type: PROTO_TYPE }),
  bodyCase("protobuf elements, 90,000", ORDER, nested(0x0a, emptyMessages(0x1a, 180_000)), { type: PROTO_TYPE }),
  ...[
    [2, 16_000],
    [2, 24_000],
    [2, 32_000],
    [5, 24_000],
    [5, 48_000],
    [9, 48_000],
    [9, 90_000],
  ].map(([size, count]) =>
    bodyCase(`protobuf elements, ${count!.toLocaleString("en-US")} of ${size} bytes`, ORDER, nested(0x0a, messages(size!, count!)), {
      type: PROTO_TYPE,
    }),
  ),
  bodyCase("JSON, 30,000 empty items", ORDER, `{"order":{"items":[${filled("{},", 90_000)}{}]}}`),
  bodyCase(
    "JSON, 48,000 items of two fields, REST",
    "POST /api/v1/orders",
    `{"items":[${filled('{"sku":"x","quantity":1},', 900_000)}{}]}`,
  ),
  bodyCase("gzip of a megabyte of one letter, REST", "POST /api/v1/users", `{"displayName":"${filled("x", MIB - 100)}"}`, {
    encoding: "gzip",
  }),
  bodyCase("gzip of a megabyte of one letter", NOTE, `{"title":"${filled("x", MIB - 100)}"}`, { encoding: "gzip" }),
  bodyCase("gzip of a megabyte of one letter, a service", ORDER, `{"order":{"userId":"${filled("x", MIB - 100)}"}}`, { encoding: "gzip" }),
  bodyCase("gzip of protobuf elements", ORDER, bomb, { type: PROTO_TYPE, encoding: "gzip" }),
  bodyCase("gzip of JSON items, REST", "POST /api/v1/orders", `{"items":[${filled("{},", MIB - 100)}{}]}`, { encoding: "gzip" }),
  bodyCase("gzip, 100 MiB of zeros", NOTE, Buffer.alloc(100 * MIB), { encoding: "gzip" }),
  bodyCase("gzip, 100 MiB of zeros, REST", "POST /api/v1/orders", Buffer.alloc(100 * MIB), { encoding: "gzip" }),
  bodyCase("violations of the gateway", NOTE, `{"title":"${filled("x", MIB - 200)}","tag":"${filled("a", 50)}b","from":2,"to":1}`),
];
