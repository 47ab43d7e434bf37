// Settings of the access log: which calls get a record, and what the record has.
import { LOG_FIELDS, type LogField } from "../access-log/log-fields.ts";
import { TIDEGATE_HEADER_NAMES } from "../headers.ts";
import type { Checks } from "./problems.ts";
import { block, choice, headerName, type InputOf, list, number, type PolicyOf, setting, whole } from "./setting.ts";

/** Without what may name a person: the path of a REST call, the address, the principal. */
const DEFAULT_FIELDS: LogField[] = LOG_FIELDS.filter((field) => !["path", "address", "identity"].includes(field));
const MAX_HEADERS = 16;
const share = number(0, 100, "%");
/** Fields of requests that are credentials, whatever the configuration says. */
const SECRET_FIELDS =
  /^(?:(?:proxy-)?authorization|cookie|dpop|signature(?:-input)?|client-cert.*|cf-access-.*|.*(?:token|secret|password|api-?key|credential).*)$/;
const SECRET_FIX = "leave it out: it carries a credential, or is one of Tidegate";

export const LOG_SETTINGS = block({
  okPercent: setting(share, 0, "Share of the calls that succeed of which a record is written."),
  refusedPercent: setting(share, 0, "The same for calls that fail for what the caller did: refused by the gateway or by the service."),
  failedPercent: setting(share, 10, "The same for calls that fail for another reason: the upstream, a limit of the gateway, a fault."),
  slowPercent: setting(share, 0, "The same for calls that succeed, and take `slowMs` or longer."),
  slowMs: setting(whole(1, 3_600_000, "ms"), 1_000, "Time from which a call is slow."),
  fields: setting(
    list(
      choice(LOG_FIELDS),
      LOG_FIELDS.length,
      `write names in a list, of ${LOG_FIELDS.join(", ")}`,
      "names of [fields](logs.md#access-log)",
    ),
    DEFAULT_FIELDS,
    "What a record has beside its outcome. A value of `path`, `address` or `identity` may be that of a person.",
    { shownDefault: "all but `path`, `address` and `identity`" },
  ),
  requestHeaders: setting(
    list(headerName, MAX_HEADERS, 'write at most 16 names of headers in a list: ["user-agent"]', "header names"),
    [],
    "Headers of requests that a record has. No header that carries a credential can be listed.",
  ),
  maxValueLength: setting(whole(16, 4_096, "characters"), 256, "Longest value of a record; a longer one is cut."),
});

export type LogInput = InputOf<typeof LOG_SETTINGS>;
export interface LogPolicy extends PolicyOf<typeof LOG_SETTINGS> {}

/** @param credentials names of the headers that carry credentials, as the rest of the configuration has them */
export function checkLog(check: Checks, path: string, { requestHeaders }: LogPolicy, credentials: ReadonlySet<string>): void {
  for (const name of requestHeaders) {
    if (SECRET_FIELDS.test(name) || credentials.has(name) || TIDEGATE_HEADER_NAMES.includes(name))
      check.report(`${path}.requestHeaders`, name, SECRET_FIX);
  }
}
