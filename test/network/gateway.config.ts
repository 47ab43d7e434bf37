// The configuration as it ships, but for load shedding: a busy machine sheds calls for its own slowness, which is not what these tests show.
import { defineGateway } from "../../core/config/gateway.ts";
import shipped from "../support/shipped/gateway.config.ts";

export default defineGateway({
  ...shipped,
  defaults: { ...shipped.defaults, concurrency: { mode: "off" } },
  overload: { mode: "off" },
});
