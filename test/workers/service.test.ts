import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { OrderService } from "../../protos/gen/orders/v1/orders_pb.ts";
import { UserService } from "../../protos/gen/users/v1/users_pb.ts";
import { defineServices, implementation, type ServiceOptions } from "../../workers/service.ts";
import { echo, GET_USER, hosted } from "./service/host.ts";
import { connectProto, post, waysToCall } from "./services/support.ts";

afterEach(() => void vi.restoreAllMocks());

it("serves a call over a binding that sends no body", async () => {
  expect(await createClient(UserService, connectProto(hosted(echo))).listUsers({})).toMatchObject({ nextPageToken: "end" });
});

it.each([
  [GET_USER, 200],
  [`/./x/..${GET_USER}?trace=1`, 200],
  [`${GET_USER}?trace=/1`, 200],
  [GET_USER.toLowerCase(), 404],
  [`${GET_USER}/`, 404],
  ["", 404],
])("serves the path of a method, however its URL is written: %s is %i", async (path, status) => {
  expect((await hosted(echo)(post(path, "application/json", "{}"))).status).toBe(status);
});

describe("a Worker of several services", () => {
  it("serves each of them, and calls their implementations once per environment", async () => {
    const implement = vi.fn((env: { readonly name: string }) => [
      implementation(UserService, { getUser: () => ({ id: env.name }) }),
      implementation(OrderService, { getOrder: () => ({ id: env.name }) }),
    ]);
    const { fetch } = defineServices(implement);
    const env = { name: "here" };
    const transport = connectProto((request) => fetch(request, env));
    expect(await createClient(UserService, transport).getUser({})).toMatchObject({ id: "here" });
    expect(await createClient(OrderService, transport).getOrder({})).toMatchObject({ id: "here" });
    expect(implement).toHaveBeenCalledOnce();
  });
});

describe("an overloaded host", () => {
  /** A host with `calls` calls in flight. */
  const busy = async (maxInFlight: number, overload: ServiceOptions["overload"] = "enforce", calls = maxInFlight) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const gate = Promise.withResolvers<void>();
    let started = 0;
    const fetch = hosted(
      {
        getUser: async ({ id }) => {
          started += 1;
          await gate.promise;
          return { id };
        },
      },
      { maxInFlight, overload },
    );
    const call = (headers: Record<string, string> = {}) => fetch(post(GET_USER, "application/json", "{}", headers));
    const running = Array.from({ length: calls }, () => call({ "tidegate-criticality": "critical_plus" }));
    await vi.waitUntil(() => started === calls, { timeout: 10_000 });
    return { call, running, fetch, warn, endAll: gate.resolve };
  };

  it("refuses calls in every protocol, before any work, with headers for a gateway", async () => {
    const { call, running, fetch, endAll } = await busy(10);
    const refused = await call({ "tidegate-criticality": "critical_plus" });
    expect([refused.status, refused.headers.get("tidegate-shed"), refused.headers.get("retry-after")]).toEqual([503, "full", "1"]);
    expect(await refused.json()).toEqual({ code: "unavailable", message: "overloaded: too many calls in flight" });
    expect(refused.headers.get("endpoint-load-metrics")).toContain("named_metrics.rif=10");
    for (const [, transport] of waysToCall(fetch)) {
      const failure = await createClient(UserService, transport).getUser({}).catch(ConnectError.from);
      expect(failure).toMatchObject({ code: Code.Unavailable, rawMessage: "overloaded: too many calls in flight" });
    }
    endAll();
    for (const response of await Promise.all(running)) expect(response.status).toBe(200);
    expect((await call()).status).toBe(200);
  });

  it("refuses the least critical calls first", async () => {
    const { call, endAll } = await busy(10, "enforce", 7);
    expect((await call({ "tidegate-criticality": "sheddable" })).headers.get("tidegate-shed")).toBe("level");
    const critical = [call({ "tidegate-criticality": "sheddable_plus" }), call()];
    endAll();
    for (const response of await Promise.all(critical)) expect(response.status).toBe(200);
  });

  it("refuses a call that can't end before its deadline, and admits one that can", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    let turn = Promise.resolve();
    const fetch = hosted({
      getUser: async ({ id }) => {
        turn = turn.then(() => scheduler.wait(20)); // one after the other
        await turn;
        return { id };
      },
    });
    const call = (headers: Record<string, string>) =>
      fetch(post(GET_USER, "application/json", "{}", { "tidegate-criticality": "critical_plus", ...headers }));
    const backlog = Array.from({ length: 300 }, () => call({}));
    const refused = await vi.waitUntil(
      async () => {
        const response = await call({ "connect-timeout-ms": "40" });
        return response.headers.get("tidegate-shed") === "late" && response;
      },
      { timeout: 20_000, interval: 30 },
    );
    expect(await refused.json()).toEqual({ code: "unavailable", message: "overloaded: this can't be done in the time left" });
    expect((await call({ "connect-timeout-ms": "60000" })).status).toBe(200);
    for (const response of await Promise.all(backlog)) expect(response.status).toBe(200);
    expect((await call({ "connect-timeout-ms": "30000" })).headers.get("tidegate-shed")).toBeNull();
  });

  it.each(["report", "off"] as const)("serves all calls with overload: %s", async (overload) => {
    const { call, warn, endAll } = await busy(3, overload);
    const more = call();
    endAll();
    expect((await more).status).toBe(200);
    expect(warn.mock.calls.some(([line]) => String(line).includes('"point":"host"'))).toBe(overload === "report");
  });
});
