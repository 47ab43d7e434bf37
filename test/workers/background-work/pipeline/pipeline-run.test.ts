import { describe, expect, it } from "vitest";
import { PipelineRun } from "../../../../workers/background-work/pipeline/pipeline-run.ts";

const never = (): Promise<never> => new Promise(() => {});

describe("PipelineRun", () => {
  it("ends what waits with the first error, and everything that begins to wait later", async () => {
    const run = new PipelineRun(undefined);
    const waiting = [run.orEnd(never()), run.orEnd(never())];
    const error = new Error("first");
    run.fail(error);
    run.fail(new Error("second"));
    for (const one of waiting) await expect(one).rejects.toBe(error);
    await expect(run.orEnd(Promise.resolve(1))).rejects.toBe(error);
    expect(run.signal.reason).toBe(error);
  });

  it("returns what was waited for", async () => {
    const run = new PipelineRun(undefined);
    expect(await run.orEnd(Promise.resolve(1))).toBe(1);
    await expect(run.orEnd(Promise.reject(new TypeError("no")))).rejects.toThrow("no");
    expect(run.signal.aborted).toBe(false); // whoever waits decides
  });

  it("fails with a task, and closes when all tasks have ended, those too that others have started", async () => {
    const run = new PipelineRun(undefined);
    const steps: string[] = [];
    const later = async (step: string): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      steps.push(step);
    };
    run.start(
      later("outer").then(() => {
        run.start(later("inner"));
        throw new Error("a task");
      }),
    );
    await run.close();
    expect(steps).toEqual(["outer", "inner"]);
    expect(run.signal.reason).toMatchObject({ name: "AbortError" }); // it was closed before the task failed
    const failing = new PipelineRun(undefined);
    failing.start(Promise.reject(new RangeError("a task")));
    await expect(failing.orEnd(never())).rejects.toThrow("a task");
  });

  it("follows the signal of the caller until it is closed, also one that was aborted before", async () => {
    const controller = new AbortController();
    const [run, closed] = [new PipelineRun(controller.signal), new PipelineRun(controller.signal)];
    await closed.close();
    controller.abort(new Error("the caller"));
    expect([run.signal.reason.message, closed.signal.reason.name]).toEqual(["the caller", "AbortError"]);
    expect(new PipelineRun(controller.signal).signal.aborted).toBe(true);
  });
});
