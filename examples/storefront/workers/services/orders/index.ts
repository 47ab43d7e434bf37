// The orders: for Bob they can't be reached, and for Eve they take too long.
import { Code, ConnectError } from "@connectrpc/connect";
import { defineService } from "tidegate/service";
import { OrderService } from "../../../protos/gen/orders/v1/orders_pb.ts";

const SLOW_MS = 30_000;

export default defineService(OrderService, () => ({
  async listOrders({ userId }) {
    if (userId === "bob") throw new ConnectError("the database can't be reached", Code.Unavailable);
    if (userId === "eve") await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    return { items: userId === "ada" ? ["book", "lamp"] : [] };
  },
}));
