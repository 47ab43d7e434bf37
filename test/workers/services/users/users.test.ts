// The user service in every protocol, over its own Durable Object.
import { reset } from "cloudflare:test";
import { Code, createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { UserChange_Kind, UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { errorOf, expectInvalid, failureOf, firstOf, post, waysToCall, worker } from "../support.ts";
import { ada, create, users, watched } from "./directory.ts";

const UNKNOWN = "usr_01aryz6s41tsv4rrffq69g5fav";

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

describe.each(waysToCall(worker))("over %s", (_name, transport) => {
  const users = createClient(UserService, transport);

  it("creates, gets, lists, updates and deletes", async () => {
    const user = await users.createUser({ user: { ...ada, id: "usr_mine", createTime: { seconds: 1n } } });
    expect(user).toMatchObject(ada);
    expect(user.id).toMatch(/^usr_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(Number(user.createTime!.seconds)).toBeGreaterThan(1_700_000_000);
    expect(await users.getUser({ id: user.id })).toEqual(user);
    expect((await users.listUsers({})).users).toEqual([user]);
    const changed = await users.updateUser({ user: { id: user.id, displayName: "Ada L." } });
    expect(changed).toMatchObject({ displayName: "Ada L.", email: ada.email, createTime: user.createTime });
    await users.deleteUser({ id: user.id });
    expect((await failureOf(users.getUser({ id: user.id }))).code).toBe(Code.NotFound);
  });

  it("streams changes as they happen", async () => {
    const { id } = await create("eve");
    const next = firstOf(1, (signal) => users.watchUsers({ afterRevision: 0n }, { signal }));
    await watched(1); // the stream starts now, so the change comes after it
    await users.deleteUser({ id });
    expect(await next).toMatchObject([{ kind: UserChange_Kind.DELETED, user: { id }, revision: 2n }]);
  });

  it("names every field that is wrong", async () => {
    await expectInvalid(users.createUser({ user: { displayName: "", email: "nobody" }, requestId: "x".repeat(65) }), [
      "request_id",
      "user.display_name",
      "user.email",
    ]);
    await expectInvalid(users.createUser({}), ["user.display_name", "user.email"]);
    await expectInvalid(users.getUser({ id: "ada" }), ["id"]);
    await expectInvalid(users.listUsers({ pageSize: -1, pageToken: "x" }), ["page_size", "page_token"]);
    await expectInvalid(users.updateUser({}), ["user.id"]);
    await expectInvalid(users.deleteUser({ id: "" }), ["id"]);
    await expectInvalid(users.watchUsers({ afterRevision: -1n }), ["after_revision"]);
  });
});

describe("creating a user", () => {
  it.each(["a@b.c", "größe@exämple.de", `${"x".repeat(64)}@example.com`])("takes the address %s", async (email) => {
    expect(await users.createUser({ user: { displayName: "x".repeat(100), email } })).toMatchObject({ email });
  });

  it.each(["", "a", "a@b", "@b.c", "a@b..c", "a b@c.d", "a@b.c\n", `${"x".repeat(65)}@b.c`, `a@${"x".repeat(251)}.c`])(
    "refuses the address %j",
    async (email) => {
      await expectInvalid(users.createUser({ user: { displayName: "\u{1f600}".repeat(101), email } }), ["user.display_name", "user.email"]);
    },
  );
});

describe("changing a user", () => {
  it("changes the fields of the mask and no others", async () => {
    const user = await users.createUser({ user: ada });
    const patch = { id: user.id, displayName: "B", email: "b@example.com" };
    expect(await users.updateUser({ user: patch, updateMask: { paths: ["email"] } })).toMatchObject({
      displayName: "Ada",
      email: "b@example.com",
    });
    await expectInvalid(users.updateUser({ user: { id: user.id }, updateMask: { paths: ["display_name"] } }), ["user.display_name"]);
    await expectInvalid(users.updateUser({ user: patch, updateMask: { paths: ["id", "create_time", "nope"] } }), [
      "update_mask",
      "update_mask",
      "update_mask",
    ]);
  });

  it("needs a user that exists", async () => {
    for (const call of [
      users.updateUser({ user: { id: UNKNOWN, displayName: "x" } }),
      users.deleteUser({ id: UNKNOWN }),
      users.getUser({ id: UNKNOWN }),
    ]) {
      expect((await failureOf(call)).code).toBe(Code.NotFound);
    }
  });
});

it("refuses unknown fields and messages above its limit", async () => {
  const answer = await worker(
    post("/users.v1.UserService/CreateUser", "application/json", '{"user":{"displayName":"A","email":"a@b.c","admin":true}}'),
  );
  expect(await errorOf(answer)).toMatchObject({ status: 400, code: "invalid_argument", message: expect.stringContaining("admin") });
  expect(await errorOf(await worker(post("/users.v1.UserService/GetUser", "application/proto", new Uint8Array(1_048_577))))).toMatchObject({
    code: "resource_exhausted",
  });
});
