// Times that cannot happen: attempts, pauses, queues and checks that end after the call or the interval they belong to.
import { join } from "../../../core/config/problems.ts";
import type { RoutePolicy } from "../../../core/config/route.ts";
import { type CheckedRoute, type Facts, fieldsOf, type Rule, type Suspicion, warning, writtenAt, writtenIn } from "./facts.ts";
import { upstreamsIn } from "./upstreams-in.ts";

export const deadlineRules: Rule = (facts) => [
  ...facts.routes.flatMap(({ method, ...route }) => (method === undefined ? [] : ofMethod({ method, ...route }))),
  ...facts.routes.flatMap(bodyTimes),
  ...checkTimes(facts),
  ...slowCalls(facts),
];

const within = (total: number): string => `readTimeoutMs ${total}, which is the time for the whole call`;

function ofMethod(route: CheckedRoute): Suspicion[] {
  const policy = route.policy as RoutePolicy; // methods have all settings of a route
  return [
    ...attempts(route, policy),
    ...pauses(route, policy),
    ...hedgeTimes(route, policy),
    ...queues(route, policy),
    ...streams(route, policy),
  ];
}

function attempts(route: CheckedRoute, { readTimeoutMs, retries }: RoutePolicy): Suspicion[] {
  const at = writtenIn(route, "retries", "perAttemptMs");
  const count = writtenIn(route, "retries", "max");
  const { perAttemptMs, max } = retries;
  if (at === undefined || max === 0) return [];
  if (perAttemptMs >= readTimeoutMs)
    return [
      warning(
        at,
        `${perAttemptMs} ms beside ${within(readTimeoutMs)}`,
        "write a shorter time, so that another attempt fits, or leave it out",
      ),
    ];
  const fitting = Math.floor(readTimeoutMs / perAttemptMs);
  if (count === undefined || fitting >= max + 1) return [];
  const fix = `write max: ${Math.max(1, fitting - 1)}, or perAttemptMs of at most ${Math.floor(readTimeoutMs / (max + 1))}, or a longer readTimeoutMs`;
  return [warning(count, `${max} retries of ${perAttemptMs} ms each beside ${within(readTimeoutMs)}: the last ones never start`, fix)];
}

function pauses(route: CheckedRoute, { readTimeoutMs, retries: { baseMs, maxMs, max } }: RoutePolicy): Suspicion[] {
  const base = writtenIn(route, "retries", "baseMs");
  const most = writtenIn(route, "retries", "maxMs");
  if (max === 0) return [];
  const problems: Suspicion[] = [];
  if (baseMs > maxMs && (base ?? most) !== undefined)
    problems.push(
      warning((base ?? most)!, `baseMs ${baseMs} above maxMs ${maxMs}`, "write a baseMs of at most maxMs: every pause is at most maxMs"),
    );
  if (base !== undefined && baseMs >= readTimeoutMs)
    problems.push(warning(base, `${baseMs} ms beside ${within(readTimeoutMs)}`, "write a shorter pause: a retry after it never starts"));
  return problems;
}

function hedgeTimes(route: CheckedRoute, { readTimeoutMs, hedging }: RoutePolicy): Suspicion[] {
  const at = writtenIn(route, "hedging", "minMs");
  if (at === undefined || hedging === undefined || hedging.minMs < readTimeoutMs) return [];
  return [warning(at, `${hedging.minMs} ms beside ${within(readTimeoutMs)}`, "write a shorter time: a second attempt never starts")];
}

function queues(route: CheckedRoute, { readTimeoutMs, concurrency: { queueMs } }: RoutePolicy): Suspicion[] {
  const at = writtenIn(route, "concurrency", "queueMs");
  if (at === undefined || queueMs < readTimeoutMs) return [];
  return [
    warning(
      at,
      `${queueMs} ms beside ${within(readTimeoutMs)}`,
      "write a shorter wait: a call that waits so long has no time left for its upstream",
    ),
  ];
}

function streams(route: CheckedRoute, policy: RoutePolicy): Suspicion[] {
  return (["streamIdleMs", "requestStreamIdleMs"] as const).flatMap((name) => {
    const at = writtenAt(route, name);
    if (at === undefined || policy[name] <= policy.streamTimeoutMs) return [];
    return [
      warning(
        at,
        `${policy[name]} ms above streamTimeoutMs ${policy.streamTimeoutMs}`,
        "write a shorter time, or a longer streamTimeoutMs: the stream has ended before",
      ),
    ];
  });
}

function bodyTimes(route: CheckedRoute): Suspicion[] {
  const { bodyIdleMs, readTimeoutMs } = route.policy;
  const at = writtenAt(route, "bodyIdleMs");
  if (at === undefined || bodyIdleMs <= readTimeoutMs) return [];
  return [
    warning(
      at,
      `${bodyIdleMs} ms above ${within(readTimeoutMs)}`,
      "write a shorter time, or a longer readTimeoutMs: all of a message has to come within it",
    ),
  ];
}

/** Health checks that are still running when the next one is due, and queues of upstreams that outlast each call. */
function checkTimes(facts: Facts): Suspicion[] {
  return upstreamsIn(facts).flatMap(({ path, policy: { health, queueMs }, written, readTimeoutMs }) => {
    const problems: Suspicion[] = [];
    if (health !== undefined && health.timeoutMs >= health.intervalMs)
      problems.push(
        warning(
          `${path}.health.timeoutMs`,
          `${health.timeoutMs} ms beside intervalMs ${health.intervalMs}`,
          "write a timeoutMs below intervalMs: a check has to end before the next one",
        ),
      );
    if (written["queueMs"] !== undefined && queueMs >= readTimeoutMs)
      problems.push(
        warning(
          join(path, "queueMs"),
          `${queueMs} ms beside ${within(readTimeoutMs)}`,
          "write a shorter wait: a call that waits so long has no time left for its upstream",
        ),
      );
    return problems;
  });
}

/** Breakers that count slow calls, of services whose calls all end before they are slow. */
function slowCalls({ policy, written }: Facts): Suspicion[] {
  return [...policy.services].flatMap(([name, { breaker, methods }]) => {
    const own = fieldsOf(fieldsOf(fieldsOf(written["services"])[name])["breaker"]);
    const longest = Math.max(0, ...[...methods.values()].map(({ readTimeoutMs }) => readTimeoutMs));
    if (own["slowPercent"] === undefined || breaker.slowPercent === 100 || breaker.slowMs < longest) return [];
    const at = `${join("services", name)}.breaker.slow${own["slowMs"] === undefined ? "Percent" : "Ms"}`;
    return [
      warning(
        at,
        `slowMs ${breaker.slowMs} beside readTimeoutMs ${longest}, the longest of the service`,
        "write a slowMs below it: no call counts as slow",
      ),
    ];
  });
}
