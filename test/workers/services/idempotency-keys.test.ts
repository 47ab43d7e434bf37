import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { Code } from "@connectrpc/connect";
import { afterEach, expect, it, vi } from "vitest";
import type { UserStore } from "../../../workers/services/users/store.ts";
import { failureOf } from "./support.ts";
import { ada, create, store, users } from "./users/directory.ts";

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

it("forgets a key after 24 hours, and deletes its row with an alarm", async () => {
  const start = Date.UTC(2027, 0, 1);
  vi.useFakeTimers({ toFake: ["Date"], now: start });
  const { id } = await users.createUser({ user: ada, requestId: "k1" });
  const rows = () =>
    runInDurableObject(store(), (_, { storage }) => storage.sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM answers").one().n);
  vi.setSystemTime(start + 86_399_999);
  expect(await users.createUser({ user: ada, requestId: "k1" })).toMatchObject({ id });
  await users.createUser({ user: { ...ada, email: "b@example.com" }, requestId: "k2" });
  vi.setSystemTime(start + 86_400_000);
  expect((await failureOf(users.createUser({ user: ada, requestId: "k1" }))).code).toBe(Code.AlreadyExists);
  expect(await rows()).toBe(2);
  await runDurableObjectAlarm(store());
  expect(await rows()).toBe(1);
  vi.setSystemTime(start + 3 * 86_400_000);
  expect(await runDurableObjectAlarm(store())).toBe(true);
  expect([await rows(), await runDurableObjectAlarm(store())]).toEqual([0, false]);
});

it("deletes the oldest keys above its number of rows", async () => {
  await create("first");
  await runInDurableObject(store(), ({ idempotencyKeys }: UserStore) => void Object.assign(idempotencyKeys, { maxRows: 2 }));
  for (const n of [1, 2, 3]) await users.createUser({ user: { ...ada, email: `${n}@example.com` }, requestId: `k${n}` });
  const found = await runInDurableObject(store(), ({ idempotencyKeys }: UserStore) =>
    [1, 2, 3].map((n) => idempotencyKeys.find(`k${n}`, Date.now()) !== undefined),
  );
  expect(found).toEqual([false, true, true]);
});
