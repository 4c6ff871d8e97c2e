/**
 * A reserve of file descriptors. When a process has no others left, the reserve
 * is released, and the parts of the server that use many are limited. So
 * descriptors remain for links, log files and the administration port, even if
 * clients take all that they can get.
 *
 * @module
 */
import type { Clock } from "./clock.ts";

/**
 * How many descriptors are held in reserve: enough for the links of a server
 * with many neighbours, for log files and for a few administrators.
 */
export const reservedDescriptors = 32;

/**
 * After a shortage, the interval between checks for enough descriptors, in
 * milliseconds. A check takes some for a few milliseconds.
 */
export const recoveryIntervalMs = 60_000;

/** Whether an error is EMFILE or ENFILE, by the system's message. */
export function isOutOfDescriptors(error: unknown): boolean {
  return /too many open files/i.test(String(error));
}

/** A part of a server that uses descriptors, and can work with fewer. */
export interface DescriptorUser {
  /**
   * Is called when no descriptors are left. Frees those that are not necessary,
   * and from now on takes no more than it has.
   *
   * @returns How many descriptors were freed.
   */
  onShortage(): number;
  /** Is called when there are enough descriptors again. */
  onRecovery(): void;
}

/** What a reserve needs. */
export interface DescriptorReserveOptions {
  readonly clock: Clock;
  /**
   * Opens this many descriptors, or fewer if there are no more.
   *
   * @throws {Error} If none can be opened for another reason.
   */
  readonly open: (count: number) => Promise<readonly Spare[]>;
}

/** An open descriptor that nothing uses. */
export interface Spare {
  close(): void;
}

/** The reserve of one process. */
export class DescriptorReserve {
  readonly #options: DescriptorReserveOptions;
  readonly #users: DescriptorUser[] = [];
  #spares: readonly Spare[] = [];
  /** How many descriptors to hold: fewer if the process can have only a few. */
  #target = 0;
  #cancelRecovery: (() => void) | undefined;
  #isClosed = false;

  constructor(options: DescriptorReserveOptions) {
    this.#options = options;
  }

  /** How many descriptors are held. */
  get size(): number {
    return this.#spares.length;
  }

  /**
   * Opens the descriptors. If the process can have only a few, half are left.
   *
   * @throws {Error} If none can be opened for another reason.
   */
  async fill(): Promise<void> {
    const opened = await this.#options.open(2 * reservedDescriptors);
    this.#target = Math.floor(opened.length / 2);
    this.#hold(opened, this.#target);
  }

  /** Adds a user. Those that were added first free descriptors first. */
  add(user: DescriptorUser): void {
    this.#users.push(user);
  }

  /**
   * Frees descriptors, as there are none left.
   *
   * @returns Whether one was freed, so that the failed operation can be
   * repeated.
   */
  relieve(): boolean {
    if (this.#isClosed) return false;
    this.#scheduleRecovery();
    for (const user of this.#users) {
      if (user.onShortage() > 0) return true;
    }
    const { size } = this;
    this.#release();
    return size > 0;
  }

  /** Closes the descriptors that are held. Safe to call twice. */
  close(): void {
    this.#isClosed = true;
    this.#cancelRecovery?.();
    this.#release();
  }

  #release(): void {
    const spares = this.#spares;
    this.#spares = [];
    for (const spare of spares) spare.close();
  }

  /** Holds some of these descriptors, and closes the others. */
  #hold(opened: readonly Spare[], count: number): void {
    const held = this.#isClosed ? 0 : count;
    this.#spares = [...this.#spares, ...opened.slice(0, held)];
    for (const spare of opened.slice(held)) spare.close();
  }

  #scheduleRecovery(): void {
    this.#cancelRecovery ??= this.#options.clock.after(
      recoveryIntervalMs,
      () => this.#recover(),
    );
  }

  /**
   * Fills the reserve if the same number of descriptors is free besides. With
   * fewer, the reserve would soon be released again.
   */
  async #recover(): Promise<void> {
    const missing = this.#target - this.size;
    const wanted = missing + Math.max(this.#target, 1);
    let opened: readonly Spare[] = [];
    try {
      opened = await this.#options.open(wanted);
    } catch {
      // The cause of the error may be gone at the next attempt.
    }
    this.#cancelRecovery = undefined;
    const isEnough = opened.length === wanted;
    this.#hold(opened, isEnough ? missing : 0);
    if (this.#isClosed) return;
    if (!isEnough) return this.#scheduleRecovery();
    for (const user of this.#users) user.onRecovery();
  }
}
