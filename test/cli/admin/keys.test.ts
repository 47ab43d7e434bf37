// `tidegate keys` against a server that speaks Connect: what it sends, and what it prints where.
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { KeySchema, KeyService, State } from "../../../protos/gen/tidegate/keys/v1/keys_pb.ts";
import { type AdminServer, bearerOf, command, serve } from "./admin-server.ts";

const ID = "0123456789abcdef";
const KEY = create(KeySchema, {
  ...{ id: ID, lastFour: "wxyz", state: State.ACTIVE, settings: { owner: "acme", plan: "pro", scopes: ["a", "b"] } },
});
const EFFECT = { key: KEY, effectiveWithinMs: 10_000, effectiveWithoutRelayMs: 60_000 };
let gateway: AdminServer;
const requests: unknown[] = [];

beforeAll(async () => {
  const service: Partial<ServiceImpl<typeof KeyService>> = {
    issueKey: ({ settings }, context) => {
      if (bearerOf(context) !== "Bearer secret") throw new ConnectError("missing or wrong bearer token", Code.Unauthenticated);
      requests.push({ settings, as: context.requestHeader.get("tidegate-operator") });
      return { key: KEY, text: "tg_test_key" };
    },
    listKeys: ({ owner, pageToken }) => {
      requests.push({ owner, pageToken });
      const used = create(KeySchema, { ...KEY, lastUseTime: timestampFromMs(0), lastFour: "", state: State.REVOKED });
      return pageToken === "" ? { keys: [KEY], nextPageToken: "next" } : { keys: [used] };
    },
    updateKey: ({ id, settings, updateMask }) => {
      requests.push({ id, settings, paths: updateMask?.paths });
      return EFFECT;
    },
    rollKey: (request) => {
      requests.push({ id: request.id, overlap: request.overlapSeconds });
      return { key: create(KeySchema, { ...KEY, overlapEndTime: timestampFromMs(0) }), text: "tg_test_rolled" };
    },
    revokeKey: ({ id }) => {
      requests.push({ id });
      return EFFECT;
    },
    importKeys: ({ keys }) => {
      requests.push(keys.map(({ sha256, settings }) => ({ sha256: Buffer.from(sha256).toString("hex"), owner: settings?.owner })));
      return { keys: [KEY] };
    },
  };
  gateway = await serve((router) => router.service(KeyService, service));
});
afterAll(() => gateway.close());
beforeEach(() => void requests.splice(0));

const keys = (args: readonly string[], variables = { KEYS_TOKEN: "secret" } as Record<string, string>) =>
  command("keys", [...args, "--gateway", gateway.origin], variables).ended;

it("prints an issued key alone on the standard output", async () => {
  const ended = await keys([
    "issue",
    "--owner",
    "acme",
    "--plan",
    "pro",
    "--scope",
    "a",
    "--scope",
    "b",
    "--expires",
    "2027-01-31T00:00:00Z",
    "--as",
    "ada",
  ]);
  expect(ended).toEqual({ code: 0, stdout: "tg_test_key\n", stderr: `issued ${ID} for acme; the key is shown only here\n` });
  expect(requests).toMatchObject([
    { as: "ada", settings: { owner: "acme", plan: "pro", scopes: ["a", "b"], expireTime: { seconds: 1801353600n } } },
  ]);
});

it("lists the keys of all pages", async () => {
  const { code, stdout } = await keys(["list", "--owner", "acme"]);
  expect([code, stdout.trimEnd().split("\n")]).toEqual([
    0,
    [
      `${ID}  acme  pro  active   ...wxyz   never used                     a b`,
      `${ID}  acme  pro  revoked  imported  used 1970-01-01T00:00:00.000Z  a b`,
    ],
  ]);
  expect(requests).toEqual([
    { owner: "acme", pageToken: "" },
    { owner: "acme", pageToken: "next" },
  ]);
});

it("changes what is named, and removes a list with an empty item", async () => {
  const { code, stderr } = await keys(["update", ID, "--plan", "free", "--scope", "", "--expires", "never"]);
  expect([code, stderr]).toEqual([0, `updated ${ID}; in effect everywhere within 10 s\n`]);
  expect(requests).toMatchObject([{ id: ID, settings: { plan: "free", scopes: [] }, paths: ["plan", "scopes", "expire_time"] }]);
});

it("rolls with an overlap, and revokes", async () => {
  expect(await keys(["roll", ID, "--overlap", "2d"])).toMatchObject({ code: 0, stdout: "tg_test_rolled\n" });
  expect(await keys(["roll", ID, "--overlap", "0"])).toMatchObject({ code: 0 });
  const { stderr } = await keys(["revoke", ID]);
  expect(stderr).toBe(`revoked ${ID}; refused everywhere within 10 s, 60 s where an isolate does not reach its relay\n`);
  expect(requests).toEqual([{ id: ID, overlap: 172_800 }, { id: ID, overlap: 0 }, { id: ID }]);
});

it("imports by a digest", async () => {
  expect(await keys(["import", "--sha256", "AB".repeat(32), "--owner", "acme"])).toMatchObject({ code: 0 });
  expect(requests).toEqual([[{ sha256: "ab".repeat(32), owner: "acme" }]]);
});

it.each([
  [[], "write issue, list"],
  [["revoke"], "found no ID"],
  [["update", ID], "found nothing to change"],
  [["issue", "--owner", "a", "--expires", "soon"], "--expires: found soon"],
  [["roll", ID, "--overlap", "1y"], "--overlap: found 1y"],
])("exits with 2 and sends nothing: %j", async (args, problem) => {
  expect(await keys(args)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(problem) });
  expect(requests).toEqual([]);
});

it("has the credential of the admin plane, unless there is one for keys alone", async () => {
  expect(await keys(["issue", "--owner", "acme"], { ADMIN_TOKEN: "secret" })).toMatchObject({ code: 0 });
  expect(await keys(["issue", "--owner", "acme"], { ADMIN_TOKEN: "another", KEYS_TOKEN: "secret" })).toMatchObject({ code: 0 });
  expect(await keys(["issue", "--owner", "acme"], { ADMIN_TOKEN: "secret", KEYS_TOKEN: "" })).toMatchObject({ code: 0 });
});

it("says which secret is missing or wrong", async () => {
  expect(await keys(["list"], {})).toMatchObject({ code: 2, stderr: expect.stringContaining("found no ADMIN_TOKEN") });
  const refused = await keys(["issue", "--owner", "acme"], { KEYS_TOKEN: "another" });
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("set ADMIN_TOKEN to the secret that the gateway has") });
});
