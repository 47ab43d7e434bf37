// Calls with idempotency keys over a host: which are refused, which replayed, in each protocol.
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { type IdempotencyKey, idempotencyKeyOf } from "../../../../workers/idempotency.ts";
import { ada, CREATE_USER, clientOf, freshKey, keyed } from "../../../support/idempotency/users.ts";
import { errorOf, failureOf, fieldsOf, post, waysToCall } from "../../services/support.ts";
import type { Users } from "../host.ts";

function counting(): { users: Users; calls: () => number } {
  let calls = 0;
  return { users: { createUser: ({ user }) => ({ ...ada, ...user, id: `usr_${++calls}` }) }, calls: () => calls };
}

describe("a method with keys", () => {
  it("runs once for a key, whichever protocol and codec a repeat speaks, and marks the replay", async () => {
    const { users, calls } = counting();
    const fetch = keyed(users, { methods: { CreateUser: {} } });
    const headers = freshKey();
    const seen: unknown[] = [];
    for (const [protocol] of waysToCall(fetch)) {
      const onHeader = (header: Headers): void => void seen.push(header.get("idempotency-replayed"));
      seen.push((await clientOf(fetch, protocol).createUser({ user: ada }, { headers, onHeader })).id);
    }
    expect(seen).toEqual([null, "usr_1", ...Array(5).fill(["true", "usr_1"]).flat()]);
    expect(calls()).toBe(1);
  });

  it("runs each time without a key, and for each key", async () => {
    const { users, calls } = counting();
    const client = clientOf(keyed(users, { methods: { CreateUser: {} } }));
    await client.createUser({ user: ada });
    await client.createUser({ user: ada });
    await client.createUser({ user: ada }, { headers: freshKey() });
    await client.createUser({ user: ada }, { headers: freshKey() });
    expect(calls()).toBe(4);
  });

  it("refuses another payload with 400 and an ErrorInfo, and does not run", async () => {
    const { users, calls } = counting();
    const fetch = keyed(users, { methods: { CreateUser: {} } });
    const headers = freshKey();
    await clientOf(fetch).createUser({ user: ada }, { headers });
    const response = await fetch(post(CREATE_USER, "application/json", JSON.stringify({ user: { ...ada, displayName: "B" } }), headers));
    expect(await errorOf(response)).toMatchObject({
      status: 400,
      code: "failed_precondition",
      details: [{ type: "google.rpc.ErrorInfo" }],
    });
    expect(calls()).toBe(1);
  });

  it.each([
    ["k", "is not one string in quotes"],
    [`"${"x".repeat(256)}"`, "has 256 characters"],
    ['""', "is empty"],
  ])("refuses the key %s", async (value, problem) => {
    const { users, calls } = counting();
    const error = await failureOf(
      clientOf(keyed(users, { methods: { CreateUser: {} } })).createUser({ user: ada }, { headers: { "Idempotency-Key": value } }),
    );
    expect([error.code, error.rawMessage, fieldsOf(error)]).toEqual([
      Code.InvalidArgument,
      expect.stringContaining(problem),
      ["Idempotency-Key"],
    ]);
    expect(calls()).toBe(0);
  });

  it("refuses a call without a key where one is required, and says what to send", async () => {
    const { users, calls } = counting();
    const fetch = keyed(users, { methods: { CreateUser: { required: true } } });
    const response = await fetch(post(CREATE_USER, "application/json", JSON.stringify({ user: ada })));
    expect(await errorOf(response)).toMatchObject({
      status: 400,
      code: "invalid_argument",
      message:
        'header Idempotency-Key is missing; send one that is unique to the call, Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324"',
    });
    expect(calls()).toBe(0);
  });

  it("accepts keys without quotes where the service does", async () => {
    const { users, calls } = counting();
    const client = clientOf(keyed(users, { methods: { CreateUser: {} }, acceptUnquoted: true }));
    for (const value of ["without-quotes-1", '"without-quotes-1"'])
      await client.createUser({ user: ada }, { headers: { "Idempotency-Key": value } });
    expect(calls()).toBe(1);
  });

  it("ignores the header on methods that are not listed", async () => {
    let calls = 0;
    const users: Users = { getUser: ({ id }) => ({ id, displayName: String(++calls) }) };
    const client = clientOf(keyed(users, { methods: { CreateUser: {} } }));
    const headers = { "Idempotency-Key": "not a key" };
    expect((await client.getUser({ id: "a" }, { headers })).displayName).toBe("1");
    expect((await client.getUser({ id: "a" }, { headers })).displayName).toBe("2");
  });
});

it("hands the key to a method that records in a transaction, and needs no store", async () => {
  const keys: (IdempotencyKey | undefined)[] = [];
  const users: Users = {
    createUser(_request, context) {
      keys.push(idempotencyKeyOf(context));
      return ada;
    },
  };
  const client = clientOf(keyed(users, { methods: { CreateUser: { record: "transaction" } } }, {}));
  const headers = freshKey();
  await client.createUser({ user: ada }, { headers });
  await client.createUser({ user: ada }, { headers });
  await client.createUser({ user: { ...ada, displayName: "B" } }, { headers });
  await client.createUser({ user: ada });
  const [first, second, third, none] = keys;
  expect(first).toEqual({ id: expect.stringMatching(/^[0-9a-f]{64}$/), fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(second).toEqual(first);
  expect(third?.id).toBe(first?.id);
  expect(third?.fingerprint).not.toBe(first?.fingerprint);
  expect(none).toBeUndefined();
});

it("names the binding that is missing", async () => {
  const fetch = keyed({}, { methods: { CreateUser: {} }, store: "KEYS" }, {});
  await expect(fetch(post(CREATE_USER, "application/json", "{}"))).rejects.toThrow(
    "there is no binding KEYS; bind the Durable Object class",
  );
});
