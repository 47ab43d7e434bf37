// Serves `/openapi.json`. The document is written from what the configuration serves at the first request, and kept for the next ones.
import type { DescService } from "@bufbuild/protobuf";
import type { OpenApiPolicy } from "../../../core/config/openapi.ts";
import { reasonField } from "../../../core/reasons.ts";
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
  "Every service behind this gateway, as REST if its proto or the configuration has HTTP rules. " +
  "Connect and gRPC-Web clients can call every method at its RPC path.";

/** @returns the response to GET and HEAD. Its servers are relative to the document unless the configuration lists servers */
export function openapi({ policy, services, rest }: ServedApi): () => Response {
  let text: string | undefined;
  return () => {
    text ??= JSON.stringify(write(policy.openapi, services, rest));
    return new Response(text, {
      headers: {
        "content-type": "application/json",
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
        ...reasonField("document"),
      },
    });
  };
}

function write(policy: OpenApiPolicy, services: readonly DescService[], rest: RestTable): object {
  provideComments(reference.comments);
  const { title = "Tidegate", version = reference.version, description = DESCRIPTION, contact, license, servers, security } = policy;
  return documentOf({ services, routes: rest.routes, info: { title, version, description, contact, license }, servers, security });
}
