// Makes a snapshot of gateway.config.ts: what `tidegate publish` sends, and `deploy` compares.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, join as joinPath, type Problem } from "../../core/config/problems.ts";
import {
  type JsonObject,
  type JsonValue,
  SNAPSHOT_FORMAT,
  type StoredSnapshot,
  snapshotProblem,
  snapshotText,
} from "../../core/control/snapshot.ts";
import { PUBLIC_SETTINGS } from "../check/secrets/secret-findings.ts";
import { secretIn } from "../check/secrets/secrets.ts";
import { bundle } from "../project/bundle.ts";
import { CONFIG_FILE } from "../project/configuration.ts";
import { ownFile } from "../project/installation.ts";

/** What the other process has read. */
interface ExportedConfiguration {
  readonly configuration: JsonObject;
  readonly descriptors: readonly string[]; // base64
  readonly layers: readonly string[];
  readonly problems: readonly Problem[];
}

/** A configuration that cannot be published. */
export class SnapshotProblems extends Error {
  readonly problems: readonly string[]; // one line each: file, path, value and fix

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "SnapshotProblems";
    this.problems = problems;
  }
}

const LOAD_TIMEOUT_MS = 60_000;

/** The program that writes the configuration as data. */
const PROGRAM = `import input from "./${CONFIG_FILE}";
import { exportConfiguration } from ${JSON.stringify(ownFile("cli/control/export-configuration.ts"))};
exportConfiguration(input);
`;

/**
 * @param file holds the configuration: gateway.config.ts
 * @throws SnapshotProblems where it is no data, or has the value of a secret; BundleError where it cannot be read
 */
export async function projectSnapshot(file: string): Promise<StoredSnapshot> {
  const { configuration, descriptors, layers, problems } = await exported(file);
  const found = [...problems, ...secretValues(configuration, "", "")];
  if (found.length > 0) throw new SnapshotProblems(found.map((problem) => `${file}: ${describe(problem)}`));
  const sets = descriptors.map((set) => new Uint8Array(Buffer.from(set, "base64")));
  const stored = snapshotOf(configuration, sets, layers);
  const problem = snapshotProblem(stored);
  if (problem !== undefined) throw new SnapshotProblems([`${file}: ${problem}`]);
  return stored;
}

export function snapshotOf(configuration: JsonObject, sets: readonly Uint8Array[], layers: readonly string[]): StoredSnapshot {
  const named = sets.map((set) => [digestOf(set), set] as const);
  const text = snapshotText({ format: SNAPSHOT_FORMAT, configuration, descriptors: named.map(([digest]) => digest), layers });
  return { digest: digestOf(text), text, descriptors: Object.fromEntries(named) };
}

/** Values that look like secrets, by their paths; the values are in no message. */
export function secretValues(value: JsonValue, path: string, name: string): Problem[] {
  if (typeof value === "string") {
    const match = PUBLIC_SETTINGS.has(name) ? undefined : secretIn(name, value);
    if (match === undefined) return [];
    return [
      {
        path,
        found: `${match.kind}: versions are stored and shown to viewers`,
        fix: "write the name of a secret, set by wrangler secret put",
      },
    ];
  }
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item: JsonValue, index) => secretValues(item, `${path}[${index}]`, name));
  return Object.entries(value).flatMap(([key, field]) => secretValues(field, joinPath(path, key), key));
}

/** Bundles the configuration and evaluates it in another process: it may do anything while it loads. */
async function exported(file: string): Promise<ExportedConfiguration> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-snapshot-"));
  try {
    const { text } = await bundle({ entry: "export.ts", text: PROGRAM, runtime: "node", gatewayConfig: file });
    const [program, output] = [join(folder, "export.mjs"), join(folder, "configuration.json")];
    writeFileSync(program, text);
    const options = { timeout: LOAD_TIMEOUT_MS, env: { ...process.env, NODE_OPTIONS: "" } };
    await promisify(execFile)(process.execPath, [program, output], options).catch((error: unknown) => {
      const reason = /^(?:Uncaught )?(\w*Error.*)$/m.exec(String((error as { stderr?: string }).stderr))?.[1] ?? String(error);
      throw new SnapshotProblems([`${file}: found ${reason} while it was loaded; \`tidegate check\` shows where`]);
    });
    return JSON.parse(readFileSync(output, "utf8")) as ExportedConfiguration; // written by the program
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function digestOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
