// `npm run gen`: generates protos/gen, code and OpenAPI document, from the protos; with --check it only compares.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseCommand } from "../command.ts";
import { openapiOf, openapiTextOf, referenceTextOf } from "./openapi.ts";

const COMMITTED = "protos/gen";
// Generated beside the code, from the same protos.
const OPENAPI = "openapi.json";
const REFERENCE = "reference.json"; // the comments, for the document that the gateway serves

/** A problem that the user can fix; its message is complete without a stack. */
class GenerationFailed extends Error {}

const { values } = parseCommand("gen", { check: { type: "boolean", default: false } });
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interrupted.abort());

try {
  const generated = await generate();
  process.exitCode = values.check ? compare(generated) : write(generated);
} catch (error) {
  const message = interrupted.signal.aborted ? "interrupted" : (error as Error).message.trim();
  process.stderr.write(`${message}\n${COMMITTED} is as it was\n`);
  process.exitCode = interrupted.signal.aborted ? 130 : 1;
}

/** @returns the text of each file, by its path in protos/gen; buf writes to another folder */
async function generate(): Promise<Map<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-gen-"));
  try {
    const descriptorSet = await buf("build", "-o", "-", "--as-file-descriptor-set");
    const document = openapiTextOf(openapiOf(descriptorSet));
    await buf("generate", "--output", folder);
    const files = existsSync(join(folder, COMMITTED)) ? filesIn(join(folder, COMMITTED)) : new Map<string, string>();
    if (files.size === 0) throw new GenerationFailed("nothing was generated; protos/ has no proto with a message or a service");
    return files.set(OPENAPI, document).set(REFERENCE, referenceTextOf(descriptorSet));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @throws GenerationFailed with the messages of buf */
function buf(...args: string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn("buf", args, { stdio: ["ignore", "pipe", "pipe"], signal: interrupted.signal });
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

function compare(generated: ReadonlyMap<string, string>): number {
  const committed = filesIn(COMMITTED);
  const stale = [...new Set([...generated.keys(), ...committed.keys()])].filter((name) => generated.get(name) !== committed.get(name));
  for (const name of stale) process.stderr.write(`${COMMITTED}/${name} is not what the protos give; run \`npm run gen\` and commit it\n`);
  return stale.length === 0 ? 0 : 1;
}

/** Writes each changed file under another name and renames it, so that no file is ever missing. Signals are handled at the end. */
function write(generated: ReadonlyMap<string, string>): number {
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
  process.stdout.write(
    `${COMMITTED}: ${changed.length} written, ${removed.length} removed, ${generated.size - changed.length} unchanged\n`,
  );
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
