// A users service that tells who calls it, and what has reached it: behind service bindings, and as a process of its own at a URL.

import { Code, ConnectError } from "@connectrpc/connect";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { callerOf, callingServiceOf, defineService } from "../../../workers/service.ts";

export { UserStore } from "../../../workers/services/users/store.ts";

interface Env {
  readonly KEYS_URL?: string; // where the gateway publishes its keys; undefined behind a binding
  readonly ORDERS_KEYS?: string; // public keys of the orders Worker, JSON
}

type Context = Parameters<typeof callerOf>[0] & { readonly requestHeader: Headers; timeoutMs(): number | undefined };

/** Calls of ListUsers since the start, those that failed included. */
let listed = 0;

const users = {
  getUser: ({ id }: { readonly id: string }, context: Context) => {
    const { kind = "", id: caller = "" } = callerOf(context) ?? {};
    const token = context.requestHeader.get("tidegate-identity");
    return { id, displayName: JSON.stringify({ kind, id: caller, from: callingServiceOf(context), token }) };
  },
  /** `down`: fails. `count`: only counts, and is not counted. */
  listUsers: ({ pageToken }: { readonly pageToken: string }, context: Context) => {
    if (pageToken !== "count") listed += 1;
    if (pageToken === "down") throw new ConnectError("users are down", Code.Unavailable);
    return {
      nextPageToken: JSON.stringify({ listed, timeoutMs: context.timeoutMs(), headers: Object.fromEntries(context.requestHeader) }),
    };
  },
};

export default defineService(UserService, () => users, {
  identity: {
    keys: (env: Env) => env.KEYS_URL,
    callers: [{ name: "tidegate-orders", keys: (env: Env) => env.ORDERS_KEYS }],
    allow: [{ from: "tidegate-orders", methods: ["users.v1.UserService/GetUser", "users.v1.UserService/ListUsers"] }],
  },
});
