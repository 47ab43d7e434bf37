// Checks a configuration that has been loaded: what keeps the gateway from starting, and what it starts with all the same but should not.
import { createHash } from "node:crypto";
import type { DescService } from "@bufbuild/protobuf";
import { type GatewayInput, parsePolicy } from "../../core/config/gateway.ts";
import type { Problem } from "../../core/config/problems.ts";
import { configure, InvalidConfiguration } from "../../workers/gateway/configure/configuration.ts";
import { parseDescriptors } from "../../workers/gateway/configure/descriptors/descriptors.ts";
import type { Extensions } from "../../workers/gateway/configure/extensions.ts";
import { configuredRules, overridden } from "../../workers/gateway/configure/overrides.ts";
import { typesOf } from "../../workers/gateway/configure/types.ts";
import { compileRest } from "../../workers/gateway/transcode/rules/rules.ts";
import type { CheckedBinding } from "../project/bindings.ts";
import { fieldsOf, routesOf, type Suspicion, warning } from "./rules/facts.ts";
import { suspicionsIn } from "./rules/rules.ts";

/** What the check knows of the Worker that runs the configuration: plain data, since it is sent to another process. */
export interface VerifyRequest {
  readonly bindings: Readonly<Record<string, CheckedBinding>>;
  readonly validates: boolean; // whether the entry of the gateway includes validation
  readonly hosts: readonly string[]; // hosts of the gateway itself, lower case; `*` is any text
}

export type ConfigurationProblem = Problem;

export interface VerifyResult {
  readonly problems: readonly ConfigurationProblem[];
  readonly suspicions: readonly Suspicion[];
  readonly settings: unknown; // the configuration as plain JSON, to be compared with a later one
  readonly services: readonly string[]; // full names in the catalog
}

/**
 * @param input      what gateway.config.ts exports
 * @param catalog    the services known by their protos
 * @param extensions what the entry of the gateway includes: a project may not have installed the others
 * @throws what a problem of the gateway itself throws, never one of the configuration
 */
export function verifyConfiguration(
  input: GatewayInput,
  catalog: readonly DescService[],
  request: VerifyRequest,
  extensions: Extensions = {},
): VerifyResult {
  const env = Object.fromEntries(
    Object.entries(request.bindings).map(([name, binding]): [string, unknown] => [name, bindingValue(binding)]),
  );
  const problems: Problem[] = [];
  try {
    configure(input, catalog, env, extensions);
  } catch (error) {
    if (!(error instanceof InvalidConfiguration)) throw error;
    problems.push(...error.problems);
  }
  const settings: unknown = JSON.parse(JSON.stringify(input ?? null, plain));
  const services = catalog.map(({ typeName }) => typeName);
  return { problems, suspicions: suspicionsOf(input, catalog, settings, request), settings, services };
}

/** @returns nothing for a configuration that cannot be read */
function suspicionsOf(input: GatewayInput, catalog: readonly DescService[], settings: unknown, { hosts }: VerifyRequest): Suspicion[] {
  const described = parseDescriptors(input?.descriptors, catalog);
  const known = [...catalog, ...described.services];
  const names = known.map(({ typeName, methods }) => [typeName, methods.map(({ name }) => name)] as const);
  const parsed = parsePolicy(input, new Map(names));
  if (parsed.kind === "invalid") return [];
  const { policy } = parsed;
  const byName = new Map(known.map((service) => [service.typeName, service]));
  const services = [...policy.services].flatMap(([name, { methodOverrides }]) => {
    const service = byName.get(name);
    return service === undefined ? [] : [overridden(service, methodOverrides)];
  });
  const options = { ...policy.rest, registry: typesOf(known, described.files) };
  const rules = compileRest(services, options, configuredRules(policy.services));
  const written = fieldsOf(settings);
  const servers = policy.openapi.servers.filter((url) => url.includes("://"));
  const own = ownHosts(policy.admin?.host, policy.auth.resource, ...servers);
  const facts = {
    policy,
    written,
    services,
    rest: rules.table.routes,
    routes: routesOf(policy, written, services),
    hosts: [...new Set([...hosts, ...(policy.registry?.ownHosts ?? []), ...own])],
  };
  const skipped = policy.rest.onUnsupportedRule === "refuse" ? [] : rules.problems;
  return [...skipped.map(({ path, found, fix }) => warning(path, `${found}: the rule is left out`, fix)), ...suspicionsIn(facts)];
}

function ownHosts(...written: readonly (string | undefined)[]): string[] {
  return written.flatMap((text) => (text === undefined ? [] : (URL.parse(text.includes("://") ? text : `https://${text}`)?.host ?? [])));
}

function bindingValue(binding: CheckedBinding): unknown {
  if (binding.kind === "value") return binding.value;
  if (binding.kind === "rate_limit") return { limit: () => Promise.resolve({ success: true }) };
  if (binding.kind === "dataset") return { writeDataPoint: () => undefined };
  return binding.kind === "fetcher" ? { fetch } : {};
}

/** Descriptor sets are compared by their digest. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array || (typeof value === "string" && value.length > 500)) {
    return `${value.length} bytes, sha256 ${createHash("sha256").update(value).digest("hex").slice(0, 12)}`;
  }
  return typeof value === "bigint" ? String(value) : value;
}
