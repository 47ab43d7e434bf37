// An orders service that tells who calls it, and what the users service says to a Worker whose binding has no `props`.

import { OrderService } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { callerOf, defineService } from "../../../workers/service.ts";

export { OrderStore } from "../../../workers/services/orders/store.ts";

interface Env {
  readonly USERS: Fetcher;
}

const orders = ({ USERS }: Env) => ({
  getOrder: async ({ id }: { readonly id: string }, context: Parameters<typeof callerOf>[0] & { readonly requestHeader: Headers }) => {
    const { kind = "", id: caller = "" } = callerOf(context) ?? {};
    const identity = context.requestHeader.get("x-test-identity");
    const headers = { "content-type": "application/json", ...(identity !== null && { "tidegate-identity": identity }) };
    const response = await USERS.fetch("https://users.internal/users.v1.UserService/GetUser", { method: "POST", headers, body: "{}" });
    return { id, note: JSON.stringify({ kind, id: caller, users: response.status, said: await response.text() }) };
  },
});

export default defineService(OrderService, orders, { identity: {} });
