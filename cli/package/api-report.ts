// `npm run docs:api`: writes etc/api, the declarations of the package; with --check it compares. A reviewer sees there what a change
// means for users. A tool for TypeScript below 7 cannot read these sources; the built declarations are what users compile against.
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCommand } from "../command.ts";
import { buildDeclarations } from "./declarations.ts";

const REPORT = "etc/api";

/** @returns names of the files that differ, or are on one side alone */
export function differences(one: string, other: string): string[] {
  const read = (folder: string, name: string): string | undefined =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : undefined;
  const names = new Set([one, other].flatMap((folder) => globSync("**/*.d.ts", { cwd: folder })));
  return [...names].filter((name) => read(one, name) !== read(other, name)).sort();
}

async function main(): Promise<void> {
  const { values } = parseCommand("docs:api", { check: { type: "boolean", default: false } });
  const built = mkdtempSync(join(tmpdir(), "tidegate-api-"));
  try {
    await buildDeclarations(built);
    const changed = differences(built, REPORT);
    if (values.check) {
      for (const name of changed)
        console.error(`${REPORT}/${name} is not what the sources declare; run \`npm run docs:api\`, and commit it`);
      process.exitCode = changed.length === 0 ? 0 : 1;
      return;
    }
    rmSync(REPORT, { recursive: true, force: true });
    cpSync(built, REPORT, { recursive: true });
    console.log(`${REPORT}: ${changed.length} changed`);
  } finally {
    rmSync(built, { recursive: true, force: true });
  }
}

if (import.meta.main) await main();
