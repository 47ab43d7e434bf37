// `tidegate gen`: generates protos/gen, code and OpenAPI document, from the protos; with --check it only compares.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Context } from "../tidegate/context.ts";
import { Failure } from "../tidegate/failure.ts";
import { declarationsOf } from "./declarations.ts";
import { openapiOf, openapiTextOf, referenceTextOf, servicesIn } from "./openapi.ts";

const COMMITTED = "protos/gen";
// Generated beside the code, from the same protos.
const OPENAPI = "openapi.json";
const REFERENCE = "reference.json"; // the comments, for the document that the gateway serves
const DECLARATIONS = "services.d.ts"; // the names that gateway.config.ts may use

/** A problem that the user can fix; its message is complete without a stack. */
class GenerationFailed extends Error {}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface GenOptions {
  readonly check: boolean; // only compares
}

/** What has changed in protos/gen, or is stale there. */
export interface Generation {
  readonly written: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: number;
}

export async function gen(context: Context, { check }: GenOptions): Promise<number> {
  const interrupted = new AbortController();
  const onSignal = (): void => interrupted.abort();
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    context.progress("generating protos/gen ...");
    const generated = await generate(interrupted.signal);
    return check ? compare(context, generated) : write(context, generated);
  } catch (error) {
    if (interrupted.signal.aborted) {
      context.note(`interrupted\n${COMMITTED} is as it was`);
      process.exit(130); // as a shell reports a command that a signal has ended
    }
    throw new Failure({
      what: error instanceof Error ? error.message.trim() : String(error),
      fix: `correct it; ${COMMITTED} is as it was`,
    });
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}

/** @returns the text of each file, by its path in protos/gen; buf writes to another folder */
async function generate(signal: AbortSignal): Promise<Map<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-gen-"));
  try {
    const descriptorSet = await buf(signal, "build", "-o", "-", "--as-file-descriptor-set");
    const document = openapiTextOf(openapiOf(descriptorSet));
    await buf(signal, "generate", "--output", folder);
    const files = existsSync(join(folder, COMMITTED)) ? filesIn(join(folder, COMMITTED)) : new Map<string, string>();
    if (files.size === 0) throw new GenerationFailed("nothing was generated; protos/ has no proto with a message or a service");
    const declarations = declarationsOf(servicesIn(descriptorSet));
    return files.set(OPENAPI, document).set(REFERENCE, referenceTextOf(descriptorSet)).set(DECLARATIONS, declarations);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @throws GenerationFailed with the messages of buf */
function buf(signal: AbortSignal, ...args: string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn("buf", args, { stdio: ["ignore", "pipe", "pipe"], signal });
    const output: Buffer[] = [];
    const problems: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => problems.push(chunk));
    child.on("error", (error) => reject(new GenerationFailed(`buf could not be started: ${error.message}`)));
    child.on("close", (code) => {
      if (code === 0) resolve(Buffer.concat(output));
      else reject(new GenerationFailed(withSource(Buffer.concat(problems).toString()) || `buf ${args[0]} ended with ${code}`));
    });
  });
}

/** @returns the messages of buf, `protos/a.proto:3:1:imported file does not exist`, each with the source line */
function withSource(problems: string): string {
  return problems.replaceAll(/^([^:\n]+\.proto):(\d+):\d+:.*$/gm, (problem, file: string, line: string) => {
    const source = existsSync(file) ? readFileSync(file, "utf8").split("\n")[Number(line) - 1]?.trim() : undefined;
    return source ? `${problem}\n    ${source}` : problem;
  });
}

function compare(context: Context, generated: ReadonlyMap<string, string>): number {
  const committed = filesIn(COMMITTED);
  const stale = [...new Set([...generated.keys(), ...committed.keys()])].filter((name) => generated.get(name) !== committed.get(name));
  for (const name of stale) context.note(`${COMMITTED}/${name} is not what the protos give; run \`npm run gen\` and commit it`);
  if (context.isJson) context.print({ stale: stale.map((name) => `${COMMITTED}/${name}`) }, "");
  return stale.length === 0 ? 0 : 1;
}

/** Writes each changed file under another name and renames it, so that no file is ever missing. Signals are handled at the end. */
function write(context: Context, generated: ReadonlyMap<string, string>): number {
  const before = filesIn(COMMITTED);
  const changed = [...generated].filter(([name, text]) => before.get(name) !== text);
  for (const [name, text] of changed) {
    const file = join(COMMITTED, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.${process.pid}`, text);
    renameSync(`${file}.${process.pid}`, file);
  }
  const removed = [...before.keys()].filter((name) => !generated.has(name));
  for (const name of removed) {
    rmSync(join(COMMITTED, name));
    for (let folder = dirname(name); folder !== "." && isEmpty(join(COMMITTED, folder)); folder = dirname(folder))
      rmdirSync(join(COMMITTED, folder));
  }
  const unchanged = generated.size - changed.length;
  const result: Generation = { written: changed.map(([name]) => name), removed, unchanged };
  context.print(result, `${COMMITTED}: ${changed.length} written, ${removed.length} removed, ${unchanged} unchanged\n`);
  return 0;
}

function isEmpty(folder: string): boolean {
  return readdirSync(folder).length === 0;
}

function filesIn(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.(ts|json)$/.test(name));
  return new Map(names.map((name) => [name.replaceAll("\\", "/"), readFileSync(join(folder, name), "utf8")]));
}
