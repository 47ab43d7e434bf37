// Services whose TypeScript is not compiled in: read from descriptor sets that the configuration carries.
import { type DescFile, type DescService, fromBinary } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { Problem } from "../../../../core/config/problems.ts";
import { filesOf, linkFiles } from "./link-descriptors.ts";

export interface ParsedDescriptors {
  readonly services: readonly DescService[];
  readonly files: readonly DescFile[]; // all files of the sets, also those without services: details of errors may have their types
  readonly unlinked: readonly UnlinkedService[];
  readonly problems: readonly Problem[];
}

/** A service of a set whose file cannot be linked: a problem if the configuration lists the service, and ignored otherwise. */
export interface UnlinkedService {
  readonly typeName: string;
  readonly methods: readonly string[];
  readonly problem: Problem;
}

const BUILD = "buf build --as-file-descriptor-set --exclude-source-info -o set.binpb";

/**
 * Reads the `descriptors` of gateway.config.ts: FileDescriptorSets with all that their files import, as bytes or in base64. What to write there comes from
 *
 * ```sh
 * buf build --as-file-descriptor-set --exclude-source-info -o set.binpb
 * echo "export default \"$(base64 -w0 set.binpb)\";" > inventory.descriptors.ts   # then `import inventory from "./inventory.descriptors.ts"`
 * ```
 *
 * They are parsed as the isolate loads, within the CPU that the platform grants for that: 328 KB took 123 ms, so leave out what you
 * do not serve (`--path`, `--type`).
 *
 * @param value   of any type: what stands in the configuration
 * @param catalog the services that are compiled in. They win: a set may repeat them, as one built of a whole workspace does.
 * @returns the services that are new, those whose file does not link, and all problems; a set with a problem has no services
 */
export function parseDescriptors(value: unknown, catalog: readonly DescService[]): ParsedDescriptors {
  const problems: Problem[] = [];
  const unlinked: UnlinkedService[] = [];
  const services = new Map<string, DescService>();
  const files: DescFile[] = [];
  if (value === undefined) return { services: [], files, unlinked, problems };
  if (!Array.isArray(value)) {
    problems.push({ path: "descriptors", found: `a value of type ${typeof value}`, fix: "write a list of descriptor sets: [inventory]" });
    return { services: [], files, unlinked, problems };
  }
  const compiledFiles = filesOf(catalog);
  const compiled = new Set(catalog.map(({ typeName }) => typeName));
  for (const [index, set] of value.entries()) {
    const path = `descriptors[${index}]`;
    const parsed = parseSet(set, compiledFiles, path);
    if ("problem" in parsed) {
      problems.push({ path, found: parsed.found, fix: parsed.problem });
      continue;
    }
    files.push(...parsed.files);
    unlinked.push(...parsed.unlinked.filter(({ typeName }) => !compiled.has(typeName)));
    for (const service of parsed.files.flatMap(({ services: listed }) => listed)) {
      if (compiled.has(service.typeName)) continue;
      if (services.has(service.typeName)) {
        problems.push({
          path,
          found: `${service.typeName} a second time`,
          fix: "keep each service in one set: an earlier one has it already",
        });
      }
      services.set(service.typeName, service);
    }
  }
  return { services: [...services.values()], files, unlinked: unlinked.filter(({ typeName }) => !services.has(typeName)), problems };
}

type ParsedSet = Pick<ParsedDescriptors, "files" | "unlinked"> | { readonly found: string; readonly problem: string };

function parseSet(set: unknown, compiled: ReadonlyMap<string, DescFile>, path: string): ParsedSet {
  const bytes = bytesOf(set);
  if (bytes === undefined) {
    const found = typeof set === "string" ? `text that is not base64 (${set.length} characters)` : `a value of type ${typeof set}`;
    return { found, problem: `write the bytes of a FileDescriptorSet, or their base64: ${BUILD}` };
  }
  try {
    const read = fromBinary(FileDescriptorSetSchema, bytes);
    if (read.file.length === 0) return { found: "a set without files", problem: `build it again: ${BUILD}` };
    const { files, failed } = linkFiles(read, compiled);
    const unlinked = failed.flatMap(({ file, why }) =>
      file.service.map((service) => ({
        typeName: file.package === "" ? service.name : `${file.package}.${service.name}`,
        methods: service.method.map(({ name }) => name),
        problem: {
          path,
          found: `${file.name}, which cannot be used: ${why}`,
          fix: `build it again, with all that its files import: ${BUILD}`,
        },
      })),
    );
    if (unlinked[0] !== undefined && !files.some(({ services }) => services.length > 0)) {
      const { found, fix } = unlinked[0].problem;
      return { found, problem: fix };
    }
    return { files, unlinked };
  } catch (error) {
    const found = `${bytes.byteLength} bytes: ${error instanceof Error ? error.message : String(error)}`;
    return { found, problem: `build it again, with all that its files import: ${BUILD}` };
  }
}

function bytesOf(set: unknown): Uint8Array | undefined {
  if (set instanceof Uint8Array) return set;
  if (set instanceof ArrayBuffer) return new Uint8Array(set);
  if (typeof set !== "string" || set.trim() === "") return undefined;
  try {
    return base64Decode(set.trim());
  } catch {
    return undefined;
  }
}
