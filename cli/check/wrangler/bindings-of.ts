// The bindings of a wrangler.toml, of whatever kind, as they are written.
import { type Table, tableOf, tablesOf, textOf } from "./wrangler-file.ts";

export interface WrittenBinding {
  readonly name: string;
  readonly section: string; // `services`, `durable_objects.bindings`
  readonly table: Table;
}

/** Sections that are lists of bindings, and the field with the name. */
const LISTS: Readonly<Record<string, string>> = {
  services: "binding",
  kv_namespaces: "binding",
  r2_buckets: "binding",
  d1_databases: "binding",
  vectorize: "binding",
  hyperdrive: "binding",
  analytics_engine_datasets: "binding",
  mtls_certificates: "binding",
  dispatch_namespaces: "binding",
  vpc_services: "binding",
  vpc_networks: "binding",
  workflows: "binding",
  pipelines: "binding",
  secrets_store_secrets: "binding",
  send_email: "name",
  ratelimits: "name",
};
/** Sections that are one binding. */
const SINGLE = ["version_metadata", "browser", "ai", "images", "media"];

/** Variables are left out: they are values, not bindings that an environment has to have. */
export function writtenBindings(level: Table): WrittenBinding[] {
  const lists = Object.entries(LISTS).flatMap(([section, field]) =>
    tablesOf(level[section]).map((table) => ({ name: textOf(table[field]), section, table })),
  );
  const objects = tablesOf(tableOf(level["durable_objects"])["bindings"]).map((table) => ({
    name: textOf(table["name"]),
    section: "durable_objects.bindings",
    table,
  }));
  const producers = tablesOf(tableOf(level["queues"])["producers"]).map((table) => ({
    name: textOf(table["binding"]),
    section: "queues.producers",
    table,
  }));
  const single = SINGLE.flatMap((section) => {
    const table = tableOf(level[section]);
    return level[section] === undefined ? [] : [{ name: textOf(table["binding"]), section, table }];
  });
  return [...objects, ...lists, ...producers, ...single].filter(({ name }) => name !== "");
}

export function isSingle(section: string): boolean {
  return SINGLE.includes(section);
}
