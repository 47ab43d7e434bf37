// Settings of callers, logs and headers with a small effect: each row calls one gateway without the setting and one with it.
import { afterEach, describe, expect, it, vi } from "vitest";
import { celExpressions } from "../../workers/gateway/auth/expression/cel.ts";
import { AUTH, bearer, ISSUER } from "../support/callers.ts";
import { type EffectRow, observed } from "../support/effects/effect-row.ts";
import { getUser, type Input } from "../support/effects/upstream-calls.ts";
import { gatewayTo, json, rest, type Upstream, userFor } from "../support/gateway.ts";
import { HMAC_SECRET, SIGNATURES, signed } from "../support/signed-requests.ts";

afterEach(() => void vi.restoreAllMocks());

/** What the log has about one call. */
async function logged(input: Input, upstream: Upstream = userFor, headers: Record<string, string> = {}): Promise<Record<string, unknown>> {
  const lines: string[] = [];
  const spy = vi.spyOn(console, "info").mockImplementation((line: string) => void lines.push(line));
  await (await gatewayTo(upstream, input)(getUser(headers))).text();
  spy.mockRestore();
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return records.find(({ event }) => event === "call") ?? {};
}
const LOGGED_HEADER = { okPercent: 100, requestHeaders: ["x-long"] };

/** A header of the response to a call of plain HTTP. */
const sentBack = (name: string) => async (input: Input) => {
  const FILES = { fetch: () => Promise.resolve(new Response("a")) };
  return (await gatewayTo(userFor, input, { FILES })(rest("GET", "/files/a"))).headers.get(name);
};
const files = (more: object): Input => ({ httpRoutes: { "/files/": { upstream: { binding: "FILES" }, ...more } } });

const signedStatus = async (input: Input): Promise<number> =>
  (await gatewayTo(userFor, input, { PARTNER_KEY: HMAC_SECRET, OTHER_KEY: btoa("x".repeat(64)) })(await signed(getUser(), { key: "hmac" })))
    .status;
const keyWith = (more: object): Input => ({
  auth: { signatures: { keys: { "key-hmac": { ...SIGNATURES.keys["key-hmac"], ...more } } } },
  defaults: { auth: "required", scopes: ["users.read"] },
});

const token = await bearer("ada", {}, { typ: undefined });
const issuer = (more: object): Input => ({
  auth: { issuers: { [ISSUER]: { ...AUTH.issuers[ISSUER], ...more } } } as Input["auth"],
  defaults: { auth: "required" },
});

/** An upstream that fails for what the caller has sent. */
const unknown = (): Response => json({ code: "not_found" }, { status: 404 });
const slow: Upstream = async (call) => {
  await scheduler.wait(20);
  return userFor(call);
};

/** Whether a new trace is sampled, as the upstream reads it. */
async function isSampled(input: Input): Promise<boolean> {
  vi.spyOn(globalThis, "fetch").mockImplementation(() => Promise.resolve(new Response("{}"))); // the collector
  let parent: string | null = null;
  const gateway = gatewayTo((call) => {
    parent = call.headers.get("traceparent");
    return userFor(call);
  }, input);
  await (await gateway(getUser())).text();
  return parent!.endsWith("-01");
}
const tracing = (ratio: number): Input => ({ tracing: { otlpUrl: "https://collector.example/v1/traces", ratio } });

const ROWS: readonly EffectRow[] = [
  {
    setting: "auth.signatures.keys.scopes",
    base: keyWith({}),
    input: keyWith({ scopes: ["users.read"] }),
    observe: signedStatus,
    before: 403,
    after: 200,
  },
  {
    setting: "log.fields",
    base: { log: { okPercent: 100 } },
    input: { log: { okPercent: 100, fields: ["requestId", "path"] } },
    observe: async (input) => Object.keys(await logged(input)).filter((name) => ["route", "path"].includes(name)),
    before: ["route"],
    after: ["path"],
  },
  {
    setting: "log.failedPercent",
    base: {},
    input: { log: { failedPercent: 0 } },
    observe: async (input) => {
      vi.spyOn(Math, "random").mockReturnValue(0.05); // the default is 10 %
      return (await logged(input, () => new Response("broken", { status: 500 })))["outcome"];
    },
    before: "failed",
    after: undefined,
  },
  {
    setting: "log.okPercent",
    input: { log: { okPercent: 100 } },
    observe: async (input) => (await logged(input))["outcome"],
    before: undefined,
    after: "ok",
  },
  {
    setting: "log.requestHeaders",
    base: { log: { okPercent: 100 } },
    input: { log: LOGGED_HEADER },
    observe: async (input) => (await logged(input, userFor, { "x-long": "a" }))["headers"],
    before: undefined,
    after: ["x-long: a"],
  },
  {
    setting: "log.refusedPercent",
    input: { log: { refusedPercent: 100 } },
    observe: async (input) => (await logged(input, unknown))["outcome"],
    before: undefined,
    after: "refused",
  },
  {
    setting: "log.slowPercent",
    base: { log: { slowMs: 1 } },
    input: { log: { slowMs: 1, slowPercent: 100 } },
    observe: async (input) => (await logged(input, slow))["outcome"],
    before: undefined,
    after: "slow",
  },
  {
    setting: "log.slowMs",
    base: { log: { slowPercent: 100 } },
    input: { log: { slowPercent: 100, slowMs: 1 } },
    observe: async (input) => (await logged(input, slow))["outcome"],
    before: undefined,
    after: "slow",
  },
  { setting: "tracing.ratio", base: tracing(0), input: tracing(1), observe: isSampled, before: false, after: true },
  {
    setting: "auth.issuers.types",
    base: issuer({}),
    input: issuer({ types: ["none"] }),
    observe: async (input) => (await gatewayTo(userFor, input)(getUser(token))).status,
    before: 401,
    after: 200,
  },
  {
    setting: "auth.signatures.keys.secretBinding",
    base: keyWith({ scopes: ["users.read"], secretBinding: "OTHER_KEY" }),
    input: keyWith({ scopes: ["users.read"], secretBinding: "PARTNER_KEY" }),
    observe: signedStatus,
    before: 401,
    after: 200,
  },
  {
    setting: "httpRoutes.allow",
    base: files({}),
    input: files({ allow: "source.address == '192.0.2.1'" }),
    observe: async (input) => {
      const FILES = { fetch: () => Promise.resolve(new Response("a")) };
      const request = rest("GET", "/files/a", undefined, { "cf-connecting-ip": "192.0.2.2" });
      return (await gatewayTo(userFor, input, { FILES }, celExpressions())(request)).status;
    },
    before: 200,
    after: 403,
  },
  {
    setting: "log.maxValueLength",
    base: { log: LOGGED_HEADER },
    input: { log: { ...LOGGED_HEADER, maxValueLength: 16 } },
    observe: async (input) => (await logged(input, userFor, { "x-long": "a".repeat(100) }))["headers"],
    before: [`x-long: ${"a".repeat(100)}`],
    after: [expect.toSatisfy((text: string) => text.length < 30)],
  },
  {
    setting: "defaults.serverTiming",
    input: { defaults: { serverTiming: true } },
    observe: async (input) => (await gatewayTo(userFor, input)(getUser())).headers.get("server-timing"),
    before: null,
    after: expect.stringMatching(/^gw;dur=\d+, up;dur=\d+/),
  },
  {
    setting: "httpRoutes.serverTiming",
    base: files({}),
    input: files({ serverTiming: true }),
    observe: sentBack("server-timing"),
    before: null,
    after: expect.stringMatching(/^gw;dur=\d+, up;dur=\d+/),
  },
];

describe("the setting", () => {
  it.each(ROWS)("$setting has its effect", async (row) => {
    expect(await observed(row)).toEqual([row.before, row.after]);
  });
});
