// Calls whose responses the store records: while one runs, when it fails, and when a Worker stops before the record.
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import { isFinal } from "../../../../core/idempotency/final-codes.ts";
import { IDEMPOTENCY_STORE } from "../../../support/idempotency/bindings.ts";
import { gate } from "../../../support/idempotency/gate.ts";
import { ada, CREATE_USER, clientOf, freshKey, keyed } from "../../../support/idempotency/users.ts";
import { errorOf, failureOf, post } from "../../services/support.ts";
import type { Users } from "../host.ts";

const METHODS = { CreateUser: {} };

describe("while the first call runs", () => {
  it("refuses a repeat with 409 and `aborted`, and replays the response once there is one", async () => {
    const handler = gate();
    let calls = 0;
    const users: Users = {
      async createUser() {
        calls += 1;
        await handler.passed;
        return { id: "usr_1" };
      },
    };
    const fetch = keyed(users, { methods: METHODS });
    const headers = freshKey();
    const first = clientOf(fetch).createUser({ user: ada }, { headers });
    await vi.waitFor(() => expect(calls).toBe(1), { timeout: 60_000 });
    const response = await fetch(post(CREATE_USER, "application/json", JSON.stringify({ user: ada }), headers));
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await errorOf(response)).toMatchObject({ status: 409, code: "aborted", details: [{ type: "google.rpc.ErrorInfo" }] });
    const other = await failureOf(clientOf(fetch).createUser({ user: { ...ada, displayName: "B" } }, { headers }));
    expect(other.code).toBe(Code.FailedPrecondition);
    handler.open();
    expect((await first).id).toBe("usr_1");
    expect((await clientOf(fetch).createUser({ user: ada }, { headers })).id).toBe("usr_1");
    expect(calls).toBe(1);
  });

  it("runs one of many simultaneous calls", async () => {
    let calls = 0;
    const users: Users = {
      async createUser() {
        calls += 1;
        await scheduler.wait(5);
        return { id: "usr_1" };
      },
    };
    const client = clientOf(keyed(users, { methods: METHODS }));
    const headers = freshKey();
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => client.createUser({ user: ada }, { headers })));
    for (const outcome of outcomes) if (outcome.status === "rejected") expect(ConnectError.from(outcome.reason).code).toBe(Code.Aborted);
    expect(outcomes.some(({ status }) => status === "fulfilled")).toBe(true);
    expect(calls).toBe(1);
  });
});

describe("an error of the method", () => {
  const codes = Object.values(Code).filter((code): code is Code => typeof code === "number");
  it.each(codes.map((code) => [Code[code], code] as const))(
    "%s is replayed if it is final, else a repeat runs again",
    async (_name, code) => {
      let calls = 0;
      const users: Users = {
        createUser(_request, { responseHeader }) {
          responseHeader.set("x-own", String(++calls));
          throw new ConnectError(`no ${calls}`, code, { "x-of-error": String(calls) });
        },
      };
      const client = clientOf(keyed(users, { methods: METHODS }));
      const headers = freshKey();
      const first = await failureOf(client.createUser({ user: ada }, { headers }));
      const second = await failureOf(client.createUser({ user: ada }, { headers }));
      expect([first.code, second.code]).toEqual([code, code]);
      expect(calls).toBe(isFinal(code) ? 1 : 2);
      if (!isFinal(code)) return;
      expect([second.rawMessage, second.metadata.get("x-of-error"), second.metadata.get("x-own")]).toEqual(["no 1", "1", "1"]);
      expect(second.metadata.get("idempotency-replayed")).toBe("true");
    },
  );

  it("that is no ConnectError lets a repeat run again", async () => {
    let calls = 0;
    const users: Users = {
      createUser() {
        if (++calls === 1) throw new TypeError("a fault");
        return { id: "usr_2" };
      },
    };
    const client = clientOf(keyed(users, { methods: METHODS }));
    const headers = freshKey();
    expect((await failureOf(client.createUser({ user: ada }, { headers }))).code).toBe(Code.Internal);
    expect((await client.createUser({ user: ada }, { headers })).id).toBe("usr_2");
  });
});

describe("at least once", () => {
  /** The Worker stops after the effect: what it would send to the store is lost. */
  const crashing = (calls: { n: number }, isCrashed: () => boolean) => {
    const stores = {
      getByName: (name: string) => {
        const stub = IDEMPOTENCY_STORE.getByName(name);
        const lost = (): Promise<never> => new Promise(() => undefined);
        return {
          begin: (id: string, call: never) => stub.begin(id, call),
          finish: (id: string, token: string, response: Uint8Array) => (isCrashed() ? lost() : stub.finish(id, token, response)),
          release: (id: string, token: string) => (isCrashed() ? lost() : stub.release(id, token)),
        };
      },
    };
    const users: Users = { createUser: () => ({ id: `usr_${++calls.n}` }) };
    return clientOf(keyed(users, { methods: METHODS, leaseMs: 200 }, { IDEMPOTENCY_STORE: stores }));
  };

  it("an effect whose record is lost is refused until the lease is over, and then happens again", async () => {
    const calls = { n: 0 };
    let isCrashed = true;
    const client = crashing(calls, () => isCrashed);
    const headers = freshKey();
    const lost = client.createUser({ user: ada }, { headers });
    lost.catch(() => undefined); // it never ends, as that of a Worker that has stopped
    await vi.waitFor(() => expect(calls.n).toBe(1), { timeout: 60_000 });
    isCrashed = false;
    const repeat = async (): Promise<string> => {
      for (;;) {
        const outcome = await client.createUser({ user: ada }, { headers }).catch((reason: unknown) => ConnectError.from(reason));
        if (!(outcome instanceof ConnectError)) return outcome.id;
        expect(outcome.code).toBe(Code.Aborted);
        await scheduler.wait(20);
      }
    };
    expect(await repeat()).toBe("usr_2");
    expect(await repeat()).toBe("usr_2");
    expect(calls.n).toBe(2);
  });

  it("the response is sent where the store fails to record it, and the failure is logged", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const calls = { n: 0 };
    const broken = {
      getByName: (name: string) => ({
        begin: (id: string, call: never) => IDEMPOTENCY_STORE.getByName(name).begin(id, call),
        finish: () => Promise.reject(new Error("reset")),
      }),
    };
    const users: Users = { createUser: () => ({ id: `usr_${++calls.n}` }) };
    const client = clientOf(keyed(users, { methods: METHODS }, { IDEMPOTENCY_STORE: broken }));
    const headers = freshKey();
    expect((await client.createUser({ user: ada }, { headers })).id).toBe("usr_1");
    expect(warn.mock.calls.map(([line]) => JSON.parse(line as string))).toMatchObject([
      { event: "idempotency_record_failed", route: "users.v1.UserService/CreateUser" },
    ]);
    warn.mockRestore();
    expect((await failureOf(client.createUser({ user: ada }, { headers }))).code).toBe(Code.Aborted);
  });

  it("nothing runs where the store cannot be reached", async () => {
    let calls = 0;
    const users: Users = { createUser: () => ({ id: `usr_${++calls}` }) };
    const unreachable = { getByName: () => ({ begin: () => Promise.reject(Object.assign(new Error("moved"), { retryable: true })) }) };
    const client = clientOf(keyed(users, { methods: METHODS }, { IDEMPOTENCY_STORE: unreachable }));
    expect((await failureOf(client.createUser({ user: ada }, { headers: freshKey() }))).code).toBe(Code.Unavailable);
    expect(calls).toBe(0);
  });
});

it("records headers and trailers, and says of a response above 64 KiB that it was too large", async () => {
  let calls = 0;
  const users: Users = {
    createUser({ user }, { responseHeader, responseTrailer }) {
      responseHeader.append("set-cookie", "a=1");
      responseHeader.append("set-cookie", "b=2");
      responseTrailer.set("x-end", "3");
      return { ...ada, displayName: user?.displayName ?? "", id: `usr_${++calls}` };
    },
  };
  const fetch = keyed(users, { methods: METHODS });
  const headers = freshKey();
  const seen: unknown[] = [];
  for (const protocol of ["Connect JSON", "gRPC-Web proto"]) {
    const onHeader = (header: Headers): void => void seen.push(header.getSetCookie());
    const onTrailer = (trailer: Headers): void => void seen.push(trailer.get("x-end"));
    await clientOf(fetch, protocol).createUser({ user: ada }, { headers, onHeader, onTrailer });
  }
  expect(seen).toEqual([["a=1", "b=2"], "3", ["a=1", "b=2"], "3"]);

  const large = { user: { ...ada, displayName: "x".repeat(65_536) } };
  const key = freshKey();
  expect((await clientOf(fetch).createUser(large, { headers: key })).id).toBe("usr_2");
  const error = await failureOf(clientOf(fetch).createUser(large, { headers: key }));
  expect([error.code, error.rawMessage]).toEqual([Code.AlreadyExists, expect.stringMatching(/its response of \d+ bytes was too large/)]);
  expect(calls).toBe(2);
});
