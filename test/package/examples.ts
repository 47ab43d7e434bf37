// The examples: each is a new project with the files of its folder on top, over the one installation of the test.
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Project } from "./project.ts";
import { equal, type Steps } from "./steps.ts";
import { UPSTREAMS } from "./upstreams.ts";

export interface Example {
  readonly name: string; // folder of examples/, or of the project of a tutorial
  readonly tutorial?: string; // its page; its blocks that name a file are the files
  readonly upstream?: keyof typeof UPSTREAMS; // what runs beside it
  readonly variables?: Readonly<Record<string, string>>; // variables of the terminal, which its README names
}

export const EXAMPLES: readonly Example[] = [
  { name: "minimal" },
  { name: "existing-rest-api", upstream: "rest" },
  { name: "connect-go", upstream: "go" },
  { name: "keys-and-plans", variables: { ADMIN_TOKEN: "a-secret-of-the-examples-for-admins" } },
  { name: "canary" },
  { name: "chat" },
  { name: "storefront" },
  { name: "put-your-api", tutorial: "docs/tutorials/put-your-api-behind-tidegate.md", upstream: "rest" },
  { name: "my-shop", tutorial: "docs/tutorials/from-clone-to-production.md" },
  { name: "my-post", tutorial: "docs/tutorials/second-service.md" },
  { name: "operate", tutorial: "docs/tutorials/operate.md", variables: { ADMIN_TOKEN: "a-secret-of-the-examples-for-admins" } },
];

/** A call of a README: a line that begins with `$ `, and what it prints. */
interface Call {
  readonly line: string;
  readonly printed: string;
}

/** A file of a page, or commands. */
type Block = { readonly kind: "file"; readonly file: string; readonly text: string } | { readonly kind: "commands"; readonly text: string };

/** Creates the project, follows its page in order (files, and commands in `sh` blocks), checks it, and compares its calls (`console`) with what `npm start` serves. */
export async function runExample(
  steps: Steps,
  { name, tutorial, upstream, variables = {} }: Example,
  folder: string,
  { folder: installed, env }: Project,
  create: string,
  tidegate: string,
): Promise<void> {
  const source = join("examples", name);
  const text = readFileSync(tutorial ?? join(source, "README.md"), "utf8");
  const project = new Project(join(folder, "examples", name), env);
  await steps.step(tutorial ?? `example ${name}`, async () => {
    const parent = new Project(join(folder, "examples"), env);
    const options = `--yes --no-install --tidegate file:${tidegate}`;
    await parent.succeed(`npm exec --yes --package=file:${create} -- create-tidegate ${name} ${options}`);
    if (tutorial === undefined) cpSync(source, project.folder, { recursive: true });
    const blocks = blocksIn(text, tutorial !== undefined);
    const firstCommands = blocks.findIndex(({ kind }) => kind === "commands");
    const before = blocks.slice(0, firstCommands < 0 ? undefined : firstCommands);
    for (const block of before) await follow(project, block, variables);
    symlinkSync(join(installed, "node_modules"), join(project.folder, "node_modules"));
    await project.succeed("npm run gen");
    const stop = upstream === undefined ? undefined : await UPSTREAMS[upstream](project);
    if (stop === "skipped") return;
    try {
      for (const block of blocks.slice(before.length)) await follow(project, block, variables);
      await project.succeed("npm run check", variables);
      const calls = callsIn(text);
      equal(calls.length > 0, true, "README.md has calls");
      await project.started(async (url) => {
        for (const call of calls) await runCall(project, call, url, variables);
      }, variables);
    } finally {
      await stop?.();
    }
  });
}

/** In the order of the page. @param hasFiles blocks that name a file are files; those of a README are in its folder already */
function blocksIn(text: string, hasFiles: boolean): Block[] {
  const blocks = [...text.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)];
  return blocks.flatMap(([, language, file, content]): Block[] => {
    if (file !== undefined) return hasFiles ? [{ kind: "file", file, text: content! }] : [];
    return language === "sh" ? [{ kind: "commands", text: content! }] : [];
  });
}

async function follow(project: Project, block: Block, variables: Readonly<Record<string, string>>): Promise<void> {
  if (block.kind === "commands") return void (await project.succeed(`set -e\n${block.text}`, variables));
  const file = join(project.folder, block.file);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, block.text);
}

/** The `console` blocks of a README. */
export function callsIn(text: string): Call[] {
  const blocks = [...text.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, block]) => block!);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [line = "", ...printed] = part.split("\n");
        return { line, printed: printed.join("\n").trim() };
      }),
  );
}

async function runCall(project: Project, { line, printed }: Call, url: string, variables: Readonly<Record<string, string>>): Promise<void> {
  const { output } = await project.run(line.replaceAll("localhost:8787", url.replace("http://", "")), {
    TIDEGATE_GATEWAY: url,
    ...variables,
  });
  equal(settled(output), settled(printed), line);
}

/** What differs from run to run. */
function settled(text: string): string {
  return text
    .replaceAll(/\btg_\w+/g, "KEY")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replaceAll(/\bttl=\d+/g, "ttl=SECONDS")
    .trim();
}
