// The table of commands. A new command is a file of commands/ and one line here.
import { type Application, buildApplication, type StricliIntegration } from "@stricli/core";
import { VERSION } from "../launch/usage.mjs";
import { audit } from "./commands/audit.ts";
import { breaker } from "./commands/breaker.ts";
import { call } from "./commands/call.ts";
import { check } from "./commands/check.ts";
import { completion } from "./commands/completion.ts";
import { deploy } from "./commands/deploy.ts";
import { dev } from "./commands/dev.ts";
import { diff } from "./commands/diff.ts";
import { doctor } from "./commands/doctor.ts";
import { explain } from "./commands/explain.ts";
import { gen } from "./commands/gen.ts";
import { identity } from "./commands/identity.ts";
import { import_ } from "./commands/import.ts";
import { init } from "./commands/init.ts";
import { keys } from "./commands/keys.ts";
import { new_ } from "./commands/new.ts";
import { promote } from "./commands/promote.ts";
import { publish } from "./commands/publish.ts";
import { purge } from "./commands/purge.ts";
import { register } from "./commands/register.ts";
import { rollback } from "./commands/rollback.ts";
import { status } from "./commands/status.ts";
import { top } from "./commands/top.ts";
import { trace } from "./commands/trace.ts";
import { versions } from "./commands/versions.ts";
import { group, type Host } from "./define.ts";
import { type HelpTarget, helpText } from "./help.ts";
import { text } from "./texts.ts";

/** In the order of the help: what one needs first comes first. One line each, so that a new command is one line. */
// biome-ignore format: a table
const commands = {
  init,
  dev,
  check,
  explain,
  trace,
  gen,
  new: new_,
  import: import_,
  call,
  doctor,
  deploy,
  publish,
  promote,
  rollback,
  status,
  top,
  versions,
  diff,
  keys,
  purge,
  breaker,
  register,
  identity,
  audit,
  completion,
};

export const root = group("The command line of Tidegate, an edge RPC gateway", commands);

const help: StricliIntegration<Host> = {
  flag: {
    brief: "show this text",
    aliases: ["h"],
    global: true,
    defaultForRouteMap: true,
    run(_, { result: { target, prefix } }) {
      this.process.stdout.write(helpText(target as HelpTarget, prefix.join(" ")));
    },
  },
};

const version: StricliIntegration<Host> = {
  flag: {
    brief: "show the version of Tidegate",
    aliases: [],
    global: true,
    run() {
      this.process.stdout.write(`tidegate ${VERSION}\n`);
    },
  },
};

export const app: Application<Host> = buildApplication(
  root,
  {
    name: "tidegate",
    scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
    documentation: { caseStyle: "convert-camel-to-kebab" },
    localization: { text },
  },
  { help, version },
);
