// Under test: the transport to one target.
import { clientWorker } from "./run-client.ts";

export default clientWorker((url) => url);
