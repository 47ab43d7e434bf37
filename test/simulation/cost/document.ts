// docs/cost.md, from the rows of the simulation.
import type { Row } from "../simulation.ts";
import { MODELS, objectCost } from "./models.ts";
import { ACTIVE_MS_PER_REQUEST, CPU_MS, METERS, type Meter, PRICES } from "./prices.ts";

/** @param results rows of each scenario, all of them */
export function costDocument(results: ReadonlyMap<string, readonly Row[]>): string {
  const sections = (["million calls", "hour"] as const).map((per) => {
    const models = MODELS.filter((model) => model.per === per);
    return { per, models };
  });
  return `# What it costs

For operators: what a call costs on Cloudflare, by what is billed, and what makes it dearer. Written by \`npm run sim -- cost --write\`; a test compares it.

The operations are counted, not estimated: the command runs the limiter and the background exchange of the gateway's isolates and the Durable Objects behind them, with a clock of its own, an object that is 20 ms away, calls at
random times, and a storage that counts rows. Prices are those of the paid plan without its included amounts, so the first millions of a month cost less. The naive gateway is the one
of the [benchmark](../bench/README.md): a Durable Object per caller and one for a breaker, and KV for configuration and cache, for every call. The rate-limit binding is [the platform's own](rate-limiting.md#the-platforms-limit): free, for one location, inexact.

## Per million calls

In dollars. *State* is what limits and the background exchange add: requests to objects, their duration and rows.

${table(
  sections[0]!.models.flatMap((model) => linesOf(model.about, results.get(model.name) ?? [])),
  ["traffic", "gateway", ...METERS, "state", "in all"],
)}

A call without a limit costs its request, its CPU and its logs. The upstream is not included: calls through service bindings are no requests of their own, but cost CPU.

## Under attack

In dollars an hour, for 1,000 calls a second from as many new callers.

${table(
  sections[1]!.models.flatMap((model) => linesOf(model.about, results.get(model.name) ?? [])),
  ["traffic", "gateway", ...METERS, "state", "in all"],
)}

Keys that callers choose (headers, claims, fields) can be made up, and so can IPv6 addresses. Above a bound of keys, new ones share a bucket and write nothing
([rate limiting](rate-limiting.md)); what is left of the price of an attack is its requests. A rule in front of the Worker (WAF) stops it before it costs anything.

## Operations per call

${table(
  MODELS.flatMap((model) => operationsOf(model.about, results.get(model.name) ?? [])),
  ["traffic", "gateway", "object requests", "rows written", "rows read", "KV reads", "KV writes"],
)}

## Prices

${PRICES.date}, from Cloudflare's pages on Workers, Durable Objects and KV. In dollars per million.

| meter | price |
|---|--:|
| Worker request | ${PRICES.workerRequest} |
| CPU, per million ms | ${PRICES.cpuMs} |
| Durable Object request: a call, an alarm | ${PRICES.objectRequest} |
| Durable Object duration, per million GB-s | ${PRICES.gbSecond} |
| row written; each alarm that is set and each row that is deleted is one | ${PRICES.rowWritten} |
| row read | ${PRICES.rowRead} |
| KV read | ${PRICES.kvRead} |
| KV write | ${PRICES.kvWrite} |
| Workers Logs event | ${PRICES.logEvent} |

What is assumed: ${CPU_MS.gateway} ms of CPU a call, ${CPU_MS.naive} for the naive gateway (\`npm run bench\`); ${ACTIVE_MS_PER_REQUEST} ms of activity of an object per request, an upper bound, since objects are not billed while they may
hibernate, and none but the relay and \`Telemetry\` hold timers: under metrics these two count as awake all the time, also an upper bound; logs as sampled in \`wrangler.toml\` and \`durable-objects/wrangler.toml\`, one event for each sampled invocation, for the naive gateway, too. Storage, bandwidth and a plan's monthly price are not included.
`;
}

function linesOf(about: string, rows: readonly Row[]): string[][] {
  return rows.map(({ variant, figures }, index) => {
    const cost = Object.fromEntries(METERS.map((meter) => [meter, figures[`$ ${meter}`] ?? 0])) as Record<Meter, number>;
    const all = [...METERS.map((meter) => cost[meter]), objectCost(cost), figures["$ in all"] ?? 0];
    return [index === 0 ? about : "", variant, ...all.map(amount)];
  });
}

function operationsOf(about: string, rows: readonly Row[]): string[][] {
  const names = ["objects/call", "rows written/call", "rows read/call", "KV reads/call", "KV writes/call"];
  return rows.map(({ variant, figures }, index) => [index === 0 ? about : "", variant, ...names.map((name) => amount(figures[name] ?? 0))]);
}

/** Two digits: more would change with each seed. */
function amount(value: number): string {
  if (value === 0) return "0";
  return value < 0.001 ? "<0.001" : String(Number(value.toPrecision(2)));
}

function table(lines: readonly (readonly string[])[], head: readonly string[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [row(head), `|---|---|${"--:|".repeat(head.length - 2)}`, ...lines.map(row)].join("\n");
}
