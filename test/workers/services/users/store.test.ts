import { reset } from "cloudflare:test";
import { Code } from "@connectrpc/connect";
import { afterEach, expect, it, vi } from "vitest";
import { expectInvalid } from "../support.ts";
import { ada, create, store, users } from "../users/directory.ts";

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

it("creates one user for simultaneous calls with one key, and one with one address", async () => {
  const same = await Promise.all(Array.from({ length: 20 }, () => users.createUser({ user: ada, requestId: "k" })));
  expect(new Set(same.map(({ id }) => id)).size).toBe(1);
  const rivals = await Promise.allSettled(
    Array.from({ length: 20 }, () => users.createUser({ user: { ...ada, email: "eve@example.com" } })),
  );
  expect(rivals.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

it("keeps addresses unique without regard to case, and free again once deleted", async () => {
  const { id } = await users.createUser({ user: ada });
  await expectInvalid(users.createUser({ user: { ...ada, email: "ADA@Example.com" } }), ["user.email"], Code.AlreadyExists);
  await users.deleteUser({ id });
  expect((await users.createUser({ user: { ...ada, email: "ADA@Example.com" } })).email).toBe("ADA@Example.com");
});

it("keeps addresses unique when they change; a user may change the case of its own", async () => {
  const user = await users.createUser({ user: ada });
  const { id } = await create("b");
  await expectInvalid(users.updateUser({ user: { id, email: "ada@EXAMPLE.com" } }), ["user.email"], Code.AlreadyExists);
  expect(await users.updateUser({ user: { id: user.id, email: "ADA@example.com" } })).toMatchObject({ email: "ADA@example.com" });
});

it("changes nothing and adds no revision where no field is named", async () => {
  const user = await users.createUser({ user: ada });
  expect(await users.updateUser({ user: { id: user.id } })).toEqual(user);
  expect(await store().changes(1n, 0)).toMatchObject({ changes: [], revision: 1n });
});
