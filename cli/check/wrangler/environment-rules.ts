// Environments of a wrangler.toml: bindings and variables that an environment lacks, since it inherits none, and Workers and data of another one.
import { environmentProblems } from "../../project/environment.ts";
import { type Finding, findingOf } from "../finding.ts";
import { isSingle, writtenBindings } from "./bindings-of.ts";
import { locateTable } from "./locate-table.ts";
import { inFile, levelsOf, list, tableName, tableOf, textOf, type WranglerFile } from "./wrangler-file.ts";

/** Sections whose resource has an id or a name, by which an environment uses the data of another one. */
const RESOURCES: Readonly<Record<string, readonly string[]>> = {
  d1_databases: ["database_id", "database_name"],
  r2_buckets: ["bucket_name"],
  hyperdrive: ["id"],
  "queues.producers": ["queue"],
  vectorize: ["index_name"],
  ratelimits: ["namespace_id"],
};

export function environmentFindings(files: readonly WranglerFile[]): Finding[] {
  const names = [...new Set(files.flatMap(({ environments }) => [...environments.keys()]))];
  return [
    ...files.flatMap(missing),
    ...files.flatMap(sharedData),
    ...names.flatMap((name) => fromOthers(name, files)),
    ...fromOthers(undefined, files),
  ];
}

/** What the top level binds and an environment does not. */
function missing(file: WranglerFile): Finding[] {
  const own = writtenBindings(file.top);
  return [...file.environments].flatMap(([env, level]) => {
    const there = new Set(writtenBindings(level).map(({ name }) => name));
    const bindings = own
      .filter(({ name }) => !there.has(name))
      .map(({ name, section }) => {
        const header = isSingle(section) ? tableName(env, section) : list(env, section);
        const path = `[env.${env}]`;
        return inFile(
          file,
          "error",
          path,
          `no binding ${name}, which the top level has: an environment inherits none`,
          `add ${header} with ${section === "durable_objects.bindings" || section === "ratelimits" ? "name" : "binding"} = "${name}"`,
        );
      });
    const variables = Object.keys(tableOf(level["vars"]));
    const vars = Object.keys(tableOf(file.top["vars"]))
      .filter((name) => !variables.includes(name))
      .map((name) =>
        inFile(
          file,
          "warning",
          `[env.${env}]`,
          `no variable ${name}, which the top level has: an environment inherits none`,
          `add it under ${tableName(env, "vars")}`,
        ),
      );
    return [...bindings, ...vars];
  });
}

function sharedData(file: WranglerFile): Finding[] {
  const levels = levelsOf(file);
  return levels.flatMap(([env, level]) =>
    env === undefined
      ? []
      : writtenBindings(level).flatMap(({ name, section, table }) =>
          (RESOURCES[section] ?? []).flatMap((field): Finding[] => {
            const value = textOf(table[field]);
            const other = levels.find(
              ([one, outer]) =>
                one !== env &&
                value !== "" &&
                writtenBindings(outer).some((binding) => binding.section === section && binding.table[field] === value),
            );
            if (other === undefined) return [];
            const label = other[0] === undefined ? "the top level" : `[env.${other[0]}]`;
            return [
              inFile(
                file,
                "error",
                `${list(env, section)} ${name}`,
                `${field} = "${value}", the one of ${label}`,
                "write one of its own: what this environment changes is changed there",
              ),
            ];
          }),
        ),
  );
}

/** Bindings, names, routes and namespaces of another environment, and files without the sections of one. */
function fromOthers(env: string | undefined, files: readonly WranglerFile[]): Finding[] {
  try {
    return environmentProblems(env).map((line) => {
      const finding = findingOf(line, "error");
      const text = files.find(({ file }) => file === finding.file)?.text;
      return { ...finding, ...(text === undefined ? undefined : locateTable(text, finding.path)) };
    });
  } catch {
    return []; // a file that wrangler cannot read is reported where Workers are read
  }
}
