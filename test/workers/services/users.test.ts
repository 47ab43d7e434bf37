// The user service, called in every way, over its own Durable Object.
import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Code, createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type User, UserChange_Kind, UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import type { UserStore } from "../../../workers/services/users/store.ts";
import { connectProto, errorOf, expectInvalid, failureOf, firstOf, post, waysToCall, worker } from "./support.ts";

const users = createClient(UserService, connectProto(worker));
const stores = (env as unknown as { USER_STORE: DurableObjectNamespace<UserStore> }).USER_STORE;
const store = () => stores.getByName("directory");
const ada = { displayName: "Ada", email: "ada@example.com" };
const UNKNOWN = "usr_01aryz6s41tsv4rrffq69g5fav";

const create = (name: string): Promise<User> => users.createUser({ user: { displayName: name, email: `${name}@example.com` } });

/** Until so many wait for a change in the object. */
const watched = (count: number): Promise<void> =>
  vi.waitFor(() => runInDurableObject(store(), (object: UserStore) => expect(object.journal.waiting).toBe(count)), {
    interval: 5,
    timeout: 60_000,
  });

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

  it("tells changes as they happen", async () => {
    const { id } = await create("eve");
    const next = firstOf(1, (signal) => users.watchUsers({ afterRevision: 0n }, { signal }));
    await watched(1); // from now on, so the change has to come after
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
  it("answers a repeated request with the user created first, also by header, after a change and an eviction", async () => {
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

  it("forgets a key after 24 hours, and its alarm clears the row", async () => {
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

  it("creates one of many who ask at once with one key, and one with one address", async () => {
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

  it.each(["a@b.c", "größe@exämple.de", `${"x".repeat(64)}@example.com`])("takes the address %s", async (email) => {
    expect(await users.createUser({ user: { displayName: "x".repeat(100), email } })).toMatchObject({ email });
  });

  it.each(["", "a", "a@b", "@b.c", "a@b..c", "a b@c.d", "a@b.c\n", `${"x".repeat(65)}@b.c`, `a@${"x".repeat(251)}.c`])(
    "refuses the address %j",
    async (email) => {
      await expectInvalid(users.createUser({ user: { displayName: "\u{1f600}".repeat(101), email } }), ["user.display_name", "user.email"]);
    },
  );

  it("refuses to outgrow its storage", async () => {
    await create("a");
    await runInDurableObject(store(), (object: UserStore) => void Object.assign(object, { maxBytes: 1 }));
    expect((await failureOf(create("b"))).code).toBe(Code.ResourceExhausted);
  });
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

describe("changing a user", () => {
  it("changes the fields of the mask and no others", async () => {
    const user = await users.createUser({ user: ada });
    const asked = { id: user.id, displayName: "B", email: "b@example.com" };
    expect(await users.updateUser({ user: asked, updateMask: { paths: ["email"] } })).toMatchObject({
      displayName: "Ada",
      email: "b@example.com",
    });
    await expectInvalid(users.updateUser({ user: { id: user.id }, updateMask: { paths: ["display_name"] } }), ["user.display_name"]);
    await expectInvalid(users.updateUser({ user: asked, updateMask: { paths: ["id", "create_time", "nope"] } }), [
      "update_mask",
      "update_mask",
      "update_mask",
    ]);
  });

  it("changes nothing, and tells nobody, where no field is named", async () => {
    const user = await users.createUser({ user: ada });
    expect(await users.updateUser({ user: { id: user.id } })).toEqual(user);
    expect(await store().changes(1n, 0)).toMatchObject({ changes: [], revision: 1n });
  });

  it("keeps the address unique, but may write it anew", async () => {
    const user = await users.createUser({ user: ada });
    const { id } = await create("b");
    await expectInvalid(users.updateUser({ user: { id, email: "ada@EXAMPLE.com" } }), ["user.email"], Code.AlreadyExists);
    expect(await users.updateUser({ user: { id: user.id, email: "ADA@example.com" } })).toMatchObject({ email: "ADA@example.com" });
  });

  it("needs a user who is there", async () => {
    for (const call of [
      users.updateUser({ user: { id: UNKNOWN, displayName: "x" } }),
      users.deleteUser({ id: UNKNOWN }),
      users.getUser({ id: UNKNOWN }),
    ]) {
      expect((await failureOf(call)).code).toBe(Code.NotFound);
    }
  });
});

describe("watching users", () => {
  const take = async (afterRevision: bigint, count: number) => {
    const changes = await firstOf(count, (signal) => users.watchUsers({ afterRevision }, { signal }));
    return changes.map(({ revision, kind, user }) => [revision, kind, user?.displayName] as const);
  };

  it("resumes after the revision seen last, across an eviction", async () => {
    const { id } = await create("a");
    await users.updateUser({ user: { id, displayName: "b" } });
    await users.deleteUser({ id });
    await evictDurableObject(store());
    expect(await take(1n, 2)).toEqual([
      [2n, UserChange_Kind.UPDATED, "b"],
      [3n, UserChange_Kind.DELETED, "b"],
    ]);
  });

  it("tells more changes than fit one answer of the object, and then waits for the next", async () => {
    for (let n = 0; n < 105; n++) await create(`u${n}`);
    const all = take(1n, 105);
    await watched(1);
    await create("late");
    expect((await all).map(([revision]) => Number(revision))).toEqual(Array.from({ length: 105 }, (_, n) => n + 2));
  });

  it("is out_of_range for what is forgotten or still to come", async () => {
    await create("a");
    await runInDurableObject(store(), (object: UserStore) => void Object.assign(object.journal, { kept: 3 }));
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

  it("ends after ten minutes where there is no deadline, as callers hang up unheard", async () => {
    const watch = failureOf(users.watchUsers({}));
    await watched(1);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 600_000 });
    await create("a");
    expect((await watch).code).toBe(Code.DeadlineExceeded);
  });

  it("ends at the deadline, and leaves nobody waiting in the object", async () => {
    await create("a");
    expect((await failureOf(users.watchUsers({}, { timeoutMs: 60 }))).code).toBe(Code.DeadlineExceeded);
    await watched(0);
  });

  it("leaves nobody waiting for long after its caller has gone", async () => {
    await create("a");
    const watch = users.watchUsers({ afterRevision: 1n }, { timeoutMs: 100 })[Symbol.asyncIterator]();
    watch.next().catch(() => undefined);
    await watched(1);
    await watch.return?.();
    await watched(0);
  });
});

it("keeps its data over an eviction", async () => {
  const user = await users.createUser({ user: ada });
  await evictDurableObject(store());
  expect(await users.getUser({ id: user.id })).toEqual(user);
  const { id } = await create("b");
  expect(id > user.id).toBe(true);
});

it("refuses what is no call of its own", async () => {
  const answer = await worker(
    post("/users.v1.UserService/CreateUser", "application/json", '{"user":{"displayName":"A","email":"a@b.c","admin":true}}'),
  );
  expect(await errorOf(answer)).toMatchObject({ status: 400, code: "invalid_argument", message: expect.stringContaining("admin") });
  expect(await errorOf(await worker(post("/users.v1.UserService/GetUser", "application/proto", new Uint8Array(1_048_577))))).toMatchObject({
    code: "resource_exhausted",
  });
});
