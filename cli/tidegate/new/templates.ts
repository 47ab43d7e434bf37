// The files of a new service.
import type { ServiceNames } from "./names.ts";

/** Where a project imports the host of services from: the package, or in this repository its file. */
export interface Imports {
  readonly service: string; // `tidegate/service`, or a path
  readonly generated: string; // path of the generated code from the folder of the service
}

const WORKER = 'import worker from "./index.ts";';
const ANNOTATIONS = 'import "google/api/annotations.proto";';

export function protoText({ package: packageName, service, entity, field, path }: ServiceNames): string {
  return `syntax = "proto3";

package ${packageName};

${ANNOTATIONS}

// Has ${entity} messages.
service ${service} {
  // Returns one of them.
  rpc Get${entity}(Get${entity}Request) returns (Get${entity}Response) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = {
      get: "${path}/{id}"
      response_body: "${snake(field)}"
    };
  }
}

message Get${entity}Request {
  string id = 1;
}

message Get${entity}Response {
  ${entity} ${snake(field)} = 1;
}

message ${entity} {
  string id = 1;
}
`;
}

export function indexText({ service, entity, field }: ServiceNames, { service: host, generated }: Imports): string {
  const host_ = importing("defineService", host);
  const code = importing(service, generated);
  // In the order of the formatter: packages before files.
  const imports = host.startsWith(".") ? [code, host_] : [host_, code];
  return `// ${service} as a Worker.
${importing("Code, ConnectError", "@connectrpc/connect")}
${imports.join("\n")}

export default defineService(${service}, () => ({
  get${entity}({ id }) {
    if (id === "") throw new ConnectError("id: found none; write one", Code.InvalidArgument);
    return { ${field}: { id } };
  },
}));
`;
}

export function testText({ package: packageName, name, service, entity, field }: ServiceNames): string {
  return `// ${service}, inside its Worker.
${importing("expect, it", "vitest")}
${WORKER}

const get = (id: string) =>
  worker.fetch(
    new Request("https://${name}/${packageName}.${service}/Get${entity}", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ id }),
    }),
    {},
  );

it("returns what has the id", async () => {
  expect(await (await get("1")).json()).toEqual({ ${field}: { id: "1" } });
});

it("refuses a request without an id", async () => {
  expect((await get("")).status).toBe(400);
});
`;
}

/** @param worker its name; @param date compatibility date of the gateway */
export function wranglerText(worker: string, date: string, environments: readonly string[]): string {
  const sections = environments.map((env) => `\n[env.${env}]\nname = "${worker}-${env}"\n`);
  return `name = "${worker}"
main = "index.ts"
compatibility_date = "${date}"
# Reached over service bindings alone: it has no address of its own.
workers_dev = false
${sections.join("")}`;
}

export function bindingText({ binding }: ServiceNames, worker: string, gateway: string, env?: string): string {
  const suffix = env === undefined ? "" : `-${env}`;
  return `[[${env === undefined ? "" : `env.${env}.`}services]]
binding = "${binding}"
service = "${worker}${suffix}"
props = { caller = "${gateway}" }
`;
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function importing(names: string, from: string): string {
  return `import { ${names} } from "${from}";`;
}
