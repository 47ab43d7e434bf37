// Which calls of a chain may be repeated.
import { Code, ConnectError, createClient, createContextValues } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { isRetryOfCaller, markStopped, stopRetriesAbove } from "../../../../workers/service/mesh/retry-chain.ts";
import { waysToCall } from "../../services/support.ts";
import { hosted, type Users } from "../host.ts";

it.each([
  ["2", true],
  ["17", true],
  ["", false],
  ["x", false],
  [undefined, false],
])("tidegate-attempt: %j is a further attempt: %s", (value, isRetry) =>
  expect(isRetryOfCaller({ requestHeader: new Headers(value === undefined ? {} : { "tidegate-attempt": value }) })).toBe(isRetry),
);

it("an error is marked only where retries above are stopped", () => {
  const pushback = (values?: ReturnType<typeof createContextValues>) => {
    const error = markStopped(new ConnectError("x", Code.Unavailable), values);
    return error.metadata.get("grpc-retry-pushback-ms");
  };
  const stopped = createContextValues();
  stopRetriesAbove({ values: stopped });
  expect([pushback(), pushback(createContextValues()), pushback(stopped)]).toEqual([null, null, "-1"]);
});

/** An error as a client gets it from another service: a service that hands it on writes none of its metadata. */
function received(): ConnectError {
  const error = new ConnectError("busy", Code.Unavailable, { "x-internal": "secret" });
  error.isWireError = true;
  return error;
}

describe("a served call", () => {
  const users: Users = {
    getUser: async ({ id }, context) => {
      if (id !== "") stopRetriesAbove(context);
      if (id === "served") return { id };
      if (id === "handed on") throw received();
      throw new ConnectError("the user service can't be reached", Code.Unavailable); // a new error, without the metadata of the old one
    },
    async *watchUsers({ afterRevision }, context) {
      if (afterRevision === 1n) stopRetriesAbove(context);
      if (afterRevision === 2n) yield {};
      if (afterRevision === 3n) {
        stopRetriesAbove(context);
        throw received();
      }
      throw new ConnectError("the user service can't be reached", Code.Unavailable);
    },
  };
  const metadataOf = async (call: Promise<unknown> | AsyncIterable<unknown>, name = "grpc-retry-pushback-ms"): Promise<string | null> => {
    try {
      if (Symbol.asyncIterator in call) for await (const _ of call);
      else await call;
    } catch (error) {
      return ConnectError.from(error).metadata.get(name);
    }
    return "none failed";
  };

  it.each(waysToCall(hosted(users)))(
    "by %s stops its callers where what it calls was repeated for nothing, and it fails",
    async (_, transport) => {
      const client = createClient(UserService, transport);
      expect(await metadataOf(client.getUser({ id: "repeated" }))).toBe("-1");
      expect(await metadataOf(client.getUser({}))).toBeNull();
      expect(await metadataOf(client.watchUsers({ afterRevision: 1n }))).toBe("-1");
      expect(await metadataOf(client.watchUsers({}))).toBeNull();
      expect(await client.getUser({ id: "served" })).toMatchObject({ id: "served" });
      expect(await metadataOf(client.getUser({ id: "handed on" }))).toBe("-1");
      expect(await metadataOf(client.watchUsers({ afterRevision: 3n }))).toBe("-1");
      expect(await metadataOf(client.getUser({ id: "handed on" }), "x-internal")).toBeNull();
    },
  );
});
