// Settings of edited header fields: problems with their paths, and what holds where.
import { describe, expect, it } from "vitest";
import { type GatewayInput, parsePolicy } from "../../../core/config/gateway.ts";
import { describe as line } from "../../../core/config/problems.ts";

const DECLARED = new Map([["users.v1.UserService", ["GetUser", "ListUsers"]]]);
const USERS = { upstream: { binding: "USERS" } };

function problems(defaults: unknown, httpRoutes: unknown = {}): string[] {
  const parsed = parsePolicy({ services: { "users.v1.UserService": USERS }, defaults, httpRoutes }, DECLARED);
  return parsed.kind === "invalid" ? parsed.problems.map(line) : [];
}

function parsed(input: GatewayInput) {
  const result = parsePolicy(input, DECLARED);
  if (result.kind === "invalid") throw new Error(result.problems.map(line).join("\n"));
  return result.policy;
}

describe("requestHeaders and responseHeaders", () => {
  it("report every mistake with its path and what to write instead", () => {
    expect(
      problems({
        requestHeaders: {
          set: { Host: "a", "x y": "a", "x-a": "a\r\nb", "x-b": "{user.id}", "x-c": 1, authorization: "Bearer abc", "x-once": "a" },
          add: { "X-Once": "b" },
          remove: "cookie",
          rename: {},
        },
        responseHeaders: { set: { "access-control-allow-origin": "*", "x-key": "{secret.UPSTREAM_KEY}" }, remove: ["ratelimit"] },
      }),
    ).toEqual([
      expect.stringMatching(/^defaults\.requestHeaders\.rename: found {}; remove it/),
      'defaults.requestHeaders.remove: found "cookie"; write names of headers in a list: ["x-powered-by"]',
      'defaults.requestHeaders.set.Host: found "Host"; leave it out: it belongs to one connection',
      `defaults.requestHeaders.set["x y"]: found "x y"; write the name of a header: 1 to 64 letters, digits and '-'`,
      expect.stringMatching(/^defaults\.requestHeaders\.set\["x-a"\]: found "a\\r\\nb"; write 1 to 1024 visible ASCII/),
      expect.stringMatching(
        /^defaults\.requestHeaders\.set\["x-b"\]: found "\{user\.id\}"; write \{request\.id\}, .*\{\{ and \}\} for braces$/,
      ),
      'defaults.requestHeaders.set["x-c"]: found 1; write the value as text: "no-store"',
      'defaults.requestHeaders.set.authorization: found "a credential as text"; keep it in a secret: "Bearer {secret.UPSTREAM_TOKEN}"',
      'defaults.requestHeaders.add["X-Once"]: found "X-Once"; write each name once: it is in defaults.requestHeaders.set, too',
      'defaults.responseHeaders.remove: found "ratelimit"; leave it out: the gateway writes it itself',
      'defaults.responseHeaders.set["access-control-allow-origin"]: found "access-control-allow-origin"; leave it out: cors writes it',
      'defaults.responseHeaders.set["x-key"]: found "{secret.UPSTREAM_KEY}"; leave the secret out: callers read responses',
    ]);
  });

  it("bound the names of one block to 32", () => {
    const names = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, "a"]));
    expect(problems({ requestHeaders: { set: names(32) } })).toEqual([]);
    expect(problems({ requestHeaders: { set: names(40) } })).toEqual([
      'defaults.requestHeaders: found "more than 32 names"; write at most 32 names',
    ]);
  });

  it("let plain HTTP edit what RPC cannot", () => {
    const route = {
      "/": { upstream: { binding: "A" }, responseHeaders: { remove: ["set-cookie"], default: { "content-type": "text/css" } } },
    };
    expect(problems({}, route)).toEqual([]);
    expect(problems({ responseHeaders: { remove: ["set-cookie"] } })).toHaveLength(1);
  });

  it("hold as a whole where they are most specific: method, else service, else defaults", () => {
    const policy = parsed({
      defaults: {
        requestHeaders: { set: { "X-Level": "defaults" }, remove: ["cookie"] },
        responseHeaders: { set: { "x-out": "defaults" } },
      },
      services: {
        "users.v1.UserService": {
          ...USERS,
          methods: { GetUser: { requestHeaders: { set: { "x-own": "1" } } }, ListUsers: { requestHeaders: {} } },
        },
      },
      httpRoutes: { "/": { upstream: { binding: "A" } } },
    });
    const { methods } = policy.services.get("users.v1.UserService")!;
    expect(methods.get("GetUser")!.requestHeaders).toMatchObject({ remove: [], set: [["x-own", { text: "1" }]] });
    expect(methods.get("ListUsers")!.requestHeaders).toBeUndefined();
    expect(methods.get("ListUsers")!.responseHeaders).toMatchObject({ set: [["x-out", { text: "defaults" }]] });
    expect(policy.httpRoutes.get("/")!.requestHeaders).toMatchObject({ remove: ["cookie"], set: [["x-level", { text: "defaults" }]] });
  });

  it("keep other spellings of the names from upstreams, and Connection from naming them", () => {
    const { headers } = parsed({
      services: { "users.v1.UserService": { ...USERS, requestHeaders: { set: { "x-user": "{auth.subject}" }, remove: ["x-debug"] } } },
    });
    expect([...headers.identity]).toEqual(expect.arrayContaining(["x-user", "x-debug"]));
  });
});
