// The facts of a route that its calls refer to.
import type { DescMethod } from "@bufbuild/protobuf";

/** What all calls of a route have in common; made once, when the configuration is compiled. */
export interface Route {
  readonly name: string; // `users.v1.UserService/GetUser`; the prefix of a plain HTTP route; empty where no route matched
  readonly path: string; // of an RPC: `/users.v1.UserService/GetUser`; the prefix of a plain HTTP route
  readonly service: string; // full name of the service; the prefix of a plain HTTP route
  readonly method: DescMethod | undefined; // undefined for plain HTTP
  readonly maxBodyBytes: number; // of a message, decompressed, or of a plain HTTP body
  readonly principalHeader: string | undefined; // header that names the caller, where the configuration names one
}

/** @param principalHeader header that names the caller, where the configuration names one */
export function routeOf(method: DescMethod, maxBodyBytes: number, principalHeader: string | undefined): Route {
  const service = method.parent.typeName;
  const name = `${service}/${method.name}`;
  return { name, path: `/${name}`, service, method, maxBodyBytes, principalHeader };
}

/** Where no route matched: such a call is refused. */
export const NO_ROUTE: Route = { name: "", path: "", service: "", method: undefined, maxBodyBytes: 0, principalHeader: undefined };

export function httpRouteOf(prefix: string, maxBodyBytes: number, principalHeader: string | undefined): Route {
  return { name: prefix, path: prefix, service: prefix, method: undefined, maxBodyBytes, principalHeader };
}
