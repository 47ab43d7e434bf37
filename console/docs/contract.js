// Loads the OpenAPI document of the page, resolves its references, and lists its operations in order.

const METHODS = ["get", "post", "put", "patch", "delete", "head", "options", "trace"];

/**
 * @typedef {{ method: string, path: string, id: string, tag: string, operation: any }} Entry
 * @typedef {{ name: string, description?: string, entries: Entry[] }} Service
 * @typedef {{ info: any, origin: string, services: Service[], entries: Map<string, Entry>, follow: (value: any) => any }} Contract
 */

/** @returns {Promise<Contract>} */
export async function loadContract() {
  const response = await fetch("/openapi.json");
  if (!response.ok) throw new Error(`/openapi.json responded with status ${response.status}`);
  return contractOf(await response.json());
}

/** @param {any} document @returns {Contract} */
export function contractOf(document) {
  /** @type {Entry[]} */
  const all = [];
  for (const [path, item] of Object.entries(document.paths)) {
    const additional = Object.entries(item["x-additional-operations"] ?? {});
    const known = METHODS.filter((method) => item[method] !== undefined).map((method) => [method.toUpperCase(), item[method]]);
    for (const [method, operation] of [...known, ...additional]) {
      all.push({ method, path, id: operation.operationId, tag: operation.tags[0], operation });
    }
  }
  const follow = (/** @type {any} */ value) => {
    if (value?.$ref === undefined) return value;
    const { $ref, ...beside } = value;
    const target = $ref
      .slice(2)
      .split("/")
      .reduce((/** @type {any} */ at, /** @type {string} */ key) => at?.[key], document);
    return { ...target, ...beside };
  };
  return {
    info: document.info,
    origin: document.servers[0].url === "/" ? location.origin : document.servers[0].url,
    services: document.tags.map((/** @type {any} */ tag) => ({ ...tag, entries: all.filter((entry) => entry.tag === tag.name) })),
    entries: new Map(all.map((entry) => [entry.id, entry])),
    follow,
  };
}

/** The part of a service's full name that distinguishes it from the others. @param {string} name */
export function shortName(name) {
  return name.slice(name.lastIndexOf(".") + 1);
}
