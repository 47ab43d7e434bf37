// Which requests are at the host of the admin plane.
import { expect, it } from "vitest";
import { isAtHost } from "../../../core/auth/admin-host.ts";

it.each([
  ["https://admin.example/healthz", "admin.example", true],
  ["https://admin.example/a?b=//other.example/", "admin.example", true],
  ["https://admin.example:8443/", "admin.example", true],
  ["http://127.0.0.1:8787/", "127.0.0.1", true],
  ["http://[::1]:8787/", "127.0.0.1", false],
  ["https://admin.example:8443/", "admin.example:8443", true],
  ["https://admin.example/", "admin.example:443", true],
  ["http://admin.example/", "admin.example:80", true],
  ["https://admin.example", "admin.example:443", true],
  ["https://admin.example/", "admin.example:80", false],
  ["http://admin.example/", "admin.example:443", false],
  ["https://admin.example:8443/", "admin.example:443", false],
  ["https://admin.example:8443/", "admin.example:844", false],
  ["https://admin.example/", "admin.example:8443", false],
  ["https://x.admin.example/", "admin.example", false],
  ["https://admin.example.evil.example/", "admin.example", false],
  ["https://admin.example./", "admin.example", false],
  ["https://evil.example/admin.example", "admin.example", false],
  ["https://evil.example/?//admin.example/", "admin.example", false],
])("%s at %s: %s", (url, host, want) => {
  expect(isAtHost(url, host)).toBe(want);
});
