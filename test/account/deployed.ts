// Deploys Workers to an account of Cloudflare for as long as a proof runs, and deletes them. Needs `wrangler login`, or CLOUDFLARE_API_TOKEN
// and CLOUDFLARE_ACCOUNT_ID.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const PUBLISH_MS = 120_000; // a new workers.dev name takes a while until it is known

export interface Deployment {
  readonly name: string; // name of the Worker, and so of its workers.dev address
  readonly entry: string; // from the root of the project
  readonly variables?: Readonly<Record<string, string>>;
  readonly services?: Readonly<Record<string, string>>; // names of Workers by binding
  readonly isPublic?: boolean; // reachable at workers.dev
}

/**
 * @param workers in the order of their dependencies; the last one is public
 * @param prove   gets the origin of the last one
 * @param dryRun  bundles only: needs no account, and proves nothing but that
 */
export async function withDeployed(
  workers: readonly Deployment[],
  dryRun: boolean,
  prove: (origin: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-account-"));
  const deployed: string[] = [];
  try {
    let origin: string | undefined;
    for (const worker of workers) {
      const config = join(folder, `${worker.name}.toml`);
      writeFileSync(config, toml(worker));
      const output = wrangler(["deploy", "-c", config, ...(dryRun ? ["--dry-run", "--outdir", join(folder, worker.name)] : [])]);
      if (!dryRun) deployed.push(worker.name);
      origin = /https:\/\/\S+\.workers\.dev/.exec(output)?.[0];
    }
    if (dryRun) return console.log("bundled; without --dry-run it is deployed, called and deleted");
    if (origin === undefined) throw new Error("wrangler did not print the workers.dev address of the Worker");
    await published(origin);
    await prove(origin);
  } finally {
    for (const name of deployed.reverse()) wrangler(["delete", "--name", name, "--force"]);
    rmSync(folder, { recursive: true, force: true });
  }
}

function toml({ name, entry, variables = {}, services = {}, isPublic = false }: Deployment): string {
  const lines = [
    `name = ${JSON.stringify(name)}`,
    `main = ${JSON.stringify(join(ROOT, entry))}`,
    'compatibility_date = "2026-10-01"',
    `workers_dev = ${isPublic}`,
    "[vars]",
    ...Object.entries(variables).map(([key, value]) => `${key} = ${JSON.stringify(value)}`),
    ...Object.entries(services).map(([binding, service]) => `[[services]]\nbinding = "${binding}"\nservice = "${service}"`),
  ];
  return `${lines.join("\n")}\n`;
}

function wrangler(args: readonly string[]): string {
  const command = join(ROOT, "node_modules/.bin/wrangler");
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`wrangler ${args[0]} ended with ${status}: ${(stdout + stderr).slice(-2_000)}`);
  return stdout;
}

async function published(origin: string): Promise<void> {
  for (const late = Date.now() + PUBLISH_MS; ; await new Promise((resolve) => setTimeout(resolve, 2_000))) {
    const response = await fetch(`${origin}/healthz`).catch(() => undefined);
    if (response?.ok === true) return;
    if (Date.now() > late) throw new Error(`${origin} does not respond`);
  }
}
