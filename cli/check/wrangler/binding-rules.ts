// Bindings of a wrangler.toml: names that two of them have, types and classes that the gateway does not expect, and ids of KV namespaces.
import { CLASSES, OBJECTS_WORKER } from "../../../durable-objects/classes.ts";
import type { Finding } from "../finding.ts";
import { isSingle, type WrittenBinding, writtenBindings } from "./bindings-of.ts";
import { inFile, levelsOf, list, tableName, tableOf, textOf, type WranglerFile } from "./wrangler-file.ts";

export function bindingFindings(file: WranglerFile): Finding[] {
  return levelsOf(file).flatMap(([env, level]) => {
    const bindings = writtenBindings(level);
    const variables = Object.keys(tableOf(level["vars"]));
    return [
      ...bindings.flatMap((binding, index) => duplicate(file, env, binding, bindings.slice(0, index), variables)),
      ...(file.role === "service" ? [] : bindings.flatMap((binding) => wrongKind(file, env, binding))),
      ...namespaces(file, env, bindings),
      ...(file.role === "gateway" && env === undefined && !bindings.some(({ name }) => name === "RELAY") ? [noRelay(file)] : []),
    ];
  });
}

function noRelay(file: WranglerFile): Finding {
  const fix = `add [[durable_objects.bindings]] with name = "RELAY", class_name = "${CLASSES.RELAY}" and script_name = "${OBJECTS_WORKER}"`;
  return inFile(
    file,
    "warning",
    "[[durable_objects.bindings]] RELAY",
    "no such binding: isolates learn nothing of breakers, endpoints and purges from one another",
    fix,
  );
}

function at(env: string | undefined, { section, name }: WrittenBinding): string {
  return isSingle(section) ? tableName(env, section) : `${list(env, section)} ${name}`;
}

function duplicate(
  file: WranglerFile,
  env: string | undefined,
  binding: WrittenBinding,
  before: readonly WrittenBinding[],
  variables: readonly string[],
): Finding[] {
  const other = before.find(({ name }) => name === binding.name);
  if (other === undefined && !variables.includes(binding.name)) return [];
  const first = other === undefined ? "a variable" : `a binding of ${list(env, other.section)}`;
  return [
    inFile(
      file,
      "error",
      at(env, binding),
      `"${binding.name}" a second time: ${first} has that name`,
      "give one of the two another name: a Worker has one binding of a name",
    ),
  ];
}

/** What the gateway reads from its environment. */
const KINDS: Readonly<Record<string, readonly [section: string, what: string]>> = {
  CACHE: ["kv_namespaces", "a KV namespace"],
  VERSION: ["version_metadata", "the version of the Worker"],
};

function wrongKind(file: WranglerFile, env: string | undefined, binding: WrittenBinding): Finding[] {
  const { name, section, table } = binding;
  const className = (CLASSES as Readonly<Record<string, string>>)[name];
  const [wanted, what] =
    KINDS[name] ?? (className === undefined ? [] : ["durable_objects.bindings", `the Durable Object class ${className}`]);
  if (wanted === undefined) return [];
  const path = at(env, binding);
  if (section !== wanted) {
    const header = isSingle(wanted) ? tableName(env, wanted) : list(env, wanted);
    return [
      inFile(
        file,
        "error",
        path,
        `a binding of [[${section}]], where the gateway expects ${what}`,
        `write it under ${header}, or give the binding another name`,
      ),
    ];
  }
  if (className === undefined) return [];
  const problems: Finding[] = [];
  const written = textOf(table["class_name"]);
  if (written !== className && Object.values(CLASSES).some((one) => one === written))
    problems.push(
      inFile(file, "error", path, `class_name = "${written}", the class of another binding`, `write class_name = "${className}"`),
    );
  if (file.role === "gateway" && table["script_name"] === undefined && written === className)
    problems.push(
      inFile(
        file,
        "error",
        path,
        "no script_name: the class is in another Worker",
        `write script_name = "${OBJECTS_WORKER}${env === undefined ? "" : `-${env}`}"`,
      ),
    );
  return problems;
}

/** Text that somebody meant to replace. */
const PLACEHOLDER =
  /^(|[<{[].*[>}\]]|x{4,}|0{8,}|(your|todo|fixme|change|replace|paste|insert|placeholder|tbd|id|namespace|kv)\b.*|.*[_\s-](here|id))$/i;

function namespaces(file: WranglerFile, env: string | undefined, bindings: readonly WrittenBinding[]): Finding[] {
  const all = bindings.filter(({ section }) => section === "kv_namespaces");
  return all.flatMap((binding): Finding[] => {
    const path = at(env, binding);
    const { id } = binding.table;
    const create = `npx wrangler kv namespace create ${binding.name}`;
    const hasOthers = all.some(({ table }) => typeof table["id"] === "string");
    if (id === undefined)
      // the first deploy makes the namespace; beside others that have one, it was forgotten
      return hasOthers
        ? [inFile(file, "warning", path, "no id, beside namespaces that have one", `write the id that "${create}" prints`)]
        : [];
    if (typeof id !== "string" || PLACEHOLDER.test(id.trim()))
      return [
        inFile(
          file,
          "error",
          path,
          `id = ${JSON.stringify(id)}, which is no id`,
          `write the id that "${create}" prints, or leave id out: the first deploy makes the namespace`,
        ),
      ];
    const same = all.find(({ name, table }) => name !== binding.name && table["id"] === id);
    if (same !== undefined && all.indexOf(same) < all.indexOf(binding))
      return [inFile(file, "warning", path, `id = "${id}", the namespace of ${same.name}, too`, "write the id of a namespace of its own")];
    if (/^[0-9a-f]{32}$/.test(id)) return [];
    return [inFile(file, "warning", path, `id = "${id}", which is not 32 hexadecimal digits`, `copy the id that "${create}" prints`)];
  });
}
