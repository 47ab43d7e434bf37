// What counts as a secret, and what does not: an alarm that is wrong makes people ignore the next one.
import { describe, expect, it } from "vitest";
import { sourceFindings } from "../../../../cli/check/secrets/secret-findings.ts";
import { secretIn } from "../../../../cli/check/secrets/secrets.ts";

const MIXED = "q8Zt3LxV0pWn5RkYb7HdC2mJ9sGf4TaE";

const SECRETS: readonly (readonly [name: string, value: string])[] = [
  ["ANY", `ghp_${"a1B2c3D4e5F6g7H8i9J0".repeat(2)}`],
  ["ANY", "AKIAIOSFODNN7EXAMPLE"],
  ["ANY", `sk_live_${"a1B2c3D4".repeat(3)}`],
  ["ANY", "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE"],
  ["ANY", "postgres://app:hunter22@db.acme.dev/users"],
  ["ANY", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N"],
  ["ANY", '{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}'],
  ["ANY", MIXED],
  ["DB_PASSWORD", "correct-horse-battery"],
  ["sessionSecret", "0123456789abcdef"],
  ["STRIPE_API_KEY", "abc123def456"],
  ["WEBHOOK_TOKEN_EU", "f00dfacef00dface"],
];

const HARMLESS: readonly (readonly [name: string, value: string])[] = [
  ["MAX_TOKEN_AGE", "3600"],
  ["TOKEN_ISSUER", "https://id.acme.dev"],
  ["SECRET_NAME", "ADMIN_SECRET"],
  ["tokenBinding", "REGISTRY_TOKEN"],
  ["secretBinding", "ADMIN_SECRET"],
  ["API_KEY_HEADER", "x-api-key"],
  ["PASSWORD_MIN_LENGTH", "12"],
  ["PUBLIC_KEY", "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"],
  ["ACCOUNT_ID", "0123456789abcdef0123456789abcdef"],
  ["COMMIT", "3f786850e387550fdab836ed7e6dc881de23001b"],
  ["INSTANCE", "9a0c6f7e-1d2b-4e3f-8a9b-0c1d2e3f4a5b"],
  ["KEYBOARD", "qwertz-layout-of-germany-2026"],
  ["UPSTREAM", "https://users.acme.dev/v1/directory/of/everybody"],
  ["ENVIRONMENT", "staging"],
  ["REQUIRE_TOKEN", "true"],
  ["GREETING", "WelcomeToTheDirectoryOfUsers2026AndOrders"],
  ["CLASS", "TokenBuckets"],
];

describe("a secret", () => {
  it.each(SECRETS)("%s = %s is one", (name, value) => expect(secretIn(name, value)).toBeDefined());
  it.each(HARMLESS)("%s = %s is none", (name, value) => expect(secretIn(name, value)).toBeUndefined());

  it("is found in a source with its line, and its value is in no message", () => {
    const text = `import a from "./${MIXED}.ts";\n// password: "hunter22hunter22"\nexport default { a, key: "${MIXED}", publicKey: "${MIXED}" };\n`;
    const findings = sourceFindings("gateway.config.ts", text);
    expect(findings.map(({ line, column, path }) => [line, column, path])).toEqual([[3, 21, "key"]]);
    expect(JSON.stringify(findings)).not.toContain(MIXED);
  });
});
