// A client over a service pool, as the subject of the contract of attempts.
import { Code, ConnectError, createClient, createHandlerContext, type HandlerContext } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { UserService } from "../../protos/gen/users/v1/users_pb.ts";
import { servicePool, transportTo } from "../../workers/client/transport.ts";
import type { ContractCall, ContractOutcome, MakeSubject } from "./attempt-contract.ts";

export const clientSubject: MakeSubject = (endpoints, settings) => {
  const pool = servicePool({
    name: "users",
    endpoints: Object.entries(endpoints).map(([id, fetch]) => ({ id, target: { fetch } })),
    ...settings,
  });
  const client = (during?: HandlerContext) => createClient(UserService, transportTo(pool, { json: {}, ...(during && { during }) }));
  const run = async (
    { timeoutMs, signal, idempotencyKey, isChained = false }: ContractCall,
    method: "getUser" | "updateUser",
  ): Promise<ContractOutcome> => {
    const options = {
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(signal !== undefined && { signal }),
      headers: idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey },
    };
    return outcomeOf(client(isChained ? chained() : undefined)[method]({}, options));
  };
  return {
    read: (call = {}) => run(call, "getUser"),
    write: (call = {}) => run(call, "updateUser"),
    async watch() {
      let messages = 0;
      const all = (async () => {
        for await (const _ of client().watchUsers({})) messages += 1;
      })();
      return { ...(await outcomeOf(all)), messages };
    },
  };
};

async function outcomeOf(call: Promise<unknown>): Promise<ContractOutcome> {
  try {
    await call;
    return { code: "ok", pushback: null };
  } catch (reason) {
    const error = ConnectError.from(reason, Code.Unknown);
    return { code: codeToString(error.code), pushback: error.metadata.get("grpc-retry-pushback-ms") };
  }
}

/** A call that is served as the second attempt of its caller. */
function chained(): HandlerContext {
  const { getUser: method } = UserService.method;
  const init = { method, service: UserService, protocolName: "connect", requestMethod: "POST", url: "http://x" };
  return createHandlerContext({ ...init, requestHeader: { "tidegate-attempt": "2" } });
}
