// The runtime of Workers as far as the limiter and its objects use it, with a clock and random numbers of its own: operations that are
// billed are counted, and the code that makes them is the real one.
import { registerHooks } from "node:module";
import { randomStream, World } from "../simulation.ts";
import { noOperations, type Operations } from "./prices.ts";
import { countedStorage } from "./storage.ts";

const START = Date.UTC(2040, 0, 1);
const ROUND_TRIP_MS = 20; // between an isolate and an object of its region
const MODULE = `data:text/javascript,${encodeURIComponent(`
  export class DurableObject { constructor(ctx, env) { this.ctx = ctx; this.env = env; } }
  export class WorkerEntrypoint {}
  export const env = {};
  export const waitUntil = (promise) => { promise.catch(() => undefined); };
`)}`;

let isHooked = false;

/** Lets modules import `cloudflare:workers`. Has to be called before they are loaded. */
export function provideWorkers(): void {
  if (isHooked) return;
  isHooked = true;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "cloudflare:workers" ? { url: MODULE, shortCircuit: true } : next(specifier, context),
  });
}

/** Loads a module of the project that needs `cloudflare:workers`. Its types are those of Workers, which commands do not have. */
export function loadWorkerModule<T>(path: string): Promise<T> {
  return import(`../../../${path}`) as Promise<T>;
}

type Methods = Readonly<Record<string, (...args: unknown[]) => unknown>> & { alarm?(): unknown };
export type ObjectClass = new (state: never, env: never) => object;

/** One run: a world, its objects, and what they cost. */
export class Runtime {
  readonly world = new World();
  readonly operations: Operations = noOperations();
  readonly random: () => number;
  readonly #objects = new Map<string, Methods>();
  #restore: () => void = () => undefined;

  constructor(seed: number) {
    this.random = randomStream(seed);
  }

  /** Objects that have been called. */
  get objects(): number {
    return this.#objects.size;
  }

  /** Calls until `dispose` see the world's clock, and its random numbers. */
  install(): void {
    const { now } = Date;
    const { random } = Math;
    const { setTimeout: timeout, clearTimeout: clear } = globalThis;
    const uuid = crypto.randomUUID;
    const cancelled = new Set<number>();
    let timers = 0;
    this.world.now = START;
    Date.now = () => Math.floor(this.world.now);
    Math.random = this.random;
    let ids = 0;
    crypto.randomUUID = () => `00000000-0000-4000-8000-${String(++ids).padStart(12, "0")}`;
    const replaced = globalThis as unknown as Record<string, unknown>;
    replaced["setTimeout"] = (work: () => void, ms: number) => {
      const timer = ++timers;
      this.world.after(ms, () => {
        if (!cancelled.delete(timer)) work();
      });
      return timer;
    };
    replaced["clearTimeout"] = (timer: number) => void cancelled.add(timer);
    replaced["scheduler"] = { wait: (ms: number) => new Promise<void>((resolve) => this.world.after(ms, resolve)) };
    this.#restore = () => {
      Date.now = now;
      Math.random = random;
      crypto.randomUUID = uuid;
      Object.assign(globalThis, { setTimeout: timeout, clearTimeout: clear });
      delete replaced["scheduler"];
    };
  }

  dispose(): void {
    this.#restore();
  }

  /** Lets everything happen that is due in the next time, and what follows from it at once. */
  async run(ms: number): Promise<void> {
    const end = this.world.now + ms;
    while (this.world.step(end)) await new Promise((resolve) => setImmediate(resolve));
    this.world.run(end);
  }

  /** A namespace of objects: each call is a request, and takes a round trip. */
  namespace(className: ObjectClass, env: object): unknown {
    const stub = (name: string): unknown =>
      new Proxy(
        {},
        {
          get: (_, method: string) =>
            method === "then" ? undefined : (...args: readonly unknown[]) => this.#call(className, env, name, method, args),
        },
      );
    return { getByName: stub, idFromName: (name: string) => name, get: stub };
  }

  async #call(className: ObjectClass, env: object, name: string, method: string, args: readonly unknown[]): Promise<unknown> {
    const travel = (): Promise<void> => new Promise((resolve) => this.world.after(ROUND_TRIP_MS / 2, resolve));
    this.operations.objectRequests += 1;
    await travel();
    const result = await this.#object(className, env, name)[method]!(...structuredClone(args));
    await travel();
    return result;
  }

  #object(className: ObjectClass, env: object, name: string): Methods {
    const known = this.#objects.get(`${className.name} ${name}`);
    if (known !== undefined) return known;
    const alarm = (): void => {
      this.operations.objectRequests += 1;
      void created.alarm?.();
    };
    const storage = countedStorage(this.operations, (time, ring) => this.world.at(time, ring), alarm);
    const state = { id: { toString: () => name, name }, storage };
    const created = new className(state as never, env as never) as unknown as Methods;
    this.#objects.set(`${className.name} ${name}`, created);
    return created;
  }
}
