// What isolates exchange in the background: the real exchange, its relay, and the root objects behind it, while nothing fails.
import { BREAKER } from "../../../core/config/breaker.ts";
import type { ExchangeReply } from "../../../core/exchange/messages.ts";
import { EXCHANGE_MS } from "../../../core/exchange/messages.ts";
import type { ExchangeDraft, ExchangeSection } from "../../../workers/gateway/background/exchange.ts";
import type { Operations } from "./prices.ts";
import { loadWorkerModule, type ObjectClass, provideWorkers, Runtime } from "./runtime.ts";

const ISOLATES = 100; // in one region
const CALLS_PER_SECOND = 100;
const UPSTREAMS = ["users.v1.UserService", "orders.v1.OrderService"];
const WARM_SECONDS = 60;
export const BACKGROUND_SECONDS = 600;

export const BACKGROUND_ABOUT = `breakers, endpoint lists and purges: ${CALLS_PER_SECOND} calls a second over ${ISOLATES} isolates of a region, ${UPSTREAMS.length} upstreams with registered endpoints`;

interface ExchangeModule {
  readonly Exchange: new (
    relays: unknown,
    intervalMs: number,
  ) => { add(section: ExchangeSection): void; begin(request: unknown, keepAlive: (done: Promise<void>) => void): void };
}

/** Reports on every upstream, and requests its list and the purges, in each exchange: as much as an isolate can send while all is well. */
class Everything implements ExchangeSection {
  readonly isNeeded = false;
  readonly #versions = new Map<string, number>();
  #sequence = 0;
  #purges = 0;

  write(draft: ExchangeDraft): void {
    const report = { sequence: ++this.#sequence, calls: 10, failures: 0, isOpen: false, wantsProbe: false };
    const upstreams = UPSTREAMS.map((name) => [name, { reports: { [name]: report }, policy: BREAKER }] as const);
    draft.breakers = Object.fromEntries(upstreams);
    const lists = UPSTREAMS.map((name) => [name, { known: this.#versions.get(name) ?? -1, health: undefined, configured: [] }] as const);
    draft.lists = Object.fromEntries(lists);
    draft.purges = { known: this.#purges };
  }

  read({ lists, purges }: ExchangeReply): void {
    for (const [name, { version }] of Object.entries(lists ?? {})) this.#versions.set(name, version);
    this.#purges = purges?.delta.seq ?? this.#purges;
  }
}

export async function runBackground(seed: number): Promise<Operations & { readonly objects: number }> {
  provideWorkers();
  const { Exchange } = await loadWorkerModule<ExchangeModule>("workers/gateway/background/exchange.ts");
  const classes = await Promise.all(
    [
      ["RELAY", "Relay", "relay.ts"],
      ["CIRCUIT_BREAKER", "CircuitBreaker", "circuit-breaker.ts"],
      ["HASH_RING", "HashRing", "hash-ring.ts"],
      ["PURGE_LOG", "PurgeLog", "purge-log.ts"],
    ].map(async ([binding, name, file]) => {
      const module = await loadWorkerModule<Readonly<Record<string, ObjectClass>>>(`durable-objects/${file}`);
      return [binding!, module[name!]!] as const;
    }),
  );
  const runtime = new Runtime(seed);
  const env: Record<string, unknown> = {};
  for (const [binding, className] of classes) env[binding] = runtime.namespace(className, env);
  const isolates = Array.from({ length: ISOLATES }, () => {
    const exchange = new Exchange(env["RELAY"], EXCHANGE_MS);
    exchange.add(new Everything());
    return exchange;
  });
  let calls = 0;
  const arrive = (): void => {
    calls += 1;
    isolates[Math.floor(runtime.random() * ISOLATES)]!.begin({ headers: new Headers() }, () => undefined);
    runtime.world.after((-Math.log(1 - runtime.random()) * 1_000) / CALLS_PER_SECOND, arrive);
  };
  runtime.install();
  try {
    runtime.world.after(0, arrive);
    await runtime.run(WARM_SECONDS * 1_000);
    const before = { ...runtime.operations, calls };
    await runtime.run(BACKGROUND_SECONDS * 1_000);
    const { operations, objects } = runtime;
    return {
      ...operations,
      objects,
      calls: calls - before.calls,
      objectRequests: operations.objectRequests - before.objectRequests,
      rowsRead: operations.rowsRead - before.rowsRead,
      rowsWritten: operations.rowsWritten - before.rowsWritten,
    };
  } finally {
    runtime.dispose();
  }
}
