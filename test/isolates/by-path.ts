// The order in which test files run: by project and path. Neighbors share an isolate, so which files do changes with no run.
import { BaseSequencer, type TestSpecification } from "vitest/node";

const keyOf = ({ project, moduleId }: TestSpecification): string => `${project.name}\0${moduleId}`;

export class ByPath extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)));
  }
}
