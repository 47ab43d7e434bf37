// Writes the OpenAPI document of the protos: `node cli/gen/openapi.ts [FILE]`, by default to standard output.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createFileRegistry, type DescEnum, type DescMessage, type DescService, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { describe } from "../../core/config/problems.ts";
import { type DocumentInfo, documentOf } from "../../workers/gateway/openapi/document.ts";
import { type Comments, type Declaration, fullNameOf, rawCommentOf } from "../../workers/gateway/openapi/schemas/comments.ts";
import type { Schema } from "../../workers/gateway/openapi/schemas/values.ts";
import { compileRest } from "../../workers/gateway/transcode/rules/rules.ts";

const INFO: DocumentInfo = {
  title: "Tidegate",
  version: JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version,
  description: "The services of this repository, called as REST. The same methods respond to Connect and gRPC-Web by their names.",
};

/** Services that the document leaves out: those of the gateway itself, and those that every server may have. */
const OWN = /^(?:tidegate|grpc|google)\./;

/**
 * @param descriptorSet a FileDescriptorSet with source info, from `buf build --as-file-descriptor-set`
 * @throws Error with every problem of the HTTP rules
 */
export function openapiOf(descriptorSet: Uint8Array, info: DocumentInfo = INFO): Schema {
  const services = servicesIn(descriptorSet);
  const { table, problems } = compileRest(services, { inferUpdateMask: true }); // the default of gateways
  if (problems.length > 0) throw new Error(problems.map((problem) => describe(problem)).join("\n"));
  return documentOf({ services, routes: table.routes, info, servers: ["/"], security: {} });
}

/** The document of the protos as it is committed: the same text for the same protos. */
export function openapiText(): string {
  const descriptorSet = execFileSync("buf", ["build", "-o", "-", "--as-file-descriptor-set"], { maxBuffer: 256 * 1024 * 1024 });
  return openapiTextOf(openapiOf(descriptorSet));
}

export function openapiTextOf(document: Schema): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** The comments of the protos, which generated code leaves out: the gateway needs them for the document that it serves. */
export function referenceTextOf(descriptorSet: Uint8Array): string {
  const comments: Record<string, string> = {};
  const seen = new Set<Declaration>();
  const add = (desc: Declaration): void => {
    const comment = rawCommentOf(desc);
    if (comment !== "") comments[fullNameOf(desc)] = comment;
  };
  const addType = (desc: DescMessage | DescEnum | undefined): void => {
    if (desc === undefined || seen.has(desc) || desc.typeName.startsWith("google.protobuf.")) return;
    seen.add(desc);
    add(desc);
    if (desc.kind === "enum") for (const value of desc.values) add(value);
    else {
      for (const oneof of desc.oneofs) add(oneof);
      for (const field of desc.fields) {
        add(field);
        addType(field.message ?? field.enum);
      }
    }
  };
  for (const service of servicesIn(descriptorSet)) {
    add(service);
    for (const method of service.methods) {
      add(method);
      addType(method.input);
      addType(method.output);
    }
  }
  const sorted: Comments = Object.fromEntries(Object.entries(comments).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ version: INFO.version, comments: sorted }, null, 2)}\n`;
}

/** The services of a project: not those of the gateway itself, nor those that every server may have. */
export function servicesIn(descriptorSet: Uint8Array): DescService[] {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  const services = [...registry].filter((desc): desc is DescService => desc.kind === "service" && !OWN.test(desc.typeName));
  return services.sort((a, b) => (a.typeName < b.typeName ? -1 : 1));
}

if (import.meta.main) {
  const [file] = process.argv.slice(2);
  if (file === undefined) process.stdout.write(openapiText());
  else writeFileSync(file, openapiText());
}
