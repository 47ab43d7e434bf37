// tidegate identity new | rotate | list
import { command, group } from "../define.ts";
import { number, text, texts, toggle } from "../flags.ts";
import { gateway } from "../gateway-flags.ts";

/** Services fetch keys again after five minutes, and a deployed secret takes a while to reach every isolate. */
const DEFAULT_AFTER_SECONDS = 900;

const target = {
  local: toggle("write the secret to .dev.vars here (default: wrangler secret put, for the account)"),
  env: text("NAME", "environment of the account whose secret is set", { short: "e" }),
  worker: text("FOLDER", "folder of the Worker that signs its calls to other services (default: the gateway, here)"),
  secret: texts("NAME", "secrets of auth.identity.keyBindings, in their order (default IDENTITY_KEY_A and IDENTITY_KEY_B)"),
};

export const identity = group("make and rotate the keys with which the gateway signs who makes a call", {
  new: command({
    brief: "make the first key, which signs at once",
    flags: target,
    load: async () => (await import("../../admin/identity.ts")).newKey,
  }),
  rotate: command({
    brief: "make a key that signs later; until then, and after, both keys verify",
    flags: {
      ...target,
      after: number("SECONDS", "when the new key begins to sign; services fetch keys every 300", {
        ...{ min: 0, max: 86_400, default: DEFAULT_AFTER_SECONDS },
      }),
      gateway,
    },
    load: async () => (await import("../../admin/identity.ts")).rotateKeys,
  }),
  list: command({
    brief: "the keys that the gateway publishes",
    flags: { gateway },
    load: async () => (await import("../../admin/identity.ts")).listIdentityKeys,
  }),
});
