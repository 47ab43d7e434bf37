// What calls of the same isolate have beside the contract of transports (test/integration/transports.test.ts).
import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { inProcess } from "../../../../workers/client/in-process.ts";
import { callerOf, defineService, type ServiceOptions } from "../../../../workers/service.ts";
import { claimsOf, identityKey, keySetOf } from "../../../support/identity.ts";
import { failureOf } from "../../services/support.ts";
import type { Users } from "../host.ts";

afterEach(() => void vi.restoreAllMocks());

const clientOf = (users: Users, options: ServiceOptions = {}, props?: { readonly caller: string }) =>
  createClient(
    UserService,
    inProcess(
      defineService(UserService, () => users, options),
      {},
      props && { props },
    ),
  );

it("passes the interceptors of the host, which may refuse a call", async () => {
  const refuse: Interceptor = (next) => async (request) => {
    if (!request.stream && (request.message as { id?: string }).id === "") throw new ConnectError("id is empty", Code.InvalidArgument);
    return next(request);
  };
  const client = clientOf({ getUser: ({ id }) => ({ id }) }, { interceptors: [refuse] });
  expect(await failureOf(client.getUser({}))).toMatchObject({ code: Code.InvalidArgument, rawMessage: "id is empty" });
  expect(await client.getUser({ id: "1" })).toMatchObject({ id: "1" });
});

it("counts among the calls in flight, and is refused above their limit", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const gate = Promise.withResolvers<void>();
  const client = clientOf({ getUser: ({ id }) => gate.promise.then(() => ({ id })) }, { maxInFlight: 1 });
  const first = client.getUser({ id: "1" });
  const refused = await failureOf(client.getUser({ id: "2" }));
  expect([refused.code, refused.metadata.get("tidegate-shed"), refused.metadata.get("retry-after")]).toEqual([
    Code.Unavailable,
    "full",
    "1",
  ]);
  gate.resolve();
  expect(await first).toMatchObject({ id: "1" });
  expect(await client.getUser({ id: "3" })).toMatchObject({ id: "3" });
});

it("logs an error that is not for its caller, and one of a response that can't be written", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const client = clientOf({ getUser: () => ({ createTime: { seconds: 2n ** 70n } }) });
  expect(await failureOf(client.getUser({}))).toMatchObject({ code: Code.Internal, rawMessage: "internal error" });
  expect(String(error.mock.calls[0]?.[0])).toContain("handler_failed");
});

describe("a service that proves its callers", async () => {
  const key = await identityKey("one");
  const identity = { keys: keySetOf(key), callers: ["tidegate-orders"] };
  const who: Users = { getUser: (_request, context) => ({ id: callerOf(context)?.kind ?? "nobody", email: callerOf(context)?.id ?? "" }) };

  it("believes the props of the call, as those of a service binding", async () => {
    expect(await clientOf(who, { identity }, { caller: "tidegate-orders" }).getUser({})).toMatchObject({ id: "anonymous" });
    expect(await failureOf(clientOf(who, { identity }, { caller: "stranger" }).getUser({}))).toMatchObject({ code: Code.Unauthenticated });
    expect(await failureOf(clientOf(who, { identity }).getUser({}))).toMatchObject({ code: Code.Unauthenticated });
  });

  it("reads a signed identity", async () => {
    const token = await key.sign(claimsOf({}, Date.now()));
    const headers = { "tidegate-identity": token };
    expect(await clientOf(who, { identity }).getUser({}, { headers })).toMatchObject({ email: "https://issuer.example#ada" });
  });
});
