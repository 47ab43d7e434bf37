// Writes the OpenAPI document: every HTTP rule as the gateway serves it, every other method as Connect calls it, and all their schemas.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { RestRoute } from "../transcode/rules/rules.ts";
import {
  CONNECT_ERROR_SCHEMA,
  connectErrorResponses,
  errorResponses,
  HEADERS,
  STATUS_SCHEMA,
  STREAM_ERROR_SCHEMA,
} from "./error-responses.ts";
import { operationOf } from "./operation.ts";
import { openPathOf } from "./paths.ts";
import { rpcOperationsOf, rpcPathOf } from "./rpc-operation.ts";
import { commentOf } from "./schemas/comments.ts";
import { Schemas } from "./schemas/schemas.ts";
import type { Schema } from "./schemas/values.ts";

/** Everything that a document is written from. */
export interface DocumentSource {
  readonly services: readonly DescService[];
  readonly routes: readonly RestRoute[]; // routes that are served; skipped rules are not among them
  readonly info: DocumentInfo;
  readonly servers: readonly string[];
  readonly security: Readonly<Record<string, Schema>>; // security schemes by name; a call needs one of them
}

export interface DocumentInfo {
  readonly title: string;
  readonly version: string;
  readonly description?: string | undefined;
  readonly contact?: Schema | undefined;
  readonly license?: Schema | undefined;
}

const METHODS = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"];
const ANY_WITHOUT_BODY = ["GET", "PUT", "POST", "DELETE", "PATCH"];
const ANY_WITH_BODY = ["PUT", "POST", "PATCH"];

type Paths = Record<string, Record<string, unknown>>;

/**
 * Writes the OpenAPI document of services: every HTTP rule, and every method without a rule as a Connect call.
 *
 * @see https://spec.openapis.org/oas/v3.1.1
 */
export function documentOf({ services, routes, info, servers, security }: DocumentSource): Schema {
  const schemas = new Schemas();
  const ids = new Set<string>();
  const paths: Paths = {};
  addRoutes(paths, routes, schemas, ids);
  const withRules = new Set(routes.map(({ method }) => rpcPathOf(method)));
  const methods = services.flatMap((service) => service.methods).filter((method) => !withRules.has(rpcPathOf(method)));
  for (const method of methods) addRpc(paths, method, schemas, ids);
  const components = new Map([
    ...schemas.components,
    ["google.rpc.Status", STATUS_SCHEMA],
    ["StreamError", STREAM_ERROR_SCHEMA],
    ...(methods.length > 0 ? [["ConnectError", CONNECT_ERROR_SCHEMA] as const] : []),
  ]);
  const document = {
    openapi: "3.1.0",
    info,
    servers: servers.map((url) => ({ url })),
    security: Object.keys(security).map((name) => ({ [name]: [] })), // empty if the configuration declares no credentials
    tags: services.map((service) => ({ name: service.typeName, description: commentOf(service) || undefined })),
    paths,
    components: {
      schemas: Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))),
      responses: { ...errorResponses(), ...(methods.length > 0 ? connectErrorResponses() : {}) },
      headers: HEADERS,
      securitySchemes: Object.keys(security).length > 0 ? security : undefined,
    },
  };
  return JSON.parse(JSON.stringify(document)) as Schema; // drops members that are undefined
}

function addRpc(paths: Paths, method: DescMethod, schemas: Schemas, ids: Set<string>): void {
  const item: Record<string, unknown> = {};
  paths[rpcPathOf(method)] = item;
  for (const { httpMethod, operation } of rpcOperationsOf(method, schemas)) item[httpMethod] = operation(idFor(method, ids));
}

function addRoutes(paths: Paths, routes: readonly RestRoute[], schemas: Schemas, ids: Set<string>): void {
  const namesOf = new Map<string, readonly string[]>(); // parameter names by the shape of the path
  const fixed = new Map<string, Set<string>>(); // HTTP methods with a rule of their own, by path
  for (const route of routes) {
    const { text } = openPathOf(route, namesFor(route, namesOf));
    fixed.set(text, (fixed.get(text) ?? new Set()).add(route.httpMethod));
  }

  for (const route of routes) {
    const path = openPathOf(route, namesFor(route, namesOf));
    paths[path.text] ??= {};
    const item = paths[path.text]!;
    for (const httpMethod of methodsOf(route, fixed.get(path.text)!)) {
      const operation = operationOf(route, path, idFor(route.method, ids), schemas);
      if (METHODS.includes(httpMethod)) item[httpMethod.toLowerCase()] = operation;
      else item["x-additional-operations"] = { ...(item["x-additional-operations"] as object), [httpMethod]: operation }; // OpenAPI 3.1 has no place for other methods, 3.2 has
    }
  }
}

/** Parameter names for the shape of a path: those of its first route, because OpenAPI treats paths that differ only in names as the same. */
function namesFor(route: RestRoute, namesOf: Map<string, readonly string[]>): readonly string[] {
  const { shape, names } = openPathOf(route);
  const chosen = namesOf.get(shape) ?? names;
  namesOf.set(shape, chosen);
  return chosen;
}

function methodsOf({ httpMethod, body }: RestRoute, fixed: ReadonlySet<string>): readonly string[] {
  if (httpMethod !== "*") return [httpMethod];
  return (body === undefined ? ANY_WITHOUT_BODY : ANY_WITH_BODY).filter((method) => !fixed.has(method));
}

/** `UserService_GetUser`; with the package if another service has the same name, and with a number for each further rule. */
function idFor(method: DescMethod, taken: Set<string>): string {
  const short = `${method.parent.name}_${method.name}`;
  const owner = `${method.parent.typeName.replaceAll(".", "_")}_${method.name}`;
  const isFirst = !taken.has(`${short} of ${owner}`) && taken.has(short);
  const stem = isFirst || taken.has(owner) ? owner : short;
  taken.add(`${short} of ${owner}`);
  for (let count = 1; ; count++) {
    const id = count === 1 ? stem : `${stem}_${count}`;
    if (taken.has(id)) continue;
    taken.add(id);
    return id;
  }
}
