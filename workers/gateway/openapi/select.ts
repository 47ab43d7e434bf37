// The part of an OpenAPI document that a gateway may show: what is not served is not told of, down to its schemas.

/** As much of a document as has to be known here. */
export interface OpenApi {
  readonly tags: readonly { readonly name: string }[]; // one per service, by its full name
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
  readonly [rest: string]: unknown;
}

const SCHEMA = "#/components/schemas/";

/** @param services full names; operations of others are left out, and so are the schemas that only those speak of */
export function selectServices(document: OpenApi, services: ReadonlySet<string>): OpenApi {
  const isServed = (operation: unknown): boolean => {
    const { tags = [] } = operation as { tags?: readonly string[] };
    return tags.some((tag) => services.has(tag));
  };
  const pick = (item: object): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(item).flatMap(([method, operation]) => {
        if (!method.startsWith("x-")) return isServed(operation) ? [[method, operation]] : [];
        const additional = pick(operation as object);
        return Object.keys(additional).length > 0 ? [[method, additional]] : [];
      }),
    );
  const items = Object.entries(document.paths).map(([path, item]) => [path, pick(item)] as const);
  const paths = Object.fromEntries(items.filter(([, item]) => Object.keys(item).length > 0));
  const { schemas, ...others } = document.components;
  const reached = reachable(schemas, [paths, others]);
  return {
    ...document,
    tags: document.tags.filter(({ name }) => services.has(name)),
    paths,
    components: { ...others, schemas: Object.fromEntries(Object.entries(schemas).filter(([name]) => reached.has(name))) },
  };
}

/** The names of the schemas that something refers to, itself or through another schema. */
function reachable(schemas: Readonly<Record<string, unknown>>, from: readonly unknown[]): ReadonlySet<string> {
  const reached = new Set<string>();
  const open: unknown[] = [...from];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== "object" || value === null) continue;
    for (const [key, inner] of Object.entries(value)) {
      if (key !== "$ref" || typeof inner !== "string" || !inner.startsWith(SCHEMA)) {
        open.push(inner);
        continue;
      }
      const name = inner.slice(SCHEMA.length);
      if (reached.has(name)) continue;
      reached.add(name);
      open.push(schemas[name]);
    }
  }
  return reached;
}
