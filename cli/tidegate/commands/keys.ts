// tidegate keys issue | list | update | roll | revoke | import | verify
import { type Argument, command, group } from "../define.ts";
import { text, texts } from "../flags.ts";
import { author, gateway, TOKEN_TEXT } from "../gateway-flags.ts";

const id: Argument = { name: "ID", brief: "as `list` prints it" };
const common = { as: author, gateway };
const settings = {
  owner: text("NAME", "who uses the key"),
  name: text("TEXT", "for people"),
  plan: text("NAME", "tier of rate limits"),
  scope: texts("NAME", 'permission; --scope, --tag and --address may be repeated; update replaces all, and --scope "" removes them'),
  tag: texts("TEXT", "for people and for scripts"),
  address: texts("RANGE", "address or range from which the key may be used, as in 203.0.113.0/24"),
  expires: text("TIME", "30d, 12h, 45m, a time as in 2027-01-31T00:00:00Z, or never"),
};
const implementation = () => import("../../admin/keys.ts");

export const keys = group(
  "issue, change, roll and revoke API keys",
  {
    issue: command({
      brief: "issue a key and print it: it is shown only here",
      examples: ["--owner acme --plan pro --expires 90d"],
      flags: { ...settings, ...common },
      load: async () => (await implementation()).issueKey,
    }),
    list: command({
      brief: "every key: id, owner, plan, state, last characters, last use, scopes",
      flags: { owner: text("NAME", "keys of this owner"), ...common },
      load: async () => (await implementation()).listKeys,
    }),
    update: command({
      brief: "change what the options name",
      args: [id],
      flags: { ...settings, ...common },
      load: async () => (await implementation()).updateKey,
    }),
    roll: command({
      brief: "give the key a new secret and print it; the former one counts for the overlap, too",
      args: [id],
      flags: { overlap: text("TIME", "how long the former secret counts, 30d at most", { default: "24h" }), ...common },
      load: async () => (await implementation()).rollKey,
    }),
    revoke: command({
      brief: "end the key for good, everywhere within ten seconds",
      args: [id],
      flags: common,
      load: async () => (await implementation()).revokeKey,
    }),
    import: command({
      brief: "take over a key of another system by its SHA-256",
      flags: { sha256: text("HEX", "SHA-256 of the whole key, 64 hexadecimal digits"), ...settings, ...common },
      load: async () => (await implementation()).importKey,
    }),
    verify: command({
      brief: "whether the key on the standard input counts, and whose it is",
      flags: { address: text("IP", "where the key is used"), ...common },
      load: async () => (await implementation()).verifyKey,
    }),
  },
  `${TOKEN_TEXT}; or KEYS_TOKEN, which ends with the next version. Keys go to the standard output, everything else to the standard error.`,
);
