// A service of `defineService` inside a Durable Object: over its stub, and through the Worker before it.
import { env } from "cloudflare:workers";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { UserService } from "../../protos/gen/users/v1/users_pb.ts";
import { transportTo } from "../../workers/client/transport.ts";

const { VISITS, IN_OBJECT } = env as unknown as { readonly VISITS: DurableObjectNamespace; readonly IN_OBJECT: Fetcher };
const toObject = (name: string) => createClient(UserService, transportTo(VISITS.getByName(name)));

it("keeps its state in the object, and serves unary calls, errors and streams", async () => {
  const ada = toObject("ada");
  expect((await ada.getUser({ id: "1" })).displayName).toBe("visit 1");
  expect((await ada.getUser({ id: "1" })).displayName).toBe("visit 2");
  expect((await toObject("grace").getUser({ id: "2" })).displayName).toBe("visit 1");
  const error = await ada.getUser({}).catch(ConnectError.from);
  expect(error).toMatchObject({ code: Code.InvalidArgument, rawMessage: "id is empty" });
  const revisions: bigint[] = [];
  for await (const { revision } of ada.watchUsers({})) revisions.push(revision);
  expect(revisions).toEqual([1n, 2n, 3n]);
});

it("is reached through the Worker before it, which chooses the object", async () => {
  const users = createClient(UserService, transportTo(IN_OBJECT));
  const headers = { "x-visitor": "linus" };
  expect((await users.getUser({ id: "3" }, { headers })).displayName).toBe("visit 1");
  expect((await toObject("linus").getUser({ id: "3" })).displayName).toBe("visit 2");
});
