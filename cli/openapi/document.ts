// The document: every HTTP rule of the services as the gateway compiles it, and the schemas they speak of.
import type { DescService } from "@bufbuild/protobuf";
import { describe } from "../../core/parse.ts";
import { compileRest, type RestRoute } from "../../workers/gateway/transcode/rules.ts";
import { commentOf } from "./comments.ts";
import { errorResponses, HEADERS, STATUS_SCHEMA, STREAM_ERROR_SCHEMA } from "./errors.ts";
import { operationOf } from "./operation.ts";
import { openPathOf } from "./paths.ts";
import { createSchemas } from "./schemas.ts";
import type { Schema } from "./values.ts";

export interface Info {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
}

const METHODS = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"];
const ANY_WITHOUT_BODY = ["GET", "PUT", "POST", "DELETE", "PATCH"];
const ANY_WITH_BODY = ["PUT", "POST", "PATCH"];

/**
 * Writes the OpenAPI document of services; those without an HTTP rule have no part in it.
 *
 * @throws with every problem of the rules: what the gateway refuses has no description
 * @see https://spec.openapis.org/oas/v3.1.1
 */
export function documentOf(services: readonly DescService[], info: Info): Schema {
  const { table, problems } = compileRest(services);
  if (problems.length > 0) throw new Error(problems.map((problem) => describe(problem)).join("\n"));
  const schemas = createSchemas();
  const paths = pathsOf(table.routes, schemas);
  const described = services.filter((service) => table.routes.some(({ method }) => method.parent === service));
  const components = new Map([...schemas.components, ["google.rpc.Status", STATUS_SCHEMA], ["StreamError", STREAM_ERROR_SCHEMA]]);
  const document = {
    openapi: "3.1.0",
    info,
    servers: [{ url: "/" }],
    tags: described.map((service) => ({ name: service.typeName, description: commentOf(service) || undefined })),
    paths,
    components: {
      schemas: Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))),
      responses: errorResponses(),
      parameters: {
        IdempotencyKey: {
          name: "Idempotency-Key",
          in: "header",
          description: "Makes the call safe to repeat: says the same as the field `request_id`.",
          schema: { type: "string", minLength: 1, maxLength: 64 },
        },
      },
      headers: HEADERS,
    },
  };
  return JSON.parse(JSON.stringify(document)) as Schema; // what is undefined is gone
}

function pathsOf(routes: readonly RestRoute[], schemas: ReturnType<typeof createSchemas>): Schema {
  const paths: Record<string, Record<string, unknown>> = {};
  const namesOf = new Map<string, readonly string[]>(); // of the parameters, by the shape of the path
  const ids = new Set<string>();
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
      const operation = operationOf(route, path, idFor(route, ids), schemas);
      if (METHODS.includes(httpMethod)) item[httpMethod.toLowerCase()] = operation;
      else item["x-additional-operations"] = { ...(item["x-additional-operations"] as object), [httpMethod]: operation }; // OpenAPI 3.2 has these
    }
  }
  return paths;
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
function idFor({ method }: RestRoute, taken: Set<string>): string {
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
