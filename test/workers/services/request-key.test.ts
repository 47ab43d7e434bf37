// Calls of the user service that are repeated with their idempotency key, also over a change of the version that has stored it.
import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterEach, expect, it, vi } from "vitest";
import { UserSchema } from "../../../protos/gen/users/v1/users_pb.ts";
import { failureOf } from "./support.ts";
import { ada, store, users } from "./users/directory.ts";

const START = Date.UTC(2027, 0, 1);
const DAY_MS = 86_400_000;
const rows = (table: string): Promise<number> =>
  runInDurableObject(store(), (_, { storage }) => storage.sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`).one().n);

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

it("forgets a key after 24 hours, and deletes its row with an alarm", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  const { id } = await users.createUser({ user: ada, requestId: "k1" });
  vi.setSystemTime(START + DAY_MS - 1);
  expect(await users.createUser({ user: ada, requestId: "k1" })).toMatchObject({ id });
  await users.createUser({ user: { ...ada, email: "b@example.com" }, requestId: "k2" });
  vi.setSystemTime(START + DAY_MS);
  expect((await failureOf(users.createUser({ user: ada, requestId: "k1" }))).code).toBe(Code.AlreadyExists);
  expect(await rows("tidegate_idempotency")).toBe(2);
  vi.setSystemTime(START + DAY_MS + 60_000); // one alarm deletes the keys of a minute
  await runDurableObjectAlarm(store());
  expect(await rows("tidegate_idempotency")).toBe(1);
  vi.setSystemTime(START + 3 * DAY_MS);
  expect(await runDurableObjectAlarm(store())).toBe(true);
  expect([await rows("tidegate_idempotency"), await runDurableObjectAlarm(store())]).toEqual([0, false]);
});

it("reads the keys that an earlier version has stored, until they expire", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  const first = await users.createUser({ user: ada });
  await runInDurableObject(store(), (_, { storage }) => {
    const sql = "INSERT INTO answers (key, entity, expires) VALUES (?, ?, ?)";
    storage.sql.exec(sql, "k1", toBinary(UserSchema, first), START + DAY_MS);
  });
  expect(await users.createUser({ user: ada, requestId: "k1" })).toEqual(first);
  expect(await users.createUser({ user: ada }, { headers: { "Idempotency-Key": '"k1"' } })).toEqual(first);
  expect((await failureOf(users.createUser({ user: { ...ada, displayName: "B" }, requestId: "k1" }))).code).toBe(Code.AlreadyExists);
  await users.createUser({ user: { ...ada, email: "b@example.com" }, requestId: "k2" });
  vi.setSystemTime(START + DAY_MS + 60_000);
  await runDurableObjectAlarm(store());
  expect(await rows("answers")).toBe(0);
  expect((await failureOf(users.createUser({ user: ada, requestId: "k1" }))).rawMessage).toContain("is the address of another user");
});

it("marks a replay, and refuses another payload of a key in the header by the code of the draft", async () => {
  const headers = { "Idempotency-Key": '"k1"' };
  const replayed: (string | null)[] = [];
  const onHeader = (header: Headers): void => void replayed.push(header.get("idempotency-replayed"));
  const first = await users.createUser({ user: ada }, { headers, onHeader });
  expect(await users.createUser({ user: ada }, { headers, onHeader })).toEqual(first);
  expect(replayed).toEqual([null, "true"]);
  const error = await failureOf(users.createUser({ user: { ...ada, displayName: "B" } }, { headers }));
  expect(error.code).toBe(Code.FailedPrecondition);
  expect((await users.listUsers({})).users).toHaveLength(1);
});
