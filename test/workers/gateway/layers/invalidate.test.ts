// Calls that invalidate tags: stored responses with these tags are fetched again.
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it, vi } from "vitest";
import { UserSchema } from "../../../../protos/gen/users/v1/users_pb.ts";
import { cacheStatus } from "../../../support/cached-route.ts";
import { gatewayTo, rest, USER, unary } from "../../../support/gateway.ts";

const ID = USER.id;
const named = (displayName: string): Response =>
  new Response(toBinary(UserSchema, create(UserSchema, { ...USER, displayName })), { headers: { "content-type": "application/proto" } });
const get = (id = ID): Request =>
  new Request(
    `https://gateway.example/users.v1.UserService/GetUser?connect=v1&encoding=json&message=${encodeURIComponent(JSON.stringify({ id }))}`,
  );

describe("the tags that a call invalidates", () => {
  const services = {
    "users.v1.UserService": {
      upstream: { binding: "USERS" },
      retries: false,
      methods: {
        GetUser: { cache: { l2: "none", tags: ["user:{id}", "users"] } },
        UpdateUser: { invalidates: ["user:{user.id}"] },
        DeleteUser: { invalidates: ["user:{id}"] },
      },
    },
  } as const;

  const gatewayWith = (respond: (request: Request) => Response) => gatewayTo((request) => Promise.resolve(respond(request)), { services });

  it("are fetched again after the call, and others are not", async () => {
    let version = 1;
    const gateway = gatewayWith((request) => (request.url.endsWith("GetUser") ? named(`v${version}`) : named("new")));
    const read = async (id: string): Promise<string> => ((await (await gateway(get(id))).json()) as { displayName: string }).displayName;
    expect([await read(ID), await read("usr_2")]).toEqual(["v1", "v1"]);
    version = 2;
    expect(await read(ID)).toBe("v1");
    vi.setSystemTime(Date.now() + 2);
    const changed = await gateway(rest("PATCH", `/api/v1/users/${ID}`, { displayName: "v2" }));
    expect(changed.status).toBe(200);
    vi.setSystemTime(Date.now() + 2);
    expect([await read(ID), await read("usr_2")]).toEqual(["v2", "v1"]);
  });

  it("stay valid where the call fails", async () => {
    let version = 1;
    const refuse = () => Response.json({ code: "permission_denied", message: "no" }, { status: 403 });
    const gateway = gatewayWith((request) => (request.url.endsWith("GetUser") ? named(`v${version}`) : refuse()));
    await gateway(get());
    version = 2;
    expect((await gateway(unary("DeleteUser", { id: ID }))).status).toBe(403);
    vi.setSystemTime(Date.now() + 2);
    expect(cacheStatus(await gateway(get()))).toContain("hit");
  });

  it.each([
    ["a key that no field has", { "content-type": "application/json" }, `{"x":1,"id":"${ID}"}`],
    ["a key twice", { "content-type": "application/json" }, `{"id":"usr_2","id":"${ID}"}`],
    ["text after JSON", { "content-type": "application/json" }, `{"id":"${ID}"}x`],
    ["bytes that are no message", { "content-type": "application/proto" }, "x"],
    ["two gRPC-Web messages", { "content-type": "application/grpc-web+json" }, "\0\0\0\0\u0002{}\0\0\0\0\u0002{}"],
  ])("are needed: a call whose message can't be read is refused before the upstream sees it: %s", async (_, headers, body) => {
    let calls = 0;
    const gateway = gatewayWith(() => {
      calls += 1;
      return named("new");
    });
    const url = "https://gateway.example/users.v1.UserService/DeleteUser";
    const response = await gateway(new Request(url, { method: "POST", headers, body }));
    const code = response.headers.get("grpc-status") ?? ((await response.json()) as { code: string }).code;
    expect([calls, code]).toEqual([0, headers["content-type"].includes("grpc") ? "3" : "invalid_argument"]);
  });

  it("need no message where they have no field of it", async () => {
    const methods = { GetUser: { cache: { l2: "none", tags: ["users"] } }, DeleteUser: { invalidates: ["users"] } } as const;
    const upstream = { binding: "USERS" };
    const gateway = gatewayTo((request) => Promise.resolve(request.url.endsWith("GetUser") ? named("a") : Response.json({})), {
      services: { "users.v1.UserService": { upstream, retries: false, methods } },
    });
    await gateway(get());
    expect(cacheStatus(await gateway(get()))).toContain("hit");
    const url = "https://gateway.example/users.v1.UserService/DeleteUser";
    const headers = { "content-type": "application/json" };
    expect((await gateway(new Request(url, { method: "POST", headers, body: '{"x":1}' }))).status).toBe(200);
    vi.setSystemTime(Date.now() + 2);
    expect(cacheStatus(await gateway(get()))).not.toContain("hit");
  });
});
