// Messages made to cost more than they weigh, through the gateway to the example services: what comes back is small, and a caller's fault.
import { env } from "cloudflare:workers";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../workers/gateway/app.ts";
import type { Bindings } from "../../workers/gateway/upstream/destination.ts";
import { catalog } from "../support/shipped/catalog.ts";

const MIB = 1_048_576;
const MAX_REFUSAL_BYTES = 65_536;
const MAX_FACTOR = 20; // bytes of a refusal for each byte of the body
const REQUEST_HEAD_BYTES = 150; // the least that a request has beside its body

const app = createApp(
  {
    services: {
      "users.v1.UserService": { upstream: { binding: "USERS" } },
      // Tags with a field have the gateway decode each message that changes an order.
      "orders.v1.OrderService": { upstream: { binding: "ORDERS" }, methods: { CancelOrder: { invalidates: ["order:{id}"] } } },
    },
  },
  catalog,
  env as unknown as Bindings,
);

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
const repeat = (unit: Uint8Array | number[], bytes: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(bytes - (bytes % unit.length)).map((_, at) => unit[at % unit.length]!);
const gzip = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());

/** A length-delimited field. */
function field(number: number, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = [];
  for (let left = content.length; ; left >>>= 7) {
    length.push(left > 127 ? (left & 127) | 128 : left);
    if (left <= 127) break;
  }
  return Uint8Array.from([(number << 3) | 2, ...length, ...content]);
}

interface Sent {
  readonly path: string;
  readonly contentType: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
}

/** @returns status and text of the refusal, whose size is bounded */
async function refusalOf({ path, contentType, body, headers = {} }: Sent): Promise<{ readonly status: number; readonly text: string }> {
  const method = path.startsWith("/api/v1/orders/") ? "PATCH" : "POST";
  const request = new Request(`https://gateway.example${path}`, { method, headers: { "content-type": contentType, ...headers }, body });
  const response = await app.fetch(request);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const head = [...response.headers].reduce((size, [name, value]) => size + name.length + value.length + 4, 0);
  expect(bytes.byteLength + head).toBeLessThanOrEqual(Math.min(MAX_REFUSAL_BYTES, MAX_FACTOR * (body.byteLength + REQUEST_HEAD_BYTES)));
  const grpc = response.headers.get("grpc-message");
  return { status: response.status, text: grpc ?? new TextDecoder().decode(bytes) };
}

const ORDERS = "/orders.v1.OrderService";
const PROTO = "application/proto";
const JSON_TYPE = "application/json";
const TOO_MANY = /more than 100000 elements/;
const INFLATES = /inflates to more than \d+ bytes/;

afterEach(() => void vi.restoreAllMocks());

describe("B07 half a million empty messages", () => {
  const items = field(1, repeat([0x1a, 0], MIB - 16));
  const json = utf8(`{"order":{"items":[${"{},".repeat(340_000)}{}]}}`);
  const rest = utf8(`{"items":[${"{},".repeat(340_000)}{}]}`);

  it.each<[string, () => Sent | Promise<Sent>, number]>([
    [
      "gzip of 1,219 bytes, Connect",
      async () => ({ path: `${ORDERS}/CreateOrder`, contentType: PROTO, body: await gzip(items), headers: { "content-encoding": "gzip" } }),
      429,
    ],
    ["Connect, binary", () => ({ path: `${ORDERS}/CreateOrder`, contentType: PROTO, body: items }), 429],
    ["Connect, JSON", () => ({ path: `${ORDERS}/CreateOrder`, contentType: JSON_TYPE, body: json }), 429],
    ["REST", () => ({ path: "/api/v1/orders", contentType: JSON_TYPE, body: rest }), 413],
    [
      "REST, gzip",
      async () => ({ path: "/api/v1/orders", contentType: JSON_TYPE, body: await gzip(rest), headers: { "content-encoding": "gzip" } }),
      413,
    ],
    [
      "gRPC-Web",
      () => ({
        path: `${ORDERS}/CreateOrder`,
        contentType: "application/grpc-web+proto",
        body: encodeEnvelope(0, items) as Uint8Array<ArrayBuffer>,
      }),
      200,
    ],
    [
      "a stream",
      () => ({
        path: `${ORDERS}/WatchOrders`,
        contentType: "application/connect+proto",
        body: encodeEnvelope(0, items) as Uint8Array<ArrayBuffer>,
      }),
      200,
    ],
    [
      "a message that the gateway decodes",
      () => ({ path: `${ORDERS}/CancelOrder`, contentType: PROTO, body: repeat([0x78, 1], MIB) }),
      429,
    ],
  ])("are refused before they are decoded: %s", async (_name, sent, status) => {
    const log = vi.spyOn(console, "error");
    const call = await sent();
    const refusal = await refusalOf(call);
    const isCompressed = call.headers !== undefined;
    expect([refusal.status, decodeURIComponent(refusal.text)]).toEqual([status, expect.stringMatching(isCompressed ? INFLATES : TOO_MANY)]);
    expect(log).not.toHaveBeenCalled();
  });
});

const connect = (method: string, body: Uint8Array<ArrayBuffer>): Sent => ({ path: `${ORDERS}/${method}`, contentType: PROTO, body });
const connectJson = (method: string, text: string): Sent => ({ path: `${ORDERS}/${method}`, contentType: JSON_TYPE, body: utf8(text) });
const restJson = (path: string, text: string): Sent => ({ path: `/api/v1/orders${path}`, contentType: JSON_TYPE, body: utf8(text) });

describe("a message of a megabyte", () => {
  it.each<[string, Sent, number, RegExp]>([
    ["unknown fields", connect("CreateOrder", repeat([0x78, 1], MIB)), 429, TOO_MANY],
    ["unknown groups", connect("CreateOrder", repeat([0x7b, 0x7c], MIB)), 429, TOO_MANY],
    ["groups within one another", connect("CreateOrder", repeat([0x7b], MIB)), 400, /invalid_argument/],
    ["messages within one another", connect("CreateOrder", repeat([0x0a, 0x7f], MIB)), 400, /invalid_argument/],
    ["paths of a mask", connect("UpdateOrder", field(2, repeat([0x0a, 0], MIB - 16))), 429, TOO_MANY],
    ["90,000 paths of a mask", connect("UpdateOrder", field(2, repeat([0x0a, 1, 0x61], 270_000))), 400, /and 90,000 more/],
    [
      "45,000 items",
      connect("CreateOrder", field(1, repeat([0x1a, 9, 0x0a, 7, ...Array<number>(7).fill(0x61)], 495_000))),
      400,
      /write 1 to 100 lines/,
    ],
    ["one long text", connect("CreateOrder", field(1, field(4, repeat([0x61], MIB - 16)))), 400, /invalid_argument/],
    ["arrays within one another", connectJson("CreateOrder", "[".repeat(MIB)), 400, /nests deeper than 100 levels/],
    ["objects within one another", connectJson("CreateOrder", '{"a":'.repeat(200_000)), 400, /nests deeper than 100 levels/],
    ["numbers", connectJson("CreateOrder", `{"order":{"items":[${"1,".repeat(500_000)}1]}}`), 429, TOO_MANY],
    ["keys", connectJson("CreateOrder", `{${'"a":1,'.repeat(170_000)}"a":1}`), 429, TOO_MANY],
    ["one long key", connectJson("CreateOrder", `{"${"k".repeat(MIB - 16)}":1}`), 400, /invalid_argument/],
    [
      "one long key that is given twice",
      connectJson("CreateOrder", `{"${"k".repeat(400_000)}":1,"${"k".repeat(400_000)}":1}`),
      400,
      /twice/,
    ],
    ["one long name of an enum", connectJson("CreateOrder", `{"order":{"state":"${"S".repeat(MIB - 64)}"}}`), 400, /invalid_argument/],
    ["control characters", connectJson("CreateOrder", `{"order":{"userId":"${"\\u0001".repeat(170_000)}"}}`), 400, /invalid_argument/],
    ["REST: arrays within one another", restJson("", "[".repeat(MIB)), 400, /nests deeper than 100 levels/],
    ["REST: numbers", restJson("", `{"items":[${"1,".repeat(90_000)}1]}`), 400, /and 90,000 more/],
    ["REST: keys", restJson("", `{${Array.from({ length: 80_000 }, (_, n) => `"k${n}":1`).join()}}`), 400, /and 79,999 more/],
    ["REST: one long key", restJson("", `{"${"k".repeat(MIB - 16)}":1}`), 400, /is not a field/],
    ["REST: one long key that is given twice", restJson("", `{"${"k".repeat(400_000)}":1,"${"k".repeat(400_000)}":1}`), 400, /twice/],
    ["REST: one long name of an enum", restJson("", `{"state":"${"S".repeat(MIB - 64)}"}`), 400, /must be a value of/],
    ["REST: control characters", restJson("", `{"userId":"${"\\u0001".repeat(170_000)}"}`), 400, /write usr_/],
    ["REST: what is no JSON", restJson("", "x".repeat(MIB)), 400, /is not JSON/],
    ["REST: a mask in the query", restJson(`/ord_1?${"update_mask=a&".repeat(500)}`, "{}"), 400, /set twice|more/],
  ])("gets a small refusal: %s", async (_name, sent, status, message) => {
    const log = vi.spyOn(console, "error");
    const refusal = await refusalOf(sent);
    expect([refusal.status, refusal.text]).toEqual([status, expect.stringMatching(message)]);
    expect(log).not.toHaveBeenCalled();
  });
});

it("lists at most 20 violations of a small body, within 20 times its bytes", async () => {
  const { text } = await refusalOf(connect("CreateOrder", field(1, repeat([0x1a, 0], 200))));
  expect(text).toContain(", and 200 more"); // one of the user, and of 100 lines without sku and quantity
});
