// The request that an explanation is about, as a caller would make it.
import type { HandledRoutes } from "../assemble.ts";
import type { Configuration } from "../configure/configuration.ts";

const HOST = "gateway.example";

/** @param path of a request, with its query; of an RPC: `/users.v1.UserService/GetUser` */
export function explainedRequest({ policy }: Configuration, { procedures }: HandledRoutes, method: string, path: string): Request {
  const bare = path.split("?")[0]!;
  const procedure = procedures.get(bare);
  const host = procedure?.isAdmin === true ? (policy.admin?.host ?? HOST) : HOST;
  const isStream = procedure !== undefined && procedure.method.methodKind !== "unary";
  const hasBody = method !== "GET" && method !== "HEAD" && method !== "OPTIONS" && method !== "DELETE";
  const headers = hasBody ? { "content-type": isStream ? "application/connect+json" : "application/json" } : {};
  const request = new Request(`https://${host}${path}`, { headers });
  // The constructor refuses some methods that callers can use, such as TRACE.
  Object.defineProperty(request, "method", { value: method });
  return request;
}
