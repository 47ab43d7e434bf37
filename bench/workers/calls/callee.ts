// The service that the subjects of calls call, and the same method for Workers RPC: the cheapest that the platform has.
import { WorkerEntrypoint } from "cloudflare:workers";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { defineService } from "../../../workers/service.ts";
import { USER } from "../host/constant-user.ts";

export const callee = defineService(UserService, () => ({ getUser: () => USER }));

/** Reached over a service binding, or as an entrypoint of the same Worker. */
export default class Callee extends WorkerEntrypoint {
  override fetch(request: Request): Promise<Response> {
    return callee.fetch(request, this.env as object, this.ctx);
  }

  /** Without codes, details, deadline, cancellation, trailers or limits of its own: an exception has a text alone. */
  getUser({ id }: { readonly id: string }) {
    return { ...USER, id };
  }
}
