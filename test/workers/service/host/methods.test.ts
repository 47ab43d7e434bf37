import { expect, it } from "vitest";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { methodsOf, pathOf, withDiscovery } from "../../../../workers/service/host/methods.ts";
import { settingsOf } from "../../../../workers/service/settings.ts";
import { implementation } from "../../../../workers/service.ts";
import { GET_USER, WATCH_USERS } from "../host.ts";

const services = [implementation(UserService, {})];

it("has all methods of a service by their paths, and those of discovery unless it is off", () => {
  const methods = methodsOf(withDiscovery(services, {}), settingsOf({}));
  expect([methods.get(GET_USER)?.isStream, methods.get(WATCH_USERS)?.isStream]).toEqual([false, true]);
  expect(methods.get("/grpc.health.v1.Health/Watch")).toMatchObject({ route: "grpc.health.v1.Health/Watch", isStream: true });
  const own = methodsOf(withDiscovery(services, { discovery: false }), settingsOf({}));
  expect([...own.keys()].every((path) => path.startsWith("/users.v1.UserService/"))).toBe(true);
});

it.each([
  [`https://x${GET_USER}`, GET_USER],
  [`https://x${GET_USER}?a=/b`, GET_USER],
  [`https://x/./${GET_USER.slice(1)}`, GET_USER],
  ["https://x", "/"],
  ["https://x/a/../b", "/b"],
])("reads the path of %s", (url, path) => {
  expect(pathOf(url, methodsOf(services, settingsOf({})))).toBe(path);
});
