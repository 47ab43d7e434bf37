// The settings of CORS.
import { describe, expect, it } from "vitest";
import { CORS_SETTINGS } from "../../../core/config/cors.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { readOptional } from "../../../core/config/read.ts";
import { accepted, itKnowsItsFields, itReadsChoices, itReadsNumbers, parsed } from "./settings.ts";

const parser = (check: Checks, value: unknown) => readOptional(check, "cors", CORS_SETTINGS, value);
const show = (value: unknown): string => {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

describe("cors", () => {
  it("takes exact origins, and fills in the rest", () => {
    expect(accepted(parser, { origins: ["https://app.example", "http://localhost:5173"] })).toEqual({
      origins: ["https://app.example", "http://localhost:5173"],
      credentials: false,
      maxAgeSeconds: 7200,
      allowHeaders: [],
      exposeHeaders: [],
    });
  });

  it.each([
    "*",
    "null",
    "app.example",
    "https://app.example/",
    "https://app.example/x",
    "https://*.example",
    "https://APP.example",
    "https://a.example:443",
    "ftp://a.example",
  ])("refuses %s as an origin: a browser would never send it, or everybody could", (origin) => {
    expect(parsed(parser, { origins: [origin] }).problems).toEqual([
      `cors.origins[0]: found "${origin}"; write exact origins, such as https://app.example`,
    ]);
  });

  it("tells all that is wrong", () => {
    expect(parsed(parser, { origins: [], credentials: "yes", maxAgeSeconds: -1, allowHeaders: ["x y"] }).problems).toEqual([
      "cors.origins: found []; write exact origins, such as https://app.example, in a list",
      'cors.credentials: found "yes"; write true or false',
      "cors.maxAgeSeconds: found -1; write a whole number from 0 to 86400 (s)",
      "cors.allowHeaders[0]: found \"x y\"; write names of headers: letters, digits and '-'",
    ]);
  });
});

describe("CORS", () => {
  const base = { origins: ["https://a.example"] };
  itReadsNumbers(
    parser,
    "cors",
    [{ field: "maxAgeSeconds", min: 0, max: 86_400, fallback: 7_200, unit: "s", read: (policy) => policy?.maxAgeSeconds }],
    base,
  );
  itReadsChoices(
    parser,
    "cors",
    [{ field: "credentials", choices: [true, false], fallback: false, read: (policy) => policy?.credentials }],
    base,
  );
  itKnowsItsFields(parser, "cors", ["origins", "credentials", "maxAgeSeconds", "allowHeaders", "exposeHeaders"], base);

  it("is closed where nothing is written", () => expect(accepted(parser, undefined)).toBeUndefined());

  it.each(["allowHeaders", "exposeHeaders"] as const)("reads the list %s", (field) => {
    const words = "write names of headers: letters, digits and '-'";
    expect(accepted(parser, { ...base, [field]: ["X-A", "b1"] })?.[field]).toEqual(["X-A", "b1"]);
    expect(accepted(parser, { ...base, [field]: [] })?.[field]).toEqual([]);
    expect(parsed(parser, { ...base, [field]: "X-A" }).problems).toEqual([`cors.${field}: found "X-A"; ${words}, in a list`]);
    for (const one of ["", "a b", "a".repeat(65), 7]) {
      const { policy, problems } = parsed(parser, { ...base, [field]: ["X-A", one] });
      expect(problems).toEqual([`cors.${field}[1]: found ${show(one)}; ${words}`]);
      expect(policy?.[field]).toEqual([]);
    }
  });

  it.each([
    "https://a.example:8443",
    "http://localhost:5173",
    "http://localhost",
    "https://a-b.c.example",
    "http://a.example:443",
    "https://a.example:80",
  ])("takes %s for an origin", (origin) => expect(accepted(parser, { origins: [origin] })?.origins).toEqual([origin]));

  it.each([
    "http://a.example:80",
    "https://a.example:443",
    "https://a.example:123456",
    "https://",
    "xhttps://a.example",
    "https://a.example x",
    "https://a_b",
    "http://A",
  ])("takes %s for none", (origin) => expect(parsed(parser, { origins: [origin] }).problems).toHaveLength(1));
});
