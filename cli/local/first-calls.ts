// Calls that `npm start` shows when the gateway runs: those of the example services, or of the project's own OpenAPI document.
import { existsSync, readFileSync } from "node:fs";

const DOCUMENT = "protos/gen/openapi.json";
const SHOWN = 3;

/**
 * @param url      of the gateway
 * @param document text of the OpenAPI document; by default the one that `npm run gen` has written
 * @returns one line each
 */
export function firstCalls(url: string, document: string = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, "utf8") : "{}"): string[] {
  const { paths = {} }: { readonly paths?: Readonly<Record<string, object>> } = JSON.parse(document);
  if ("/api/v1/users" in paths) return ofUsers(url);
  const read = Object.entries(paths).filter(([, operations]) => "get" in operations);
  return read.slice(0, SHOWN).map(([path]) => `REST      curl ${url}${path.replaceAll(/\{[^}]+\}/g, "1")}`);
}

function ofUsers(url: string): string[] {
  return [
    `REST      curl ${url}/api/v1/users -H 'content-type: application/json' \\`,
    `            -d '{"displayName":"Ada","email":"ada@example.com"}'`,
    `REST      curl ${url}/api/v1/users`,
    `Connect   curl ${url}/users.v1.UserService/ListUsers -H 'content-type: application/json' -d '{}'`,
    `Stream    curl -N ${url}/api/v1/users:watch`,
  ];
}
