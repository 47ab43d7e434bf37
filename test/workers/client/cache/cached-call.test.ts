// Which calls of a transport its cache responds to.
import type { UnaryResponse } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { cachedCall, type ResponseCache, registerCache } from "../../../../workers/client/cache/cached-call.ts";

const { getUser, createUser } = UserService.method;
const [MADE, KEPT] = ["made", "kept"].map((name) => ({ name }) as unknown as UnaryResponse<never, never>) as [never, never];

it("a cache responds to methods without side effects, where there is one", async () => {
  const own: ResponseCache = { size: 0, bytes: 0, clear: () => undefined };
  registerCache(own, { respond: () => Promise.resolve(KEPT) });
  const call = (cache: ResponseCache | undefined, method: typeof getUser | typeof createUser) =>
    cachedCall(cache, { target: "https://users.example.com", method: method as never, message: {}, during: undefined }, async () => MADE);
  expect(await Promise.all([call(own, getUser), call(own, createUser), call(undefined, getUser)])).toEqual([KEPT, MADE, MADE]);
  expect(await call({ size: 0, bytes: 0, clear: () => undefined }, getUser)).toBe(MADE); // made by something else
});
