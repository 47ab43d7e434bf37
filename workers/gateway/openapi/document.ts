// The document: every HTTP rule of the services as the gateway serves it, every other method by its name, and the schemas they speak of.
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
import { createSchemas } from "./schemas/schemas.ts";
import type { Schema } from "./schemas/values.ts";

/** What a document is written of. */
export interface DocumentSource {
  readonly services: readonly DescService[];
  readonly routes: readonly RestRoute[]; // as they are served: rules that were skipped are not among them
  readonly info: DocumentInfo;
  readonly servers: readonly string[];
  readonly security: Readonly<Record<string, Schema>>; // schemes by their names; any one of them is enough for a call
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
 * Writes the OpenAPI document of services: every HTTP rule, and every method without one by its name over Connect.
 *
 * @see https://spec.openapis.org/oas/v3.1.1
 */
export function documentOf({ services, routes, info, servers, security }: DocumentSource): Schema {
  const schemas = createSchemas();
  const ids = new Set<string>();
  const paths: Paths = {};
  addRoutes(paths, routes, schemas, ids);
  const ruled = new Set(routes.map(({ method }) => rpcPathOf(method)));
  const methods = services.flatMap((service) => service.methods).filter((method) => !ruled.has(rpcPathOf(method)));
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
    security: Object.keys(security).map((name) => ({ [name]: [] })), // empty: nothing is known of credentials
    tags: services.map((service) => ({ name: service.typeName, description: commentOf(service) || undefined })),
    paths,
    components: {
      schemas: Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))),
      responses: { ...errorResponses(), ...(methods.length > 0 ? connectErrorResponses() : {}) },
      headers: HEADERS,
      securitySchemes: Object.keys(security).length > 0 ? security : undefined,
    },
  };
  return JSON.parse(JSON.stringify(document)) as Schema; // members that are undefined are dropped
}

function addRpc(paths: Paths, method: DescMethod, schemas: ReturnType<typeof createSchemas>, ids: Set<string>): void {
  const item: Record<string, unknown> = {};
  paths[rpcPathOf(method)] = item;
  for (const { httpMethod, operation } of rpcOperationsOf(method, schemas)) item[httpMethod] = operation(idFor(method, ids));
}

function addRoutes(paths: Paths, routes: readonly RestRoute[], schemas: ReturnType<typeof createSchemas>, ids: Set<string>): void {
  const namesOf = new Map<string, readonly string[]>(); // of the parameters, by the shape of the path
  const fixed = new Map<string, Set<string>>(); // methods with a rule of their own
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
      else item["x-additional-operations"] = { ...(item["x-additional-operations"] as object), [httpMethod]: operation }; // OpenAPI 3.2 has these
    }
  }
}

/** Two paths that differ only in the names of their parameters are the same to OpenAPI: the first one names them. */
function namesFor(route: RestRoute, namesOf: Map<string, readonly string[]>): readonly string[] {
  const { shape, names } = openPathOf(route);
  const standing = namesOf.get(shape) ?? names;
  namesOf.set(shape, standing);
  return standing;
}

function methodsOf({ httpMethod, body }: RestRoute, fixed: ReadonlySet<string>): readonly string[] {
  if (httpMethod !== "*") return [httpMethod];
  return (body === undefined ? ANY_WITHOUT_BODY : ANY_WITH_BODY).filter((method) => !fixed.has(method));
}

/** `UserService_GetUser`; with its package where another service has that name, and a number for each further rule. */
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
