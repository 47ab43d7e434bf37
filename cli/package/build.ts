// `npm run build`: builds the package into dist/: its exports, their declarations, and the programs of its command. The packages
// of `dependencies` and `peerDependencies` are never bundled.
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "tsdown";
import { parseCommand } from "../command.ts";
import { buildConsole } from "../console/build-console.ts";
import { buildDeclarations, COMMON } from "./declarations.ts";
import { COPIED, EXPORTS, LIBRARY, moduleOf, PROGRAMS } from "./entries.ts";
import { llmsText, userDocuments } from "./llms.ts";
import { writeTemplate } from "./template.ts";
import { vendor } from "./vendor.ts";

parseCommand("build", {});
const FOLDER = "dist";
const manifest: { readonly version: string } = JSON.parse(readFileSync("package.json", "utf8"));

rmSync(FOLDER, { recursive: true, force: true });
// Programs: modules stay apart, as in the sources, so that they find the files beside them.
await build({ ...COMMON, entry: [...PROGRAMS], outDir: FOLDER, unbundle: true, root: ".", dts: false });
vendor(FOLDER);
// Exports: few files, because a test or a bundler of the project loads each of them.
await build({
  ...COMMON,
  entry: Object.fromEntries(LIBRARY.map(([name, source]) => [moduleOf(name), source])),
  outDir: `${FOLDER}/lib`,
  dts: false,
});
await buildDeclarations(`${FOLDER}/types`);
for (const path of COPIED) cpSync(path, `${FOLDER}/${path}`, { recursive: true });
// The commands read their version beside themselves, as in the sources.
writeFileSync(`${FOLDER}/package.json`, `${JSON.stringify({ type: "module", version: manifest.version, scripts: {} })}\n`);
writeTemplate();
await buildConsole();
writeFileSync("llms.txt", llmsText(userDocuments()));
console.log(`${FOLDER}: tidegate ${manifest.version}, ${Object.keys(EXPORTS).length} exports`);
