// `npm run docs:api`: writes etc/api, the declarations of the built package; with --check it compares. A reviewer sees there what a change
// means for users. A tool for TypeScript below 7 cannot read these sources; the built declarations are what users compile against.
import { cpSync, existsSync, globSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseCommand } from "../command.ts";

const BUILT = "dist/types";
const REPORT = "etc/api";

/** @returns names of the files that differ, or are on one side alone */
export function differences(one: string, other: string): string[] {
  const read = (folder: string, name: string): string | undefined =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : undefined;
  const names = new Set([one, other].flatMap((folder) => globSync("**/*.d.ts", { cwd: folder })));
  return [...names].filter((name) => read(one, name) !== read(other, name)).sort();
}

function main(): void {
  const { values } = parseCommand("docs:api", { check: { type: "boolean", default: false } });
  if (!existsSync(BUILT)) {
    console.error(`found no ${BUILT}; run \`npm run build\` first`);
    process.exit(1);
  }
  const changed = differences(BUILT, REPORT);
  if (values.check) {
    for (const name of changed)
      console.error(`${REPORT}/${name} is not what the sources declare; run \`npm run build && npm run docs:api\`, and commit it`);
    process.exit(changed.length === 0 ? 0 : 1);
  }
  rmSync(REPORT, { recursive: true, force: true });
  cpSync(BUILT, REPORT, { recursive: true });
  console.log(`${REPORT}: ${changed.length} changed`);
}

if (import.meta.main) main();
