// The users: a stand for a service with a database.
import { Code, ConnectError } from "@connectrpc/connect";
import { defineService } from "tidegate/service";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";

const NAMES: Readonly<Record<string, string>> = { ada: "Ada", bob: "Bob", eve: "Eve" };

export default defineService(UserService, () => ({
  getUser({ id }) {
    const name = NAMES[id];
    if (name === undefined) throw new ConnectError("no such user", Code.NotFound);
    return { name };
  },
}));
