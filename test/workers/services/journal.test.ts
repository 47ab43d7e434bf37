import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { Code } from "@connectrpc/connect";
import { afterEach, expect, it, vi } from "vitest";
import { UserChange_Kind } from "../../../protos/gen/users/v1/users_pb.ts";
import type { UserStore } from "../../../workers/services/users/store.ts";
import { failureOf, firstOf } from "./support.ts";
import { create, store, users, watched } from "./users/directory.ts";

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

const take = async (afterRevision: bigint, count: number) => {
  const changes = await firstOf(count, (signal) => users.watchUsers({ afterRevision }, { signal }));
  return changes.map(({ revision, kind, user }) => [revision, kind, user?.displayName] as const);
};

it("keeps its revisions over an eviction", async () => {
  const { id } = await create("a");
  await users.updateUser({ user: { id, displayName: "b" } });
  await users.deleteUser({ id });
  await evictDurableObject(store());
  expect(await take(1n, 2)).toEqual([
    [2n, UserChange_Kind.UPDATED, "b"],
    [3n, UserChange_Kind.DELETED, "b"],
  ]);
});

it("returns more changes than fit in one read, and then waits for the next one", async () => {
  for (let n = 0; n < 105; n++) await create(`u${n}`);
  const all = take(1n, 105);
  await watched(1);
  await create("late");
  expect((await all).map(([revision]) => Number(revision))).toEqual(Array.from({ length: 105 }, (_, n) => n + 2));
});

it("is out_of_range for changes that are deleted or still to come", async () => {
  await create("a");
  await runInDurableObject(store(), (object: UserStore) => void Object.assign(object.journal, { maxRows: 3 }));
  for (const name of ["b", "c", "d", "e"]) await create(name);
  expect((await take(2n, 3)).map(([revision]) => revision)).toEqual([3n, 4n, 5n]);
  const error = await failureOf(users.watchUsers({ afterRevision: 1n }));
  expect([error.code, error.rawMessage]).toEqual([
    Code.OutOfRange,
    "revision 1 is out of range, changes after 2 to 5 are known; list, then watch",
  ]);
  expect((await failureOf(users.watchUsers({ afterRevision: 6n }))).code).toBe(Code.OutOfRange);
  expect((await failureOf(users.watchUsers({ afterRevision: 2n ** 63n - 1n }))).code).toBe(Code.OutOfRange);
});

it("lets a number of calls wait, and refuses the others at once", async () => {
  await create("a");
  await runInDurableObject(store(), (object: UserStore) => void Object.assign(object.journal, { maxWaiting: 2 }));
  const waiting = [take(0n, 1), take(0n, 1)];
  await watched(2);
  const error = await failureOf(take(0n, 1));
  expect([error.code, error.rawMessage]).toEqual([Code.ResourceExhausted, "too many calls watch; try again later"]);
  await create("b");
  expect((await Promise.all(waiting)).map(([change]) => change?.[2])).toEqual(["b", "b"]);
});
