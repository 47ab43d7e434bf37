// A call as REST, by the google.api.http rule of its method.
import { type DescMethod, type Message, type Registry, toJson, toJsonString } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { expandRequest } from "../../../workers/gateway/transcode/rules/expand-request.ts";
import { compileRest, type RestRoute } from "../../../workers/gateway/transcode/rules/rules.ts";
import { Failure } from "../failure.ts";

export interface RestCall {
  readonly method: DescMethod;
  readonly registry: Registry;
  readonly messages: readonly Message[];
  readonly headers: Headers;
  readonly timeoutMs: number | undefined;
  readonly gateway: string;
}

/** @throws Failure where the method has no rule, or a field cannot be in the URL */
export async function sendRest({ method, registry, messages, headers, timeoutMs, gateway }: RestCall): Promise<Response> {
  const route = routeOf(method);
  const [message] = messages;
  const expanded = expandRequest(route, message!);
  if (expanded.kind === "invalid")
    throw new Failure({ what: `BODY: ${expanded.field} ${expanded.problem}`, fix: "see the rule of the method" }, 2);
  const body = route.body === undefined ? undefined : messages.map((one) => bodyOf(route, one, registry)).join("\n");
  if (body !== undefined) headers.set("content-type", "application/json");
  // A stream as one message a line: otherwise it is a JSON array.
  if (/(server|bidi)_streaming/.test(method.methodKind) && !headers.has("accept")) headers.set("accept", "application/x-ndjson");
  if (timeoutMs !== undefined) headers.set("connect-timeout-ms", String(Math.ceil(timeoutMs)));
  const signal = timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(Math.ceil(timeoutMs)) };
  const httpMethod = route.httpMethod === "*" ? "POST" : route.httpMethod;
  const request = { method: httpMethod, headers, redirect: "manual" as const, ...(body !== undefined && { body }), ...signal };
  return fetch(`${gateway.replace(/\/$/, "")}${expanded.path}${expanded.query}`, request);
}

function routeOf(method: DescMethod): RestRoute {
  const { table, problems } = compileRest([method.parent]);
  const route = table.routes.find((one) => one.method === method);
  if (route !== undefined) return route;
  const name = `${method.parent.typeName}.${method.name}`;
  const problem = problems.find(({ path }) => path.startsWith(name));
  const why = problem === undefined ? "it has no google.api.http rule" : `its rule is invalid: ${problem.found}`;
  throw new Failure({ what: `${name} cannot be called as REST`, why, fix: "leave out --protocol rest, or add a rule to its proto" });
}

/** The body of one message: the whole message without the fields of the path, or one field. */
function bodyOf({ body, method, variables }: RestRoute, message: Message, registry: Registry): string {
  const holder = reflect(method.input, message, false);
  if (body?.field !== undefined) {
    const json = toJson(method.input, message, { registry }) as Record<string, unknown>;
    return JSON.stringify(json[body.field.jsonName] ?? {});
  }
  for (const { field, parents } of variables) if (parents.length === 0) holder.clear(field);
  return toJsonString(method.input, message, { registry });
}
