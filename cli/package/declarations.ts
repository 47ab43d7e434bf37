// The declarations of the package's exports, as users compile against them.
import { readFileSync } from "node:fs";
import { build, type InlineConfig } from "tsdown";
import { EXPORTS } from "./entries.ts";

const manifest: {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
} = JSON.parse(readFileSync("package.json", "utf8"));
const packages = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });

/** What every build of the package has in common: the packages that it depends on are never bundled. */
export const COMMON: InlineConfig = {
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

/** @param folder receives one `.d.ts` of each export, and those that they share */
export async function buildDeclarations(folder: string): Promise<void> {
  const tsconfig = "tsconfig.package.json";
  await build({
    ...COMMON,
    entry: Object.values(EXPORTS),
    outDir: folder,
    tsconfig,
    dts: { emitDtsOnly: true, tsconfig },
    outputOptions: { chunkFileNames: "shared/[name].js" }, // without a hash: etc/api compares them
  });
}
