// The message types that error details and `google.protobuf.Any` fields may have: those the gateway can write as JSON.
import { createRegistry, type DescFile, type DescService, type Registry } from "@bufbuild/protobuf";
import { file_google_rpc_error_details } from "../../../protos/gen/google/rpc/error_details_pb.ts";
import { filesOf } from "../transcode/rules/rules.ts";

/**
 * @param services the services known to the gateway, compiled in or from `descriptors`; their files, and what these import, are included
 * @param files    further files of `descriptors`, which no service has to import
 * @returns a registry of the types of all files, and of google/rpc/error_details.proto
 */
export function typesOf(services: readonly DescService[], files: readonly DescFile[]): Registry {
  return createRegistry(file_google_rpc_error_details, ...files, ...filesOf(services));
}
