// The facts of a route that its calls refer to.
import type { DescMethod } from "@bufbuild/protobuf";

/** What all calls of a route have in common; made once, when the configuration is compiled. */
export interface Route {
  readonly name: string; // `users.v1.UserService/GetUser`; the prefix of a plain HTTP route; empty where no route matched
  readonly path: string; // canonical: `/users.v1.UserService/GetUser`; the prefix of a plain HTTP route
  readonly service: string; // full name of the service; the prefix of a plain HTTP route
  readonly method: DescMethod | undefined; // undefined for plain HTTP
  readonly maxBodyBytes: number; // largest message, decompressed, or largest plain HTTP body
  readonly principalHeader: string | undefined; // header that names the caller, where the configuration names one
}

/** Name and path of a method, as Connect and gRPC write them. */
export function procedureOf({ parent, name: method }: DescMethod): Pick<Route, "name" | "path"> {
  const name = `${parent.typeName}/${method}`;
  return { name, path: `/${name}` };
}

/** @param principalHeader header that names the caller, where the configuration names one */
export function rpcRoute(method: DescMethod, maxBodyBytes: number, principalHeader: string | undefined): Route {
  return { ...procedureOf(method), service: method.parent.typeName, method, maxBodyBytes, principalHeader };
}

/** @param principalHeader header that names the caller, where the configuration names one */
export function httpRoute(prefix: string, maxBodyBytes: number, principalHeader: string | undefined): Route {
  return { name: prefix, path: prefix, service: prefix, method: undefined, maxBodyBytes, principalHeader };
}

/** Where no route matched: such a call is refused. */
export const NO_ROUTE: Route = { name: "", path: "", service: "", method: undefined, maxBodyBytes: 0, principalHeader: undefined };
