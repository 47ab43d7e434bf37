// `/openapi.json`: the committed document, cut down to the services of the configuration, under the origin it was asked at.
import document from "../../../protos/gen/openapi.json" with { type: "json" };
import { type OpenApi, selectServices } from "./select.ts";

/**
 * @param services full names of those that the configuration lists
 * @param whole    the document to cut down
 */
export function openapi(services: Iterable<string>, whole: OpenApi = document): (request: Request) => Response {
  const shown = selectServices(whole, new Set(services));
  return (request) => {
    const servers = [{ url: new URL(request.url).origin }];
    return Response.json({ ...shown, servers }, { headers: { "cache-control": "no-cache", "x-content-type-options": "nosniff" } });
  };
}
