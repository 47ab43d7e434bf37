// Facts of routes.
import { expect, it } from "vitest";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { httpRoute, procedureOf, rpcRoute } from "../../../../workers/gateway/call/route.ts";

it("names an RPC route by service and method, and a plain HTTP route by its prefix", () => {
  const { getUser } = UserService.method;
  const name = "users.v1.UserService/GetUser";
  expect(procedureOf(getUser)).toEqual({ name, path: `/${name}` });
  expect(rpcRoute(getUser, 9, "x-user")).toEqual({
    ...{ name, path: `/${name}`, service: "users.v1.UserService", method: getUser },
    ...{ maxBodyBytes: 9, principalHeader: "x-user" },
  });
  expect(httpRoute("/files/", 9, undefined)).toMatchObject({ name: "/files/", path: "/files/", service: "/files/", method: undefined });
});
