// The OpenAPI document of the gateway with its references resolved, and its operations in order.
import type { ApiOperation, OpenApiDocument } from "./openapi.ts";

const METHODS = ["get", "post", "put", "patch", "delete", "head", "options", "trace"];

export interface Entry {
  readonly method: string;
  readonly path: string;
  readonly id: string;
  readonly service: string; // full name
  readonly operation: ApiOperation;
}

export interface DocumentedService {
  readonly name: string;
  readonly description?: string;
  readonly entries: readonly Entry[];
}

export interface Contract {
  readonly info: OpenApiDocument["info"];
  readonly origin: string;
  readonly services: readonly DocumentedService[];
  readonly entries: ReadonlyMap<string, Entry>;
  /** The value itself, or what its `$ref` names. Members beside `$ref` have precedence. */
  readonly follow: <Value extends { readonly $ref?: string }>(value: Value) => Value;
}

/** @param origin of the page @throws Error where the gateway does not serve the document */
export async function loadContract(origin: string): Promise<Contract> {
  const response = await fetch("/openapi.json");
  if (!response.ok) throw new Error(`/openapi.json responded with status ${response.status}`);
  return contractOf((await response.json()) as OpenApiDocument, origin); // the gateway itself has written the document
}

/** @param origin of the page: a document without a server of its own is about the gateway that serves it */
export function contractOf(document: OpenApiDocument, origin: string): Contract {
  const all: Entry[] = [];
  for (const [path, item] of Object.entries(document.paths)) {
    const { "x-additional-operations": additional = {}, ...fixed } = item;
    const operations = METHODS.map((method) => [method.toUpperCase(), fixed[method]] as const);
    for (const [method, operation] of [...operations, ...Object.entries(additional)]) {
      if (operation !== undefined) all.push({ method, path, id: operation.operationId, service: operation.tags[0], operation });
    }
  }
  const [server] = document.servers;
  return {
    info: document.info,
    origin: server === undefined || server.url === "/" ? origin : server.url,
    services: document.tags.map((tag) => ({ ...tag, entries: all.filter((entry) => entry.service === tag.name) })),
    entries: new Map(all.map((entry) => [entry.id, entry])),
    follow: (value) => followed(value, document),
  };
}

function followed<Value extends { readonly $ref?: string }>(value: Value, document: object): Value {
  if (value.$ref === undefined) return value;
  const { $ref, ...beside } = value;
  let target: unknown = document;
  for (const key of $ref.slice("#/".length).split("/")) target = (target as Record<string, unknown> | undefined)?.[key];
  return { ...(target as Value), ...beside };
}

/** The part of a service's full name that distinguishes it from the others. */
export function shortName(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

/** The name of the method in the proto, such as `ListOrders`; further rules of a method have a number. */
export function methodNameOf({ operationId }: ApiOperation): string {
  const [, name = operationId, count] = /_([A-Za-z0-9]+?)(?:_(\d+))?$/.exec(operationId) ?? [];
  return count === undefined ? name : `${name} (${count})`;
}
