// Every configuration of README and docs is started by `npm start`, and each service and route in it gives a response.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GatewayInput } from "../../core/config/gateway.ts";
import { copyProject, type ProjectCopy } from "../cli/project-copy.ts";
import { catalog } from "../support/shipped/catalog.ts";
import type { Block } from "./documents.ts";
import { DEV_VARS, npmStart } from "./gateway.ts";
import { blocksOfKind } from "./kinds.ts";

const SHIPPED = 'services: { "users.v1.UserService": { upstream: { binding: "USERS" } } },';
/** Bindings that examples name beside the shipped ones. */
const BINDINGS = [
  ["USERS_V2", "tidegate-users"],
  ["PARTNER_CERT", "tidegate-users"],
  ["VPC", "tidegate-orders"],
]
  .map(([name, service]) => `\n[[services]]\nbinding = "${name}"\nservice = "${service}"\n`)
  .join("");

let copy: ProjectCopy;
beforeAll(() => {
  copy = copyProject();
  copy.write("wrangler.toml", copy.read("wrangler.toml") + BINDINGS);
  copy.write(".dev.vars", DEV_VARS);
});
afterAll(() => copy.remove());

/** A block without an import is some fields of `defineGateway`; without services it gets the users service (docs/parameters.md says so). */
function wholeOf({ text }: Block): string {
  if (text.includes("export default")) return text;
  const services = /^services:/m.test(text) ? "" : SHIPPED;
  return `import { defineGateway } from "./core/config/gateway.ts";\n\nexport default defineGateway({\n${services}${text.trimEnd().replace(/,?$/, ",")}\n});\n`;
}

/** The name of a method that the service has, and of those in the catalog the first one. */
function methodOf(service: string): string {
  return catalog.find(({ typeName }) => typeName === service)?.methods[0]?.name ?? "Get";
}

describe.each(blocksOfKind("configuration"))("the configuration of $at", (block) => {
  it("is served by npm start", async () => {
    const file = `example-${block.at.replaceAll(/\W/g, "-")}.config.ts`;
    copy.write(file, wholeOf(block));
    const gatewayOnly = copy.read("wrangler.toml");
    // Expressions are evaluated in the entry point that has the validator.
    if (block.text.includes("allow:")) copy.write("wrangler.toml", gatewayOnly.replace("gateway/index.ts", "gateway/validating.ts"));
    const { default: config } = (await import(/* @vite-ignore */ `${copy.folder}/${file}`)) as { default: GatewayInput };
    const gateway = await npmStart(copy, "--config", file);
    try {
      for (const [service, { upstream }] of Object.entries(config.services)) {
        const response = await fetch(`${gateway.url}/${service}/${methodOf(service)}`, {
          method: "POST",
          headers: { "content-type": "application/proto" },
        });
        const body = (await response.json()) as { code?: string };
        const isLocal = JSON.stringify(upstream).includes('"binding"');
        // An upstream of the example is not on this machine, and the gateway says so. A bound one refuses the empty message, or takes it.
        const reached = isLocal ? /^(invalid_argument)$/ : /^(unavailable|deadline_exceeded|internal)$/;
        const code = config.defaults?.auth === "required" ? /^unauthenticated$/ : reached;
        expect(body.code, `${service}: ${JSON.stringify(body)}`).toMatch(code);
      }
      for (const prefix of Object.keys(config.httpRoutes ?? {})) {
        const response = await fetch(`${gateway.url}${prefix}logo.svg`);
        await response.arrayBuffer();
        expect(response.status, prefix).toBeGreaterThanOrEqual(502);
      }
    } finally {
      await gateway.stop();
      copy.write("wrangler.toml", gatewayOnly);
    }
  }, 600_000);
});
