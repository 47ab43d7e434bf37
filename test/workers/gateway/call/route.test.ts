// Facts of routes.
import { expect, it } from "vitest";
import { HEADER_RULES } from "../../../../core/config/headers.ts";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { httpRoute, procedureOf, rpcRoute } from "../../../../workers/gateway/call/route.ts";

it("names an RPC route by service and method, and a plain HTTP route by its prefix", () => {
  const { getUser } = UserService.method;
  const name = "users.v1.UserService/GetUser";
  expect(procedureOf(getUser)).toEqual({ name, path: `/${name}` });
  expect(rpcRoute(getUser, { maxBodyBytes: 9, maxMessageElements: 8 })).toMatchObject({
    ...{ name, path: `/${name}`, service: "users.v1.UserService", method: getUser },
    ...{ maxBodyBytes: 9, maxMessageElements: 8, headers: HEADER_RULES },
  });
  const withheld = (names: readonly "set-cookie"[]): ReadonlySet<string> =>
    rpcRoute(getUser, { maxBodyBytes: 9, maxMessageElements: 8, forwardResponseHeaders: names }).withheldFields;
  expect([withheld([]).has("set-cookie"), withheld(["set-cookie"]).has("set-cookie"), withheld([]).has("server")]).toEqual([
    true,
    false,
    true,
  ]);
  expect(httpRoute("/files/", { maxBodyBytes: 9 })).toMatchObject({
    name: "/files/",
    path: "/files/",
    service: "/files/",
    method: undefined,
  });
});
