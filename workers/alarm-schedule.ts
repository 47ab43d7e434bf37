// The one alarm of a Durable Object, shared by several tasks: it is set to the earliest time at which one of them is due.
import { logEvent } from "./log.ts";

/** Work that an object does at a later time. What is due is read from storage, so that it is the same after an eviction. */
export interface AlarmTask {
  /** When the task is due, epoch ms; a time in the past means now. Undefined: nothing is to do. */
  dueAt(): number | undefined;
  /** Does what is due at `now`, epoch ms. Afterwards `dueAt` is later, or undefined. */
  run(now: number): void | Promise<void>;
}

const PAUSE_MS = 10_000; // before a task that failed runs again

/**
 * Sets the alarm of an object for all its tasks, since an object has only one.
 *
 * ```ts
 * readonly #alarms = new AlarmSchedule(this.ctx.storage, { outbox: this.#outbox, expiry: this.#keys });
 *
 * place(order: Order): void {
 *   this.#alarms.change(() => { ...; this.#outbox.record(...); });
 * }
 *
 * override alarm(): Promise<void> {
 *   return this.#alarms.run();
 * }
 * ```
 */
export class AlarmSchedule {
  readonly #storage: DurableObjectStorage;
  readonly #tasks: Readonly<Record<string, AlarmTask>>;
  readonly #pausedUntil = new Map<AlarmTask, number>(); // epoch ms, of tasks that failed
  #setFor: number | undefined; // epoch ms; undefined where this instance does not know whether an alarm is set
  #depth = 0;

  /** @param tasks by the names that log records have */
  constructor(storage: DurableObjectStorage, tasks: Readonly<Record<string, AlarmTask>>) {
    this.#storage = storage;
    this.#tasks = tasks;
  }

  /**
   * Runs a change of the storage in one transaction, together with the alarm for what it made due. Changes may be nested.
   *
   * @throws what `write` throws; nothing has changed then
   */
  change<T>(write: () => T): T {
    this.#depth += 1;
    try {
      return this.#storage.transactionSync(() => {
        const result = write();
        if (this.#depth === 1) this.update();
        return result;
      });
    } catch (error) {
      this.#setFor = undefined; // an alarm that was set in this transaction is not set any more
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  /** Sets the alarm, where it is not set or too late. `change` does so by itself. */
  update(): void {
    const due = this.#earliest();
    if (due === undefined || (this.#setFor !== undefined && this.#setFor <= due)) return;
    this.#setFor = due;
    void this.#storage.setAlarm(Math.max(due, Date.now()));
  }

  /**
   * The alarm handler: runs each task that is due, then sets the next alarm. A task that fails is logged and runs again after a pause; it
   * delays no other one. Never rejects, since the platform gives an alarm up that has failed seven times.
   */
  async run(now = Date.now()): Promise<void> {
    this.#setFor = undefined;
    for (const [name, task] of Object.entries(this.#tasks)) {
      try {
        const due = this.#dueAt(task);
        if (due !== undefined && due <= now) await task.run(now);
        this.#pausedUntil.delete(task);
      } catch (error) {
        this.#pausedUntil.set(task, now + PAUSE_MS);
        logEvent("alarm_task_failed", { task: name, error });
      }
    }
    this.update();
  }

  #earliest(): number | undefined {
    let earliest: number | undefined;
    for (const task of Object.values(this.#tasks)) {
      const due = this.#dueAt(task);
      if (due !== undefined && (earliest === undefined || due < earliest)) earliest = due;
    }
    return earliest;
  }

  #dueAt(task: AlarmTask): number | undefined {
    const due = task.dueAt();
    return due === undefined ? undefined : Math.max(due, this.#pausedUntil.get(task) ?? 0);
  }
}
