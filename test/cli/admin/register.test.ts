import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { RegistryService } from "../../../protos/gen/tidegate/registry/v1/registry_pb.ts";
import { type AdminServer, bearerOf, command, serve } from "./admin-server.ts";

const SERVICE = "users.v1.UserService";
const ENV = { REGISTRY_TOKEN: "secret" };
let gateway: AdminServer;
let calls: string[] = [];
let hasLease = true;

beforeAll(async () => {
  gateway = await serve((router) =>
    router.service(RegistryService, {
      register({ service, endpoint, leaseMs }, context) {
        if (bearerOf(context) !== "Bearer secret") throw new ConnectError("missing or wrong bearer token", Code.Unauthenticated);
        const { id, url, weight, priority, zone } = endpoint!;
        calls.push(`register ${service} ${id} ${url} ${weight} ${priority} ${zone} ${leaseMs}`);
        hasLease = true;
        return { revision: 5n };
      },
      renew({ service, id }) {
        calls.push(`renew ${service} ${id}`);
        if (!hasLease) throw new ConnectError("no such endpoint", Code.NotFound);
        return {};
      },
      drain({ service, id }) {
        calls.push(`drain ${service} ${id}`);
        return {};
      },
      deregister({ service, id }) {
        calls.push(`deregister ${service} ${id}`);
        return {};
      },
    }),
  );
});
afterAll(() => gateway.close());
beforeEach(() => {
  calls = [];
  hasLease = true;
});

const ARGS = ["--service", SERVICE, "--url", "http://10.0.0.7:9000", "--id", "a", "--zone", "fra", "--weight", "3", "--lease", "0.3"];
const register = (args: readonly string[], variables: Record<string, string> = ENV) =>
  command("register", [...args, "--gateway", gateway.origin], variables);
const called = (call: string) => vi.waitUntil(() => calls.includes(call), { timeout: 60_000, interval: 20 });

it("registers the endpoint, renews its lease, and drains and deregisters it at SIGTERM", async () => {
  const { child, ended } = register([...ARGS, "--drain", "0"]);
  await called(`renew ${SERVICE} a`);
  child.kill("SIGTERM");
  expect(await ended).toEqual({
    code: 0,
    stdout: `a is registered for ${SERVICE} at http://10.0.0.7:9000, revision 5\na drains for 0 s; Ctrl-C ends it at once\n`,
    stderr: "",
  });
  expect(calls[0]).toBe(`register ${SERVICE} a http://10.0.0.7:9000 3 0 fra 300`);
  expect(calls.slice(-2)).toEqual([`drain ${SERVICE} a`, `deregister ${SERVICE} a`]);
});

it("registers again where the lease has ended", async () => {
  const { child, ended } = register([...ARGS, "--drain", "0"]);
  await called(`renew ${SERVICE} a`);
  hasLease = false;
  await vi.waitUntil(() => calls.filter((call) => call.startsWith("register")).length === 2, { timeout: 60_000, interval: 20 });
  child.kill("SIGINT");
  expect((await ended).code).toBe(0);
});

it("exits with 1 where another attempt would not help, and tries again where there is no gateway", async () => {
  expect(await register(ARGS, { REGISTRY_TOKEN: "other" }).ended).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^error: unauthenticated: missing or wrong bearer token\n/),
  });
  const alone = command("register", [...ARGS, "--gateway", "http://127.0.0.1:1"], ENV);
  await vi.waitUntil(() => alone.output.stderr.includes("; next attempt in 1 s"), { timeout: 60_000, interval: 20 });
  expect(alone.output.stderr).toContain("no response from http://127.0.0.1:1");
  alone.child.kill("SIGKILL");
});

it("exits with 2 where an argument or the token is missing or no number", async () => {
  expect(await register([]).ended).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("found no --service or no --url; both are required"),
  });
  expect(await register(ARGS, {}).ended).toMatchObject({ code: 2, stderr: expect.stringContaining("found no ADMIN_TOKEN") });
  expect(await register([...ARGS.filter((arg) => arg !== "--weight" && arg !== "3"), "--weight", "lots"]).ended).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--weight: found "lots"; write a whole number from 1 to 1000'),
  });
  expect(calls).toEqual([]);
});
