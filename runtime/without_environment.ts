/**
 * Hides the environment from packages. Some read variables that a program with
 * few permissions may not read, and fail. Others take settings from variables
 * that this project does not name.
 *
 * @module
 */
import process from "node:process";

/**
 * Runs a function while `process.env` is empty. `Deno.env` is not changed. If the
 * function returns a promise, the environment is empty until it has settled.
 */
export function withoutEnvironment<Result>(run: () => Result): Result {
  const descriptor = Object.getOwnPropertyDescriptor(process, "env")!;
  const restore = () => {
    depth -= 1;
    if (depth === 0) Object.defineProperty(process, "env", original!);
  };
  if (depth === 0) {
    original = descriptor;
    Object.defineProperty(process, "env", { ...emptyEnvironment });
  }
  depth += 1;
  let result: Result;
  try {
    result = run();
  } catch (error) {
    restore();
    throw error;
  }
  if (!(result instanceof Promise)) {
    restore();
    return result;
  }
  return result.finally(restore) as Result;
}

/** How many functions run without an environment. */
let depth = 0;

/** The property `env` that `process` had before. */
let original: PropertyDescriptor | undefined;

const emptyEnvironment = { value: {}, configurable: true, enumerable: true };
