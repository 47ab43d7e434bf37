// Identity in the configuration: what it proves, and how routes use it.
import { describe, expect, it } from "vitest";
import { parseAuth, provesOf } from "../../../core/config/auth.ts";
import { parsePolicy } from "../../../core/config/gateway.ts";
import { describe as lineOf } from "../../../core/config/problems.ts";
import { accepted } from "./settings.ts";

const ISSUERS = { "https://id.test": { audiences: ["https://api.test"], jwksUrl: "https://id.test/keys" } };

const parse = (input: object) => parsePolicy({ services: { S: { upstream: { binding: "S" } } }, ...input }, new Map([["S", ["M", "N"]]]));
const policyOf = (input: object) => {
  const parsed = parse(input);
  if (parsed.kind === "invalid") throw new Error(JSON.stringify(parsed.problems));
  return parsed.policy;
};

it("proves principals where it has a kind of credential, claims where that is a JWT, and nothing by default", () => {
  const parser = (check: Parameters<typeof parseAuth>[0], value: unknown) => parseAuth(check, "auth", value);
  for (const value of [undefined, {}]) expect(provesOf(accepted(parser, value))).toEqual({ principals: false, claims: false });
  expect(provesOf(accepted(parser, { issuers: ISSUERS }))).toEqual({ principals: true, claims: true });
  expect(provesOf(accepted(parser, { access: { team: "acme", audiences: ["tag"] } }))).toEqual({ principals: true, claims: true });
  expect(provesOf(accepted(parser, { certificates: true }))).toEqual({ principals: true, claims: false });
});

describe("the calls of a route", () => {
  const modesOf = (input: object) => {
    const { services, httpRoutes, defaults } = policyOf({ httpRoutes: { "/a/": { upstream: { binding: "S" } } }, ...input });
    return [defaults.auth, services.get("S")!.methods.get("M")!.auth, httpRoutes.get("/a/")!.auth];
  };

  it("are authenticated optionally where the configuration names a kind of credential, else not at all", () => {
    expect(modesOf({})).toEqual(["off", "off", "off"]);
    expect(modesOf({ auth: { issuers: ISSUERS } })).toEqual(["optional", "optional", "optional"]);
  });

  it("follow the most specific setting", () => {
    const service = { upstream: { binding: "S" }, auth: "required", methods: { M: { auth: "off" }, N: { scopes: ["b", "a"] } } };
    const { services, httpRoutes } = policyOf({
      ...{ auth: { issuers: ISSUERS }, services: { S: service } },
      httpRoutes: { "/a/": { upstream: { binding: "S" }, auth: "required", scopes: ["a"] } },
    });
    const { methods } = services.get("S")!;
    expect([methods.get("M")!.auth, methods.get("N")!.auth, methods.get("N")!.scopes]).toEqual(["off", "required", ["b", "a"]]);
    expect(httpRoutes.get("/a/")).toMatchObject({ auth: "required", scopes: ["a"] });
  });

  it.each([
    [{ auth: "none" }, 'defaults.auth: found "none"; write "off" or "optional" or "required"'],
    [{ scopes: ["a b"] }, 'defaults.scopes: found ["a b"]; write scopes in a list, at most 32: ["users.read"]'],
    [{ scopes: Array(33).fill("a") }, "defaults.scopes: found"],
    [{ auth: "off", scopes: ["a"] }, 'defaults.scopes: found ["a"]; write auth: "required"'],
  ])("do not follow %j", (defaults, line) => {
    const parsed = parse({ auth: { issuers: ISSUERS }, defaults });
    const problems = parsed.kind === "invalid" ? parsed.problems.map(lineOf) : [];
    expect(problems.filter((problem) => problem.startsWith(line))).toHaveLength(1);
  });

  it("need no scopes where none is written, also on a route that is not authenticated", () => {
    const service = { upstream: { binding: "S" }, scopes: ["a"], methods: { M: { auth: "off", scopes: [] } } };
    expect(parse({ auth: { issuers: ISSUERS }, services: { S: service } }).kind).toBe("ok");
  });
});
