// A copy of the project whose files a test changes, checked in this process: a check of each mistake takes milliseconds, not seconds.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createFileRegistry, type DescService, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { type Finding, inOrder } from "../../../../cli/check/finding.ts";
import { findProblems } from "../../../../cli/check/project.ts";
import { verifyConfiguration } from "../../../../cli/check/verify-configuration.ts";
import { bundle } from "../../../../cli/project/bundle.ts";
import type { LoadConfiguration } from "../../../../cli/project/configuration.ts";
import type { ReadExports } from "../../../../cli/project/worker-problems.ts";
import { catalog } from "../../../../workers/services/catalog.ts";
import { copyProject } from "../../project-copy.ts";

/** What replaces a text of a file: all of it, or each `from` by its `to`. */
export type Change = string | readonly (readonly [from: string, to: string])[];

export interface CheckedProject {
  /**
   * @param changes by file; a file of the project that is not named is as it ships
   * @param look    sees the findings while the files are changed
   */
  check(changes: Readonly<Record<string, Change>>, look?: (findings: readonly Finding[]) => void): Promise<Finding[]>;
  remove(): void;
}

const NOW = new Date("2026-11-30T00:00:00Z");

/** Changes the current folder of this process until `remove`. */
export function checkedProject(): CheckedProject {
  const copy = copyProject();
  const folder = process.cwd();
  const shipped = new Map<string, string>();
  const exported = new Map<string, readonly string[]>(); // what the Workers export: no mistake here changes their code
  let services = catalog;
  const load: LoadConfiguration = async (file, request) => {
    const { text, inputs } = await bundle({ entry: file, runtime: "node", gatewayConfig: file });
    const module = `data:text/javascript;base64,${Buffer.from(text.replace(/^\/\/# sourceMappingURL.*$/m, "")).toString("base64")}`;
    try {
      const { default: input } = (await import(/* @vite-ignore */ module)) as { default: Parameters<typeof verifyConfiguration>[0] };
      return { result: verifyConfiguration(input, services, request), inputs };
    } catch (error) {
      return { result: `found ${String(error)} while it was loaded; correct it`, inputs };
    }
  };
  const readExports: ReadExports = async ({ name, config: { main, alias, define, tsconfig } }, gatewayConfig) => {
    const key = main ?? name;
    if (!exported.has(key)) {
      const options = { entry: main!, runtime: "workerd", gatewayConfig, alias, define, tsconfig } as const;
      exported.set(key, (await bundle(options)).exports);
    }
    return exported.get(key)!;
  };
  process.chdir(copy.folder);
  spawnSync("git", ["init", "-q"]); // .dev.vars is ignored by the .gitignore of the project
  return {
    async check(changes, look) {
      const created: string[] = [];
      try {
        for (const [file, change] of Object.entries(changes)) {
          const text = textOf(copy, shipped, file);
          if (text === undefined) created.push(file);
          mkdirSync(dirname(join(copy.folder, file)), { recursive: true });
          copy.write(file, changed(file, text, change));
        }
        services = [...shipped.keys()].some((file) => file in changes && file.endsWith(".proto")) ? servicesOfProtos() : catalog;
        const findings = inOrder(await findProblems({ now: NOW, load, readExports }));
        look?.(findings);
        return findings;
      } finally {
        for (const [file, text] of shipped) copy.write(file, text);
        for (const file of created) rmSync(join(copy.folder, file));
      }
    },
    remove() {
      process.chdir(folder);
      copy.remove();
    },
  };
}

function textOf(copy: ReturnType<typeof copyProject>, shipped: Map<string, string>, file: string): string | undefined {
  if (shipped.has(file)) return shipped.get(file)!;
  try {
    shipped.set(file, copy.read(file));
    return shipped.get(file);
  } catch {
    return undefined;
  }
}

/** A change that changes nothing is a mistake of the test. */
function changed(file: string, text: string | undefined, change: Change): string {
  if (typeof change === "string") return change;
  return change.reduce((before, [from, to]) => {
    const after = before.replace(from, () => to);
    if (after === before) throw new Error(`${file} has no text ${JSON.stringify(from)}`);
    return after;
  }, text ?? "");
}

/** The services of protos/ as they are now. */
function servicesOfProtos(): DescService[] {
  const { stdout, stderr, status } = spawnSync("buf", ["build", "-o", "-", "--as-file-descriptor-set"], {
    env: { ...process.env, PATH: `${join(process.cwd(), "node_modules/.bin")}:${process.env["PATH"]}` },
    maxBuffer: 64 * 1_048_576,
  });
  if (status !== 0) throw new Error(String(stderr));
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, new Uint8Array(stdout)));
  return [...registry].filter((desc): desc is DescService => desc.kind === "service" && !/^(tidegate|grpc)\./.test(desc.typeName));
}
