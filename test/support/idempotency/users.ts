// The user service with an implementation made for a test and idempotency keys, and clients for it.
import { createClient } from "@connectrpc/connect";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { defineService, type ServiceOptions } from "../../../workers/service.ts";
import type { Users } from "../../workers/service/host.ts";
import { type Fetch, waysToCall } from "../../workers/services/support.ts";
import { IDEMPOTENCY_STORE } from "./bindings.ts";

export const ada = { displayName: "Ada", email: "ada@example.com" };
export const CREATE_USER = "/users.v1.UserService/CreateUser";

let keys = 0;
/** The header with a key that no other test has. */
export const freshKey = (): { readonly "Idempotency-Key": string } => ({ "Idempotency-Key": `"key-${keys++}"` });

export const keyed = (users: Users, idempotency: ServiceOptions["idempotency"], env: unknown = { IDEMPOTENCY_STORE }): Fetch => {
  const { fetch } = defineService(UserService, () => users, { idempotency: idempotency! });
  return (request) => fetch(request, env);
};

/** @param protocol a name of `waysToCall` */
export const clientOf = (fetch: Fetch, protocol = "Connect proto") =>
  createClient(UserService, waysToCall(fetch).find(([name]) => name === protocol)![1]);
