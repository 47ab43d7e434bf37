// `/openapi.json`: written of what the configuration serves, when it is first asked for; the same bytes for every request after that.
import type { DescService } from "@bufbuild/protobuf";
import type { OpenApiPolicy } from "../../../core/config/openapi.ts";
import reference from "../../../protos/gen/reference.json" with { type: "json" };
import type { RestTable } from "../transcode/rules/rules.ts";
import { documentOf } from "./document.ts";
import { provideComments } from "./schemas/comments.ts";

export interface ServedApi {
  readonly policy: { readonly openapi: OpenApiPolicy };
  readonly services: readonly DescService[];
  readonly rest: RestTable;
}

const DESCRIPTION =
  "Every service behind this gateway, called as REST where its proto or the configuration has HTTP rules. " +
  "All methods respond to Connect and gRPC-Web by their names.";

/** @returns the response for GET and HEAD; relative to where it is served unless the configuration lists servers */
export function openapi({ policy, services, rest }: ServedApi): () => Response {
  let text: string | undefined;
  return () => {
    text ??= JSON.stringify(write(policy.openapi, services, rest));
    return new Response(text, {
      headers: { "content-type": "application/json", "cache-control": "no-cache", "x-content-type-options": "nosniff" },
    });
  };
}

function write(policy: OpenApiPolicy, services: readonly DescService[], rest: RestTable): object {
  provideComments(reference.comments);
  const { title = "Tidegate", version = reference.version, description = DESCRIPTION, contact, license, servers, security } = policy;
  return documentOf({ services, routes: rest.routes, info: { title, version, description, contact, license }, servers, security });
}
