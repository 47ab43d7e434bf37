// Two kinds of tests: those of the pure core and the tools run in Node; everything with I/O or state runs inside workerd.
import { globSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { buildSync } from "esbuild";
import { defineConfig } from "vitest/config";
import { buildConsole } from "./cli/console/build-console.ts";
import { OWN_SERVICES } from "./cli/own-files.ts";
import { CLASSES, OBJECTS_WORKER } from "./durable-objects/classes.ts";
import { ByPath } from "./test/isolates/by-path.ts";
import { sharesIsolates } from "./test/isolates/plugin.ts";
import { checksReasons } from "./test/support/reasons/plugin.ts";

await buildConsole(import.meta.dirname); // the `[assets]` of wrangler.toml
const COMPATIBILITY_DATE = "2026-10-01"; // the date in every wrangler.toml
export const USERS = service("tidegate-users", "workers/services/users/index.ts", { USER_STORE: "UserStore" });
const EVENTS = { queue: "tidegate-order-events", dead: "tidegate-order-events-dead" };
export const ORDERS = {
  ...service("tidegate-orders", "workers/services/orders/index.ts", { ORDER_STORE: "OrderStore" }, { USERS: "tidegate-users" }),
  queueProducers: { ORDER_EVENTS: EVENTS.queue },
};
export const NOTIFICATIONS = {
  ...service(
    "tidegate-notifications",
    "workers/services/notifications/index.ts",
    { NOTIFICATION_STORE: "NotificationStore", DEAD_LETTERS: "DeadLetters" },
    { ORDERS: { name: "tidegate-orders", entrypoint: "Confirmations" } },
  ),
  queueProducers: { ORDER_EVENTS: EVENTS.queue, DEAD_ORDER_EVENTS: EVENTS.dead },
  queueConsumers: { [EVENTS.queue]: { maxBatchTimeout: 0 }, [EVENTS.dead]: { maxBatchTimeout: 0 } },
};
/** What the contract of transports calls. */
const CONTRACT = { ...service("contract", "test/support/contract/worker.ts", {}), compatibilityFlags: ["enable_request_signal"] };
/** A service inside a Durable Object. */
const IN_OBJECT = service("in-object", "test/support/in-object/worker.ts", { VISITS: "Visits" });
export const OBJECTS = service(OBJECTS_WORKER, "durable-objects/index.ts", CLASSES);

/** The same Worker of the version before this one, and as a later one may be: for tests of calls between versions. */
const CLASSES_BEFORE = { TOKEN_BUCKET: "TokenBucket", HASH_RING: "HashRing", CIRCUIT_BREAKER: "CircuitBreaker", PURGE_LOG: "PurgeLog" };
const OBJECTS_BEFORE = objectsWorker("objects-before", readFileSync("test/support/version-0.1/objects.bundle", "utf8"), CLASSES_BEFORE);
const OBJECTS_LATER = service("objects-later", "test/support/newer-objects.ts", CLASSES);

type ServiceBindings = Record<string, string | { readonly name: string; readonly entrypoint: string }>;

/** A Worker beside the tested one: it has to be JavaScript already. */
function service(name: string, entry: string, objects: Readonly<Record<string, string>>, serviceBindings: ServiceBindings = {}) {
  const bundled = buildSync({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    target: "es2024",
    platform: "neutral",
    external: ["cloudflare:*"],
    write: false,
  });
  return { ...objectsWorker(name, bundled.outputFiles[0]!.text, objects), serviceBindings };
}

function objectsWorker(name: string, contents: string, objects: Readonly<Record<string, string>>) {
  return {
    name,
    modules: [{ type: "ESModule" as const, path: `${name}.js`, contents }],
    compatibilityDate: COMPATIBILITY_DATE,
    durableObjects: objectsOf(objects),
  };
}

function objectsOf(classes: Readonly<Record<string, string>>, scriptName?: string, prefix = "") {
  const bindings = Object.entries(classes).map(([binding, className]) => {
    return [`${prefix}${binding}`, { className, useSQLite: true, ...(scriptName === undefined ? {} : { scriptName }) }] as const;
  });
  return Object.fromEntries(bindings);
}

/** Long suites have commands of their own, such as `npm run test:model` (test/long/vitest.config.ts). */
export const LONG = {
  // The commands as users run them: each test starts processes.
  commands: [
    "test/cli/{usage,admin/keys,check/{command,public-services,mistakes/mistakes},control/commands,deploy/deploy,gen/gen}.test.ts",
    "test/cli/{explain/{explain,trace},launch/install,project/{configuration,network,workers},telemetry/top}.test.ts",
    "test/cli/tidegate/{main,call/call,doctor/doctor,import/openapi,new/service}.test.ts",
    "test/faults/configuration.test.ts",
  ],
  console: ["test/console/**/*.e2e.test.ts"],
  model: ["test/core/breaker/{model,commands}.test.ts", "test/integration/cache-hit-ratio.node.test.ts", "test/simulation/**/*.test.ts"],
  modelInWorkerd: ["test/durable-objects/*.load.test.ts"],
  processes: [
    "test/e2e/{cache,four-gateways,key-gateways,prometheus,resilience,service-identity,start,three-services,top,two-regions}.test.ts",
  ],
};

/** Files that need an isolate of their own: they read what is kept for the whole life of one, and starts empty. */
const ALONE = [
  "test/integration/attacks.test.ts", // counts the calls of objects, those of an exchange in the background, too
  "test/integration/metrics-visible.test.ts",
  "test/integration/{rate-limit-refusals,settings-effect-{attempts,cache,rest}}.test.ts", // look at all timers of their isolate
  "test/workers/gateway/bodies/{body-reader,body-timer}.test.ts", // count the timers of their isolate
  "test/workers/gateway/metrics/{gateway-metrics,sinks}.test.ts",
  "test/workers/gateway/region/isolate-region.test.ts",
];

/** What all suites have. No test depends on the speed of the machine: the time-outs only end a test that hangs. */
export const COMMON = {
  testTimeout: 600_000,
  hookTimeout: 600_000,
  maxWorkers: Math.max(3, availableParallelism() - 1), // tests of processes and objects wait half of their time
  sequence: { sequencer: ByPath },
};

/** Tests of Workers that run in Node: they read descriptors from files, or their code has no I/O. */
const IN_NODE = [
  "test/workers/call/{hedge,retry,pool/endpoint-pool}.test.ts",
  "test/workers/gateway/transcode/**/*.test.ts",
  "test/workers/gateway/auth/{failures,jwt/*}.test.ts",
  "test/workers/gateway/auth/expression/*.test.ts",
  "test/workers/gateway/openapi/{document,error-responses,operation,paths,query,rpc-operation,schemas/*}.test.ts",
];

/** Tests inside the Worker of a wrangler.toml, with the others it is bound to. */
export function inside(
  name: string,
  configPath: string,
  include: string[],
  workers: ReturnType<typeof service>[] = [],
  exclude: readonly string[] = LONG.modelInWorkerd,
) {
  return {
    extends: true as const,
    plugins: [cloudflareTest({ wrangler: { configPath }, remoteBindings: false, miniflare: { workers } }), sharesIsolates(ALONE)],
    test: { name, include, exclude: [...exclude] },
  };
}

/** Tests of the gateway with its objects in Workers of their own: of its version (`TOKEN_BUCKET`), before (`BEFORE_...`) and later ones. */
function objectsApart() {
  const miniflare = {
    durableObjects: {
      ...objectsOf(CLASSES_BEFORE, OBJECTS_BEFORE.name, "BEFORE_"),
      ...objectsOf(CLASSES, OBJECTS_LATER.name, "LATER_"),
    },
    workers: [OBJECTS, OBJECTS_BEFORE, OBJECTS_LATER, USERS, ORDERS, NOTIFICATIONS],
  };
  return {
    extends: true as const,
    plugins: [cloudflareTest({ wrangler: { configPath: "./test/support/shipped/wrangler.toml" }, remoteBindings: false, miniflare })],
    test: { name: "objects-apart", include: ["test/objects-apart/**/*.test.ts"] },
  };
}

/**
 * Tests of the gateway with its objects in the same script, because a test that sets the clock sets that of one isolate. Calls from one
 * script to the other are tested in the project `objects-apart`, and by processes in test/e2e.
 */
export function inOneScript(name: string, include: string[], exclude: readonly string[], bindings: Readonly<Record<string, string>> = {}) {
  const miniflare = {
    compatibilityDate: COMPATIBILITY_DATE,
    compatibilityFlags: ["enable_request_signal"], // the flags of wrangler.toml
    durableObjects: {
      ...objectsOf({ ...CLASSES, IDEMPOTENCY_STORE: "IdempotencyStore" }),
      ...objectsOf({ VISITS: "Visits" }, IN_OBJECT.name),
    },
    bindings: { ...bindings },
    kvNamespaces: ["CACHE"],
    analyticsEngineDatasets: { ANALYTICS: { dataset: "calls" } },
    ratelimits: { FIVE_A_MINUTE: { namespace_id: "1", simple: { limit: 5, period: 60 as const } } },
    serviceBindings: {
      ...{ USERS: USERS.name, ORDERS: ORDERS.name, NOTIFICATIONS: NOTIFICATIONS.name },
      ...{ CONTRACT: CONTRACT.name, IN_OBJECT: IN_OBJECT.name },
    },
    workers: [USERS, ORDERS, NOTIFICATIONS, CONTRACT, IN_OBJECT],
  };
  return {
    extends: true as const,
    plugins: [
      cloudflareTest({ main: "./test/support/one-script.ts", remoteBindings: false, miniflare }),
      checksReasons(),
      sharesIsolates(ALONE),
    ],
    test: { name, include, exclude: [...exclude], setupFiles: ["./test/support/reasons/setup.ts"] },
  };
}

/** A project for each service of a team that has tests in its folder, beside the example services that it may be bound to. */
function servicesOfATeam() {
  const folders = readdirSync("workers/services", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const theirs = folders.map(({ name }) => name).filter((name) => !OWN_SERVICES.includes(name) && !name.startsWith("."));
  return theirs
    .filter((name) => globSync(`workers/services/${name}/**/*.test.ts`).length > 0)
    .map((name) =>
      inside(name, `./workers/services/${name}/wrangler.toml`, [`workers/services/${name}/**/*.test.ts`], [USERS, ORDERS, NOTIFICATIONS]),
    );
}

/** Tests of idempotency keys, which need Durable Objects of their own. */
const IDEMPOTENCY = ["test/workers/service/idempotency/**/*.test.ts"];

/** Tests without I/O, clocks, or state outside a test. */
const PURE = ["test/{core,transcoding}/**/*.test.ts", ...IN_NODE];

export default defineConfig({
  test: {
    ...COMMON,
    projects: [
      // Pure code: its tests share a process, which halves their CPU time.
      {
        extends: true,
        test: { name: "core", environment: "node", pool: "threads", isolate: false, include: PURE, exclude: LONG.model },
      },
      {
        extends: true,
        test: {
          name: "node",
          environment: "node",
          include: [
            "test/*.test.ts",
            "test/{cli,console,bench,faults,fuzz,monitoring,settings,simulation}/**/*.test.ts",
            "test/integration/**/*.node.test.ts",
          ],
          exclude: [...LONG.commands, ...LONG.model, "test/faults/**/*.{e2e,workerd}.test.ts", "test/console/**/*.e2e.test.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          environment: "node",
          include: ["test/{e2e,discovery}/**/*.test.ts", "test/openapi/**/*.e2e.test.ts"],
          exclude: LONG.processes,
        },
      },
      inside(
        "users",
        "./workers/services/users/wrangler.toml",
        [
          "test/workers/{log,service,shed-log,wait}.test.ts",
          "test/workers/service/**/*.test.ts",
          "test/workers/services/*.test.ts",
          "test/workers/services/users/*.test.ts",
        ],
        [],
        IDEMPOTENCY,
      ),
      inside("idempotency", "./test/support/idempotency/wrangler.toml", IDEMPOTENCY),
      inside(
        "orders",
        "./workers/services/orders/wrangler.toml",
        [
          "test/workers/services/orders/*.test.ts",
          "test/workers/client/**/*.test.ts",
          "test/workers/alarm-schedule.test.ts",
          "test/workers/queue/*.test.ts",
        ],
        [USERS],
      ),
      inside(
        "notifications",
        "./workers/services/notifications/wrangler.toml",
        ["test/workers/services/notifications/*.test.ts", "test/workers/queue/dead-letters/*.test.ts"],
        [USERS, ORDERS],
      ),
      inside("objects", "./test/support/shipped/objects/wrangler.toml", ["test/durable-objects/**/*.test.ts"]),
      objectsApart(),
      inOneScript(
        "gateway",
        [
          "test/workers/{call,dev,gateway,discovery,background-work}/**/*.test.ts",
          "test/workers/examples.test.ts",
          "test/integration/**/*.test.ts",
        ],
        [...IN_NODE, "test/integration/**/*.node.test.ts"],
      ),
      ...servicesOfATeam(),
    ],
  },
});
