// Pages from two services, called at the same time under one deadline: a part that fails or is late leaves the others as they are.
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { transportTo } from "tidegate/client";
import { defineService } from "tidegate/service";
import { OrderService } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { StorefrontService } from "../../../protos/gen/storefront/v1/storefront_pb.ts";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";

interface Env {
  readonly USERS: Fetcher;
  readonly ORDERS: Fetcher;
}

/** What a page has of one service: its response, or why it is missing. */
interface Part<T> {
  readonly status: { readonly code: string; readonly message: string };
  readonly value?: T;
}

/** Time for all parts; less where the caller of the page has less. */
const PARTS_MS = 800;

/** Words for readers of a page, who read nothing of how it is made. */
const MESSAGES: Partial<Record<Code, string>> = {
  [Code.DeadlineExceeded]: "this takes longer than usual",
  [Code.NotFound]: "there is nothing here",
};

export default defineService(StorefrontService, (env: Env) => ({
  async getPage({ userId }, context) {
    // `during` hands on the rest of the caller's time, its signal, its trace and its identity.
    const options = { during: context, timeoutMs: PARTS_MS };
    const users = createClient(UserService, transportTo(env.USERS, options));
    const orders = createClient(OrderService, transportTo(env.ORDERS, options));
    const [user, list] = await Promise.all([partOf(users.getUser({ id: userId })), partOf(orders.listOrders({ userId }))]);
    const isEmpty = user.value === undefined && list.value === undefined;
    if (isEmpty) throw new ConnectError("no part of the page can be shown", Code.Unavailable);
    return { user, orders: list };
  },
}));

/** Never rejects: an error becomes the status of the part. */
async function partOf<T>(response: Promise<T>): Promise<Part<T>> {
  try {
    return { status: { code: "ok", message: "" }, value: await response };
  } catch (reason) {
    const { code } = ConnectError.from(reason);
    const name = Code[code].replaceAll(/(?<=[a-z])[A-Z]/g, "_$&").toLowerCase();
    return { status: { code: name, message: MESSAGES[code] ?? "this can't be shown now" } };
  }
}
