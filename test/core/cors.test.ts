// Origins as an operator may list them.
import { describe, expect, it } from "vitest";
import { parseCors } from "../../core/config/cors.ts";
import { checks, describe as tell } from "../../core/config/problems.ts";

function problems(value: unknown): string[] {
  const check = checks();
  parseCors(check, "cors", value);
  return check.problems.map(tell);
}

describe("parseCors", () => {
  it("takes exact origins, and fills in the rest", () => {
    const check = checks();
    expect(parseCors(check, "cors", { origins: ["https://app.example", "http://localhost:5173"] })).toEqual({
      origins: ["https://app.example", "http://localhost:5173"],
      credentials: false,
      maxAgeSeconds: 7200,
      allowHeaders: [],
      exposeHeaders: [],
    });
    expect(check.problems).toEqual([]);
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
    expect(problems({ origins: [origin] })).toEqual([
      `cors.origins[0]: found "${origin}"; write exact origins, such as https://app.example`,
    ]);
  });

  it("tells all that is wrong", () => {
    expect(problems({ origins: [], credentials: "yes", maxAgeSeconds: -1, allowHeaders: ["x y"] })).toEqual([
      "cors.origins: found []; write exact origins, such as https://app.example, in a list",
      'cors.credentials: found "yes"; write true or false',
      "cors.maxAgeSeconds: found -1; write a whole number from 0 to 86400 (s)",
      "cors.allowHeaders[0]: found \"x y\"; write names of headers: letters, digits and '-'",
    ]);
  });
});
