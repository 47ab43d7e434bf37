// Stubs of Durable Objects by region and name: the location hint and the jurisdiction of every object are decided here.
import { isWithin, type Jurisdiction, type LocationHint, locationHintOf, type Region } from "../../../core/region.ts";

// The types of Workers are not used here: the CLI compiles configurations, and has none.
interface StubOptions {
  readonly locationHint?: LocationHint;
}

/** What is used of a namespace of Durable Objects. */
interface ObjectNamespace {
  getByName(name: string, options?: StubOptions): unknown;
  jurisdiction(name: Jurisdiction): ObjectNamespace;
}

/**
 * The stub of an object that serves one region. Its name starts with the region, and it is created there. A stub is made for each message:
 * after an error, a stub stays broken.
 *
 * @param name within the region, such as `shard-3`
 */
export function regionalObject<Stub>(
  objects: { getByName(name: string, options?: StubOptions): Stub },
  region: Region,
  name: string,
): Stub {
  const locationHint = locationHintOf(region);
  return objects.getByName(`${region}/${name}`, locationHint === undefined ? {} : { locationHint });
}

/**
 * The objects of a namespace under a jurisdiction: they run and store data only there. The same name means another object under another
 * jurisdiction. A location hint from outside of the jurisdiction is left out.
 */
class RestrictedNamespace {
  readonly #jurisdiction: Jurisdiction;
  readonly #restricted: ObjectNamespace;

  constructor(namespace: ObjectNamespace, jurisdiction: Jurisdiction) {
    this.#jurisdiction = jurisdiction;
    this.#restricted = namespace.jurisdiction(jurisdiction);
  }

  getByName(name: string, options: StubOptions = {}): unknown {
    const { locationHint } = options;
    const keepsHint = locationHint !== undefined && isWithin(locationHint, this.#jurisdiction);
    return this.#restricted.getByName(name, keepsHint ? options : {});
  }
}

/** The bindings of the gateway that are namespaces of Durable Objects. A service binding looks like one: it has every method. */
const NAMESPACES: ReadonlySet<string> = new Set([
  "TOKEN_BUCKET",
  "HASH_RING",
  "CIRCUIT_BREAKER",
  "PURGE_LOG",
  "NONCE_LOG",
  "RELAY",
  "KEY_STORE",
  "AUDIT_LOG",
  "CONTROL_PLANE",
  "TELEMETRY",
]);

/** @returns the bindings, with the gateway's namespaces under the jurisdiction. Their objects are then reached by name only */
export function bindingsWithin(
  bindings: Readonly<Record<string, unknown>>,
  jurisdiction: Jurisdiction | undefined,
): Readonly<Record<string, unknown>> {
  if (jurisdiction === undefined) return bindings;
  const entries = Object.entries(bindings).map(([name, binding]) => {
    const isNamespace = NAMESPACES.has(name) && binding !== undefined;
    return [name, isNamespace ? restricted(binding as ObjectNamespace, jurisdiction) : binding] as const;
  });
  return Object.fromEntries(entries);
}

/** workerd alone has no jurisdictions: a configuration that sets one runs locally, without it. */
function restricted(namespace: ObjectNamespace, jurisdiction: Jurisdiction): ObjectNamespace | RestrictedNamespace {
  try {
    return new RestrictedNamespace(namespace, jurisdiction);
  } catch (error) {
    if (String(error).includes("not implemented in workerd")) return namespace;
    throw error;
  }
}
