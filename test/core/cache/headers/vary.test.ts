// Vary: names and values of the request fields that select a response.
import { describe, expect, it } from "vitest";
import { normalizeField, variantOf, varyNames } from "../../../../core/cache/headers/vary.ts";
import { fields } from "../../../support/header-fields.ts";

describe("varyNames", () => {
  it("ignores order, case and duplicates, and adds Accept-Encoding for an encoded response", () => {
    expect(varyNames("Foo, BAR ,foo", null)).toEqual(["bar", "foo"]);
    expect(varyNames(null, null)).toEqual([]);
    expect(varyNames("foo", "gzip")).toEqual(["accept-encoding", "foo"]);
    expect(varyNames(null, "br")).toEqual(["accept-encoding"]);
    expect(varyNames(null, "identity")).toEqual([]);
  });

  it("keeps * and ignores the encoding identity", () => {
    expect(varyNames("*", "IDENTITY")).toEqual(["*"]);
  });
});

describe("normalizeField", () => {
  it("gives equal text for values of equal meaning", () => {
    const same = (name: string, one: string, other: string) => expect(normalizeField(name, one)).toBe(normalizeField(name, other));
    same("foo", "1,2", " 1 , 2 ");
    same("accept-language", "en, de", "DE,  eN");
    same("accept-encoding", "gzip, br", "br;q=1, gzip, zstd");
    same("accept-encoding", "gzip;q=0", "identity");
    expect(normalizeField("foo", "1,2")).not.toBe(normalizeField("foo", "2,1"));
    expect(normalizeField("foo", "A")).not.toBe(normalizeField("foo", "a"));
  });

  it("sorts languages in lower case, and keeps other lists in order", () => {
    expect(normalizeField("accept-language", "en-US , DE;q=0.5")).toBe("de;q=0.5, en-us");
    expect(normalizeField("accept-language", null)).toBeNull();
    expect(normalizeField("x-other", "b ,a")).toBe("b, a");
  });

  it.each([
    ["gzip, br", "br, gzip"],
    ["GZIP;q=0.5 , BR", "br, gzip"],
    ["gzip", "gzip"],
    ["gzip;q=0.01", "gzip"],
    ["gzip, br;q=0", "gzip"],
    ["gzip, br; q=0.000 ", "gzip"],
    ["gzip, br;Q=0.0", "gzip"],
    ["br", "identity"],
    ["gzip; q=0, br", "identity"],
    ["", "identity"],
  ])("maps Accept-Encoding %j to %s", (text, want) => expect(normalizeField("accept-encoding", text)).toBe(want));
});

describe("variantOf", () => {
  it("gives different text for different values", () => {
    const values = [null, "", "-", "1:a", "a", "1:", "0:"];
    const texts = values.flatMap((a) =>
      values.map((b) => variantOf(["a", "b"], fields({ ...(a === null ? {} : { a }), ...(b === null ? {} : { b }) }))),
    );
    expect(new Set(texts).size).toBe(values.length ** 2);
  });

  it("distinguishes missing, empty and given values", () => {
    expect(variantOf(["a", "b", "c"], fields({ a: "x", c: "" }))).toBe("1:x-0:");
  });
});
