// The metrics of services: what their hosts see, from the gateway or from one another. A part of the table in definitions.ts.

export const SERVICE_METRICS = [
  {
    name: "tidegate_service_calls",
    kind: "counter",
    unit: "{call}",
    help: "Calls that service hosts have ended, by the code and, where the host refused the call before any work, the reason.",
    labels: ["service", "method", "code", "reason"],
  },
  {
    name: "tidegate_service_call_duration",
    kind: "histogram",
    unit: "s",
    perUnit: 1_000,
    help: "Time from the arrival of a call at a service host to its response, of a stream to the end of it.",
    labels: ["service", "method"],
  },
  {
    name: "tidegate_service_call_bytes",
    kind: "counter",
    unit: "By",
    help: "Bytes of messages without compression: requests in, responses out; of JSON in a response its UTF-16 code units.",
    labels: ["service", "direction"],
  },
  {
    name: "tidegate_service_calls_in_flight",
    kind: "gauge",
    unit: "{call}",
    help: "Calls that service hosts are handling.",
    labels: ["service"],
  },
  { name: "tidegate_service_streams_open", kind: "gauge", unit: "{stream}", help: "Streams open at service hosts.", labels: ["service"] },
] as const;
