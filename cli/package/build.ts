// `npm run build`: builds the package into dist/: its exports, their declarations, and the programs of its command. The packages
// of `dependencies` and `peerDependencies` are never bundled.
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build, type InlineConfig } from "tsdown";
import { parseCommand } from "../command.ts";
import { buildConsole } from "../console/build-console.ts";
import { COPIED, EXPORTS, LIBRARY, moduleOf, PROGRAMS } from "./entries.ts";
import { llmsText, userDocuments } from "./llms.ts";
import { writeTemplate } from "./template.ts";
import { vendor } from "./vendor.ts";

parseCommand("build", {});
const FOLDER = "dist";
const manifest: {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
} = JSON.parse(readFileSync("package.json", "utf8"));
const packages = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
const COMMON: InlineConfig = {
  config: false,
  clean: false,
  report: false,
  logLevel: "error",
  format: "esm",
  target: "es2024",
  platform: "neutral",
  fixedExtension: false,
  deps: { neverBundle: [/^cloudflare:/, /^node:/, ...packages.map((name) => new RegExp(`^${name}(/|$)`))] },
  inputOptions: { checks: { pluginTimings: false } },
};

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
await build({
  ...COMMON,
  entry: Object.values(EXPORTS),
  outDir: `${FOLDER}/types`,
  tsconfig: "tsconfig.package.json",
  dts: { emitDtsOnly: true, tsconfig: "tsconfig.package.json" },
  outputOptions: { chunkFileNames: "shared/[name].js" }, // without a hash: etc/api compares them
});
for (const path of COPIED) cpSync(path, `${FOLDER}/${path}`, { recursive: true });
// The commands read their version beside themselves, as in the sources.
writeFileSync(`${FOLDER}/package.json`, `${JSON.stringify({ type: "module", version: manifest.version, scripts: {} })}\n`);
writeTemplate();
await buildConsole();
writeFileSync("llms.txt", llmsText(userDocuments()));
console.log(`${FOLDER}: tidegate ${manifest.version}, ${Object.keys(EXPORTS).length} exports`);
