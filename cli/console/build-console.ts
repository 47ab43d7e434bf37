// Builds console/dist, which the gateway serves to browsers: the console at /_tidegate/, the reference at /docs, and their headers.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isPackaged } from "../project/installation.ts";

const CONSOLE = "console";
const SOURCES = ["console/src", "core/control", "protos/gen/tidegate", "cli/console"];
const FILES = ["console/_headers", "package-lock.json"];
/** Target of the build, from the root. */
export const CONSOLE_FOLDER = "console/dist";
const PAGE = "_tidegate/index.html";
const ASSETS = "_tidegate/assets"; // scripts and styles of both pages
/** Each page: its template, and what it loads. */
const PAGES = [
  {
    ...{ template: "console/src/index.html", target: PAGE },
    ...{
      script: "console/src/main.tsx",
      style: "console/src/styles/style.css",
      alsoFirst: [
        "console/src/data/sign-in.ts",
        "console/src/shell/app.tsx",
        "console/src/shell/location.ts",
        "console/src/views/overview/overview.tsx",
      ],
    },
  },
  {
    ...{ template: "console/src/docs/index.html", target: "docs/index.html" },
    ...{ script: "console/src/docs/reference.tsx", style: "console/src/docs/reference.css", alsoFirst: [] },
  },
] as const;

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
    replace(target, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { isFresh: false, firstLoad: firstLoadOf(join(target, PAGE)) };
}

/** Puts a new build in the place of the one before. */
function replace(target: string, built: string): void {
  const former = `${built}-former`;
  try {
    if (existsSync(target)) renameSync(target, former);
    renameSync(built, target);
  } catch (error) {
    // Another process has put its build there at the same moment. It is of the same sources.
    if (!existsSync(target)) throw error;
  }
  rmSync(former, { recursive: true, force: true });
}

async function writeInto(folder: string, root: string, digest: string): Promise<void> {
  await Promise.all(PAGES.map((page) => writePage(page, folder, root, digest)));
  cpSync(join(root, "console/src/docs/icon.svg"), join(folder, "_tidegate/icon.svg"));
  cpSync(join(root, "console/_headers"), join(folder, "_headers"));
}

type Page = (typeof PAGES)[number];

/** Each page is a build of its own: what two pages share would be split into more and smaller files. */
async function writePage(page: Page, folder: string, root: string, digest: string): Promise<void> {
  const { build } = await import("esbuild");
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries([page.script, page.style].map((path) => [nameOf(path), path])),
    outdir: join(folder, ASSETS),
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
  writeFileSync(made(join(folder, page.target)), pageText(page, readFileSync(join(root, page.template), "utf8"), outputs, digest));
}

interface Chunk {
  readonly name: string;
  readonly entryPoint?: string;
  readonly imports: readonly { readonly path: string; readonly kind: string }[];
}

function pageText({ script, style, alsoFirst }: Page, template: string, outputs: readonly Chunk[], digest: string): string {
  const built = (source: string): string => outputs.find(({ entryPoint }) => entryPoint === source)!.name;
  return template
    .replace("{{digest}}", digest)
    .replace("{{style}}", built(style))
    .replace("{{script}}", built(script))
    .replace("{{preload}}", preloads(outputs, [script, ...alsoFirst].map(built)));
}

/** Name of an entry in the build. */
function nameOf(path: string): string {
  return `${basename(path).replace(/\.\w+$/, "")}${path.endsWith(".css") ? "-style" : ""}`;
}

/** @returns the path, with its folder made */
function made(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  return path;
}

/** Links of all chunks that the first view needs: they are loaded side by side. */
function preloads(chunks: readonly Chunk[], first: readonly string[]): string {
  const needed = new Set(first);
  for (const name of needed) {
    const { imports } = chunks.find((chunk) => chunk.name === name)!;
    for (const { path, kind } of imports) if (kind === "import-statement") needed.add(basename(path));
  }
  return [...needed].map((name) => `<link rel="modulepreload" href="/${ASSETS}/${name}">`).join("\n    ");
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
