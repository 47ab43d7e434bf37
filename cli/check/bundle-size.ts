// The compressed size of a Worker as it is deployed, and its budget (docs/decisions/0018-bundle-sizes.md). A larger bundle starts later.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

export interface BundleSize {
  readonly bytes: number; // compressed
  readonly parts: readonly (readonly [name: string, bytes: number])[]; // packages and folders, before compression, the largest first
}

/** KiB compressed that the platform takes: 10 MB, on the free plan 3. @see developers.cloudflare.com/workers/platform/limits, "Worker size" */
export const PLATFORM_KIB = 10_240;

/** Bundles a Worker as `npm run deploy` does, which is `wrangler deploy --minify`. @param entry path of its main file */
export async function bundleSize(entry: string): Promise<BundleSize> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    outfile: "worker.js",
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2024",
    platform: "neutral",
    conditions: ["workerd", "worker", "browser", "import"],
    mainFields: ["module", "main"],
    external: ["cloudflare:*", "node:*", "workerd:*"],
    logLevel: "silent",
  });
  const parts = new Map<string, number>();
  for (const [file, { bytesInOutput }] of Object.entries(metafile.outputs["worker.js"]!.inputs))
    parts.set(partOf(file), (parts.get(partOf(file)) ?? 0) + bytesInOutput);
  return { bytes: gzipSync(outputFiles[0]!.contents).byteLength, parts: [...parts].sort(([, one], [, other]) => other - one) };
}

/** @param file path of a source @returns its package, or its folder down to the third level */
export function partOf(file: string): string {
  const [, ofPackage] = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file) ?? [];
  return ofPackage ?? file.split("/").slice(0, -1).slice(0, 3).join("/");
}

/**
 * @param budget KiB compressed
 * @returns what is wrong with the size of a Worker, with its largest parts; undefined where it is within its budget
 */
export function sizeProblem(entry: string, { bytes, parts }: BundleSize, budget: number): string | undefined {
  if (bytes <= budget * 1_024) return undefined;
  const largest = parts.slice(0, 8).map(([name, size]) => `${name} ${kib(size)}`);
  return `${entry}: ${kib(bytes)} KiB compressed, above ${budget} KiB; take something out. Largest parts, KiB before compression: ${largest.join(", ")}`;
}

export function kib(bytes: number): string {
  return (bytes / 1_024).toFixed(1);
}
