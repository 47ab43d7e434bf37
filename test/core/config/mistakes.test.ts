// What is said of one wrong setting: its path, and what to write instead. Settings like it that are right are taken.
import { describe, expect, it } from "vitest";
import { credentialFields } from "../../../core/config/auth.ts";
import { parsePolicy } from "../../../core/config/gateway.ts";
import { describe as lineOf } from "../../../core/config/problems.ts";

const USERS = "users.v1.UserService";
const KEYS = { env: "live", tagSecrets: ["KEY_TAGS"] };

function problemsOf(input: object): string[] {
  const services = { [USERS]: { upstream: { binding: "USERS" } } };
  const parsed = parsePolicy({ services, ...input }, new Map([[USERS, ["GetUser"]]]));
  return parsed.kind === "invalid" ? parsed.problems.map(lineOf) : [];
}

const many = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, n) => [`caller-${n}`, "viewer"]));
const limit = (settings: object): object => ({ rateLimits: { one: { capacity: 1, rate: 1, ...settings } } });

describe("a configuration", () => {
  it.each<[string, object, RegExp]>([
    ["more roles than an admin block has", { admin: { roles: many(1_001) } }, /^admin\.roles: found .*1001 callers.*; name at most \d+$/],
    [
      "a role that is none",
      { admin: { roles: { ada: "owner" } } },
      /^admin\.roles\.ada: found "owner"; write "viewer" or "operator" or "admin"$/,
    ],
    [
      "a secret of no name",
      { auth: { identity: { keyBindings: "A" } } },
      /^auth\.identity\.keyBindings: .*write the names of one or two secrets/,
    ],
    ["a claim with a space", { auth: { identity: { claims: ["e mail"] } } }, /^auth\.identity\.claims.*; write names of claims in a list/],
    [
      "a resource without URL",
      { auth: { resource: {} } },
      /^auth\.resource\.url: .*write the public URL of the gateway, as tokens name it in "aud"/,
    ],
    ["a resource that is no URL", { auth: { resource: { url: 1 } } }, /^auth\.resource\.url: found 1; write the public URL of the gateway/],
    ["no signature keys", { auth: { signatures: { keys: {} } } }, /^auth\.signatures\.keys: found .*; write 1 to \d+ keys/],
    [
      "a KV binding with a hyphen",
      { control: { kv: "A-B" } },
      /^control\.kv: found "A-B"; write the name of a KV binding: "CONFIGURATION"$/,
    ],
    [
      "a limit of the platform beside a leased bucket",
      limit({ mode: "leased", binding: "FIVE" }),
      /^rateLimits\.one\.binding: found "FIVE"; write mode: "local"/,
    ],
    [
      "a plan of keys without keys",
      limit({ tiers: { by: "key", plans: { pro: { capacity: 2, rate: 2 } } } }),
      /^rateLimits\.one\.tiers\.by: found "key"; /,
    ],
    [
      "a layer without settings",
      { defaults: { layers: { audit: null } } },
      /^defaults\.layers\.audit: found null; write the settings of the layer/,
    ],
    [
      "a credential as text for an upstream",
      { defaults: { requestHeaders: { set: { authorization: "Bearer a" } } } },
      /^defaults\.requestHeaders\.set\.authorization: .*keep it in a secret: "Bearer \{secret\.UPSTREAM_TOKEN\}"$/,
    ],
    ["a former name", limit({ key: "everybody" }), /^rateLimits\.one\.key: found "everybody"; write "all", its new name$/],
    [
      "signature keys in no object",
      { auth: { signatures: { keys: 7 } } },
      /^auth\.signatures\.keys: found 7; write an object: \{ \.\.\. \}$/,
    ],
    [
      "a share above all",
      { tracing: { platform: true, ratio: 2 } },
      /^tracing\.ratio: found 2; write a number from 0 to 1 \(share of the calls\)$/,
    ],
    [
      "an address of spans without TLS",
      { tracing: { otlpUrl: "http://collector.example" } },
      /^tracing\.otlpUrl: .*"https:\/\/collector\.example\/v1\/traces"/,
    ],
    [
      "two rewrites of one prefix",
      { httpRoutes: { "/a/": { upstream: { binding: "A" }, stripPrefix: true, replacePrefix: "/b/" } } },
      /^httpRoutes\["\/a\/"\]\.replacePrefix: found "\/b\/"; write one of stripPrefix and replacePrefix$/,
    ],
  ])("refuses %s", (_, input, line) => {
    const problems = problemsOf(input);
    expect(
      problems.filter((one) => line.test(one)),
      problems.join("\n"),
    ).toHaveLength(1);
  });

  it.each<[string, object]>([
    ["a few roles", { admin: { secretBinding: "ADMIN", roles: { ada: "operator", "https://idp.example/u/1": "admin" } } }],
    ["identity with two keys and claims", { auth: { identity: { keyBindings: ["A", "B"], claims: ["email", "x-y~!"] } } }],
    ["a KV binding", { control: { kv: "A_1" }, admin: { secretBinding: "ADMIN" } }],
    ["a limit of the platform beside a local bucket", limit({ mode: "local", binding: "FIVE_1" })],
    ["a plan of keys with keys", { auth: { keys: KEYS }, ...limit({ tiers: { by: "key", plans: { pro: { capacity: 2, rate: 2 } } } }) }],
    ["a response header with a credential's name", { defaults: { responseHeaders: { set: { authorization: "none" } } } }],
    ["one rewrite of a prefix", { httpRoutes: { "/a/": { upstream: { binding: "A" }, stripPrefix: true } } }],
    ["another rewrite of a prefix", { httpRoutes: { "/a/": { upstream: { binding: "A" }, replacePrefix: "/b/" } } }],
  ])("takes %s", (_, input) => expect(problemsOf(input)).toEqual([]));
});

it.each([
  ["registry.tokenBinding", { registry: { tokenBinding: "A-B" } }, "REGISTRY_TOKEN"],
  ["breakers.tokenBinding", { breakers: { tokenBinding: "A-B" } }, "OPERATOR_TOKEN"],
  ["purge.tokenBinding", { purge: { tokenBinding: "A-B" } }, "CACHE_TOKEN"],
  ["admin.secretBinding", { admin: { secretBinding: "A-B" } }, "ADMIN_SECRET"],
  ["metrics.tokenBinding", { metrics: { tokenBinding: "A-B" } }, "METRICS_TOKEN"],
  ["auth.keys.tokenBinding", { auth: { keys: { ...KEYS, tokenBinding: "A-B" } } }, "KEYS_TOKEN"],
])("names a secret for %s as an example", (path, input, example) => {
  expect(problemsOf(input)).toContain(`${path}: found "A-B"; write the name of a secret: "${example}"`);
});

it("knows the fields with credentials of callers, which upstreams do not get", () => {
  const fieldsOf = (auth: object) => {
    const parsed = parsePolicy({ services: { [USERS]: { upstream: { binding: "USERS" } } }, auth }, new Map([[USERS, ["GetUser"]]]));
    return parsed.kind === "invalid" ? parsed.problems : credentialFields(parsed.policy.auth);
  };
  const signed = ["authorization", "signature", "signature-agent", "signature-input"];
  expect(fieldsOf({})).toEqual([]);
  expect(fieldsOf({ keys: KEYS })).toEqual(signed);
  expect(fieldsOf({ keys: { ...KEYS, header: "x-api-key" } })).toEqual([...signed, "x-api-key"]);
});
