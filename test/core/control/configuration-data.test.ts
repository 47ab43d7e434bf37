// A configuration as data: plain values stay as they are, and each value that is none is reported with its path.
import { describe, expect, it } from "vitest";
import { configurationData } from "../../../core/control/configuration-data.ts";

describe("configurationData", () => {
  it("takes descriptor sets apart, and leaves undefined fields out", () => {
    const set = new Uint8Array([1]);
    const data = configurationData({ services: { a: { list: [1, "b", null, true] } }, cors: undefined, descriptors: [set, "AAAA"] });
    expect(data).toEqual({ configuration: { services: { a: { list: [1, "b", null, true] } } }, descriptors: [set, "AAAA"], problems: [] });
  });

  it.each([
    { name: "a function", input: { a: { b: () => 1 } }, path: "a.b", found: "a function" },
    { name: "a number that JSON has not", input: { a: [Number.POSITIVE_INFINITY] }, path: "a[0]", found: "Infinity" },
    { name: "a map", input: { "x.y": new Map() }, path: '["x.y"]', found: "an instance of Map" },
    { name: "bytes elsewhere", input: { a: new Uint8Array(1) }, path: "a", found: "an instance of Uint8Array" },
    { name: "a big integer", input: { a: 1n }, path: "a", found: "a bigint" },
    { name: "a descriptor set that is none", input: { descriptors: [7] }, path: "descriptors[0]", found: "number" },
    { name: "no object", input: 7, path: "gateway.config.ts", found: "number" },
  ])("reports $name", ({ input, path, found }) => {
    expect(configurationData(input).problems).toMatchObject([{ path, found, fix: expect.any(String) }]);
  });

  it("ends in an object that contains itself", () => {
    const loop: Record<string, unknown> = {};
    loop["a"] = loop;
    expect(configurationData(loop).problems).toMatchObject([{ found: "more than 100 levels" }]);
  });
});
