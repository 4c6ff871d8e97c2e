/**
 * Starts those who are measured, and leaves out who is not installed.
 *
 * @module
 */
import type { Context } from "./context.ts";
import { type Command, Process } from "./processes.ts";
import { versionOf } from "./programs.ts";
import { type Place, type Subject, subjects } from "./subjects.ts";

/** Changes how a subject is started. */
export type Wrap = (command: Omit<Command, "cores">) => Omit<Command, "cores">;

/** Starts a subject on these cores; resolves when it listens. */
export async function startSubject(
  { command, ready }: Subject,
  place: Place,
  cores: readonly number[],
  wrap: Wrap = (command) => command,
): Promise<Process> {
  await using cleanup = new AsyncDisposableStack();
  const process = cleanup.use(
    new Process({ ...wrap(command(place)), cores }),
  );
  await process.untilPrinted(ready);
  cleanup.move();
  return process;
}

/** Whether it is installed; if not, that is written down. */
export function isInstalled(
  { missing }: Context,
  { id, needs }: Pick<Subject, "id" | "needs">,
): boolean {
  if (needs === undefined || versionOf(needs) !== undefined) return true;
  missing(id, needs.install);
  return false;
}

/** A subject by its ID, which must be known. */
export function subjectNamed(name: string): Subject {
  return subjects.find(({ id }) => id === name)!;
}
