// The service that the cases speak of. After a change of transcoding_test.proto build transcoding_test.binpb anew: copy it
// beside protos/third_party/google, then `buf build --as-file-descriptor-set --exclude-source-info -o transcoding_test.binpb`.
import { readFileSync } from "node:fs";
import { createFileRegistry, type DescMethod, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const bytes = readFileSync(new URL("transcoding_test.binpb", import.meta.url));
export const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
export const Echo = registry.getService("transcoding.test.v1.Echo")!;

export function methodNamed(name: string): DescMethod {
  return Echo.methods.find((method) => method.name === name)!;
}
