// One API behind the gateway, whose calls pass two layers of the team's own.
import { defineGateway } from "tidegate";

export default defineGateway({
  services: {},
  discovery: false,
  defaults: { layers: { timing: {} } },
  httpRoutes: {
    "/public/": { upstream: { binding: "API" } },
    // The most specific `layers` holds as a whole, so it names both.
    "/api/": {
      upstream: { binding: "API" },
      stripPrefix: true,
      layers: { tenant: { ids: { blue: "t-1", green: "t-2" } }, timing: { label: "api" } },
    },
  },
});
