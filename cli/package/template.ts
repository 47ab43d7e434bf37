// Writes the files of a new project that follow from this repository: its Workers, their bindings, the protos of others, and versions.
// The remaining ones are in create-tidegate/template, as they are.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { OWN_SERVICES } from "../own-files.ts";

const TEMPLATE = "create-tidegate/template";
/** Stands for the name of the new project. */
const NAME = "__NAME__";
/** The service that a new project has. */
const SERVICE = "greeter";
const PROTOS = ["annotations", "field_behavior", "http", "httpbody"].map((name) => `protos/third_party/google/api/${name}.proto`);
const TOOLS = [
  "@bufbuild/buf",
  "@bufbuild/protoc-gen-es",
  "@cloudflare/vitest-plugin",
  "@cloudflare/workers-types",
  "esbuild",
  "miniflare",
  "typescript",
  "vitest",
  "workerd",
  "wrangler",
];
const LIBRARIES = ["@bufbuild/protobuf", "@connectrpc/connect"];

/** Replaces the written files. They are not committed: `npm run build` makes them. */
export function writeTemplate(): void {
  put("wrangler.toml", gatewayToml(readFileSync("wrangler.toml", "utf8")));
  put("durable-objects/wrangler.toml", renamed(readFileSync("durable-objects/wrangler.toml", "utf8")));
  const manifest = readManifest();
  put("_package.json", `${JSON.stringify(packageJson(manifest), null, 2)}\n`);
  alignVersion(manifest.version);
  for (const file of PROTOS) cpSync(file, join(TEMPLATE, file), { recursive: true });
}

/** The gateway's wrangler.toml, bound to the service of the new project in the place of the examples. */
export function gatewayToml(text: string): string {
  const [first, ...others] = OWN_SERVICES.toSorted()
    .toReversed()
    .map((name) => name.toUpperCase());
  let toml = text;
  for (const binding of others) toml = toml.replace(serviceBlock(binding), "").replace(serviceBlock(binding, "env.staging."), "");
  const examples = new RegExp(`"${first}"|"tidegate-${first!.toLowerCase()}`, "g");
  toml = toml.replace(examples, (found) => (found === `"${first}"` ? `"${SERVICE.toUpperCase()}"` : `"tidegate-${SERVICE}`));
  return renamed(toml)
    .replace('directory = "console/dist"', 'directory = "node_modules/tidegate/console/dist"')
    .replace(" Their headers: console/_headers.", "")
    .replace("`npm start` and `npm run deploy` build it from console/src. ", "")
    .replaceAll(/ \(docs\/[\w/.-]+\)/g, "");
}

function serviceBlock(binding: string, env = ""): RegExp {
  return new RegExp(`\\[\\[${env.replace(".", "\\.")}services\\]\\]\\nbinding = "${binding}"\\n(?:.+\\n)*\\n?`);
}

/** Names of Workers: `tidegate`, `tidegate-objects` become those of the new project. */
function renamed(toml: string): string {
  return toml.replace(/"tidegate(-[a-z-]+)?"/g, (_, rest: string | undefined) => `"${NAME}${rest ?? ""}"`);
}

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly overrides: Readonly<Record<string, string>>;
  readonly allowScripts: object;
}

function readManifest(): Manifest {
  return JSON.parse(readFileSync("package.json", "utf8"));
}

/** A project is created by the version of create-tidegate that is the version of tidegate in it. */
function alignVersion(version: string): void {
  const file = "create-tidegate/package.json";
  const text = readFileSync(file, "utf8");
  const aligned = text.replace(/"version": "[^"]*"/, `"version": "${version}"`);
  if (aligned !== text) writeFileSync(file, aligned);
}

/** What a "Deploy to Cloudflare" button shows of each binding of the gateway. @param toml the gateway's wrangler.toml */
export function bindingDescriptions(toml: string): Readonly<Record<string, { readonly description: string }>> {
  const objects = [...toml.matchAll(/^\[\[durable_objects\.bindings\]\]\nname = "(\w+)"\nclass_name = "(\w+)"/gm)];
  const services = [...toml.matchAll(/^\[\[services\]\]\nbinding = "(\w+)"\nservice = "([^"]+)"/gm)];
  const namespaces = [...toml.matchAll(/^\[\[kv_namespaces\]\]\nbinding = "(\w+)"/gm)];
  const described = [
    ...objects.map(([, name, className]) => [name!, `Durable Objects of the class ${className}, in the Worker ${NAME}-objects`] as const),
    ...services.map(([, name, service]) => [name!, `The service ${service}, a Worker of this project`] as const),
    ...namespaces.map(([, name]) => [name!, "A KV namespace that the first deploy creates"] as const),
  ];
  return Object.fromEntries(described.map(([name, description]) => [name, { description }]));
}

function packageJson(manifest: Manifest): object {
  const tools: { readonly optionalDependencies: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync("cli/launch/tools/package.json", "utf8"),
  );
  const pick = (from: Readonly<Record<string, string>>, names: readonly string[]): object =>
    Object.fromEntries(names.map((name) => [name, from[name]]));
  return {
    name: NAME,
    version: "0.0.0",
    private: true,
    type: "module",
    engines: { node: ">=20" },
    scripts: {
      start: "tidegate dev",
      test: "vitest run",
      check: "tsc && tidegate check",
      gen: "tidegate gen",
      deploy: "tidegate deploy",
    },
    dependencies: { ...pick(manifest.dependencies, LIBRARIES), tidegate: `^${manifest.version}` },
    devDependencies: pick(manifest.devDependencies, TOOLS),
    // The newer Node that the commands run on: npm brings it where the platform has one.
    optionalDependencies: pick(
      tools.optionalDependencies,
      Object.keys(tools.optionalDependencies).filter((name) => name.startsWith("node-")),
    ),
    cloudflare: { bindings: bindingDescriptions(gatewayToml(readFileSync("wrangler.toml", "utf8"))) },
    overrides: pick(manifest.overrides, ["rolldown"]),
    allowScripts: manifest.allowScripts,
  };
}

function put(path: string, text: string): void {
  const file = join(TEMPLATE, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
