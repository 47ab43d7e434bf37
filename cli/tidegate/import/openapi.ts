// `tidegate import openapi`: writes the proto of an OpenAPI document.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import type { Context } from "../context.ts";
import { Failure, wrongUsage } from "../failure.ts";
import { listAt, type OpenapiDocument, objectAt, readOpenapi, textAt } from "./document.ts";
import { pascalCase, snakeCase } from "./identifiers.ts";
import { operationsOf } from "./operations.ts";
import { type ProtoFile, protoText } from "./proto.ts";

export interface ImportOptions {
  readonly package?: string | undefined;
  readonly out: string; // root folder of the protos
  readonly force: boolean;
  readonly dryRun: boolean;
}

/** What has no counterpart in a proto. */
export interface Unmapped {
  readonly where: string;
  readonly what: string;
}

export interface Imported {
  readonly file: ProtoFile;
  readonly unmapped: readonly Unmapped[];
}

const PACKAGE = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*\.v[1-9]\d*((alpha|beta)\d*)?$/; // buf lint: PACKAGE_VERSION_SUFFIX
const SHOWN = 20; // lines of what does not map; the proto has all of them

export async function importOpenapi(context: Context, options: ImportOptions, [source = ""]: readonly string[]): Promise<void> {
  if (source !== "-" && !existsSync(context.path(source)))
    throw new Failure(
      { what: `found no file ${source}`, where: { file: source }, fix: "write the path of the document, or - for the standard input" },
      2,
    );
  const text = source === "-" ? await textOf(context.stdin) : readFileSync(context.path(source), "utf8");
  const { file, unmapped } = imported(readOpenapi(text, source), options.package);
  const name = `${snakeCase(file.service.replace(/Service$/, ""))}.proto`;
  const path = join(options.out, ...file.package.split("."), name);
  const proto = protoText(file);
  if (options.dryRun) return context.print({ file: path, proto, unmapped }, proto);
  const target = join(context.root, path);
  if (existsSync(target) && !options.force)
    throw new Failure({ what: "found the file already", where: { file: path }, fix: "write --force to replace it, or another --package" });
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, proto);
  format(context, path);
  const service = `${file.package}.${file.service}`;
  const lines = unmapped.slice(0, SHOWN).map(({ where, what }) => `  ${where}: ${what}\n`);
  const more = unmapped.length > SHOWN ? `  and ${unmapped.length - SHOWN} more, which are comments in the proto\n` : "";
  const notes = unmapped.length === 0 ? "" : `not mapped, as comments in the proto say:\n${lines.join("")}${more}`;
  const next = `next: tidegate gen; then list ${file.service} in workers/services/catalog.ts and "${service}" under services in gateway.config.ts\n`;
  context.print(
    { file: path, service, methods: file.methods.length, messages: file.messages.length, unmapped },
    `written ${path}: ${file.methods.length} methods, ${file.messages.length} messages\n${notes}${next}`,
  );
}

/** @param given package of the proto; undefined for the one that the title gives */
export function imported(document: OpenapiDocument, given: string | undefined): Imported {
  const { root } = document;
  const title = textAt(objectAt(root, "info"), "title") || "imported";
  const packageName =
    given ??
    `${snakeCase(title.replace(/\b(swagger|openapi|api|rest|service)\b|[^\x20-\x7e]/gi, " ").trim() || title)
      .slice(0, 60)
      .replace(/_+$/, "")}.v1`;
  if (!PACKAGE.test(packageName))
    throw wrongUsage(`--package: found "${packageName}"`, "import openapi", "write a package with a version, as in acme.v1");
  const unmapped: Unmapped[] = [];
  const seen = new Set<string>();
  const note = (where: string, what: string): void => {
    if (seen.size < seen.add(`${where} ${what}`).size) unmapped.push({ where, what });
  };
  const server = textAt(listAt(root, "servers")[0], "url");
  const operations = operationsOf(document, prefixOf(server), note);
  if (operations.methods.length === 0)
    throw new Failure({ what: "found no operation", where: { file: "paths" }, fix: "write paths with operations into the document" });
  for (const part of ["webhooks", "security"])
    if (root[part] !== undefined)
      note(part, part === "security" ? "security of all operations: see auth in gateway.config.ts" : "webhooks");
  const parts = packageName.split(".");
  const service = `${pascalCase(parts.at(-2) ?? "imported")}Service`;
  const description = textAt(objectAt(root, "info"), "description").split("\n\n")[0]!;
  const comments = [
    `${title}, version ${String(objectAt(root, "info")["version"] ?? "unknown")} of its OpenAPI document.`,
    description,
    ...(server === "" ? [] : [`Server: ${server}`]),
  ];
  const general = unmapped.filter(({ where }) => where === "webhooks" || where === "security").map(({ what }) => `Not mapped: ${what}.`);
  return { file: { package: packageName, service, comments: [...comments, ...general].filter(Boolean), ...operations }, unmapped };
}

/** The path of a server is a part of each path of its operations. A variable in it has no value here. */
function prefixOf(server: string): string {
  const path = /^[a-z]+:\/\/[^/]*(\/.*)?$/i.exec(server)?.[1] ?? (server.startsWith("/") ? server : "");
  return /[{}]/.test(path) ? "" : path.replace(/\/+$/, "");
}

/** The proto is valid without it; buf is a tool of the project. */
function format(context: Context, path: string): void {
  const { status } = spawnSync("buf", ["format", "-w", path], { cwd: context.root, stdio: "ignore" });
  if (status !== 0) context.note("note: buf has not formatted the proto");
}
