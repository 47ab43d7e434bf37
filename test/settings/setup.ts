// Before each test of `npm run test:settings`: the parser ignores the setting of the line, and tests that the round does not name are skipped.
import { beforeEach } from "vitest";
import { type Ignore, ignoring } from "./ignored-setting.ts";
import { isTestOf, type Line } from "./lines.ts";

interface Globals {
  ignoreSetting?: Ignore | undefined; // called by core/config/problems.ts, as test/settings/vitest.config.ts changes it
  readonly __vitest_worker__: { readonly filepath: string };
}

const LINES_OF_ROUND: readonly Line[] = []; // vitest.config.ts writes them here
const globals = globalThis as unknown as Globals;
const own = LINES_OF_ROUND.filter(({ file }) => globals.__vitest_worker__.filepath.endsWith(`/${file}`));

// Gateways that a file makes while it is loaded are changed, too, where it runs for one setting.
const [only] = own;
globals.ignoreSetting = only === undefined || own.length > 1 ? undefined : ignoring(only.setting);

beforeEach(({ task, skip }) => {
  const titles = [task.name];
  for (let suite = task.suite; suite !== undefined; suite = suite.suite) titles.push(suite.name);
  const line = own.find((one) => isTestOf(one, titles));
  if (line === undefined) return skip();
  Object.assign(task.meta, { setting: line.setting });
  globals.ignoreSetting = ignoring(line.setting);
});
