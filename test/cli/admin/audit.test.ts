// `tidegate audit` against a server that speaks Connect, and the results of the other admin commands as JSON.
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { AdminService, AuditEventSchema, AuditOutcome } from "../../../protos/gen/tidegate/admin/v1/admin_pb.ts";
import { BreakerSchema, BreakerService, Override, State } from "../../../protos/gen/tidegate/breaker/v1/breaker_pb.ts";
import { CacheService } from "../../../protos/gen/tidegate/cache/v1/cache_pb.ts";
import { KeySchema, KeyService, State as KeyState } from "../../../protos/gen/tidegate/keys/v1/keys_pb.ts";
import { type AdminServer, command, serve } from "./admin-server.ts";

const EVENTS = Array.from({ length: 250 }, (_, index) =>
  create(AuditEventSchema, {
    ...{ time: timestampFromMs(index * 1_000), identity: "key:abc", role: "admin", route: "tidegate.keys.v1.KeyService/IssueKey" },
    ...{ subject: `key ${index}`, address: "203.0.113.7", requestId: `r${index}` },
  }),
);
const KEY = create(KeySchema, { id: "k1", lastFour: "wxyz", state: KeyState.ACTIVE, settings: { owner: "acme", scopes: ["a"] } });
let gateway: AdminServer;
const requests: unknown[] = [];

beforeAll(async () => {
  gateway = await serve((router) => {
    router.service(AdminService, {
      listAuditEvents: ({ outcome, pageSize, pageToken }) => {
        requests.push([outcome, pageSize, pageToken]);
        const from = Number(pageToken || 0);
        const events = EVENTS.slice(from, from + pageSize);
        return { events, nextPageToken: from + pageSize < EVENTS.length ? String(from + pageSize) : "" };
      },
    });
    router.service(CacheService, { purge: () => ({ seq: 7n, effectiveWithinMs: 11_500 }) });
    router.service(KeyService, {
      issueKey: () => ({ key: KEY, text: "tg_test_key" }),
      listKeys: () => ({ keys: [KEY] }),
      verifyKey: ({ text }) => ({ isValid: text === "tg_test_key", id: "k1", owner: "acme" }),
    });
    router.service(BreakerService, {
      listBreakers: () => ({
        breakers: [create(BreakerSchema, { upstream: "u", endpoint: "e", state: State.HALF_OPEN, override: Override.NONE, isolates: 3 })],
      }),
    });
  });
});
afterAll(() => gateway.close());
beforeEach(() => void requests.splice(0));

const run = (name: string, ...args: string[]) => command(name, [...args, "--gateway", gateway.origin], { ADMIN_TOKEN: "secret" });

it("lists the latest changes, and as many as are wanted over pages", async () => {
  const { code, stdout } = await run("audit", "--limit", "2").ended;
  expect([code, stdout.split("\n")]).toEqual([
    0,
    [
      "1970-01-01T00:00:00.000Z  key:abc  admin  tidegate.keys.v1.KeyService/IssueKey  key 0  203.0.113.7",
      "1970-01-01T00:00:01.000Z  key:abc  admin  tidegate.keys.v1.KeyService/IssueKey  key 1  203.0.113.7",
      "",
    ],
  ]);
  const many = await run("audit", "--limit", "1000", "--denied", "--json").ended;
  expect(JSON.parse(many.stdout)).toHaveLength(EVENTS.length);
  expect(requests).toEqual([
    [AuditOutcome.CHANGED, 2, ""],
    [AuditOutcome.DENIED, 200, ""],
    [AuditOutcome.DENIED, 200, "200"],
  ]);
});

it.each([
  { name: "purge", args: ["--all"], result: { seq: "7", mode: "soft", effectiveWithinMs: 11_500 } },
  { name: "breaker", args: ["list"], result: [{ upstream: "u", endpoint: "e", state: "half_open", decision: "by evidence", isolates: 3 }] },
  { name: "keys", args: ["list"], result: [{ id: "k1", owner: "acme", state: "active", scopes: ["a"], lastUseTime: null }] },
  { name: "keys", args: ["issue", "--owner", "acme"], result: { text: "tg_test_key", key: { id: "k1" } } },
])("prints the result of $name $args as JSON", async ({ name, args, result }) => {
  const { code, stdout } = await run(name, ...args, "--json").ended;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject(result);
});

it("reads the key that it verifies from the standard input, and exits with 1 where it does not count", async () => {
  const verify = async (text: string) => {
    const { child, ended } = run("keys", "verify", "--json");
    child.stdin!.end(text);
    const { code, stdout } = await ended;
    return [code, JSON.parse(stdout)];
  };
  expect(await verify("tg_test_key\n")).toEqual([0, { isValid: true, id: "k1", owner: "acme", plan: "", scopes: [] }]);
  expect(await verify("another")).toEqual([1, { isValid: false }]);
});
