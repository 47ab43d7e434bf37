// Runs the gateway, its objects and an upstream in workerd, with a network between them.
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4MiniflareOptions } from "miniflare";
import { bundle } from "../../cli/project/bundle.ts";
import { networkBindings, networkSeam, writeNetworkMain } from "../../cli/project/network.ts";
import { CLASSES, OBJECTS_WORKER } from "../../durable-objects/classes.ts";

export interface NetworkSettings {
  readonly network: string; // a profile with changes: `far,jitter=0.1`
  readonly regions?: readonly string[]; // a gateway for each; by default one without a region
  readonly entry?: string; // main module of the gateways
  readonly upstreamMs?: number; // time until the upstream responds
}

export interface NetworkedGateway {
  /** Sends a call as the edge does: with the address of the caller. `to` is the index of the gateway. */
  call(method: string, address: string, to?: number): Promise<CallResult>;
  /** When calls of a method have reached the upstream: epoch ms. */
  upstreamCalls(method: string): Promise<readonly number[]>;
  /** What the Workers have logged: records and errors. */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

export interface CallResult {
  readonly status: number;
  readonly sentAt: number; // performance.now() of this process
  readonly ms: number;
  readonly text: string;
}

const DATE = { compatibilityDate: "2026-10-01" };
const ENTRY = "test/network/entry.ts"; // the configuration as it ships
const bundles = new Map<string, Promise<string>>();

export async function startGateway(settings: NetworkSettings): Promise<NetworkedGateway> {
  const { network, regions = [undefined], upstreamMs = 0, entry = ENTRY } = settings;
  const log: string[] = [];
  const module = async (name: string, entry: string, isBehind: boolean) => [
    { type: "ESModule" as const, path: `${name}.js`, contents: await bundled(name, entry, isBehind) },
  ];
  const objects = (scriptName?: string) =>
    Object.fromEntries(Object.entries(CLASSES).map(([name, className]) => [name, { className, useSQLite: true, scriptName }]));
  const gateways = await Promise.all(
    regions.map(async (region, index) => ({
      ...DATE,
      name: `gateway-${index}`,
      modules: await module(`gateway-${index}`, entry, true),
      compatibilityFlags: ["enable_request_signal"],
      bindings: { ...networkBindings(network, region), TIDEGATE_LOCAL: "true" },
      durableObjects: objects(OBJECTS_WORKER),
      kvNamespaces: ["CACHE"],
      serviceBindings: { USERS: "upstream", ORDERS: "upstream", NOTIFICATIONS: "upstream" },
    })),
  );
  const workers = [
    {
      ...DATE,
      name: "front",
      modules: await module("front", "test/network/front.ts", false),
      serviceBindings: Object.fromEntries(gateways.map(({ name }, index) => [`GATEWAY_${index}`, name])),
    },
    ...gateways,
    {
      ...DATE,
      name: OBJECTS_WORKER,
      modules: await module(OBJECTS_WORKER, "durable-objects/index.ts", true),
      bindings: { ...networkBindings(network, undefined) },
      durableObjects: objects(),
    },
    {
      ...DATE,
      name: "upstream",
      modules: await module("upstream", "test/network/upstream.ts", false),
      bindings: { RESPONSE_MS: upstreamMs },
    },
  ];
  const options = {
    host: "127.0.0.1",
    port: 0,
    cf: false,
    log: new Log(LogLevel.ERROR),
    handleStructuredLogs: ({ message }: { message: string }) => void log.push(message),
    workers,
  };
  const miniflare = new Miniflare(convertV4MiniflareOptions(options as unknown as V4MiniflareOptions));
  const { origin } = await miniflare.ready;
  const upstream = await miniflare.getWorker("upstream");
  return {
    log,
    stop: () => miniflare.dispose(),
    async call(method, address, to = 0) {
      const sentAt = performance.now();
      const response = await fetch(`${origin}/${method}`, {
        method: "POST",
        headers: { "content-type": "application/json", "cf-connecting-ip": address, "x-gateway": `GATEWAY_${to}` },
        body: "{}",
      });
      const text = await response.text();
      return { status: response.status, sentAt, ms: performance.now() - sentAt, text };
    },
    async upstreamCalls(method) {
      const response = await upstream.fetch("http://upstream/calls");
      return ((await response.json()) as Record<string, number[]>)[`/${method}`] ?? [];
    },
  };
}

/** Bundles of this process: each is made once, and networks differ by their bindings alone. */
function bundled(name: string, entry: string, isBehind: boolean): Promise<string> {
  const known = bundles.get(entry);
  if (known !== undefined) return known;
  const made = (async () => {
    const settings = { entry, runtime: "workerd", gatewayConfig: "gateway.config.ts" } as const;
    const own = await bundle(settings);
    if (!isBehind) return own.text;
    const main = writeNetworkMain(`test-${name}`, entry, own.exports);
    return (await bundle({ ...settings, entry: main, plugins: [networkSeam()] })).text;
  })();
  bundles.set(entry, made);
  return made;
}
