#!/usr/bin/env node
// `npm create tidegate`: creates a project. Plain JavaScript for Node 20; the prompts are loaded only where a person is at the terminal.
import { parseArgs } from "node:util";
import { nameProblem } from "./name.mjs";
import { install, write } from "./project.mjs";

const USAGE = `usage: create-tidegate [NAME] [--yes] [--tidegate VERSION] [--no-install]

Creates a project in a new folder NAME: a gateway, one service with its proto and test, environments, and a CI example.

  NAME                name of the folder and of the gateway's Worker (default my-api with --yes)
  --yes, -y           no questions: all defaults
  --tidegate VERSION  version of the package tidegate, or a path or tarball as file:... (default: the version of this command)
  --no-install        write the files, and leave \`npm install\` and the generated code to you
  --help, -h          show this text
`;

/** @param {number} code @param {string} text @returns {never} */
function end(code, text) {
  (code === 0 ? process.stdout : process.stderr).write(text);
  process.exit(code);
}

/** @param {readonly string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        yes: { type: "boolean", short: "y", default: false },
        tidegate: { type: "string" },
        "no-install": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    return end(2, `create-tidegate: ${/** @type {Error} */ (error).message.split(". ")[0]}\n\n${USAGE}`);
  }
}

/** @returns {Promise<string>} */
async function prompted() {
  const { isCancel, text } = await import("@clack/prompts");
  const answer = await text({
    message: "Name of the project",
    placeholder: "my-api",
    defaultValue: "my-api",
    validate: (/** @type {string | undefined} */ value) => (value ? nameProblem(value) : undefined),
  });
  if (isCancel(answer)) end(130, "nothing was created\n");
  return String(answer);
}

const { values, positionals } = parse(process.argv.slice(2));
if (values.help) end(0, USAGE);
if (positionals.length > 1) end(2, `create-tidegate: found ${positionals.join(" ")}; write one NAME\n\n${USAGE}`);
const isInteractive = !values.yes && process.stdin.isTTY === true && process.stdout.isTTY === true;
const name =
  positionals[0] ??
  (isInteractive ? await prompted() : values.yes ? "my-api" : end(2, `create-tidegate: found no NAME; write one, or --yes\n\n${USAGE}`));
const problem = nameProblem(name);
if (problem !== undefined) end(2, `create-tidegate: NAME: found "${name}"; ${problem}\n`);

try {
  const files = write(name, values.tidegate);
  process.stdout.write(`${name}: ${files.length} files\n`);
  if (!values["no-install"]) install(name);
} catch (error) {
  end(1, `create-tidegate: ${/** @type {Error} */ (error).message}\n`);
}
process.stdout.write(`
  cd ${name}
${values["no-install"] ? "  npm install && npm run gen\n" : ""}  npm start          # the gateway with its service, on this machine
  npm test
  npm run deploy -- --dry-run

README.md has the rest.
`);
