// Wraps the exports of a Worker for `npm start -- --network`: its handlers and classes get an environment behind the network, the region that
// was set, and the platform's limit of connections. A generated main per Worker calls it.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { REGION_HEADER } from "../../core/headers.ts";
import { limitConnections, withConnections } from "./connections.ts";
import { networked, regionIn } from "./network.ts";

type Exports = Readonly<Record<string, unknown>>;
type Handler = (event: unknown, env: object, context: unknown) => unknown;
type EntryClass = new (state: unknown, env: object) => object;

let isLimited = false;

/** @param main the exports of the Worker's own main module */
export function behindNetwork(main: Exports): Exports {
  if (!isLimited) limitConnections();
  isLimited = true;
  return Object.fromEntries(Object.entries(main).map(([name, value]) => [name, exportBehind(value)]));
}

function exportBehind(value: unknown): unknown {
  if (isEntryClass(value)) return classBehind(value);
  return typeof value === "object" && value !== null ? handlersBehind(value as Exports) : value;
}

function isEntryClass(value: unknown): value is EntryClass {
  if (typeof value !== "function") return false;
  const { prototype } = value as { readonly prototype?: unknown };
  return prototype instanceof DurableObject || prototype instanceof WorkerEntrypoint;
}

/** The handlers of a default export: `fetch`, `scheduled` and others. */
function handlersBehind(handlers: Exports): Exports {
  const entries = Object.entries(handlers).map(([name, handler]) => {
    if (typeof handler !== "function") return [name, handler];
    const wrapped: Handler = (event, env, context) =>
      withConnections(() => Reflect.apply(handler, handlers, [inRegion(event, env), networked(env), context]));
    return [name, wrapped];
  });
  return Object.fromEntries(entries);
}

/**
 * The region that was set replaces the place that a request shows, which is that of the developer's machine. As from one Worker to another, it
 * is passed in a header.
 */
function inRegion(event: unknown, env: object): unknown {
  const region = regionIn(env);
  if (region === undefined || !(event instanceof Request)) return event;
  const request = new Request(event, { cf: {} });
  if (!request.headers.has(REGION_HEADER)) request.headers.set(REGION_HEADER, region);
  return request;
}

/** Each call of an object, and each of its alarms, has connections of its own. */
function classBehind(original: EntryClass): EntryClass {
  const wrapped = class extends original {
    constructor(state: unknown, env: object) {
      super(state, networked(env));
    }
  };
  for (const name of methodNames(original)) {
    const method: unknown = original.prototype[name];
    if (typeof method !== "function") continue;
    Object.defineProperty(wrapped.prototype, name, {
      configurable: true,
      writable: true,
      value(this: object, ...args: unknown[]): unknown {
        return withConnections(() => Reflect.apply(method, this, args));
      },
    });
  }
  return wrapped;
}

/** Methods of a class and of those that it extends, up to the classes of the platform. */
function methodNames({ prototype }: EntryClass): string[] {
  const names = new Set<string>();
  for (let own = prototype; own !== null && own !== DurableObject.prototype && own !== WorkerEntrypoint.prototype; ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(own)))
      if (name !== "constructor" && typeof value === "function") names.add(name);
    own = Object.getPrototypeOf(own);
  }
  return [...names];
}
