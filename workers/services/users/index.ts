// The user service as a Worker.
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { defineService } from "../../service.ts";
import type { UserStore } from "./store.ts";
import { users } from "./users.ts";

export { UserStore } from "./store.ts";

interface Env {
  readonly USER_STORE: DurableObjectNamespace<UserStore>;
}

export default defineService(UserService, (env: Env) => users(env.USER_STORE));
