// One round of health checks: which object checks which endpoints, in which order, and how many at the same time.
import { concurrently } from "../../core/concurrently.ts";
import type { HealthPolicy } from "../../core/config/health.ts";
import type { ConfiguredEndpoint } from "../../core/registry/registry.ts";
import { logEvent } from "../../workers/log.ts";
import { isHealthy } from "./health-check.ts";

/** Endpoints that one object checks in a round. With more, further objects of the same class check a part each. */
export const CHECKS_PER_OBJECT = 100;
/** Connections of one invocation that may wait for response headers. @see developers.cloudflare.com/workers/platform/limits */
const MAX_CHECKS_AT_ONCE = 6;

/** An endpoint that is due for a check. */
export interface DueCheck {
  readonly target: ConfiguredEndpoint;
  readonly hasFailed: boolean; // its last check
}

/**
 * Parts of at most `CHECKS_PER_OBJECT` endpoints, with as many failing ones in each, and those at its end: an endpoint that is down holds a
 * connection for the whole timeout, and no other one waits for it.
 */
export function partsOf<T extends DueCheck>(due: readonly T[]): T[][] {
  const ordered = due.toSorted((a, b) => Number(a.hasFailed) - Number(b.hasFailed));
  const count = Math.max(1, Math.ceil(due.length / CHECKS_PER_OBJECT));
  return Array.from({ length: count }, (_, part) => ordered.filter((_check, index) => index % count === part));
}

/**
 * Checks endpoints in their order, six at a time. The timeout of each starts when it is sent.
 *
 * @param bindings the environment of this Worker, for endpoints behind bindings
 * @param onResult gets each result as it arrives
 */
export function checkEach<T extends Pick<DueCheck, "target">>(
  due: readonly T[],
  policy: HealthPolicy,
  bindings: Readonly<Record<string, Fetcher | undefined>>,
  onResult: (due: T, isHealthy: boolean) => Promise<void> | void,
): Promise<void> {
  return concurrently(MAX_CHECKS_AT_ONCE, due, async (one) => onResult(one, await check(one.target, policy, bindings)));
}

/** An object of the same class that checks endpoints for another one. */
interface Checker {
  checkHealth(targets: readonly ConfiguredEndpoint[], policy: HealthPolicy): Promise<readonly boolean[]>;
}

/** @returns a result for each; undefined where the object cannot be reached, which says nothing about the endpoints */
export async function checkElsewhere(
  other: Checker,
  due: readonly DueCheck[],
  policy: HealthPolicy,
): Promise<readonly boolean[] | undefined> {
  try {
    return await other.checkHealth(
      due.map(({ target }) => target),
      policy,
    );
  } catch (error) {
    logEvent("health_checks_failed", { endpoints: due.length, error });
    return undefined;
  }
}

function check({ url, binding }: ConfiguredEndpoint, policy: HealthPolicy, bindings: Readonly<Record<string, Fetcher | undefined>>) {
  if (binding === undefined) return isHealthy(url!, policy, (to, init) => fetch(to, init)); // one of the two is set
  const service = bindings[binding];
  if (service === undefined) return true; // this Worker cannot tell
  return isHealthy(url ?? "https://health.internal", policy, (to, init) => service.fetch(to, init));
}
