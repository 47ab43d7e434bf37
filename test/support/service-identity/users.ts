// A users service that tells who calls it: behind a service binding, and as a process of its own at a URL.

import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { callerOf, defineService } from "../../../workers/service.ts";

export { UserStore } from "../../../workers/services/users/store.ts";

interface Env {
  readonly KEYS_URL?: string; // where the gateway publishes its keys; undefined behind a binding
}

const users = {
  getUser: ({ id }: { readonly id: string }, context: Parameters<typeof callerOf>[0] & { readonly requestHeader: Headers }) => {
    const { kind = "", id: caller = "" } = callerOf(context) ?? {};
    return { id, displayName: JSON.stringify({ kind, id: caller, token: context.requestHeader.get("tidegate-identity") }) };
  },
};

export default defineService(UserService, () => users, { identity: { keys: (env: Env) => env.KEYS_URL } });
