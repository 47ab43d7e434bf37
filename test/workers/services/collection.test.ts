import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { create as createMessage } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type User, UserSchema } from "../../../protos/gen/users/v1/users_pb.ts";
import type { UserStore } from "../../../workers/services/users/store.ts";
import { expectInvalid, failureOf } from "./support.ts";
import { ada, create, store, users } from "./users/directory.ts";

const DRAFT = createMessage(UserSchema, ada);

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

it("returns the user created first for a repeated request, also by header, after a change and an eviction", async () => {
  const first = await users.createUser({ user: ada, requestId: "k1" });
  await users.updateUser({ user: { id: first.id, displayName: "Else" } });
  await evictDurableObject(store());
  expect(await users.createUser({ user: ada, requestId: "k1" })).toEqual(first);
  expect(await users.createUser({ user: ada }, { headers: { "Idempotency-Key": '"k1"' } })).toEqual(first);
  await users.deleteUser({ id: first.id });
  expect(await users.createUser({ user: ada, requestId: "k1" })).toEqual(first);
  expect((await users.listUsers({})).users).toEqual([]);
});

it("refuses a key that was used for something else, and two keys that differ", async () => {
  await users.createUser({ user: ada, requestId: "k1" });
  const error = await failureOf(users.createUser({ user: { ...ada, displayName: "B" }, requestId: "k1" }));
  expect([error.code, error.rawMessage]).toEqual([Code.AlreadyExists, "request id was used before, for a request that differs"]);
  await expectInvalid(users.createUser({ user: ada, requestId: "k1" }, { headers: { "Idempotency-Key": "k2" } }), ["request_id"]);
});

it("refuses to outgrow its storage", async () => {
  await create("a");
  await runInDurableObject(store(), (object: UserStore) => void Object.assign(object, { maxBytes: 1 }));
  expect((await failureOf(create("b"))).code).toBe(Code.ResourceExhausted);
});

it("keeps its data over an eviction", async () => {
  const user = await users.createUser({ user: ada });
  await evictDurableObject(store());
  expect(await users.getUser({ id: user.id })).toEqual(user);
  const { id } = await create("b");
  expect(id > user.id).toBe(true);
});

describe("a list of users", () => {
  it("comes in pages, in the order of creation, each user once, also while others come and go", async () => {
    const names = Array.from({ length: 123 }, (_, n) => `u${n}`);
    for (const name of names) await create(name);
    const seen: User[] = [];
    let pageToken = "";
    do {
      const page = await users.listUsers({ pageSize: 10, pageToken });
      expect(page.users.length).toBeLessThanOrEqual(10);
      seen.push(...page.users);
      pageToken = page.nextPageToken;
      if (seen.length === 50) await users.deleteUser({ id: seen[3]!.id });
    } while (pageToken !== "");
    expect(seen.map(({ displayName }) => displayName)).toEqual(names);
    expect([...seen].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(seen);
  });

  it("has 50 users by default, 1000 at most, and no token on the last page", async () => {
    for (let n = 0; n < 51; n++) await create(`u${n}`);
    const page = await users.listUsers({});
    expect([page.users.length, page.nextPageToken === ""]).toEqual([50, false]);
    const all = await users.listUsers({ pageSize: 5000 });
    expect([all.users.length, all.nextPageToken]).toEqual([51, ""]);
    expect((await users.listUsers({ pageSize: 51 })).nextPageToken).toBe("");
  });
});

it("ends a page early that would grow above a megabyte", async () => {
  const displayName = "x".repeat(400_000); // the service refuses such a name, the store does not
  for (let n = 0; n < 4; n++) await store().create({ ...DRAFT, displayName, email: `${n}@example.com` }, undefined);
  const first = await store().list({ limit: 10, after: "" });
  expect([first.entities.length, first.hasMore]).toEqual([3, true]);
  const second = await store().list({ limit: 10, after: first.entities[2]!.id });
  expect([second.entities.length, second.hasMore]).toEqual([1, false]);
});
