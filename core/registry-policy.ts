// Who may register endpoints, as an operator writes it.
import type { Checks } from "./parse.ts";

export interface RegistryInput {
  /** Name of the secret that registering calls bring as bearer token: `wrangler secret put REGISTRY_TOKEN`. */
  readonly tokenBinding: string;
  /** Whether addresses of private networks and of this machine may be registered. Default false. */
  readonly allowPrivate?: boolean;
  /** Hosts of the gateway itself, which can't be registered. */
  readonly ownHosts?: readonly string[];
  /** How old an isolate's list may get before it asks for a new one, behind an answer. Default 5 000 ms. */
  readonly pollMs?: number;
}

export interface RegistryPolicy extends Required<RegistryInput> {}

export function parseRegistry(check: Checks, value: unknown): RegistryPolicy | undefined {
  if (value === undefined) return undefined;
  const fields = check.fields("registry", value, ["tokenBinding", "allowPrivate", "ownHosts", "pollMs"]);
  const tokenBinding = fields["tokenBinding"];
  if (typeof tokenBinding !== "string" || !/^[A-Za-z_]\w*$/.test(tokenBinding))
    check.report("registry.tokenBinding", tokenBinding, 'write the name of a secret: "REGISTRY_TOKEN"');
  const ownHosts = fields["ownHosts"] ?? [];
  const areHosts = Array.isArray(ownHosts) && ownHosts.every((host) => typeof host === "string" && /^[\w.:-]+$/.test(host));
  if (!areHosts) check.report("registry.ownHosts", ownHosts, 'write a list of hosts: ["api.example.com"]');
  return {
    tokenBinding: String(tokenBinding),
    allowPrivate: check.oneOf("registry.allowPrivate", fields["allowPrivate"], [true, false], false),
    ownHosts: areHosts ? ownHosts : [],
    pollMs: check.integer("registry.pollMs", fields["pollMs"], { min: 100, max: 600_000, fallback: 5_000, unit: "ms" }),
  };
}
