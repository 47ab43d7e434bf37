// Headers of a request as they are read once: problems, fields that upstreams do not get, and the address of the client.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HEADER_RULES } from "../../../core/config/headers.ts";
import { isRemovedFromRequests } from "../../../core/headers.ts";
import { type HeaderRules, readHeaders } from "../../../core/protocol/received-headers.ts";

/** @param fields as a request brings them; names in any case */
const read = (fields: Record<string, string>, rules: Partial<HeaderRules> = {}) =>
  readHeaders(new Headers(fields), { ...HEADER_RULES, ...rules });
const messageOf = (fields: Record<string, string>, rules: Partial<HeaderRules> = {}) => {
  const { problem } = read(fields, rules);
  return problem?.kind === "invalid_request" ? problem.message : problem;
};
const many = (count: number, value = "v") => Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-${at}`, value]));

describe("number and size", () => {
  it("are accepted at the limit, and refused above it", () => {
    expect(read(many(100)).problem).toBeUndefined();
    expect(read(many(101)).problem).toEqual({ kind: "headers_too_large", maxCount: 100, maxBytes: 32_768 });
    expect(read({ "x-a": "v".repeat(32_765) }).problem).toBeUndefined();
    expect(read({ "x-a": "v".repeat(32_766) }).problem).toMatchObject({ kind: "headers_too_large" });
  });

  it("are those of the configuration", () => {
    expect(read(many(11), { maxCount: 10 }).problem).toMatchObject({ maxCount: 10 });
    expect(read({ "x-a": "v".repeat(98) }, { maxBytes: 100 }).problem).toMatchObject({ maxBytes: 100 });
  });
});

describe("the length of the body", () => {
  it.each([
    [{ "content-length": "4", "transfer-encoding": "chunked" }, "request has both Content-Length and Transfer-Encoding; send one of them"],
    [{ "transfer-encoding": "gzip, chunked" }, 'transfer coding "gzip, chunked" is not accepted; use chunked'],
    [{ "transfer-encoding": "chunked, chunked" }, 'transfer coding "chunked, chunked" is not accepted; use chunked'],
    [{ "transfer-encoding": "Chunked" }, undefined],
    [{ "content-length": "4" }, undefined],
  ])("is stated in one way: %j", (fields, message) => expect(messageOf(fields as unknown as Record<string, string>)).toBe(message));
});

describe("the host", () => {
  it.each(["gateway.example", "gateway.example:8443", "GATEWAY.example.", "[2001:db8::1]:80", "127.0.0.1", "my_service"])(
    "may be %s",
    (host) => expect(read({ host }).problem).toBeUndefined(),
  );

  it.each(["a b@c", "a, b", "user@a", "a/admin", "a?x", "a#x", "a:b", "[::1", "a\\b", "%61"])("cannot be %s", (host) =>
    expect(messageOf({ host })).toMatch(/^host ".*" is not one host name/),
  );
});

describe("the address", () => {
  it.each(["192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7"])("is %s", (address) =>
    expect(read({ "cf-connecting-ip": address })).toMatchObject({ problem: undefined, address, removed: ["cf-connecting-ip"] }),
  );

  it("is null where the edge has written none", () => expect(read({ "x-forwarded-for": "192.0.2.7" }).address).toBeNull());

  it.each(["1.1.1.1, 2.2.2.2", "", "unknown", "1.1.1", "::1%eth0", `${"1".repeat(500)}`])("is refused where it is %j", (address) => {
    const message = messageOf({ "cf-connecting-ip": address }) as string;
    expect(message).toMatch(/^CF-Connecting-IP ".*" is not one address$/);
    expect(message.length).toBeLessThan(200);
  });

  it("comes with the zone of a Worker that calls", () =>
    expect(read({ "cf-connecting-ip": "2a06:98c0:3600::103", "cf-worker": "other.example" }).worker).toBe("other.example"));
});

describe("fields that Connection names", () => {
  const secured = { authorization: "x", cookie: "a=b", "content-type": "a/b", "connect-timeout-ms": "9", "cf-ray": "1", "x-app": "1" };

  it("are removed where they mean something to no one but the other end of the connection", () => {
    const connection = "keep-alive, X-Secret ,,x-other, x-absent";
    expect(read({ connection, "x-secret": "1", "x-other": "2", "x-own": "3" }).removed).toEqual(["connection", "x-other", "x-secret"]);
  });

  it("stay where they name the caller, its message or its protocol", () => {
    const connection = Object.keys(secured).join();
    const { removed } = read({ ...secured, connection }, { identity: new Set(["x-app"]) });
    expect(removed.filter((name) => name !== "connection" && name !== "cf-ray")).toEqual([]);
  });

  it("do not hide the address", () => {
    const headers = { connection: "cf-connecting-ip", "cf-connecting-ip": "192.0.2.7" };
    expect(read(headers)).toMatchObject({ address: "192.0.2.7", removed: ["cf-connecting-ip", "connection"] });
  });
});

describe("names with other characters than letters, digits and -", () => {
  const spellings = { x_forwarded_for: "1", "x.forwarded.for": "1", "x-forwarded_for": "1", cf_connecting_ip: "1", content_length: "4" };
  const own = { x_user: "ada", authorization_: "a", "x~own": "1" };

  it.each(Object.keys({ ...spellings, ...own }))("are refused: %s", (name) =>
    expect(messageOf({ [name]: "1" })).toBe(`header name "${name}" is not accepted; use letters, digits and "-"`),
  );

  it("are dropped where the configuration says so", () => {
    expect(read({ ...own, "x-own": "1" }, { unusualNames: "drop" })).toMatchObject({ problem: undefined });
    expect(new Set(read(own, { unusualNames: "drop" }).removed)).toEqual(new Set(Object.keys(own)));
  });

  it("pass where the configuration says so, but for spellings of what the gateway itself reads or writes", () => {
    const rules: Partial<HeaderRules> = { unusualNames: "pass", forwarded: new Set(["x-who"]), identity: new Set(["x-app"]) };
    const { problem, removed } = read({ ...spellings, x_who: "eve", "x.app": "1", x_own: "1" }, rules);
    expect(problem).toBeUndefined();
    expect(new Set(removed)).toEqual(new Set([...Object.keys(spellings), "x_who", "x.app"]));
  });
});

it("lets fields about the client through that the configuration names", () => {
  const headers = { "cf-ipcountry": "NL", "cf-ray": "1", "true-client-ip": "1" };
  expect(read(headers, { forwarded: new Set(["cf-ipcountry"]) }).removed).toEqual(["cf-ray", "true-client-ip"]);
});

it("removes only what is there, never throws, and lets no listed field through, for any fields", () => {
  const part = fc.constantFrom("x", "cf", "forwarded", "for", "connection", "tidegate", "real", "ip", "authorization", "content", "type");
  const name = fc
    .array(part, { minLength: 1, maxLength: 4 })
    .chain((parts) => fc.constantFrom("-", "_", ".").map((joint) => parts.join(joint)));
  const value = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.array(name, { maxLength: 5 }).map((names) => names.join(", ")),
  );
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(name, value), { selector: ([one]) => one }), (fields) => {
      const forEach = (each: (value: string, name: string) => void): void => {
        for (const [one, text] of fields) each(text, one);
      };
      const { removed } = readHeaders({ forEach }, { ...HEADER_RULES, unusualNames: "pass" });
      const names = fields.map(([one]) => one);
      expect(removed.filter((one) => !names.includes(one))).toEqual([]);
      const left = names.filter((one) => !removed.includes(one));
      expect(left.filter((one) => isRemovedFromRequests(one.replace(/[_.]/g, "-")))).toEqual([]);
      expect(left.filter((one) => one === "authorization").length).toBe(names.filter((one) => one === "authorization").length);
    }),
    { numRuns: 2_000 },
  );
});

it("reads each field alike, whatever names have come before", () => {
  const fields = { "x-forwarded-for": "192.0.2.7", "x-a": "1", x_b: "2", authorization: "token" };
  const first = read(fields);
  for (let n = 0; n < 1_200; n++) read({ [`x-name-${n}`]: "v", [`cf-name-${n}`]: "v" });
  expect(read(fields)).toEqual(first);
  expect(read({ [`cf-${"a".repeat(100)}`]: "v" }).removed).toEqual([`cf-${"a".repeat(100)}`]);
});
