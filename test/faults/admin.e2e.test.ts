// Admin services over sockets: strangers, pages of other origins, addresses that register, and registrars at the same time.
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorLines, type FaultBench, SECRETS, startFaultBench } from "./bench.ts";
import { type Answer, exchange, request } from "./wire.ts";

let bench: FaultBench;
beforeAll(async () => {
  const registry = { tokenBinding: "REGISTRY_TOKEN", ownHosts: ["own.example"] };
  const users = { upstream: { registry: true } };
  bench = await startFaultBench({ config: () => ({ registry, services: { "users.v1.UserService": users }, httpRoutes: {} }) as never });
});
afterAll(() => bench?.stop());

const REGISTRY = "tidegate.registry.v1.RegistryService";
const ADMIN = [
  `${REGISTRY}/Register`,
  `${REGISTRY}/ListEndpoints`,
  "tidegate.breaker.v1.BreakerService/SetOverride",
  "tidegate.cache.v1.CacheService/Purge",
];
let callers = 0;

/** Each call comes from another address, so that none is held back for others' wrong tokens. */
function call(procedure: string, fields: readonly string[], body: string | Uint8Array): Promise<Answer> {
  callers += 1;
  const address = `cf-connecting-ip: 192.0.2.${callers % 250}`;
  return exchange(bench.gateway.port, [request(`POST /${procedure}`, ["content-type: application/json", address, ...fields], body)]);
}

const codeOf = ({ status, body }: Answer) => [status, (JSON.parse(body.toString()) as { code?: string }).code];
const bearer = (token: string) => `authorization: Bearer ${token}`;
const OWN = bearer(SECRETS.REGISTRY_TOKEN);

describe("A10 a call of an admin service", () => {
  it.each(ADMIN)("at %s without its token is unauthenticated, whatever its body", async (procedure) => {
    const bomb = gzipSync(Buffer.alloc(1_048_576, "[{},"));
    for (const [fields, body] of [
      [[], "{}"],
      [["content-encoding: gzip"], bomb],
      [[bearer("a key of the data plane")], "no JSON"],
    ] as const)
      expect(codeOf(await call(procedure, fields, body))).toEqual([401, "unauthenticated"]);
  });

  it("with the token of another service is denied", async () => {
    expect(codeOf(await call(`${REGISTRY}/ListEndpoints`, [bearer(SECRETS.CACHE_TOKEN)], "{}"))).toEqual([403, "permission_denied"]);
  });

  it.each([["origin: https://evil.example"], ["sec-fetch-site: cross-site"], ["origin: null"]])(
    "from a page of another origin (%s) is denied",
    async (field) => {
      const answer = await call(`${REGISTRY}/ListEndpoints`, [OWN, field], '{"service":"users.v1.UserService"}');
      expect(codeOf(answer)).toEqual([403, "permission_denied"]);
      expect(answer.head.toLowerCase()).not.toContain("access-control-");
    },
  );

  it("is in the log where it was refused, without its token, and writes no error", () => {
    const refused = bench.log.filter((line) => line.includes("admin_call_refused"));
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.join()).not.toContain("data plane");
    expect(errorLines(bench.log)).toEqual([]);
  });
});

describe("S01, S02 an address that registers", () => {
  const register = (url: string) =>
    call(`${REGISTRY}/Register`, [OWN], JSON.stringify({ service: "users.v1.UserService", endpoint: { id: "a", url } }));

  it.each([
    ...[
      "http://2130706433",
      "http://0177.0.0.1",
      "http://[::ffff:127.0.0.1]",
      "http://0.0.0.0",
      "http://169.254.169.254",
      "http://metadata.google.internal",
    ],
    ...[
      "https://[::127.0.0.1]",
      "https://[2002:7f00:1::]",
      "https://[64:ff9b:1::7f00:1]",
      "https://[2001:0:7f00:1::]",
      "https://[fec0::1]",
      "https://x.lan",
    ],
  ])("S01 %s is refused", async (url) => expect(codeOf(await register(url))).toEqual([400, "invalid_argument"]));

  it.each([
    "file:///etc/passwd",
    "data:text/plain,x",
    "gopher://a.example",
    "ws://a.example",
    "https://user:pass@a.example",
    "https://a.example:25",
    "http://a.example",
  ])("S02 %s is refused", async (url) => expect(codeOf(await register(url))).toEqual([400, "invalid_argument"]));

  it.each(["https://own.example.:8443", "https://gateway.test", "https://GATEWAY.test.:8443"])(
    "S04 %s, the gateway itself, is refused",
    async (url) => {
      expect(codeOf(await register(url))).toEqual([400, "invalid_argument"]);
    },
  );

  it("that is public is taken", async () => expect((await register("https://a.example")).status).toBe(200));
});

it("G02 of registrars at the same time with one revision, one changes the endpoint and the others are aborted", async () => {
  const register = (weight: number, more: object) => {
    const endpoint = { id: "raced", url: "https://raced.example", weight };
    return call(`${REGISTRY}/Register`, [OWN], JSON.stringify({ service: "users.v1.UserService", endpoint, leaseMs: 60_000, ...more }));
  };
  const { revision } = JSON.parse((await register(1, {})).body.toString()) as { revision: string };
  const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => register(n + 2, { expectedRevision: revision })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status !== 200).map(codeOf)).toEqual(Array(9).fill([409, "aborted"]));
});
