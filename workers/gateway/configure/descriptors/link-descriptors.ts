// Links the files of a descriptor set; a file that does not link takes down only those that import it.
import { clone, createFileRegistry, type DescFile, type DescService } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, type FileDescriptorSet } from "@bufbuild/protobuf/wkt";
import { file_google_api_annotations } from "../../../../protos/gen/google/api/annotations_pb.ts";
import { file_google_api_httpbody } from "../../../../protos/gen/google/api/httpbody_pb.ts";

export interface LinkedFiles {
  readonly files: readonly DescFile[];
  readonly failed: readonly { readonly file: FileDescriptorProto; readonly why: string }[];
}

/** @param compiled files that are compiled in, by the paths by which protos import them: they replace imports that the set lacks */
export function linkFiles(set: FileDescriptorSet, compiled: ReadonlyMap<string, DescFile>): LinkedFiles {
  try {
    return { files: [...createFileRegistry(set).files], failed: [] };
  } catch {
    return linkEach(set, compiled); // slower; it also links sets that are out of order or incomplete
  }
}

function linkEach({ file: all }: FileDescriptorSet, compiled: ReadonlyMap<string, DescFile>): LinkedFiles {
  const byName = new Map(all.map((file) => [file.name, file]));
  const linked = new Map<string, DescFile>();
  const failed = new Map<string, string>(); // reasons, by the name of the file
  const visit = (file: FileDescriptorProto, within: readonly string[]): void => {
    if (linked.has(file.name) || failed.has(file.name)) return;
    for (const name of file.dependency) {
      const imported = byName.get(name);
      if (imported !== undefined && !within.includes(name)) visit(imported, [...within, file.name]);
    }
    const resolve = (name: string): DescFile | undefined => linked.get(name) ?? (byName.has(name) ? undefined : compiled.get(name));
    const missing = file.dependency.filter((name) => resolve(name) === undefined);
    try {
      linked.set(file.name, linkOne(file, missing, resolve));
    } catch (error) {
      failed.set(file.name, missing.length > 0 ? missingOf(missing, byName, failed) : messageOf(error));
    }
  };
  for (const file of all) visit(file, []);
  return {
    files: [...linked.values()],
    failed: [...failed].map(([name, why]) => ({ file: byName.get(name)!, why })),
  };
}

/** An import that is missing is dropped where only options need it. */
function linkOne(file: FileDescriptorProto, missing: readonly string[], resolve: (name: string) => DescFile | undefined): DescFile {
  const fit = missing.length === 0 ? file : clone(FileDescriptorProtoSchema, file);
  if (missing.length > 0) {
    fit.dependency = fit.dependency.filter((name) => !missing.includes(name));
    fit.publicDependency = []; // indexes into the imports
    fit.weakDependency = [];
  }
  return createFileRegistry(fit, resolve).getFile(file.name)!;
}

function missingOf(missing: readonly string[], inSet: ReadonlyMap<string, unknown>, failed: ReadonlyMap<string, string>): string {
  return missing
    .map((name) =>
      inSet.has(name)
        ? `it imports ${name} (${failed.get(name) ?? "which imports it"})`
        : `it imports ${name}, which the set does not have`,
    )
    .join("; ");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The files of services and all that they import, with those that every gateway has, by the paths that protos import. */
export function filesOf(services: readonly DescService[]): ReadonlyMap<string, DescFile> {
  const files = new Map<string, DescFile>();
  const add = (file: DescFile): void => {
    if (files.has(file.proto.name)) return;
    files.set(file.proto.name, file);
    file.dependencies.forEach(add);
  };
  for (const file of [...services.map((service) => service.file), file_google_api_annotations, file_google_api_httpbody]) add(file);
  return files;
}
