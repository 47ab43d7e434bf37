// Requests decoded to messages, and the refusals of invalid ones.
import { create, createRegistry, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { outcomeOf, type RestCall, tableOf } from "../../../transcoding/call.ts";
import { Msg } from "../../../transcoding/schema.ts";

const table = tableOf({});
const JSON_TYPE = "application/json";

function get(path: string): RestCall {
  return { method: "GET", path };
}

function post(path: string, body: string | Uint8Array, contentType = JSON_TYPE): RestCall {
  return { method: "POST", path, body, contentType };
}

describe("a query", () => {
  it.each([
    ["rs=a,b&rs=c", { rs: ["a,b", "c"] }],
    ["sub.ns=1&sub.ns=2&sub.child.name=x", { sub: { ns: [1, 2], child: { name: "x" } } }],
    ["opt=", { opt: "" }],
    ["u32=1e2&i64=1.0&u64=1e3", { u32: 100, i64: "1", u64: "1000" }],
    ["y=-_8", { y: "+/8=" }],
    ["fm=longName,sub.name", { fm: "longName,sub.name" }],
    ["ts.seconds=5&wi64.value=7", { ts: "1970-01-01T00:00:05Z", wi64: "7" }],
    ["os=x&os.=", undefined],
  ])("%s is read as %j", (query, message) => {
    const outcome = outcomeOf(table, get(`/v1/query?${query}`));
    if (message === undefined) expect(outcome).toMatchObject({ kind: "invalid_request" });
    else expect(outcome).toEqual(message);
  });

  it.each([
    ["i32=2147483648", "i32", "must be an int32"],
    ["i32=", "i32", "must be an int32"],
    ["f=3.5e38", "f", "must be a float"],
    ["e=red", "e", "must be a value of transcoding.test.v1.Color"],
    ["dur=1sx", "dur", "must be a duration such as 1.5s"],
    ["dur=1.0000000001s", "dur", "must be a duration such as 1.5s"],
    ["ts=2021-13-01T00:00:00Z", "ts", "must be a time such as 2026-01-31T12:00:00Z"],
    ["fm=long_name", "fm", "must be field paths in lowerCamelCase such as user.displayName,user.email"],
    ["sub.nope=1", "sub.nope", 'is not a query parameter: transcoding.test.v1.Sub has no field "nope"'],
    ["m.k=v", "m.k", 'is not a query parameter: "m" is a map, so its fields cannot be named'],
    ["longName=a&long_name=b", "long_name", "is set twice"],
    ["os=x&oi=1", "oi", "is set together with os, but only one field of choice can be set"],
    [
      `${"sub.child.".repeat(60)}n=1`,
      `${"sub.child.".repeat(13).slice(0, 125)}...`,
      'is not a query parameter: transcoding.test.v1.Sub has no field "sub"',
    ],
    [
      `sub.${"child.".repeat(120)}n=1`,
      `${`sub.${"child.".repeat(30)}`.slice(0, 125)}...`,
      "is not a query parameter: the path is deeper than 100 messages",
    ],
  ])("%s is refused", (query, field, description) => {
    const outcome = outcomeOf(table, get(`/v1/query?${query}`));
    expect(outcome).toEqual({
      kind: "invalid_request",
      message: `${field} ${description}`,
      violations: [{ field, description }],
    });
  });

  it("lists all invalid parameters of query and path", () => {
    expect(outcomeOf(table, get("/v1/typed/x/BLUE/yes?i32=a&nope=1"))).toMatchObject({
      message: "i32 must be an int32, and 4 more",
      violations: [{ field: "i32" }, { field: "nope" }, { field: "i64" }, { field: "e" }, { field: "b" }],
    });
  });

  it("lists the first twenty of a thousand invalid parameters", () => {
    const outcome = outcomeOf(table, get(`/v1/query?${"nope=1&".repeat(1000)}`)) as { violations: unknown[]; message: string };
    expect(outcome.violations).toHaveLength(20);
    expect(outcome.message).toMatch(/, and 999 more$/);
  });

  it("reaches no prototype", () => {
    for (const name of ["__proto__", "constructor", "sub.__proto__.n", "toString"]) {
      expect(outcomeOf(table, get(`/v1/query?${name}=1`))).toMatchObject({ kind: "invalid_request" });
    }
    expect(outcomeOf(table, post("/v1/star/a", '{"__proto__": {"polluted": 1}}'))).toMatchObject({ kind: "invalid_request" });
    expect(outcomeOf(table, post("/v1/star/a", '{"m": {"__proto__": "x"}}'))).toMatchObject({ s: "a" });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("a body", () => {
  it.each([
    ["a syntax error", "{", "body is not JSON"],
    ["a key given twice", '{"i32": 1, "i32": 2}', 'body has the key "i32" twice'],
    ["text after its end", "{} {}", "body is not JSON"],
    ["what is not UTF-8", Uint8Array.of(0x22, 0xff, 0x22), "body is not UTF-8"],
    ["a depth past 100", `${'{"sub":{"child":'.repeat(60)}{}${"}}".repeat(60)}`, "body nests deeper than 100 levels"],
    ["five million levels", "[".repeat(5_000_000), "body nests deeper than 100 levels"],
  ])("with %s is refused", (_name, body, message) => {
    expect(outcomeOf(table, post("/v1/star/a", body))).toMatchObject({
      kind: "invalid_request",
      message: expect.stringContaining(message),
    });
  });

  it("is refused with a list of its invalid fields", () => {
    const body = {
      i32: "x",
      sub: { nope: 1, child: { n: 1.5 } },
      rsub: [{ n: 1 }, { n: "y" }],
      e: "BLUE",
      ts: "today",
      m: { k: 1 },
      longName: 5,
    };
    const outcome = outcomeOf(table, post("/v1/star/a", JSON.stringify(body))) as { violations: { field: string }[] };
    expect(outcome.violations.map(({ field }) => field)).toEqual([
      "i32",
      "sub.nope",
      "sub.child.n",
      "rsub[1].n",
      "e",
      "ts",
      'm["k"]',
      "long_name",
    ]);
    expect(outcome).toMatchObject({
      violations: [{ field: "i32", description: "must be an int32" }, {}, {}, {}, {}, {}, {}, {}],
    });
  });

  it.each([
    ["null", { kind: "invalid_request", message: "body must be an object: transcoding.test.v1.Msg" }],
    ["[1]", { kind: "invalid_request", message: "body must be an object: transcoding.test.v1.Msg" }],
  ])("that is %s is no message", (body, rejection) => {
    expect(outcomeOf(table, post("/v1/star/a", body))).toMatchObject(rejection);
  });

  it("keeps every digit of a 64-bit integer, as a number or as text", () => {
    const body =
      '{"i64": 9007199254740993, "u64": 18446744073709551615, "wi64": -9007199254740993, "d": 12345678901234567890, "val": [9007199254740993]}';
    expect(outcomeOf(table, post("/v1/star/a", body))).toEqual({
      s: "a",
      i64: "9007199254740993",
      u64: "18446744073709551615",
      wi64: "-9007199254740993",
      d: 12345678901234567000,
      val: [9007199254740992],
    });
    expect(outcomeOf(table, post("/v1/star/a", '{"s": 12345678901234567890}'))).toMatchObject({ violations: [{ field: "s" }] });
  });

  it.each([null, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/jsonx"])(
    "of type %s is refused with what is accepted",
    (contentType) => {
      const request = { method: "POST", path: "/v1/star/a", body: "{}", ...(contentType === null ? {} : { contentType }) };
      expect(outcomeOf(table, request)).toEqual({ kind: "unsupported_content_type", found: contentType, accepted: [JSON_TYPE] });
    },
  );

  it.each(["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"'])(
    "of type %s is read",
    (contentType) => {
      expect(outcomeOf(table, post("/v1/star/a", '{"i32": 1}', contentType))).toEqual({ s: "a", i32: 1 });
    },
  );

  it("needs no content type if it is empty", () => {
    expect(outcomeOf(table, { method: "POST", path: "/v1/star/a" })).toEqual({ s: "a" });
  });

  it("is refused if the rule has none", () => {
    expect(outcomeOf(table, { ...get("/v1/query"), body: "{}", contentType: JSON_TYPE })).toEqual({
      kind: "invalid_request",
      message: "this method accepts no body",
    });
  });

  it("is passed on unchanged if it is a google.api.HttpBody", () => {
    expect(outcomeOf(table, post("/v1/files/a.bin", Uint8Array.of(0, 255), "image/png"))).toEqual({
      name: "a.bin",
      file: { contentType: "image/png", data: "AP8=" },
    });
    expect(outcomeOf(table, { method: "POST", path: "/v1/files/a.bin" })).toEqual({ name: "a.bin" });
  });

  it("may contain an Any of a type of the services or of the option registry", () => {
    const wrapped = toJson(Msg, create(Msg, { s: "x" }));
    const body = JSON.stringify({ "@type": "type.googleapis.com/transcoding.test.v1.Msg", ...(wrapped as object) });
    expect(outcomeOf(table, post("/v1/wrap", body))).toEqual(JSON.parse(body));
    expect(outcomeOf(tableOf({ registry: createRegistry() }), post("/v1/wrap", body))).toMatchObject({ kind: "invalid_request" });
  });
});

describe("an option", () => {
  it("ignores unknown query parameters", () => {
    expect(outcomeOf(tableOf({ ignoreUnknownQuery: true }), get("/v1/query?nope=1&sub.nope=1&s=x"))).toEqual({ s: "x" });
    expect(outcomeOf(tableOf({ ignoreUnknownQuery: true }), get("/v1/query?rsub.name=1"))).toMatchObject({ kind: "invalid_request" });
    expect(outcomeOf(tableOf({ ignoredQuery: ["key"] }), get("/v1/query?key=1&s=x"))).toEqual({ s: "x" });
  });

  it("ignores unknown fields of a body", () => {
    expect(outcomeOf(tableOf({ ignoreUnknownFields: true }), post("/v1/star/a", '{"nope": 1, "i32": 1}'))).toEqual({ s: "a", i32: 1 });
  });

  it("accepts enum names in any case", () => {
    expect(outcomeOf(tableOf({ caseInsensitiveEnums: true }), get("/v1/query?e=red&re=Green"))).toEqual({ e: "RED", re: ["GREEN"] });
  });

  it.each([
    ['{"sub": {"name": "x", "child": {"n": 1}}, "rs": ["a"], "m": {"k": "v"}}', "", "sub.name,sub.child.n,rs,m"],
    ['{"sub": null, "longName": "", "ts": "2026-01-01T00:00:00Z", "st": {"a": 1}}', "", "sub,longName,ts,st"],
    ['{"i32": 1}', "?updateMask=longName", "longName"],
    ['{"i32": 1}', "?updateMask=", "i32"],
  ])("infers the update mask of a PATCH with %s%s", (body, query, updateMask) => {
    const patch = (path: string): RestCall => ({ method: "PATCH", path: path + query, body, contentType: JSON_TYPE });
    expect(outcomeOf(tableOf({ inferUpdateMask: true }), patch("/v1/items/1"))).toMatchObject({ updateMask });
    if (query === "") expect(outcomeOf(table, patch("/v1/items/1"))).not.toHaveProperty("updateMask");
  });
});

it("ignores the parameters of ignoredQuery and no others", () => {
  const table = tableOf({ ignoredQuery: ["alt", "key", "fields", "prettyPrint"] });
  expect(outcomeOf(table, { method: "GET", path: "/v1/query?alt=json&key=k&fields=a(b)&prettyPrint=1&i32=1" })).toEqual({ i32: 1 });
  expect(outcomeOf(table, { method: "GET", path: "/v1/query?Alt=json" })).toMatchObject({ kind: "invalid_request" });
});
