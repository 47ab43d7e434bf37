import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { CacheService, type PurgeRequest } from "../../../protos/gen/tidegate/cache/v1/cache_pb.ts";
import { type AdminServer, bearerOf, command, serve } from "./admin-server.ts";

let gateway: AdminServer;
const requests: PurgeRequest[] = [];

beforeAll(async () => {
  gateway = await serve((router) =>
    router.service(CacheService, {
      purge(request, context) {
        if (bearerOf(context) !== "Bearer secret") throw new ConnectError("missing or wrong bearer token", Code.Unauthenticated);
        requests.push(request);
        return { seq: 7n, effectiveWithinMs: 11_500 };
      },
    }),
  );
});
afterAll(() => gateway.close());
beforeEach(() => void requests.splice(0));

const purge = (args: readonly string[], variables = { CACHE_TOKEN: "secret" } as Record<string, string>) =>
  command("purge", [...args, "--gateway", gateway.origin], variables).ended;

it("sends each target that is named, and prints when the purge is in effect", async () => {
  const ended = await purge(["--tag", "user:1", "--tag", "user:2", "--route", "users.v1.UserService/GetUser", "--key", "/img/a.png?w=1"]);
  expect(ended).toEqual({ code: 0, stdout: "purged, soft; in effect everywhere within 11.5 s (seq 7)\n", stderr: "" });
  expect(requests.map(({ hard, targets }) => [hard, ...targets.map(({ target }) => `${target.case} ${target.value}`)])).toEqual([
    [false, "tag user:1", "tag user:2", "route users.v1.UserService/GetUser", "key /img/a.png?w=1"],
  ]);
});

it("purges everything with --all, at once with --hard", async () => {
  expect((await purge(["--all", "--hard"])).stdout).toBe("purged, hard; in effect everywhere within 11.5 s (seq 7)\n");
  expect(requests.map(({ hard, targets }) => [hard, targets.map(({ target }) => target)])).toEqual([
    [true, [{ case: "all", value: true }]],
  ]);
});

it("exits with 2 and sends nothing where a target or the token is missing", async () => {
  expect(await purge([])).toMatchObject({ code: 2, stderr: expect.stringContaining("write --tag, --route, --key or --all") });
  expect(await purge(["--all"], {})).toMatchObject({ code: 2, stderr: expect.stringContaining("found no ADMIN_TOKEN") });
  expect(requests).toEqual([]);
});

it("exits with 1 and prints code and message of an error, or that there is no gateway", async () => {
  const refused = await purge(["--all"], { CACHE_TOKEN: "another" });
  expect(refused).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^error: unauthenticated: missing or wrong bearer token\n {2}fix: {3}set ADMIN_TOKEN/),
  });
  const { code, stderr } = await command("purge", ["--all", "--gateway", "http://127.0.0.1:1"], { CACHE_TOKEN: "secret" }).ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^error: no response from http:\/\/127\.0\.0\.1:1\n {2}why: {3}.*ECONNREFUSED.*\n {2}fix: {3}write the origin of the gateway: --gateway URL\n$/,
  );
});
