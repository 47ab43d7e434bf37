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

/**
 * What belongs to another environment is an error. What an environment lacks is one where that is checked: a Worker can be deployed to the
 * others.
 *
 * @param checked the environment that is checked; undefined for the top level
 */
export function environmentFindings(files: readonly WranglerFile[], checked: string | undefined): Finding[] {
  const names = [...new Set(files.flatMap(({ environments }) => [...environments.keys()]))];
  return [
    ...files.flatMap((file) => missing(file, checked)),
    ...files.flatMap(sharedData),
    ...names.flatMap((name) => fromOthers(name, files, checked)),
    ...fromOthers(undefined, files, checked),
  ];
}

/** What the top level binds and an environment does not. */
function missing(file: WranglerFile, checked: string | undefined): Finding[] {
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
          env === checked ? "error" : "warning",
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
function fromOthers(env: string | undefined, files: readonly WranglerFile[], checked: string | undefined): Finding[] {
  try {
    return environmentProblems(env).map((line) => {
      const isMissing = / found (?:no|the) environments\b/.test(line);
      const finding = findingOf(line, isMissing && env !== checked ? "warning" : "error");
      const text = files.find(({ file }) => file === finding.file)?.text;
      return { ...finding, ...(text === undefined ? undefined : locateTable(text, finding.path)) };
    });
  } catch {
    return []; // a file that wrangler cannot read is reported where Workers are read
  }
}
