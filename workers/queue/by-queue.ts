// Several consumers in one Worker, which has one `queue` handler for all of its queues.
import type { QueueHandler } from "./consumer.ts";

/**
 * @param consumers by the names of their queues. A name also stands for the queues of environments, whose names go on with a dash:
 *                  "order-events" for "order-events-staging"; the longest name that fits is taken
 * @returns the `queue` handler. It throws for a queue that has no consumer here: its messages are delivered again
 */
export function byQueue<Env>(consumers: Readonly<Record<string, QueueHandler<Env>>>): QueueHandler<Env> {
  const names = Object.keys(consumers).sort((a, b) => b.length - a.length);
  return async (batch, env) => {
    const name = names.find((one) => batch.queue === one || batch.queue.startsWith(`${one}-`));
    if (name === undefined) throw new Error(`no consumer for queue "${batch.queue}"; this Worker has ${names.join(", ")}`);
    await consumers[name]!(batch, env);
  };
}
