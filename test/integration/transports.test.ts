// The contract of transports in workerd: in the same isolate, and over a service binding.
import { env } from "cloudflare:workers";
import { inProcess, transportTo } from "../../workers/client/transport.ts";
import { transportContract } from "../support/contract/contract.ts";
import { contractService } from "../support/contract/service.ts";

const { CONTRACT } = env as unknown as { readonly CONTRACT: Fetcher };
const own = {};

transportContract("in the same isolate", (options) => inProcess(contractService, own, options));
transportContract("over a service binding", (options) => transportTo(CONTRACT, options));
