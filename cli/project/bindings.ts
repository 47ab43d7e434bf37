// Reads wrangler.toml: the settings of a Worker that the commands use, and the bindings that it gets when it runs.
import { unstable_convertConfigBindingsToStartWorkerBindings as bindingsIn, unstable_getVarsForDev, unstable_readConfig } from "wrangler";

/** The fields of a wrangler.toml that the commands use; wrangler has read and checked them. */
export interface WorkerConfig {
  readonly configPath: string;
  readonly name?: string;
  readonly main?: string;
  readonly compatibility_date?: string;
  readonly compatibility_flags?: readonly string[];
  readonly vars: Readonly<Record<string, unknown>>;
  readonly secrets?: { readonly required?: string[] };
  readonly services?: readonly ServiceBinding[];
  readonly durable_objects: { readonly bindings: readonly DurableObjectBinding[] };
  readonly migrations: readonly Migration[];
  readonly exports?: Readonly<Record<string, { readonly type: string; readonly state?: string }>>;
  readonly kv_namespaces: readonly { readonly binding: string; readonly id?: string }[];
  readonly routes?: readonly (string | { readonly pattern: string; readonly zone_name?: string })[];
  readonly route?: string;
  readonly workers_dev?: boolean;
  readonly triggers: { readonly crons?: readonly string[] };
  readonly queues: { readonly consumers?: readonly unknown[] };
  readonly alias?: Record<string, string>;
  readonly define: Record<string, string>;
  readonly tsconfig?: string;
  readonly build: { readonly command?: string; readonly cwd?: string };
}

export interface ServiceBinding {
  readonly binding: string;
  readonly service: string;
  readonly environment?: string;
  readonly remote?: boolean; // the Worker runs elsewhere: it is neither started nor deployed from here
}

export interface DurableObjectBinding {
  readonly name: string;
  readonly class_name: string;
  readonly script_name?: string;
}

export interface Migration {
  readonly tag: string;
  readonly new_classes?: readonly string[];
  readonly new_sqlite_classes?: readonly string[];
  readonly deleted_classes?: readonly string[];
  readonly renamed_classes?: readonly { readonly from: string; readonly to: string }[];
  readonly transferred_classes?: readonly { readonly to: string }[];
}

/** The facts of a binding that the check of a configuration needs: plain data, since they are sent to another process. */
export type CheckedBinding =
  | { readonly kind: "fetcher" | "rate_limit" | "dataset" | "other" }
  | { readonly kind: "value"; readonly value: unknown };

/** By the types of wrangler. */
const KINDS: Readonly<Record<string, "fetcher" | "rate_limit" | "dataset">> = {
  ratelimit: "rate_limit",
  analytics_engine: "dataset",
  // These respond to `fetch`, as a service does.
  ...{
    service: "fetcher",
    assets: "fetcher",
    mtls_certificate: "fetcher",
    vpc_service: "fetcher",
    vpc_network: "fetcher",
    browser: "fetcher",
  },
};

/**
 * @param env the environment whose sections of wrangler.toml are read; undefined for the top level
 * @throws Error with every problem of the file
 */
export function readWorkerConfig(file: string, env?: string): WorkerConfig {
  return unstable_readConfig({ config: file, env: env ?? "" }, { hideWarnings: true }); // with "", CLOUDFLARE_ENV does not count
}

/**
 * Every binding of the configuration: those that respond to `fetch`, rate limits, variables and secrets, and all others.
 *
 * @param values "local": with the variables and secrets of `.dev.vars` (or `.env`), as `wrangler dev` reads them;
 *               "deployed": without, since a deployed Worker's secrets cannot be read from here
 */
export function bindingsOf(config: WorkerConfig, values: "local" | "deployed", env?: string): Record<string, CheckedBinding> {
  const declared: Readonly<Record<string, { readonly type: string; readonly value?: unknown }>> = bindingsIn(config) ?? {};
  const read: Readonly<Record<string, { readonly value?: unknown }>> =
    values === "local" ? unstable_getVarsForDev(config.configPath, undefined, { ...config.vars }, env, true, config.secrets) : {};
  const bindings: Record<string, CheckedBinding> = {};
  for (const [name, { type, value }] of Object.entries(declared)) {
    const isValue = type === "plain_text" || type === "json";
    bindings[name] = isValue ? { kind: "value", value } : { kind: KINDS[type] ?? "other" };
  }
  for (const [name, { value }] of Object.entries(read)) bindings[name] = { kind: "value", value };
  return bindings;
}
