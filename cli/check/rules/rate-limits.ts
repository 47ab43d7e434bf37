// Rate limits that refuse no call, that count something else than they say, or that no route names.

import { join } from "../../../core/config/problems.ts";
import type { RateLimitRule } from "../../../core/config/rate-limit.ts";
import { type Facts, fieldsOf, type Rule, type Suspicion, warning, writtenAt } from "./facts.ts";

/** Headers that clients, and proxies in front of them, write at will. */
const ADDRESS_HEADERS = new Set(["x-forwarded-for", "x-real-ip", "cf-connecting-ip", "true-client-ip", "forwarded", "x-client-ip"]);

export const rateLimitRules: Rule = (facts) => [
  ...unusedRules(facts),
  ...neverReached(facts),
  ...unnamedCallers(facts),
  ...oddKeys(facts),
  ...impossibleCalls(facts),
];

const pathOf = (name: string): string => join("rateLimits", name);
const perSecond = ({ limit: { rate, intervalMs } }: RateLimitRule): number => (rate * 1_000) / intervalMs;
const shown = (rule: RateLimitRule): string => `${rule.limit.capacity} at once and ${Number(perSecond(rule).toFixed(3))} per second`;

/** Rules that no list names, and those of lists that every more specific level replaces. */
function unusedRules({ policy, written, routes }: Facts): Suspicion[] {
  const named = new Set(routes.flatMap(({ levels }) => levels.flatMap((level) => namesIn(level.written["rateLimits"]))));
  const effective = new Set(
    [...routes.map((route) => route.policy), policy.defaults].flatMap(({ rateLimits }) => rateLimits).map(({ name }) => name),
  );
  return Object.entries(fieldsOf(written["rateLimits"])).flatMap(([name, rule]) => {
    if (effective.has(name)) return [];
    const isOff = fieldsOf(rule)["enforce"] === "off";
    if (named.has(name) && isOff) return [];
    const fix = `write "${name}" in rateLimits of defaults, a service, a method or an httpRoute, or remove the rule`;
    const found = named.has(name) ? "a rule whose lists are all replaced by more specific ones" : "a rule that no route names";
    return [warning(pathOf(name), found, fix)];
  });
}

function namesIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** A rule with a stricter one beside it on each of its routes, whose bucket is empty first for every caller. */
function neverReached({ policy, routes }: Facts): Suspicion[] {
  const all = [...routes.map((route) => route.policy.rateLimits), ...(policy.discovery === undefined ? [] : [policy.defaults.rateLimits])];
  const rules = new Map(all.flat().map((rule) => [rule.name, rule]));
  const reported = new Set<string>();
  return [...rules.values()].flatMap((rule) => {
    const lists = all.filter((list) => list.includes(rule));
    const stricter = [...rules.values()].find(
      (other) =>
        other !== rule && !reported.has(other.name) && lists.every((list) => list.includes(other)) && isStricter(other, rule, lists.length),
    );
    if (stricter === undefined) return [];
    reported.add(rule.name);
    const fix = `make it stricter than rateLimits.${stricter.name} (${shown(stricter)}), or remove one of the two`;
    return [warning(pathOf(rule.name), `${shown(rule)}, a limit that is never reached: ${stricter.name} refuses such calls first`, fix)];
  });
}

/** Whether each caller, whatever it does, has used up `one` before `other`. */
function isStricter(one: RateLimitRule, other: RateLimitRule, routes: number): boolean {
  const isWider = one.key.kind === "all" || (one.key.kind === "route" && routes === 1);
  if (!isWider && JSON.stringify(one.key) !== JSON.stringify(other.key)) return false;
  if (one.enforcement.mode !== "enforce" || one.enforcement.percent < 100 || one.tiers !== undefined || other.tiers !== undefined)
    return false;
  if (one.exempt.names.size > 0 || one.exempt.ranges.length > 0) return false;
  if ((one.mode === "local") !== (other.mode === "local") || (one.scope === "region" && other.scope === "world")) return false;
  return one.limit.capacity <= other.limit.capacity && perSecond(one) <= perSecond(other);
}

/** Keys that need a caller who has proven who it is, on routes that authenticate no caller. */
function unnamedCallers({ routes }: Facts): Suspicion[] {
  return routes.flatMap((route) =>
    (route.policy.auth === "off" ? route.policy.rateLimits : []).flatMap(({ name, key, tiers }) => {
      const path = writtenAt(route, "auth") ?? route.path;
      const fix = 'write auth: "optional" or "required" for the route, or a rule with another key';
      const kinds = [key.kind, ...(tiers === undefined ? [] : [tiers.by.kind])].filter((kind) => /^(principal|claim|key)$/.test(kind));
      return kinds.map((kind) =>
        warning(path, `auth "off" beside rateLimits.${name}, whose key is a ${kind}: all its callers are counted by address`, fix),
      );
    }),
  );
}

function oddKeys({ written, routes }: Facts): Suspicion[] {
  const rules = new Map(routes.flatMap(({ policy }) => policy.rateLimits).map((rule) => [rule.name, rule]));
  return [...rules.values()].flatMap((rule): Suspicion[] => {
    const path = pathOf(rule.name);
    const problems: Suspicion[] = [];
    if (rule.key.kind === "header" && ADDRESS_HEADERS.has(rule.key.header))
      problems.push(
        warning(
          `${path}.key.header`,
          `"${rule.key.header}", which callers write themselves`,
          'write key: "ip", the address that Cloudflare has seen',
        ),
      );
    if (rule.exempt.ranges.some(({ bits, groups }) => bits === 0 || (bits === 96 && groups[5] === 0xffff)))
      problems.push(
        warning(
          `${path}.exempt`,
          "a range of all addresses: the rule holds for no caller",
          "write the ranges of your own clients alone, or remove the rule",
        ),
      );
    if (rule.enforcement.mode === "enforce" && rule.enforcement.percent === 0) {
      const isFormer = fieldsOf(fieldsOf(written["rateLimits"])[rule.name])["enforce"] === 0;
      const [at, fix] = isFormer ? [`${path}.enforce`, 'enforce: "report"'] : [`${path}.enforcement.percent`, 'enforcement: "report"'];
      problems.push(warning(at, "0 % of callers: the rule only reports", `write ${fix} to say so, or a share above 0`));
    }
    return problems;
  });
}

/** Messages of streams that cost more than a bucket holds, and waits for a bucket that last as long as the call. */
function impossibleCalls({ routes }: Facts): Suspicion[] {
  return routes.flatMap((route) =>
    route.policy.rateLimits.flatMap((rule): Suspicion[] => {
      const problems: Suspicion[] = [];
      const cost = writtenAt(route, "messageCost");
      const perMessage = "messageCost" in route.policy ? route.policy.messageCost : 0;
      if (cost !== undefined && perMessage > rule.limit.capacity)
        problems.push(
          warning(
            cost,
            `${perMessage} tokens`,
            `write at most ${rule.limit.capacity}, the capacity of rateLimits.${rule.name}: no message of a stream could pass`,
          ),
        );
      if (rule.fail === "closed" && rule.waitMs >= route.policy.readTimeoutMs)
        problems.push(
          warning(
            `${pathOf(rule.name)}.waitMs`,
            `${rule.waitMs} ms beside readTimeoutMs ${route.policy.readTimeoutMs} of ${route.name}`,
            "write a shorter time: such a call has no time left for its upstream",
          ),
        );
      return problems;
    }),
  );
}
