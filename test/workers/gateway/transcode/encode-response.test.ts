// Messages as bodies of REST responses.
import { create, fromBinary } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { Rejected } from "../../../../core/rejection.ts";
import { encodeResponse, responseJson } from "../../../../workers/gateway/transcode/encode-response.ts";
import { compileRest, type RestOptions, type RestRoute } from "../../../../workers/gateway/transcode/rules/rules.ts";
import { call, msg, tableOf } from "../../../transcoding/call.ts";
import { All, registry, Values } from "../../../transcoding/send.ts";

function routeOf(path: string, options: RestOptions = {}): RestRoute {
  const outcome = call(tableOf(options), path === "/v1/wrap" ? { method: "POST", path } : { method: "GET", path });
  if (outcome.kind === "refused") throw new Error(outcome.rejection.kind);
  return outcome.route;
}

describe("encodeResponse", () => {
  it.each([
    ["/v1/resp/sub", {}, "{}"],
    ["/v1/resp/sub", { sub: { n: 1 } }, '{"n":1}'],
    ["/v1/resp/list", {}, "[]"],
    ["/v1/resp/scalar", {}, '""'],
  ])("writes for %s the field of %j: %s", (path, message, body) => {
    expect(encodeResponse(routeOf(path), msg(message))).toEqual({ body, contentType: "application/json" });
  });

  it("applies the print options", () => {
    const message = msg({ longName: "x", e: "RED" });
    const print = (options: RestOptions) => JSON.parse(String(encodeResponse(routeOf("/v1/query", options), message).body));
    expect(print({})).toEqual({ longName: "x", e: "RED" });
    expect(print({ protoFieldNames: true, enumsAsNumbers: true })).toEqual({ long_name: "x", e: 1 });
    expect(print({ printDefaults: true })).toMatchObject({ longName: "x", i64: "0", rs: [], b: false });
    expect(encodeResponse(routeOf("/v1/resp/scalar", { protoFieldNames: true }), msg({ s: "x" })).body).toBe('"x"');
  });

  it("rejects a message without a JSON form as a fault of the upstream", () => {
    const strange = create(AnySchema, { typeUrl: "type.googleapis.com/nobody.knows.This", value: Uint8Array.of(1) });
    expect(() => encodeResponse(routeOf("/v1/wrap"), strange)).toThrow(Rejected);
  });
});

describe("a response_body that is not set", () => {
  it.each([
    ["part", {}],
    ["any", {}],
    ["fields", {}],
    ["nothing", {}],
    ["list", []],
    ["numbers", []],
    ["by_text", {}],
    ["time", null],
    ["span", null],
    ["mask", null],
    ["value", null],
    ["w_text", null],
  ])("writes %s as %j", (name, json) => {
    const { table } = compileRest([Values], { registry });
    const match = table.match("GET", `/v1/of/${name}`);
    if (match.kind !== "found") throw new Error(match.kind);
    expect(responseJson(match.route, fromBinary(All, new Uint8Array()))).toEqual(json);
  });
});
