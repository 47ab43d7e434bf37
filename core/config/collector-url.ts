// The address of a collector of OpenTelemetry: over TLS, save on the same machine.
import { text } from "./setting.ts";

const FORM = /^(?:https:\/\/|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/]))[^\s?#@]+$/;

/** @param example shows what to write */
export function collectorUrl(example: string) {
  return text(FORM, `write an address with https, without a login or query: "${example}"`, "URL");
}

/**
 * The secret that a collector gets. Whoever publishes a configuration chooses the collector: only secrets that are made for one may go there,
 * and none of the gateway itself.
 */
export function collectorSecret() {
  return text(/^OTLP_\w{1,64}$/, 'write the name of a secret that begins with OTLP_: "OTLP_AUTHORIZATION"', "name of a secret");
}
