// `tidegate new service`: writes the files of a service and its lines in those of the gateway, all of them or none.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { experimental_readRawConfig } from "wrangler";
import type { Context } from "../context.ts";
import { Failure } from "../failure.ts";
import { catalogWith, configurationWith, tomlWith } from "./edits.ts";
import { namesOf, type ServiceNames } from "./names.ts";
import { bindingText, type Imports, indexText, protoText, testText, wranglerText } from "./templates.ts";

export interface NewServiceOptions {
  readonly package?: string | undefined;
  readonly dryRun: boolean;
}

const CATALOG = "workers/services/catalog.ts";
const GATEWAY = "wrangler.toml";
const CONFIGURATION = "gateway.config.ts";

/** A file that is written as a whole, by its path in the project. */
interface Written {
  readonly file: string;
  readonly text: string;
  readonly isNew: boolean;
}

export async function newService(context: Context, options: NewServiceOptions, [name = ""]: readonly string[]): Promise<void> {
  const names = namesOf(name, options.package);
  const files = plan(context.root, names);
  if (!options.dryRun) {
    for (const { file, text } of files) {
      mkdirSync(dirname(join(context.root, file)), { recursive: true });
      writeFileSync(join(context.root, file), text);
    }
    await generate(context);
  }
  const result = {
    service: `${names.package}.${names.service}`,
    path: `${names.path}/{id}`,
    files: files.map(({ file, isNew }) => ({ file, isNew })),
  };
  const lines = files.map(({ file, isNew }) => `${isNew ? "new    " : "changed"}  ${file}\n`);
  const next = options.dryRun
    ? "nothing was written\n"
    : `${result.service} is served at ${names.path}/ID: start it with \`tidegate dev\`\n`;
  context.print(result, `${lines.join("")}${next}`);
}

/** @throws Failure where a file cannot be changed, or exists already: nothing is written then */
function plan(root: string, names: ServiceNames): Written[] {
  const read = (file: string): string => {
    if (existsSync(join(root, file))) return readFileSync(join(root, file), "utf8");
    throw new Failure({
      what: `found no ${file}`,
      where: { file },
      why: `${root} is no project of Tidegate`,
      fix: "run the command in the project",
    });
  };
  const isRepository = (JSON.parse(read("package.json")) as { readonly name?: string }).name === "tidegate";
  const { gateway, date, environments } = readGateway(root);
  const worker = `${gateway}-${names.name}`;
  const folder = `workers/services/${names.name}`;
  const generated = `protos/gen/${names.folder.slice("protos/".length)}/${snake(names.name)}_pb.ts`;
  const imports: Imports = { service: isRepository ? "../../service.ts" : "tidegate/service", generated: `../../../${generated}` };
  const added: [string, string][] = [
    [`${names.folder}/${snake(names.name)}.proto`, protoText(names)],
    [`${folder}/index.ts`, indexText(names, imports)],
    [`${folder}/${names.name}.test.ts`, testText(names)],
    [`${folder}/wrangler.toml`, wranglerText(worker, date, environments)],
  ];
  for (const [file] of added)
    if (existsSync(join(root, file))) throw new Failure({ what: "found the file already", where: { file }, fix: "choose another NAME" });
  const bindings = [undefined, ...environments].reduce<string>(
    (text, env) => tomlWith(text, bindingText(names, worker, gateway, env), env === undefined ? "services" : `env.${env}.services`),
    read(GATEWAY),
  );
  const changed: [string, string][] = [
    [CATALOG, catalogWith(read(CATALOG), CATALOG, names, `../../${generated}`)],
    [GATEWAY, bindings],
    [CONFIGURATION, configurationWith(read(CONFIGURATION), CONFIGURATION, names)],
  ];
  return [
    ...added.map(([file, text]) => ({ file, text, isNew: true })),
    ...changed.filter(([file, text]) => read(file) !== text).map(([file, text]) => ({ file, text, isNew: false })),
  ];
}

/** Name, date and environments of the gateway's Worker. */
function readGateway(root: string): { readonly gateway: string; readonly date: string; readonly environments: readonly string[] } {
  const { rawConfig } = experimental_readRawConfig({ config: join(root, GATEWAY) });
  const { name, compatibility_date: date, env = {} } = rawConfig;
  if (name === undefined) throw new Failure({ what: "found no name", where: { file: GATEWAY }, fix: 'write name = "..." at the top' });
  if (date === undefined)
    throw new Failure({ what: "found no compatibility_date", where: { file: GATEWAY }, fix: 'write compatibility_date = "2026-10-01"' });
  return { gateway: name, date, environments: Object.keys(env) };
}

async function generate(context: Context): Promise<void> {
  context.progress("generating the code of the proto ...");
  const { gen } = await import("../../gen/gen.ts");
  const quiet: Context = { ...context, print: () => undefined };
  await gen(quiet, { check: false });
  context.progress("");
}

function snake(name: string): string {
  return name.replaceAll("-", "_");
}
