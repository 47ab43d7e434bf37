// Settings of callers, logs and headers with a small effect: each row calls one gateway without the setting and one with it.
import { afterEach, describe, expect, it, vi } from "vitest";
import { type EffectRow, observed } from "../support/effects/effect-row.ts";
import { getUser, type Input } from "../support/effects/upstream-calls.ts";
import { gatewayTo, rest, type Upstream, userFor } from "../support/gateway.ts";
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
  (await gatewayTo(userFor, input, { PARTNER_KEY: HMAC_SECRET })(await signed(getUser(), { key: "hmac" }))).status;
const keyWith = (more: object): Input => ({
  auth: { signatures: { keys: { "key-hmac": { ...SIGNATURES.keys["key-hmac"], ...more } } } },
  defaults: { auth: "required", scopes: ["users.read"] },
});

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
