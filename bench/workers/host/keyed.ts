// The service host with a write, and idempotency keys that are ignored, recorded in the store, or recorded with the effect.
import { DurableObject } from "cloudflare:workers";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type User, UserSchema, UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { type IdempotencyKey, idempotencyKeyOf, type OnceResult, once, onceResponse } from "../../../workers/idempotency.ts";
import { defineService, type ServiceOptions } from "../../../workers/service.ts";
import { USER } from "./constant-user.ts";

export { IdempotencyStore } from "../../../workers/idempotency.ts";

interface Env {
  readonly MODE: "plain" | "stored" | "replayed" | "effect" | "once";
  readonly LEDGER: DurableObjectNamespace<Ledger>;
}

export class Ledger extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS users (n INTEGER PRIMARY KEY, user BLOB NOT NULL)");
  }

  add(key: IdempotencyKey | undefined, user: User): OnceResult {
    return once(this.ctx.storage, key, () => {
      const bytes = toBinary(UserSchema, user) as Uint8Array<ArrayBuffer>;
      this.ctx.storage.sql.exec("INSERT INTO users (user) VALUES (?)", bytes);
      return bytes;
    });
  }
}

const IDEMPOTENCY: Readonly<Record<Env["MODE"], ServiceOptions["idempotency"]>> = {
  plain: undefined,
  stored: { methods: { CreateUser: {} } },
  replayed: { methods: { CreateUser: {} } },
  effect: undefined,
  once: { methods: { CreateUser: { record: "transaction" } } },
};

let service: ReturnType<typeof defineService<typeof UserService, Env>> | undefined;
let calls = 0;

function serviceOf({ MODE }: Env): NonNullable<typeof service> {
  const idempotency = IDEMPOTENCY[MODE];
  const createUser = async (
    env: Env,
    user: User | undefined,
    context: Parameters<typeof idempotencyKeyOf>[0] & { responseHeader: Headers },
  ) => {
    if (MODE !== "effect" && MODE !== "once") return USER;
    const result = await env.LEDGER.getByName("ledger").add(idempotencyKeyOf(context), user!);
    return fromBinary(UserSchema, onceResponse(result as OnceResult, context));
  };
  return defineService(
    UserService,
    (env: Env) => ({ createUser: ({ user }, context) => createUser(env, user, context) }),
    idempotency === undefined ? {} : { idempotency },
  );
}

export default {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    service ??= serviceOf(env);
    const headers = new Headers(request.headers);
    if (env.MODE !== "replayed") headers.set("idempotency-key", `"${calls++}"`);
    return service.fetch(new Request(request, { headers }), env, ctx);
  },
};
