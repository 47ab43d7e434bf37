// Secrets in every output of the running gateway: responses, logs, documents and lists.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type FaultBench, SECRETS, startFaultBench } from "./bench.ts";
import { FAULT_NAMES } from "./replies.ts";
import { exchange, request } from "./wire.ts";

/** Credentials of a caller, where they may stand in a request. */
const CANARIES = {
  bearer: "canary-of-a-bearer-7f3a",
  cookie: "canary-of-a-cookie-91c2",
  key: "canary-of-a-key-5d0e",
  query: "canary-of-a-query-2b44",
};
const FIELDS = [`authorization: Bearer ${CANARIES.bearer}`, `cookie: session=${CANARIES.cookie}`, `x-api-key: ${CANARIES.key}`];
const JSON_TYPE = "content-type: application/json";
const WAIT = { waitMs: 20_000 };
/** The gateway passes on what the upstream sends in these; they have no end of their own. */
const ENDLESS = ["endless", "drip"];
let bench: FaultBench | undefined;

beforeAll(async () => {
  bench = await startFaultBench();
});
afterAll(() => bench?.stop());

/** Everything that the gateway has sent for these requests, and written to its log. */
async function outputOf(requests: readonly Buffer[]): Promise<string> {
  const answers = [];
  for (const bytes of requests) answers.push(await exchange(bench!.gateway.port, [bytes], WAIT));
  return [...answers.flatMap(({ head, body }) => [head, body.toString("latin1")]), ...bench!.log].join("\n");
}

function expectNone(output: string, secrets: readonly string[]): void {
  for (const secret of secrets) expect(output.includes(secret), secret).toBe(false);
}

it("G03 no credential of a caller is in a response or in the log, whatever the upstream does", async () => {
  const faults = FAULT_NAMES.filter((name) => !ENDLESS.includes(name));
  const output = await outputOf(
    faults.flatMap((name) => {
      const fields = [...FIELDS, `x-fault: ${name}`];
      return [
        request("POST /users.v1.UserService/UpdateUser", [...fields, JSON_TYPE], "{}"),
        request(`GET /pub/x?key=${CANARIES.query}`, fields),
        request("POST /api/v1/notes", [...fields, JSON_TYPE], '{"title":"far too long for its rule"}'),
      ];
    }),
  );
  expect(output).toContain("upstream_fault"); // the log was read
  expectNone(output, Object.values(CANARIES));
});

it("G03 no secret of the gateway, and no address of an upstream, is in what it serves or writes", async () => {
  const admin = (secret: string, path: string, body = "{}") =>
    request(`POST /${path}`, [JSON_TYPE, `authorization: Bearer ${secret}`], body);
  const wrong = ["wrong", SECRETS.OPERATOR_TOKEN.slice(1), ""];
  const output = await outputOf([
    request("GET /openapi.json"),
    request("GET /healthz"),
    request("GET /", ["accept: text/html"]),
    ...wrong.map((token) => admin(token, "tidegate.breaker.v1.BreakerService/ListBreakers")),
    admin(SECRETS.OPERATOR_TOKEN, "tidegate.breaker.v1.BreakerService/ListBreakers"),
    admin(SECRETS.OPERATOR_TOKEN, "tidegate.breaker.v1.BreakerService/Nothing"),
    admin(SECRETS.REGISTRY_TOKEN, "tidegate.registry.v1.RegistryService/ListEndpoints", "{"),
    admin(SECRETS.CACHE_TOKEN, "tidegate.cache.v1.CacheService/Purge", '{"all":true}'),
    request("POST /users.v1.UserService/UpdateUser", [JSON_TYPE, "x-fault: no-response"], "{}"),
  ]);
  expectNone(output, Object.values(SECRETS));
  const sent = output.split("\n").filter((line) => !line.includes('"event":"upstream_fault"') && !line.includes('"endpoint":"http'));
  expectNone(sent.join("\n"), [bench!.origin.url]);
});
