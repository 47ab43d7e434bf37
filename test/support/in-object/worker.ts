// A service inside a Durable Object: `docs/service-host.md` shows it. Each id has an object of its own, whose storage is the state.
import { DurableObject } from "cloudflare:workers";
import { Code, ConnectError } from "@connectrpc/connect";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { defineService } from "../../../workers/service.ts";

interface Env {
  readonly VISITS: DurableObjectNamespace<Visits>;
}

/** Counts the calls of one user, also over evictions. */
export class Visits extends DurableObject<Env> {
  readonly #service = defineService(UserService, () => ({
    getUser: ({ id }) => {
      if (id === "") throw new ConnectError("id is empty", Code.InvalidArgument);
      const visits = (this.ctx.storage.kv.get<number>("visits") ?? 0) + 1;
      this.ctx.storage.kv.put("visits", visits);
      return { id, displayName: `visit ${visits}` };
    },
    watchUsers: async function* () {
      for (let revision = 1n; revision <= 3n; revision++) yield { revision };
    },
  }));

  override fetch(request: Request): Promise<Response> {
    return this.#service.fetch(request, this.env, this.ctx);
  }
}

/** Chooses the object: here by a header, in a Worker of your own by what the call is about. */
export default {
  fetch(request: Request, { VISITS }: Env): Promise<Response> {
    return VISITS.getByName(request.headers.get("x-visitor") ?? "anyone").fetch(request);
  },
};
