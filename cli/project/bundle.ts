// Bundles a file with its imports, as wrangler does when it deploys a Worker.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, dirname, relative, resolve } from "node:path";
import { type BuildFailure, type BuildOptions, build, type Message, type Plugin } from "esbuild";

/** A file that a bundle imports unchanged, such as WebAssembly. */
export interface DataModule {
  readonly type: "CompiledWasm" | "Text" | "Data";
  readonly path: string;
  readonly contents: Uint8Array<ArrayBuffer>;
}

export interface Bundle {
  readonly text: string;
  readonly modules: readonly DataModule[];
  readonly inputs: readonly string[]; // files of the project in the bundle, relative to the project's folder
  readonly exports: readonly string[];
}

/** A bundle that cannot be made: syntax errors and imports of missing files, each with file, line and column. */
export class BundleError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "BundleError";
    this.problems = problems;
  }
}

export interface BundleOptions {
  readonly entry: string; // path of the entry; with `text`, a name for messages
  readonly text?: string; // text of an entry that is no file; imports are relative to the folder of the project
  /** "workerd": modules of the platform stay imports. "node": the bundle runs in Node. */
  readonly runtime: "workerd" | "node";
  /** The file that replaces gateway.config.ts. */
  readonly gatewayConfig: string;
  readonly alias?: Record<string, string> | undefined;
  readonly define?: Record<string, string> | undefined;
  readonly tsconfig?: string | undefined;
  /** Resolve imports before the bundler's own rules do. */
  readonly plugins?: readonly Plugin[];
}

/** The files that wrangler passes to a Worker unchanged, by their extension. */
const DATA_TYPES: Readonly<Record<string, DataModule["type"]>> = {
  wasm: "CompiledWasm",
  txt: "Text",
  html: "Text",
  sql: "Text",
  bin: "Data",
};

/** @throws BundleError */
export async function bundle({
  entry,
  text,
  runtime,
  gatewayConfig,
  alias,
  define,
  tsconfig,
  plugins = [],
}: BundleOptions): Promise<Bundle> {
  const modules: DataModule[] = [];
  const options: BuildOptions & { write: false; metafile: true } = {
    ...(text === undefined ? { entryPoints: [entry] } : { stdin: { contents: text, resolveDir: process.cwd(), sourcefile: entry } }),
    outfile: "bundle.js",
    absWorkingDir: process.cwd(),
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2024",
    sourcemap: "inline",
    sourcesContent: false,
    logLevel: "silent",
    platform: runtime === "node" ? "node" : "neutral",
    conditions: runtime === "node" ? ["node", "import"] : ["workerd", "worker", "browser", "import"],
    mainFields: ["module", "main"],
    external: ["cloudflare:*", "node:*", "workerd:*"],
    define: { "process.env.NODE_ENV": '"development"', ...define },
    plugins: [...plugins, configurationFrom(gatewayConfig), dataModules(modules), nodeModules()],
    ...(alias === undefined ? {} : { alias }),
    ...(tsconfig === undefined ? {} : { tsconfig }),
  };
  try {
    const { outputFiles, metafile } = await build(options);
    const inputs = Object.keys(metafile.inputs).filter((file) => isOfProject(file) && !(text !== undefined && file === entry));
    return { text: outputFiles[0]!.text, modules, inputs, exports: Object.values(metafile.outputs)[0]!.exports };
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    throw new BundleError(error.errors.map(describeMessage));
  }
}

function isOfProject(input: string): boolean {
  return !input.includes("node_modules/") && !input.startsWith("<");
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}

function describeMessage({ text, location }: Message): string {
  if (location === null) return text;
  const fix = /^Could not resolve/.test(text)
    ? "create the file, or correct the import"
    : /^No matching export/.test(text)
      ? "export it there, or correct the import"
      : "correct it";
  return `${location.file}:${location.line}:${location.column + 1} ${text}; ${fix}: ${location.lineText.trim()}`;
}

/** The entry of the gateway imports gateway.config.ts; with `--config`, another file replaces it. */
function configurationFrom(file: string): Plugin {
  const own = resolve("gateway.config.ts");
  const chosen = resolve(file);
  return {
    name: "gateway-configuration",
    setup({ onResolve }) {
      if (chosen === own) return;
      onResolve({ filter: /gateway\.config\.ts$/ }, ({ path, resolveDir }) =>
        resolve(resolveDir, path) === own ? { path: chosen } : undefined,
      );
    },
  };
}

function dataModules(modules: DataModule[]): Plugin {
  return {
    name: "data-modules",
    setup({ onResolve }) {
      onResolve({ filter: /\.(wasm|txt|html|sql|bin)(\?module)?$/ }, ({ path, resolveDir, importer }) => {
        const file = resolve(resolveDir, path.replace(/\?module$/, ""));
        if (!path.startsWith(".")) return undefined;
        try {
          const contents = new Uint8Array(readFileSync(file));
          const name = `${createHash("sha1").update(contents).digest("hex")}-${basename(file)}`;
          const type = DATA_TYPES[file.slice(file.lastIndexOf(".") + 1)]!;
          if (!modules.some((one) => one.path === name)) modules.push({ type, path: name, contents });
          return { path: `./${name}`, external: true, watchFiles: [file] };
        } catch {
          return { errors: [{ text: `Could not resolve "${path}" in ${relative(process.cwd(), importer) || dirname(importer)}` }] };
        }
      });
    },
  };
}

/** Packages import the modules of Node with and without their prefix. */
function nodeModules(): Plugin {
  const names =
    "assert|async_hooks|buffer|child_process|crypto|dns|events|fs|http|https|net|os|path|process|querystring|stream|string_decoder|timers|tls|url|util|zlib";
  return {
    name: "node-modules",
    setup({ onResolve }) {
      onResolve({ filter: new RegExp(`^(${names})(/[a-z_/]+)?$`) }, ({ path }) => ({ path: `node:${path}`, external: true }));
    },
  };
}
