// Services that call one another in a circle.
import { Code, ConnectError, createClient, type HandlerContext } from "@connectrpc/connect";
import { afterEach, expect, it, vi } from "vitest";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { inProcess, transportTo } from "../../../../workers/client/transport.ts";
import { defineService, stopRetriesAbove } from "../../../../workers/service.ts";
import { failureOf, waysToCall } from "../../services/support.ts";
import { echo, hosted, type Users } from "../host.ts";

const log = vi.spyOn(console, "warn").mockImplementation(() => undefined);
afterEach(() => log.mockClear());

it.each([
  [undefined, 17],
  [3, 4],
])("a circle ends after %s services (16 by default)", async (maxDepth, want) => {
  let served = 0;
  const circle: Users = {
    getUser: async (message, during: HandlerContext) => {
      served += 1;
      return createClient(UserService, transportTo({ fetch: send } as unknown as Fetcher, { during })).getUser(message);
    },
  };
  const send = hosted(circle, maxDepth === undefined ? {} : { maxDepth });
  const error = await failureOf(createClient(UserService, transportTo({ fetch: send } as unknown as Fetcher)).getUser({}));
  // The first service is at depth 0: `maxDepth` more are served, and the next one refuses.
  expect([served, error.code, error.rawMessage]).toEqual([
    want - 1,
    Code.FailedPrecondition,
    `call has been through ${want - 1} services, as if they called one another in a circle`,
  ]);
  expect(JSON.parse(String(log.mock.calls[0]![0]))).toMatchObject({
    ...{ event: "service_loop_refused", route: "users.v1.UserService/GetUser", depth: want - 1, calls: 1 },
  });
});

it("a circle in one isolate ends, too, and faults and retries are as over HTTP", async () => {
  const env = {};
  const circle: Users = {
    getUser: (message, during: HandlerContext) => createClient(UserService, inProcess(worker, env, { during })).getUser(message),
    listUsers: (_, context) => {
      stopRetriesAbove(context);
      throw new ConnectError("down", Code.Unavailable);
    },
  };
  const faults = { rules: [{ methods: ["users.v1.UserService/DeleteUser"], percent: 100, code: "aborted" }] };
  const worker = defineService(UserService, () => circle, { maxDepth: 5, faults });
  const users = createClient(UserService, inProcess(worker, env));
  expect(await failureOf(users.getUser({}))).toMatchObject({ code: Code.FailedPrecondition });
  expect(JSON.parse(String(log.mock.calls[0]![0]))).toMatchObject({ event: "service_loop_refused", depth: 5 });
  expect((await failureOf(users.listUsers({}))).metadata.get("grpc-retry-pushback-ms")).toBe("-1");
  expect((await failureOf(users.deleteUser({}))).code).toBe(Code.Aborted);
});

it("is refused in each protocol, and by 508 in Connect", async () => {
  const host = hosted(echo);
  const deep = (request: Request) => {
    const headers = new Headers(request.headers);
    headers.set("tidegate-depth", "16");
    return host(new Request(request, { headers }));
  };
  for (const [, transport] of waysToCall(deep)) {
    const failures: ConnectError[] = [await failureOf(createClient(UserService, transport).getUser({}))];
    failures.push(await failureOf(createClient(UserService, transport).watchUsers({})));
    expect(failures.map(({ code }) => code)).toEqual([Code.FailedPrecondition, Code.FailedPrecondition]);
  }
  const headers = { "content-type": "application/json", "tidegate-depth": "16" };
  const request = new Request("https://a.example/users.v1.UserService/GetUser", { method: "POST", headers, body: "{}" });
  expect((await host(request)).status).toBe(508);
});
