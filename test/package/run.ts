// npm run test:package: what a team does with the package, from packed tarballs, in an empty folder, with Node 20 and npm only.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parseCommand } from "../../cli/command.ts";
import { callConnect, callGrpcWeb, callRest, untilStatus } from "./calls.ts";
import { EXAMPLES, runExample } from "./examples.ts";
import { installPackages } from "./install-packages.ts";
import { Project, teamEnvironment } from "./project.ts";
import { equal, Steps } from "./steps.ts";

const { values } = parseCommand("test:package", { keep: { type: "boolean", default: false }, only: { type: "string" } });
const TOOLS = join(import.meta.dirname, "tools");
installPackages(TOOLS, "what checks the packages: test/package/tools/package-lock.json");

const folder = mkdtempSync(join(tmpdir(), "tidegate-package-"));
const env = teamEnvironment(folder);
const steps = new Steps();
const team = new Project(folder, env);
const project = new Project(join(folder, "my-api"), env);
const tarball = (name: string): string => {
  const file = readdirSync(folder).find((one) => one.startsWith(`${name}-`) && one.endsWith(".tgz"));
  if (file === undefined) throw new Error(`found no tarball of ${name}`);
  return join(folder, file);
};

await steps.step("npm pack builds and packs both packages", () => {
  pack(".", []);
  pack("create-tidegate", ["--ignore-scripts"]); // the first one has built the template, too
});
await steps.step("publint and attw find nothing in the tarball", async () => {
  const own = new Project(".", withTools());
  await own.succeed(`publint run ${tarball("tidegate")} --strict`);
  await own.succeed(`attw ${tarball("tidegate")} --profile esm-only`);
});
await steps.step("knip finds nothing unused", async () => {
  const own = new Project(".", withTools());
  await own.succeed("knip --no-progress");
});
const isCreated = await steps.step("npm exec create-tidegate makes a project on Node 20", async () => {
  equal((await team.succeed("node -v")).trim().slice(0, 4), "v20.");
  const command = `npm exec --yes --package=file:${tarball("create-tidegate")} -- create-tidegate my-api --yes --tidegate file:${tarball("tidegate")}`;
  await team.succeed(command);
  for (const file of ["package.json", ".gitignore", ".github/workflows/ci.yml", "protos/gen/greeter/v1/greeter_pb.ts"])
    equal([file, project.has(file)], [file, true]);
  const again = await team.run(command);
  equal([again.code, /found files in my-api/.test(again.output)], [1, true], "a folder that is not empty");
});
if (isCreated) {
  await steps.step("a new project has five libraries and no second copy of protobuf", async () => {
    const { dependencies } = JSON.parse(await project.succeed("npm ls --all --json --omit=dev --omit=optional @bufbuild/protobuf"));
    const versions = [...JSON.stringify(dependencies).matchAll(/"@bufbuild\/protobuf":\{"version":"([^"]+)"/g)].map(([, one]) => one);
    equal(new Set(versions).size, 1, `versions ${versions.join(", ")}`);
  });
  await steps.step("npm start serves REST, Connect and gRPC-Web; npx tidegate new service adds one that works", () =>
    project.started(async (url) => {
      await callRest(url);
      await callConnect(url);
      await callGrpcWeb(url);
      await project.succeed("npx tidegate new service billing");
      const response = await untilStatus(`${url}/api/v1/billing/7`, 200);
      equal(await response.json(), { id: "7" }, "the new service");
    }),
  );
  await steps.step("npm test passes, with the test of the new service", async () => {
    const output = await project.succeed("npm test");
    equal(/billing\.test\.ts/.test(output), true, "the test of the new service ran");
  });
  await steps.step("npm run check finds nothing, and a mistake when there is one", async () => {
    await project.succeed("npm run check");
    const file = join(project.folder, "gateway.config.ts");
    const text = project.read("gateway.config.ts");
    writeFileSync(file, text.replace("rate: 50", "rate: -50"));
    const { code, output } = await project.run("npx tidegate check");
    writeFileSync(file, text);
    equal([code, /gateway\.config\.ts:\d+:\d+.*rate/.test(output)], [1, true], output);
  });
  await steps.step(
    "npm run gen -- --check finds the generated code fresh",
    async () => void (await project.succeed("npm run gen -- --check")),
  );
  for (const name of ["", "staging"])
    await steps.step(`npm run deploy -- --dry-run${name && ` --env ${name}`}`, async () => {
      const output = await project.succeed(`npm run deploy -- --dry-run${name && ` --env ${name}`}`);
      const suffix = name && `-${name}`;
      for (const worker of [`my-api-objects${suffix}`, `my-api-greeter${suffix}`, `my-api-billing${suffix}`, `my-api${suffix}`])
        equal([worker, output.includes(`: ${worker}\n`)], [worker, true], output.slice(-500));
    });
  await steps.step("examples/own-layer builds from the tarball", async () => {
    const layered = new Project(join(folder, "own-layer"), env);
    cpSync("examples/own-layer", layered.folder, { recursive: true });
    symlinkSync(join(project.folder, "node_modules"), join(layered.folder, "node_modules"));
    await layered.succeed("npx wrangler deploy --dry-run -c wrangler.toml --outdir out");
    equal(/tenant/.test(layered.read("out/index.js")), true, "the layer is in the bundle");
  });
  const chosen = EXAMPLES.filter(({ name }) => name.includes(values.only ?? ""));
  mkdirSync(join(folder, "examples"));
  for (const example of chosen) await runExample(steps, example, folder, project, tarball("create-tidegate"), tarball("tidegate"));
}

if (values.keep) console.log(`kept: ${folder}`);
else rmSync(folder, { recursive: true, force: true });
console.log(`${steps.passed} passed, ${steps.failed} failed`);
process.exit(steps.failed === 0 ? 0 : 1);

function pack(from: string, options: readonly string[]): void {
  const { status, stderr } = spawnSync("npm", ["pack", "--silent", "--pack-destination", folder, ...options], {
    cwd: from,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
}

/** The environment of this repository, with the programs of `tools`. */
function withTools(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: [join(TOOLS, "node_modules", ".bin"), process.env["PATH"]].join(delimiter) };
}
