// Writes the OpenAPI document of the protos: `node cli/openapi.ts [FILE]`, by default to standard output.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createFileRegistry, type DescService, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { documentOf, type Info } from "./openapi/document.ts";
import type { Schema } from "./openapi/values.ts";

const INFO: Info = {
  title: "Tidegate",
  version: JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version,
  description: "Every service behind this gateway, called as REST. The same methods answer to Connect, gRPC-Web and gRPC by their names.",
};

/** @param descriptorSet a FileDescriptorSet with source info: what `buf build --as-file-descriptor-set` writes */
export function openapiOf(descriptorSet: Uint8Array, info: Info = INFO): Schema {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  const services = [...registry].filter((desc): desc is DescService => desc.kind === "service");
  return documentOf(
    services.sort((a, b) => (a.typeName < b.typeName ? -1 : 1)),
    info,
  );
}

/** The document of the project's own protos as it is committed: the same text for the same protos. */
export function openapiText(): string {
  const descriptorSet = execFileSync("buf", ["build", "-o", "-", "--as-file-descriptor-set"], { maxBuffer: 256 * 1024 * 1024 });
  return openapiTextOf(openapiOf(descriptorSet));
}

export function openapiTextOf(document: Schema): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

if (import.meta.main) {
  const [file] = process.argv.slice(2);
  if (file === undefined) process.stdout.write(openapiText());
  else writeFileSync(file, openapiText());
}
