// The bindings that a Worker finds when it runs, as far as wrangler.toml and .dev.vars tell: names, and what a configuration looks for in them.
import { unstable_convertConfigBindingsToStartWorkerBindings as bindingsIn, unstable_getVarsForDev, unstable_readConfig } from "wrangler";
import type { Bindings } from "../workers/gateway/upstream.ts";

/** The fields of a wrangler.toml that the commands look at; wrangler has read and checked them. */
export interface WorkerConfig {
  readonly configPath: string;
  readonly name?: string;
  readonly main?: string;
  readonly vars: Readonly<Record<string, unknown>>;
  readonly secrets?: { readonly required?: string[] };
}

/** Kinds of bindings that respond to `fetch`, as a service does. */
const FETCHERS: ReadonlySet<string> = new Set(["service", "assets", "mtls_certificate", "vpc_service", "vpc_network", "browser"]);

/**
 * @param env the environment of wrangler.toml whose sections count; undefined for the top level
 * @throws Error with all that is wrong in the file
 */
export function readWorkerConfig(file: string, env?: string): WorkerConfig {
  return unstable_readConfig({ config: file, ...(env === undefined ? {} : { env }) }, { hideWarnings: true });
}

/**
 * Every binding of the configuration, of whichever kind. A service has `fetch`, a variable has its value, another binding is there.
 *
 * @param values "local": with the variables and secrets of `.dev.vars` (or `.env`), as `wrangler dev` reads them;
 *               "deployed": without, since a deployed Worker's secrets cannot be read from here
 */
export function bindingsOf(config: WorkerConfig, values: "local" | "deployed", env?: string): Bindings {
  const declared: Readonly<Record<string, { readonly type: string; readonly value?: unknown }>> = bindingsIn(config) ?? {};
  const read: Readonly<Record<string, { readonly value?: unknown }>> =
    values === "local" ? unstable_getVarsForDev(config.configPath, undefined, { ...config.vars }, env, true, config.secrets) : {};
  const bindings: Record<string, unknown> = {};
  for (const [name, { type, value }] of Object.entries(declared)) {
    bindings[name] = type === "plain_text" || type === "json" ? value : FETCHERS.has(type) ? { fetch } : {};
  }
  for (const [name, { value }] of Object.entries(read)) bindings[name] = value;
  return bindings;
}
