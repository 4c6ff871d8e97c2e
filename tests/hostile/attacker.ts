/**
 * Starts attacks in processes of their own, so that the test's own work and an
 * attack's do not delay each other.
 *
 * @module
 */
import { Program } from "../end_to_end/process.ts";
import type { attacks } from "./attack.ts";
import type { HostileHerd } from "./hostile_herd.ts";

/** An attack that was started. */
export class Attack<Result> {
  readonly #program: Program;

  constructor(program: Program) {
    this.#program = program;
  }

  /** Waits until it says that all is in place. */
  async underWay(): Promise<void> {
    await this.#program.untilPrinted("under way\n");
  }

  /** Waits for its end; returns what it found. */
  async ended(): Promise<Result> {
    const status = await this.#program.ended();
    if (status !== 0) throw new Error(`attack: ${this.#program.stderr}`);
    return JSON.parse(this.#program.stdout.split("\n").at(-2)!);
  }

  stop(): void {
    try {
      this.#program.signal("SIGKILL");
    } catch {
      // It has ended already.
    }
  }
}

type Attacks = typeof attacks;

/** Starts an attack; it ends with the herd at the latest. */
export function attack<Name extends keyof Attacks>(
  herd: HostileHerd,
  name: Name,
  options: Parameters<Attacks[Name]>[0],
): Attack<Awaited<ReturnType<Attacks[Name]>>> {
  const program = Program.start([
    "run",
    "--frozen",
    "--no-check",
    "--config=tests/deno.json",
    "--allow-net=127.0.0.1,127.0.0.2",
    "tests/hostile/attack.ts",
    name,
    JSON.stringify(options),
  ]);
  return new Attack(herd.track(program));
}
