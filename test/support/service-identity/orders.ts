// An orders service that tells who calls it, and calls the users service: over bindings with and without `props`, and signed over a URL.

import { WorkerEntrypoint } from "cloudflare:workers";
import { Code, ConnectError, createClient, type HandlerContext } from "@connectrpc/connect";
import { OrderService } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { type ServicePool, servicePool, transportTo, workerIdentity } from "../../../workers/client/transport.ts";
import { callerOf, defineService, isRetryOfCaller, stopRetriesAbove } from "../../../workers/service.ts";

export { OrderStore } from "../../../workers/services/orders/store.ts";

/** The consumer of order events has a binding to it; here, it has no events. */
export class Confirmations extends WorkerEntrypoint {}

interface Env {
  readonly USERS: Fetcher; // without props
  readonly USERS_OF_CART: Fetcher; // props of another Worker
  readonly USERS_OWN: Fetcher; // props of this one
  readonly USERS_URL: string;
  readonly IDENTITY_KEY_A: string;
}

/** Calls of ListOrders since the start. */
let listed = 0;
/** The users service as a pool of one endpoint, whose retries a tenth of the calls pays for. */
let pool: ServicePool | undefined;

const orders = (env: Env) => {
  const identity = workerIdentity("tidegate-orders", [env.IDENTITY_KEY_A]);
  const userAt = (target: Fetcher | string, during: HandlerContext) => createClient(UserService, transportTo(target, { during, identity }));
  /** What the users service responds to a request as it is. */
  const raw = async (binding: Fetcher, identityHeader: string | null) => {
    const headers = { "content-type": "application/json", ...(identityHeader !== null && { "tidegate-identity": identityHeader }) };
    const response = await binding.fetch("https://users.internal/users.v1.UserService/GetUser", { method: "POST", headers, body: "{}" });
    return { users: response.status, said: await response.text() };
  };
  return {
    getOrder: async ({ id }: { readonly id: string }, context: HandlerContext) => {
      const { kind = "", id: caller = "" } = callerOf(context) ?? {};
      const written = context.requestHeader.get("x-test-identity");
      switch (context.requestHeader.get("x-test-users")) {
        case "own":
          return { id, note: (await userAt(env.USERS_OWN, context).getUser({})).displayName };
        case "url":
          return { id, note: (await userAt(env.USERS_URL, context).getUser({})).displayName };
        case "cart":
          return { id, note: JSON.stringify({ kind, id: caller, ...(await raw(env.USERS_OF_CART, written)) }) };
        default:
          return { id, note: JSON.stringify({ kind, id: caller, ...(await raw(env.USERS, written)) }) };
      }
    },
    /** Repeats a failed call twice, as its own client; through a pool where the request has the header of it. */
    listOrders: async ({ pageToken }: { readonly pageToken: string }, during: HandlerContext) => {
      if (pageToken !== "count") listed += 1;
      if (during.requestHeader.has("x-test-pool")) {
        const budget = { percent: 10, minPerSecond: 0 };
        pool ??= servicePool({ name: "users", endpoints: [env.USERS_OWN], breaker: false, retries: { baseMs: 1 }, retryBudget: budget });
        await createClient(UserService, transportTo(pool, { during })).listUsers({ pageToken });
        return {};
      }
      const most = isRetryOfCaller(during) ? 1 : 3;
      for (let attempt = 1; attempt <= most; attempt++) {
        try {
          const { nextPageToken } = await userAt(env.USERS_OWN, during).listUsers({ pageToken });
          return { nextPageToken: JSON.stringify({ orders: listed, users: JSON.parse(nextPageToken) as object }) };
        } catch {
          // the next attempt, if there is one
        }
      }
      if (most > 1) stopRetriesAbove(during);
      throw new ConnectError("the user service can't be reached", Code.Unavailable);
    },
  };
};

export default defineService(OrderService, orders, { identity: {} });
