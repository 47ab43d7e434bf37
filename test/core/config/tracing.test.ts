import { describe, expect, it } from "vitest";
import { checks } from "../../../core/config/problems.ts";
import { parseTracing } from "../../../core/config/tracing.ts";

const parse = (value: unknown) => {
  const check = checks();
  return [parseTracing(check, "tracing", value), check.problems.map(({ path, fix }) => `${path}: ${fix}`)] as const;
};

describe("tracing", () => {
  it("is off where nothing is written, and has defaults", () => {
    expect(parse(undefined)).toEqual([undefined, []]);
    expect(parse({ platform: true })).toEqual([
      {
        platform: true,
        otlpUrl: undefined,
        otlpSecretBinding: undefined,
        otlpHeader: "authorization",
        ratio: 0.01,
        slowMs: 1_000,
        maxKeptPerMinute: 300,
      },
      [],
    ]);
  });

  it("has to say where spans go", () => {
    expect(parse({ ratio: 1 })[1]).toEqual([expect.stringContaining("say where spans go")]);
  });

  it.each([
    ["https://collector.example/v1/traces", true],
    ["http://localhost:4318/v1/traces", true],
    ["http://127.0.0.1:4318/v1/traces", true],
    ["http://collector.example/v1/traces", false],
    ["http://localhost.example/v1/traces", false],
    ["https://user:secret@collector.example/v1/traces", false],
    ["https://collector.example/v1/traces?key=secret", false],
    ["collector.example", false],
  ])("takes the address %s: %s", (otlpUrl, isTaken) => {
    const [, problems] = parse({ otlpUrl });
    expect(problems).toEqual(isTaken ? [] : [expect.stringContaining("tracing.otlpUrl: write an address with https")]);
  });

  it.each([
    [{ ratio: 1.1 }],
    [{ slowMs: 0 }],
    [{ maxKeptPerMinute: -1 }],
    [{ otlpHeader: "a b" }],
    [{ otlpSecretBinding: "a-b" }],
    [{ otlpSecretBinding: "ADMIN_SECRET" }],
  ])("refuses %j", (settings) => {
    expect(parse({ platform: true, ...settings })[1]).toHaveLength(1);
  });
});
