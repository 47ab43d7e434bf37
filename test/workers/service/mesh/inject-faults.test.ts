// Faults that a service injects into its own calls.
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { defineService, type ServiceOptions } from "../../../../workers/service.ts";
import { failureOf, waysToCall } from "../../services/support.ts";
import { echo, GET_USER } from "../host.ts";

const log = vi.spyOn(console, "warn").mockImplementation(() => undefined);
beforeEach(() => log.mockClear());
const METHOD = "users.v1.UserService/GetUser";
/** @param protocol a name of `waysToCall` */
function client(faults: NonNullable<ServiceOptions["faults"]>, protocol = "Connect proto") {
  const env = {}; // another one would be another isolate
  const { fetch } = defineService(UserService, () => echo, { faults });
  return createClient(UserService, waysToCall((request) => fetch(request, env)).find(([name]) => name === protocol)![1]);
}
const always = (overrides: object) => ({ rules: [{ methods: [METHOD], percent: 100, ...overrides }] });
const failureCode = (error: unknown): Code => ConnectError.from(error).code;
const records = () => log.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);

describe("faults", () => {
  it.each(waysToCall(async () => Response.json({})).map(([name]) => [name]))("end calls with a code, over %s", async (protocol) => {
    const users = client(always({ code: "resource_exhausted" }), protocol);
    expect(await failureOf(users.getUser({ id: "a" }))).toMatchObject({ code: Code.ResourceExhausted, rawMessage: "fault injected" });
    expect((await users.listUsers({})).nextPageToken, "another method").toBe("end");
  });

  it("end streams, too", async () => {
    const users = client({ rules: [{ methods: ["users.v1.UserService/*"], percent: 100, code: "unavailable" }] });
    expect((await failureOf(users.watchUsers({}))).code).toBe(Code.Unavailable);
  });

  it("are in the log", async () => {
    await failureOf(client(always({ code: "unavailable" })).getUser({}));
    expect(records()[0]).toMatchObject({ event: "fault_injected", route: METHOD, delayMs: 0, code: "unavailable", calls: 1 });
  });

  it("delay calls, within their deadline", async () => {
    const users = client(always({ delayMs: 40 }));
    const startedAt = performance.now();
    expect(await users.getUser({ id: "a" })).toMatchObject({ id: "a" });
    expect(performance.now() - startedAt).toBeGreaterThan(35);
    const late = await failureOf(client(always({ delayMs: 60_000 })).getUser({ id: "a" }, { timeoutMs: 60 }));
    expect(late.code).toBe(Code.DeadlineExceeded);
  });

  it("are at most as many at the same time as the cap says, and a call that ends makes room", async () => {
    const users = client({ ...always({ delayMs: 60_000 }), maxActive: 2 });
    const calls = [1, 2, 3, 4, 5].map((id) => users.getUser({ id: String(id) }, { timeoutMs: 500 }).then(() => "served", failureCode));
    expect((await Promise.all(calls)).sort()).toEqual([Code.DeadlineExceeded, Code.DeadlineExceeded, "served", "served", "served"]);
    expect((await failureOf(users.getUser({}, { timeoutMs: 60 }))).code, "room again").toBe(Code.DeadlineExceeded);
  });

  it("are the same for the same seed", async () => {
    const outcomes = async (seed: number) => {
      const users = client({ rules: [{ methods: [METHOD], percent: 50, code: "unavailable" }], seed });
      const ends: boolean[] = [];
      for (let call = 0; call < 40; call++)
        ends.push(
          await users.getUser({}).then(
            () => true,
            () => false,
          ),
        );
      return ends;
    };
    expect(await outcomes(3)).toEqual(await outcomes(3));
    expect(new Set(await outcomes(3)).size).toBe(2);
  });
});

describe("faults of the environment", () => {
  const call = (value: unknown) => {
    const faults = (({ FAULTS }: { FAULTS: unknown }) => FAULTS) as NonNullable<ServiceOptions["faults"]>;
    const { fetch } = defineService(UserService, () => echo, { faults });
    const headers = { "content-type": "application/json" };
    return fetch(new Request(`https://a.example${GET_USER}`, { method: "POST", headers, body: "{}" }), { FAULTS: value } as never);
  };

  it("are read as JSON, or as they are", async () => {
    const faults = always({ code: "unavailable" });
    expect([(await call(JSON.stringify(faults))).status, (await call(faults)).status]).toEqual([503, 503]);
    expect([(await call(undefined)).status, (await call("")).status]).toEqual([200, 200]);
  });

  it("that are wrong inject nothing, and are logged", async () => {
    expect([(await call("{")).status, (await call(JSON.stringify(always({ percent: 0 })))).status]).toEqual([200, 200]);
    expect(records()[1]).toMatchObject({ event: "configuration_warning" });
    expect(String(records()[1]!["warning"])).toContain("no faults are injected: faults.rules[0].percent: found 0");
  });

  it("in the code end the start of the service", async () => {
    const { fetch } = defineService(UserService, () => echo, { faults: always({}) });
    await expect(fetch(new Request(`https://a.example${GET_USER}`), {})).rejects.toThrow("faults.rules[0]: found no fault");
  });
});
