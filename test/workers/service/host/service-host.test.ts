// The path of a call through a host: what it counts, and what it refuses.
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { ServiceHost } from "../../../../workers/service/host/service-host.ts";
import type { ServiceOptions } from "../../../../workers/service.ts";
import { implementation } from "../../../../workers/service.ts";
import { type Fetch, waysToCall } from "../../services/support.ts";
import { GET_USER, type Users, WATCH_USERS } from "../host.ts";

afterEach(() => void vi.restoreAllMocks());

const hostOf = (users: Users, options: ServiceOptions = {}) => {
  const host = new ServiceHost(() => [implementation(UserService, users)], options);
  const env = {};
  const fetch: Fetch = (request) => host.fetch(request, env, undefined);
  return { host, fetch };
};

/** Streams that send one message, and end once `end` is called. */
function endless(): { readonly users: Users; readonly end: () => void } {
  const gate = Promise.withResolvers<void>();
  const users: Users = {
    async *watchUsers() {
      yield { revision: 1n };
      await gate.promise;
    },
    getUser: ({ id }) => ({ id }),
  };
  return { users, end: gate.resolve };
}

const watch = (fetch: Fetch, headers: Record<string, string> = {}) =>
  fetch(
    new Request(`https://users.example${WATCH_USERS}`, {
      method: "POST",
      headers: { "content-type": "application/connect+json", ...headers },
      body: new Uint8Array([0, 0, 0, 0, 2, 0x7b, 0x7d]),
    }),
  );
const SHED = "tidegate-shed";

describe.each(["Connect JSON", "gRPC-Web proto"])("over %s", (protocol) => {
  const way = (fetch: Fetch) => waysToCall(fetch).find(([name]) => name === protocol)![1];

  it("a stream above the limit is refused as unavailable, and one may be opened again once another has ended", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { users, end } = endless();
    const { host, fetch } = hostOf(users, { maxStreams: 2 });
    const client = createClient(UserService, way(fetch));
    const open = [client.watchUsers({}), client.watchUsers({})].map((stream) => stream[Symbol.asyncIterator]());
    for (const one of open) expect(await one.next()).toMatchObject({ value: { revision: 1n } });
    expect(host.admission.streams.open(Date.now())).toBe(2);

    const refused = await client.watchUsers({})[Symbol.asyncIterator]().next().catch(ConnectError.from);
    expect(refused).toMatchObject({ code: Code.Unavailable, rawMessage: "overloaded: too many open streams" });
    expect(await client.getUser({ id: "unary" })).toMatchObject({ id: "unary" }); // no stream: has a limit of its own

    end();
    for (const one of open) expect(await one.next()).toMatchObject({ done: true });
    expect(host.admission.streams.open(Date.now())).toBe(0);
    expect(await client.watchUsers({})[Symbol.asyncIterator]().next()).toMatchObject({ value: { revision: 1n } });
  });
});

describe("a stream", () => {
  it("is refused with the reason in a header, the less critical one first", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { users } = endless();
    const { fetch } = hostOf(users, { maxStreams: 10 });
    for (let open = 0; open < 7; open++) expect((await watch(fetch)).headers.get(SHED)).toBeNull();
    expect((await watch(fetch, { "tidegate-criticality": "sheddable" })).headers.get(SHED)).toBe("level");
    for (let open = 7; open < 10; open++)
      expect((await watch(fetch, { "tidegate-criticality": "critical_plus" })).headers.get(SHED)).toBeNull();
    expect((await watch(fetch, { "tidegate-criticality": "critical_plus" })).headers.get(SHED)).toBe("full");
    expect(warn.mock.calls.some(([line]) => String(line).includes('"event":"calls_shed"'))).toBe(true);
  });

  it("is only logged where limits are reported", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { users } = endless();
    const { fetch } = hostOf(users, { maxStreams: 1, overload: "report" });
    for (let open = 0; open < 3; open++) expect((await watch(fetch)).status).toBe(200);
    expect(String(warn.mock.calls[0]?.[0])).toContain('"enforced":false');
  });

  it("no longer counts once its caller hangs up, its implementation throws, or its request is refused", async () => {
    const { users } = endless();
    const { host, fetch } = hostOf(users);
    const open = () => host.admission.streams.open(Date.now());
    const response = await watch(fetch);
    expect(open()).toBe(1);
    await response.body!.cancel();
    expect(open()).toBe(0);

    const failing = hostOf({
      // biome-ignore lint/correctness/useYield: it fails before
      async *watchUsers() {
        throw new ConnectError("no", Code.FailedPrecondition);
      },
    });
    await (await watch(failing.fetch)).text();
    expect(failing.host.admission.streams.open(Date.now())).toBe(0);

    expect((await watch(fetch, { "content-type": "text/plain" })).status).toBe(415);
    expect(open()).toBe(0);
  });
});

it("compiles the methods once for each environment", () => {
  const implement = vi.fn(() => [implementation(UserService, {})]);
  const host = new ServiceHost<object>(implement, {});
  const env = {};
  expect(host.compiled(env)).toBe(host.compiled(env));
  expect(host.compiled({})).not.toBe(host.compiled(env));
  expect(implement).toHaveBeenCalledTimes(3);
  expect(host.compiled(env).methods.get(GET_USER)).toMatchObject({ route: GET_USER.slice(1), isStream: false });
});
