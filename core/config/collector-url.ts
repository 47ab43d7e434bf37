// The address of a collector of OpenTelemetry: over TLS, save on the same machine.
import { text } from "./setting.ts";

const FORM = /^(?:https:\/\/|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/]))[^\s?#@]+$/;

/** @param example shows what to write */
export function collectorUrl(example: string) {
  return text(FORM, `write an address with https, without a login or query: "${example}"`, "URL");
}
