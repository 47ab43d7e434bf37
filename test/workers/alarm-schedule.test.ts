import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { AlarmSchedule, type AlarmTask } from "../../workers/alarm-schedule.ts";
import type { OrderStore } from "../../workers/services/orders/store.ts";

const { ORDER_STORE } = env as unknown as { ORDER_STORE: DurableObjectNamespace<OrderStore> };
const FAR = Date.UTC(2100, 0, 1); // no alarm of these tests goes off by itself

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

/** A task whose times are in storage, as those of real tasks are. */
class Times implements AlarmTask {
  readonly ran: number[] = [];
  fails = false;
  readonly #storage: DurableObjectStorage;
  readonly #key: string;

  constructor(storage: DurableObjectStorage, key: string) {
    this.#storage = storage;
    this.#key = key;
  }

  set(due: number | undefined): void {
    if (due === undefined) this.#storage.kv.delete(this.#key);
    else this.#storage.kv.put(this.#key, due);
  }

  dueAt(): number | undefined {
    return this.#storage.kv.get<number>(this.#key);
  }

  run(now: number): void {
    if (this.fails) throw new Error("no");
    this.ran.push(now);
    this.set(undefined);
  }
}

interface Scene {
  readonly a: Times;
  readonly b: Times;
  readonly storage: DurableObjectStorage;
  readonly schedule: AlarmSchedule;
}

const inObject = (test: (scene: Scene) => Promise<void>) =>
  runInDurableObject(ORDER_STORE.getByName("alarms"), async (_, { storage }) => {
    const [a, b] = [new Times(storage, "a"), new Times(storage, "b")];
    await test({ a, b, storage, schedule: new AlarmSchedule(storage, { a, b }) });
  });

it("sets the alarm to the earliest of its tasks, and never to a later time", () =>
  inObject(async ({ a, b, storage, schedule }) => {
    schedule.change(() => a.set(FAR + 2_000));
    expect(await storage.getAlarm()).toBe(FAR + 2_000);
    schedule.change(() => b.set(FAR + 1_000));
    expect(await storage.getAlarm()).toBe(FAR + 1_000);
    schedule.change(() => b.set(FAR + 9_000));
    expect(await storage.getAlarm()).toBe(FAR + 1_000);
  }));

it("runs what is due, each task once, and sets the next alarm", () =>
  inObject(async ({ a, b, storage, schedule }) => {
    schedule.change(() => a.set(FAR));
    schedule.change(() => b.set(FAR + 5_000));
    await schedule.run(FAR);
    expect([a.ran, b.ran, await storage.getAlarm()]).toEqual([[FAR], [], FAR + 5_000]);
    await schedule.run(FAR + 5_000);
    expect([a.ran, b.ran]).toEqual([[FAR], [FAR + 5_000]]);
  }));

it("runs a task that failed again after a pause, and the others at their time", () =>
  inObject(async ({ a, b, storage, schedule }) => {
    const log = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    for (const task of [a, b]) schedule.change(() => task.set(FAR));
    a.fails = true;
    await schedule.run(FAR);
    expect([a.ran, b.ran, await storage.getAlarm()]).toEqual([[], [FAR], FAR + 10_000]);
    expect(JSON.parse(log.mock.calls[0]![0] as string)).toMatchObject({ event: "alarm_task_failed", task: "a", error: "Error: no" });
    a.fails = false;
    await schedule.run(FAR + 10_000);
    expect(a.ran).toEqual([FAR + 10_000]);
  }));

it("sets no alarm for a change that failed, and sets it for the next one", () =>
  inObject(async ({ a, storage, schedule }) => {
    const failing = () =>
      schedule.change(() => {
        schedule.change(() => a.set(FAR));
        throw new Error("after the nested change");
      });
    expect(failing).toThrow("after the nested change");
    expect([a.dueAt(), await storage.getAlarm()]).toEqual([undefined, null]);
    schedule.change(() => a.set(FAR));
    expect(await storage.getAlarm()).toBe(FAR);
  }));

it("sets the alarm again where another instance of the object has not set it", () =>
  inObject(async ({ a, storage, schedule }) => {
    schedule.change(() => a.set(FAR));
    await storage.deleteAlarm();
    new AlarmSchedule(storage, { a }).update();
    expect(await storage.getAlarm()).toBe(FAR);
  }));
