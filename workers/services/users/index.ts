// The user service as a Worker.
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { defineService } from "../../service.ts";
import type { UserStore } from "./store.ts";
import { users } from "./users.ts";

export { UserStore } from "./store.ts";

interface Env {
  readonly USER_STORE: DurableObjectNamespace<UserStore>;
}

// Without a public address the Worker may serve calls that prove no caller: those of a gateway without `auth`.
const identity = { callers: ["tidegate-orders"], required: false };

export default defineService(UserService, (env: Env) => users(env.USER_STORE), { identity });
