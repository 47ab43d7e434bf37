import { exports } from "cloudflare:workers";
import { createClient } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { transportTo } from "../../../workers/client/transport.ts";

it("smokes", async () => {
  const users = createClient(UserService, transportTo(exports.default as unknown as Fetcher));
  const user = await users.createUser({ user: { displayName: "Ada", email: "ada@example.com" } });
  expect(user).toMatchObject({ displayName: "Ada" });
  console.log(user);
  expect(await users.getUser({ id: user.id })).toEqual(user);
  console.log(await users.listUsers({}));
  const it2 = users.watchUsers({ afterRevision: 0n }, { timeoutMs: 500 });
  const got: unknown[] = [];
  const p = (async () => {
    for await (const c of it2) got.push(c);
  })().catch((e) => e);
  await scheduler.wait(50);
  await users.updateUser({ user: { id: user.id, displayName: "Ada L" } });
  console.log(await p, got);
});
