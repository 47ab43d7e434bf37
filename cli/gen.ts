// `npm run gen`: generates protos/gen from the protos, code and OpenAPI document; with --check only says whether it is fresh.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openapiText } from "./openapi.ts";

const COMMITTED = "protos/gen";
const OPENAPI = "openapi.json"; // beside the generated code, and made from the same protos

if (!process.argv.includes("--check")) {
  execFileSync("buf", ["generate"], { stdio: "inherit" });
  writeFileSync(join(COMMITTED, OPENAPI), openapiText());
  process.exit(0);
}

const fresh = mkdtempSync(join(tmpdir(), "tidegate-gen-"));
try {
  execFileSync("buf", ["generate", "--output", fresh], { stdio: "inherit" });
  writeFileSync(join(fresh, COMMITTED, OPENAPI), openapiText());
  const generated = filesIn(join(fresh, COMMITTED));
  const committed = filesIn(COMMITTED);
  const stale = [...new Set([...generated.keys(), ...committed.keys()])].filter((name) => generated.get(name) !== committed.get(name));
  for (const name of stale) console.error(`${COMMITTED}/${name} is not what the protos say; run \`npm run gen\` and commit it`);
  if (generated.size === 0) console.error("nothing was generated: there is nothing to compare with");
  process.exitCode = stale.length > 0 || generated.size === 0 ? 1 : 0;
} finally {
  rmSync(fresh, { recursive: true });
}

function filesIn(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.(ts|json)$/.test(name));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}
