// Failed authentications by network, and which of them are logged.
import { expect, it } from "vitest";
import { AuthFailures } from "../../../../workers/gateway/auth/failures.ts";

const NOW = 1_000_000;

it("lets 20 credentials of a network fail at once, then one a second", () => {
  const failures = new AuthFailures();
  for (let failed = 0; failed < 20; failed++) {
    expect(failures.retryAfterMs("a", NOW)).toBe(0);
    failures.count("a", NOW);
  }
  expect([failures.retryAfterMs("a", NOW), failures.retryAfterMs("a", NOW + 999), failures.retryAfterMs("a", NOW + 1_000)]).toEqual([
    1_000, 1, 0,
  ]);
  expect(failures.retryAfterMs("b", NOW)).toBe(0);
  failures.count("a", NOW + 1_000);
  expect(failures.retryAfterMs("a", NOW + 1_000)).toBe(1_000);
});

it("takes nothing for a credential that is not wrong", () => {
  const failures = new AuthFailures();
  for (let call = 0; call < 100; call++) expect(failures.retryAfterMs("a", NOW)).toBe(0);
});

it("remembers a bounded number of networks, and none of them gets its failures back for it", () => {
  const failures = new AuthFailures();
  for (let failed = 0; failed < 20; failed++) failures.count("a", NOW);
  for (let other = 0; other < 3_000; other++) failures.count(`n${other}`, NOW);
  expect(failures.retryAfterMs("a", NOW)).toBe(1_000);
});

it("logs each reason once a second, with the refusals since", () => {
  const failures = new AuthFailures();
  expect([failures.logged("jwt_expired", NOW), failures.logged("jwt_expired", NOW + 999), failures.logged("jwt_type", NOW + 999)]).toEqual([
    1, 0, 1,
  ]);
  expect(failures.logged("jwt_expired", NOW + 1_000)).toBe(2);
});
