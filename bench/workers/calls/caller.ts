// Makes one call for each request, in the way that the variable WAY names, and responds with a part of the response.
import { createClient } from "@connectrpc/connect";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { inProcess, transportTo } from "../../../workers/client/transport.ts";
import Callee, { callee } from "./callee.ts";

export { Callee };

interface Env {
  readonly WAY: "handler" | "binding" | "exports" | "rpc" | "none";
  readonly CALLEE: Fetcher & { getUser(request: { readonly id: string }): Promise<{ readonly email: string }> };
}
interface Context {
  readonly exports: { readonly Callee: Fetcher };
}

const REQUEST = { id: "usr_01arz3ndektsv4rrffq69g5fav" };

async function emailOf(env: Env, ctx: Context): Promise<string> {
  switch (env.WAY) {
    case "handler":
      return (await createClient(UserService, inProcess(callee, env)).getUser(REQUEST)).email;
    case "binding":
      return (await createClient(UserService, transportTo(env.CALLEE)).getUser(REQUEST)).email;
    case "exports":
      return (await createClient(UserService, transportTo(ctx.exports.Callee)).getUser(REQUEST)).email;
    case "rpc":
      return (await env.CALLEE.getUser(REQUEST)).email;
    case "none":
      return "ada@example.com";
  }
}

export default {
  async fetch(request: Request, env: Env, ctx: unknown): Promise<Response> {
    await request.arrayBuffer();
    return new Response(await emailOf(env, ctx as Context)); // the exports of this Worker are not in the types
  },
};
