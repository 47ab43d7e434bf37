// The services that the tests speak of. After a change of the protos here build schema.binpb anew: copy them beside
// protos/third_party/google, and there run `buf build --as-file-descriptor-set --exclude-source-info -o schema.binpb`.
import { readFileSync } from "node:fs";
import { createFileRegistry, type DescMethod, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const bytes = readFileSync(new URL("schema.binpb", import.meta.url));

export const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
export const Echo = registry.getService("transcoding.test.v1.Echo")!;
export const Streams = registry.getService("transcoding.test.v1.Streams")!;
export const Msg = registry.getMessage("transcoding.test.v1.Msg")!;

export function methodNamed(name: string): DescMethod {
  return [...Echo.methods, ...Streams.methods].find((method) => method.name === name)!;
}
