// Where an endpoint is: which bindings and URLs are read, alone, in a list and together.
import { expect, it } from "vitest";
import type { Checks } from "../../../core/config/problems.ts";
import { endpointId } from "../../../core/config/target.ts";
import { parseUpstream } from "../../../core/config/upstream.ts";
import { accepted, parsed } from "./settings.ts";

const URL_A = "https://a.example";
const parser = (check: Checks, value: unknown) => parseUpstream(check, "upstream", value);
const endpoints = (check: Checks, value: unknown) => parseUpstream(check, "u", { endpoints: [value] }).endpoints[0]!;
const problems = (value: unknown) => parsed(parser, value).problems;

it.each([
  [{ binding: "USERS" }, { binding: "USERS" }],
  [{ binding: "_a1" }, { binding: "_a1" }],
  [{ url: "http://localhost:8080" }, { url: "http://localhost:8080" }],
  [
    { binding: "VPC", url: "http://10.0.0.7:9000/" },
    { binding: "VPC", url: "http://10.0.0.7:9000" },
  ],
  [{ url: "https://a.example/" }, { url: "https://a.example" }],
  [{ url: "https://a.example/base/path//" }, { url: "https://a.example/base/path" }],
  [{ url: "https://[::1]:9000/x" }, { url: "https://[::1]:9000/x" }],
])("is %j", (value, target) => {
  expect(accepted(endpoints, value).target).toEqual(target);
  expect(accepted(parser, value).endpoints[0]!.target).toEqual(target);
  expect(endpointId(target as never)).toBe(Object.values(target).join("+"));
});

it.each([
  ["ftp://a", "url"],
  ["a.example", "url"],
  ["https://", "url"],
  ["https://u@a", "url"],
  ["https://a?x", "url"],
  ["https://a#x", "url"],
  ["https://a b", "url"],
  ["https://a\\b", "url"],
  [" https://a", "url"],
  ["https://a/b c", "url"],
  ["https://a/b?c", "url"],
])("is not the URL %j", (url) =>
  expect(problems({ url })).toEqual([
    `upstream.url: found ${JSON.stringify(url)}; write http(s)://host, with a port and a path where needed, without user, query or fragment`,
  ]),
);

it.each(["", "A-B", "1A", "A B", "A.B"])("is not the binding %j", (binding) =>
  expect(problems({ binding })).toEqual([
    `upstream.binding: found ${JSON.stringify(binding)}; write the name of a service binding of wrangler.toml`,
  ]),
);

it.each([{ url: "ftp://a" }, { binding: "A-B" }, { binding: "A", url: "ftp://a" }, { binding: "A-B", url: URL_A }, {}])(
  "is nowhere where %j is written",
  (value) => {
    expect(parsed(parser, value).policy.endpoints[0]!.target).toEqual({ binding: "" });
  },
);

it("is one of them or both, not none", () => {
  for (const value of [{}, { url: 7 }, { binding: 7 }, { url: URL_A, binding: 7 }, { url: 7, binding: "A" }])
    expect(problems(value)).toEqual([
      `upstream: found ${JSON.stringify(value)}; write { binding: "USERS" } or { url: "https://users.example" }, or both for a binding that gets the URL`,
    ]);
});

it("is another one for each binding of a URL", () => {
  const both = { endpoints: [{ url: URL_A }, { binding: "A", url: URL_A }, { binding: "B", url: URL_A }, { binding: "B" }] };
  expect(accepted(parser, both).endpoints.map(({ target }) => endpointId(target))).toEqual([URL_A, `A+${URL_A}`, `B+${URL_A}`, "B"]);
  expect(problems({ binding: "A-B", url: "ftp://a" })).toHaveLength(2);
  expect(
    problems({
      endpoints: [
        { binding: "A", url: URL_A },
        { binding: "A", url: `${URL_A}/` },
      ],
    }),
  ).toHaveLength(1);
});
