// tidegate breaker list | open | close | auto | changes
import { type Argument, command, group } from "../define.ts";
import { text } from "../flags.ts";
import { author, gateway, TOKEN_TEXT } from "../gateway-flags.ts";

const upstream: Argument = {
  name: "UPSTREAM",
  brief: "full name of the service; with @NAME for a canary, @mirror, @fallback; a path for a route of plain HTTP",
};
const endpoint: Argument = { name: "ENDPOINT", brief: "as `list` prints it: a URL, the name of a binding, or a registered id" };
const one = [{ ...upstream, isOptional: true }];
const options = { as: author, gateway };
const overriding = { reason: text("TEXT", "required, for the audit"), ...options };

const override = (word: "open" | "close" | "auto", brief: string, reason: string) =>
  command({
    brief,
    args: [upstream, endpoint],
    flags: overriding,
    examples: [`users.v1.UserService USERS --reason "${reason}"`],
    load: async () => (await import("../../admin/breaker.ts")).setOverride(word),
  });

export const breaker = group(
  "list and override the circuit breakers of the upstreams",
  {
    list: command({
      brief: "every breaker: its state, since when, and by which decision",
      args: one,
      flags: options,
      load: async () => (await import("../../admin/breaker.ts")).listBreakers,
    }),
    open: override("open", "let no call through to the endpoint, until it is changed", "disk is full"),
    close: override("close", "let every call through, until it is changed", "repaired"),
    auto: override("auto", "let the isolates decide", "test is over"),
    changes: command({
      brief: "changes with author and reason, the latest first",
      args: one,
      flags: options,
      load: async () => (await import("../../admin/breaker.ts")).listChanges,
    }),
  },
  `${TOKEN_TEXT}; or OPERATOR_TOKEN, which ends with the next version. Isolates apply a change within eleven seconds.`,
);
