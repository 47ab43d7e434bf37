// What callers get while an upstream is down: another one's answer, or one that stands in the configuration.
import { fromBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import type { RouteInput } from "../../../../core/config/route.ts";
import { UserSchema } from "../../../../protos/gen/users/v1/users_pb.ts";
import { InvalidConfiguration } from "../../../../workers/gateway/configure/configuration.ts";
import { enveloped, gatewayTo, json, rest, USER, unary } from "../../../support/gateway.ts";

type Answer = (request: Request) => Response | Promise<Response>;

const DOWN: Answer = () => json({ code: "unavailable" }, { status: 503 });
const OTHER = { ...USER, displayName: "Other" };
const STATIC_RESPONSE = { id: "usr_none", displayName: "Unknown user" };

/** A gateway with functions for its upstream and the other one, and the number of calls of the other one. */
function over(own: Answer, fallback: RouteInput["fallback"], other: Answer = () => json(OTHER)) {
  let calls = 0;
  const fetch = async (url: string, init: RequestInit) => {
    calls += 1;
    return other(new Request(url, init));
  };
  const methods = { GetUser: { fallback: fallback! }, UpdateUser: { fallback: fallback! } };
  const services = { "users.v1.UserService": { upstream: { binding: "USERS" }, retries: { baseMs: 1, max: 1 }, methods } };
  return { gateway: gatewayTo(own, { services }, { OTHER: { fetch } }), calls: () => calls };
}
const secondary = { upstream: { binding: "OTHER" } };

it("sends a read to the other upstream while its own one is down, and marks the response", async () => {
  const { gateway, calls } = over(DOWN, secondary);
  const answer = await gateway(unary("GetUser"));
  expect(answer.status).toBe(200);
  expect(answer.headers.get("tidegate-fallback")).toBe("upstream");
  expect(await answer.json()).toMatchObject({ displayName: "Other" });
  expect(calls()).toBe(1);
});

it("sends any call to the other upstream while the breaker of its own one is open: nothing has been sent", async () => {
  const { gateway, calls } = over(DOWN, secondary);
  for (let call = 0; call < 5; call++) await gateway(unary("GetUser"));
  await gateway(unary("UpdateUser")); // finds out that it is not GetUser alone that fails
  const before = calls();
  expect((await gateway(unary("UpdateUser"))).status).toBe(200);
  expect(calls()).toBe(before + 1);
});

it("leaves a write alone that the own one may have worked on, and every error of the call's own", async () => {
  const { gateway, calls } = over(DOWN, secondary);
  expect((await gateway(unary("UpdateUser"))).status).toBe(503);
  const wrong = over(() => json({ code: "invalid_argument" }, { status: 400 }), secondary);
  expect((await wrong.gateway(unary("GetUser"))).status).toBe(400);
  expect([calls(), wrong.calls()]).toEqual([0, 0]);
});

it("responds with the static response where no upstream does, in the caller's protocol", async () => {
  const { gateway } = over(DOWN, { ...secondary, response: STATIC_RESPONSE }, DOWN);
  const connect = await gateway(unary("GetUser"));
  expect(connect.status).toBe(200);
  expect(connect.headers.get("tidegate-fallback")).toBe("static_response");
  expect(await connect.json()).toEqual(STATIC_RESPONSE);
  const restful = await gateway(rest("GET", "/api/v1/users/x"));
  expect(restful.status).toBe(200);
  expect(await restful.json()).toMatchObject(STATIC_RESPONSE);
  const web = new Uint8Array(await (await gateway(enveloped("GetUser", "application/grpc-web+proto"))).arrayBuffer());
  const length = new DataView(web.buffer).getUint32(1);
  expect(fromBinary(UserSchema, web.subarray(5, 5 + length))).toMatchObject({ displayName: "Unknown user" });
  expect(web[5 + length]).toBe(0x80);
  expect(new TextDecoder().decode(web.subarray(10 + length))).toContain("grpc-status: 0");
  const get = await gateway(new Request("https://gateway.example/users.v1.UserService/GetUser?encoding=json&message=%7B%7D"));
  expect(await get.json()).toEqual(STATIC_RESPONSE);
});

it("does not stand in for answers that are wrong, but there", async () => {
  const { gateway } = over(() => json({ code: "not_found" }, { status: 404 }), { response: STATIC_RESPONSE });
  expect((await gateway(unary("GetUser"))).status).toBe(404);
});

it.each([
  [{ response: { nmae: "x" } }, "fallback.response of users.v1.UserService"],
  [{ response: [] as never }, "write the response message as its JSON"],
  [{ upstream: { binding: "MISSING" } }, "name a service binding"],
  [{ upstream: { binding: "OTHER", protocol: "grpc_web" as const } }, "let versions and fallbacks speak both"],
])("refuses %j with its fix", (fallback, fix) => {
  expect(() => over(DOWN, fallback)).toThrow(InvalidConfiguration);
  expect(() => over(DOWN, fallback)).toThrow(fix);
});
