// Builds console/dist, which the gateway serves to browsers: the console at /_tidegate/, the reference at /docs, and their headers.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { isPackaged } from "../project/installation.ts";

const CONSOLE = "console";
const SOURCES = ["console/src", "console/docs", "protos/gen/tidegate", "cli/console"];
const FILES = ["console/_headers", "package-lock.json"];
/** Target of the build, from the root. */
export const CONSOLE_FOLDER = "console/dist";
const PAGE = "_tidegate/index.html";

export interface ConsoleBuild {
  readonly isFresh: boolean; // nothing was built: the sources are those of the last build
  /** Script that a browser loads before it shows the overview, and no other view; paths below console/dist. */
  readonly firstLoad: readonly string[];
}

/**
 * Builds the console where its sources have changed since the last build. Several processes may do so at the same time.
 *
 * @param root of the repository; in a project that uses the package, the package has the built console
 */
export async function buildConsole(root = process.cwd(), { force = false } = {}): Promise<ConsoleBuild> {
  if (isPackaged || !existsSync(join(root, CONSOLE, "src"))) return { isFresh: true, firstLoad: [] };
  const digest = digestOf(root);
  const target = join(root, CONSOLE_FOLDER);
  if (!force && digestOfPage(join(target, PAGE)) === digest) return { isFresh: true, firstLoad: firstLoadOf(join(target, PAGE)) };
  const folder = mkdtempSync(join(root, CONSOLE, ".build-"));
  try {
    await writeInto(folder, root, digest);
    const former = `${folder}-former`;
    if (existsSync(target)) renameSync(target, former);
    // Another process may have put its build there meanwhile. It is of the same sources.
    if (!existsSync(target)) renameSync(folder, target);
    rmSync(former, { recursive: true, force: true });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { isFresh: false, firstLoad: firstLoadOf(join(target, PAGE)) };
}

async function writeInto(folder: string, root: string, digest: string): Promise<void> {
  const { build } = await import("esbuild");
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { console: "console/src/main.tsx", style: "console/src/styles/style.css" },
    outdir: join(folder, "_tidegate/assets"),
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    minify: true,
    metafile: true,
    format: "esm",
    target: "es2024",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "silent",
  });
  const outputs = Object.entries(metafile.outputs).map(([path, output]) => ({ ...output, name: basename(path) }));
  const entry = (source: string): string => outputs.find(({ entryPoint }) => entryPoint === source)!.name;
  const script = entry("console/src/main.tsx");
  const page = readFileSync(join(root, "console/src/index.html"), "utf8")
    .replace("{{digest}}", digest)
    .replace("{{style}}", entry("console/src/styles/style.css"))
    .replace("{{script}}", script)
    .replace("{{preload}}", preloads(outputs, [script, entry("console/src/views/overview/overview.tsx")]));
  writeFileSync(join(folder, PAGE), page);
  cpSync(join(root, "console/docs"), join(folder, "docs"), { recursive: true });
  cpSync(join(root, "console/docs/icon.svg"), join(folder, "_tidegate/icon.svg"));
  cpSync(join(root, "console/_headers"), join(folder, "_headers"));
}

interface Chunk {
  readonly name: string;
  readonly imports: readonly { readonly path: string; readonly kind: string }[];
}

/** Links of all chunks that the first view needs: they are loaded side by side. */
function preloads(chunks: readonly Chunk[], first: readonly string[]): string {
  const needed = new Set(first);
  for (const name of needed) {
    const { imports } = chunks.find((chunk) => chunk.name === name)!;
    for (const { path, kind } of imports) if (kind === "import-statement") needed.add(basename(path));
  }
  return [...needed].map((name) => `<link rel="modulepreload" href="/_tidegate/assets/${name}">`).join("\n    ");
}

function firstLoadOf(page: string): string[] {
  return [...readFileSync(page, "utf8").matchAll(/rel="modulepreload" href="\/([^"]+)"/g)].map(([, path]) => path!);
}

/** @returns digest of all that the build reads, in 16 hexadecimal digits */
function digestOf(root: string): string {
  const hash = createHash("sha256");
  const inside = SOURCES.flatMap((folder) =>
    existsSync(join(root, folder)) ? readdirSync(join(root, folder), { recursive: true, withFileTypes: true }) : [],
  );
  const files = [
    ...inside.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name)),
    ...FILES.map((file) => join(root, file)),
  ];
  for (const file of files.sort()) hash.update(file.slice(root.length)).update("\0").update(readFileSync(file)).update("\0");
  return hash.digest("hex").slice(0, 16);
}

/** The page names the sources that it was built from. */
function digestOfPage(page: string): string | undefined {
  return existsSync(page) ? /name="build" content="(\w+)"/.exec(readFileSync(page, "utf8"))?.[1] : undefined;
}
