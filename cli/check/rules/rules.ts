// All rules of `check` for a valid configuration.
import { accessRules } from "./access.ts";
import { cacheRules } from "./cache.ts";
import { deadlineRules } from "./deadlines.ts";
import { elsewhereRules } from "./elsewhere.ts";
import type { Facts, Rule, Suspicion } from "./facts.ts";
import { rateLimitRules } from "./rate-limits.ts";
import { routeRules } from "./routes.ts";
import { upstreamRules } from "./upstreams.ts";

const RULES: readonly Rule[] = [rateLimitRules, deadlineRules, routeRules, upstreamRules, cacheRules, accessRules, elsewhereRules];

/** @returns what all rules report, each once: settings of a service are looked at for each of its methods */
export function suspicionsIn(facts: Facts): Suspicion[] {
  const all = RULES.flatMap((rule) => rule(facts));
  const byText = new Map(all.map((one) => [`${one.path}\n${one.found}`, one]));
  return [...byText.values()];
}
