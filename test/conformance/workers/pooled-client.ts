// Under test: the transport to a pool of endpoints.
import { servicePool } from "../../../workers/client/transport.ts";
import { clientWorker } from "./run-client.ts";

export default clientWorker((url) => servicePool({ name: "conformance", endpoints: [url] }));
