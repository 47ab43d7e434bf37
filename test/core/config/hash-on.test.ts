// What keys are made of, as an operator writes it.
import { describe, expect, it } from "vitest";
import { hashField, isInEveryRequest, makesCookie, parseHashOn } from "../../../core/config/hash-on.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { accepted, parsed } from "./settings.ts";

const parser = (check: Checks, value: unknown) => parseHashOn(check, "hashOn", value);
const WORDS =
  'write "ip", "principal", { header: "x-tenant" }, { cookie: "session" }, { query: "tenant" }, { field: "tenant_id" }, or a list of up to 5 of them';

describe("parseHashOn", () => {
  it.each([
    [undefined, ["ip"]],
    ["ip", ["ip"]],
    ["principal", ["principal"]],
    [{ header: "X-Tenant" }, [{ header: "x-tenant" }]],
    [{ cookie: "Session_1" }, [{ cookie: "Session_1" }]],
    [{ cookie: "s", ttlSeconds: 0 }, [{ cookie: "s", ttlSeconds: 0 }]],
    [{ cookie: "s", ttlSeconds: 31_536_000 }, [{ cookie: "s", ttlSeconds: 31_536_000 }]],
    [{ query: "tenant" }, [{ query: "tenant" }]],
    [{ field: "order.customer_id" }, [{ field: "order.customer_id" }]],
    [{ field: "a.b.c.d.e.f.g.h" }, [{ field: "a.b.c.d.e.f.g.h" }]],
    [{ header: "a".repeat(64) }, [{ header: "a".repeat(64) }]],
    [
      [{ field: "a" }, { header: "b" }, { cookie: "c" }, "principal", "ip"],
      [{ field: "a" }, { header: "b" }, { cookie: "c" }, "principal", "ip"],
    ],
  ])("reads %j", (value, want) => expect(accepted(parser, value)).toEqual(want));

  it.each([
    "host",
    null,
    7,
    {},
    { header: "" },
    { header: "a b" },
    { header: "a".repeat(65) },
    { header: 7 },
    { header: "a", query: "b" },
    { header: "a", ttlSeconds: 1 },
    { cookie: "a", path: "/" },
    { field: "A" },
    { field: "a..b" },
    { field: "a.b.c.d.e.f.g.h.i" },
    { field: "a b" },
    { field: "1a" },
    { cookie: "é" },
  ])("refuses %j", (value) => {
    const { policy, problems } = parsed(parser, value);
    expect(problems).toEqual([
      `hashOn: found ${JSON.stringify(value).slice(0, 57)}${JSON.stringify(value).length > 60 ? "..." : JSON.stringify(value).slice(57)}; ${WORDS}`,
    ]);
    expect(policy).toEqual(["ip"]);
  });

  it("names the place of a mistake in a list, and refuses lists of none or of more than five", () => {
    expect(parsed(parser, [{ header: "a" }, "host"]).problems).toEqual([`hashOn[1]: found "host"; ${WORDS}`]);
    expect(parsed(parser, []).problems).toEqual([`hashOn: found []; ${WORDS}`]);
    const headers = ["a", "b", "c", "d", "e", "f"].map((header) => ({ header }));
    expect(parsed(parser, headers.slice(0, 5)).problems).toEqual([]);
    expect(parsed(parser, headers).problems).toHaveLength(1);
  });

  it("puts the address last, and names one field at most", () => {
    expect(parsed(parser, ["ip", { header: "a" }]).problems).toEqual(['hashOn[0]: found "ip"; put it last: every call has an address']);
    expect(parsed(parser, [{ header: "a" }, "ip"]).problems).toEqual([]);
    expect(parsed(parser, [{ field: "a" }, { field: "b" }]).problems).toEqual([
      'hashOn: found [{"field":"a"},{"field":"b"}]; name one field of the message at most',
    ]);
  });

  it("bounds the life of a cookie", () => {
    for (const ttlSeconds of [-1, 31_536_001, 1.5])
      expect(parsed(parser, { cookie: "s", ttlSeconds }).problems).toEqual([
        `hashOn.ttlSeconds: found ${ttlSeconds}; write a whole number from 0 to 31536000 (s)`,
      ]);
  });
});

describe("what has to be read or made for a key", () => {
  it("is the field of the message, and the cookie that has a life", () => {
    expect(hashField(["ip"])).toBeUndefined();
    expect(hashField([{ header: "x" }, { field: "a.b" }, "ip"])).toBe("a.b");
    expect(
      [[], ["ip"], [{ cookie: "a" }], [{ header: "x" }, { cookie: "a", ttlSeconds: 0 }]].map((one) => makesCookie(one as never)),
    ).toEqual([false, false, false, true]);
    expect(makesCookie([{ header: "x" }])).toBe(false);
    expect(isInEveryRequest(["ip", { cookie: "a" }, { query: "b" }])).toBe(true);
    expect(isInEveryRequest([{ field: "a" }])).toBe(false);
    expect(isInEveryRequest([{ cookie: "a", ttlSeconds: 9 }])).toBe(false);
  });
});
