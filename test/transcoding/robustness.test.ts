// Whatever arrives becomes a message or a rejection, and takes no more than linear work.
import { fromJson, type JsonObject, toBinary, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { canonicalPath } from "../../core/path/canonical-path.ts";
import { decodeRequest } from "../../workers/gateway/transcode/decode-request.ts";
import { expandRequest } from "../../workers/gateway/transcode/rules/expand-request.ts";
import type { RestRoute } from "../../workers/gateway/transcode/rules/rules.ts";
import { call, tableOf } from "./call.ts";
import { Msg, registry } from "./schema.ts";

const table = tableOf({ inferUpdateMask: true, ignoreUnknownFields: true });
const text = fc.string({
  unit: fc.oneof(fc.constantFrom("%", "2", "F", ".", "/", ":", "&", "=", "+"), fc.string({ unit: "binary", minLength: 1, maxLength: 1 })),
});
const names = [
  "s",
  "i32",
  "i64",
  "u64",
  "d",
  "f",
  "b",
  "y",
  "e",
  "rs",
  "ri",
  "sub.n",
  "sub.child.ns",
  "m",
  "os",
  "oi",
  "ts",
  "dur",
  "fm",
  "wi64",
  "ws",
  "wy",
  "st",
  "val",
  "rts",
];

/** A value for a field that may fit and often does not. */
const value = fc.oneof(
  text,
  fc.double().map(String),
  fc.bigInt().map(String),
  fc.constantFrom("true", "RED", "NaN", "1.5s", "a,bC", "2026-01-01T00:00:00Z"),
);
const query = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...names), text), value), { maxLength: 6 });
const paths = [
  "/v1/query",
  "/v1/single/",
  "/v1/multi/",
  "/v1/typed/",
  "/v1/star/",
  "/v1/field/",
  "/v1/items/",
  "/v1/files/",
  "/v1/shelves/a/books/",
  "/",
];
const json = fc.oneof(
  fc.json(),
  fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), fc.jsonValue()).map((fields) => JSON.stringify(fields)),
  text,
);

describe("a request of any kind", () => {
  it("becomes a message that can be sent, or a rejection, and nothing else", () => {
    const method = fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "M-SEARCH");
    const body = fc.oneof(json, fc.uint8Array());
    const accepted = { kinds: new Set<string>() };
    fc.assert(
      fc.property(method, fc.constantFrom(...paths), text, query, body, (method, path, rest, pairs, body) => {
        const search = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join("&");
        const outcome = call(table, {
          method,
          path: `${path}${rest}?${search}`,
          contentType: "application/json",
          ...(method === "GET" ? {} : { body }),
        });
        accepted.kinds.add(outcome.kind === "refused" ? outcome.rejection.kind : outcome.kind);
        if (outcome.kind === "accepted") toBinary(outcome.route.method.input, outcome.message);
      }),
      { numRuns: 2000 },
    );
    expect([...accepted.kinds].sort()).toEqual(["accepted", "invalid_path", "invalid_request", "method_not_allowed", "unknown_path"]);
  });

  it("takes steps in proportion to its parameters, whichever they are", () => {
    const get = vi.spyOn(Map.prototype, "get");
    const steps = (path: string): number => {
      get.mockClear();
      call(table, { method: "GET", path });
      return get.mock.calls.length;
    };
    for (const parameter of ["rs=a&", "nope=1&", "sub.child.child.child.ns=1&", "rts=2026-01-01T00:00:00Z&"]) {
      const once = steps(`/v1/query?${parameter.repeat(50)}`);
      expect(once).toBeGreaterThan(50);
      expect(steps(`/v1/query?${parameter.repeat(500)}`), parameter).toBeLessThanOrEqual(10 * once + 10);
    }
    get.mockRestore();
  });
});

describe("a message of any kind", () => {
  it("comes back from the URL that it was put into", () => {
    const fields = fc.record(
      {
        s: fc.string({ unit: "grapheme", minLength: 1 }),
        i32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
        d: fc.double({ noNaN: true, noDefaultInfinity: true }),
        b: fc.boolean(),
        y: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64")),
        e: fc.constantFrom("RED", "GREEN", 99),
        rs: fc.array(fc.string()),
        sub: fc.record({ name: fc.string(), ns: fc.array(fc.nat(100)) }),
        oi: fc.nat(100),
        ts: fc
          .date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true })
          .map((date) => date.toISOString()),
        dur: fc.integer({ min: -1000, max: 1000 }).map((seconds) => `${seconds}s`),
        wb: fc.boolean(),
        opt: fc.string(),
      },
      { requiredKeys: ["s"] },
    );
    const single = call(table, { method: "GET", path: "/v1/single/x" }) as { route: RestRoute };
    fc.assert(
      fc.property(fields, (fields) => {
        const message = fromJson(Msg, fields as unknown as JsonObject, { registry });
        const expanded = expandRequest(single.route, message);
        if (expanded.kind === "invalid") return;
        const at = canonicalPath(expanded.path + expanded.query);
        if (at.kind === "invalid") return;
        const match = table.match("GET", at.path);
        if (match.kind !== "found") throw new Error(match.kind);
        const back = decodeRequest(match.route, match.variables, at.query, null, null, 100_000);
        expect(toJson(Msg, back as typeof message, { registry })).toEqual(comparable(toJson(Msg, message, { registry }) as JsonObject));
      }),
    );
  });

  /** A message without a field that is set is not in a URL at all. */
  function comparable({ sub, ...message }: JsonObject): JsonObject {
    return sub === undefined || Object.keys(sub as JsonObject).length === 0 ? message : { ...message, sub };
  }
});
