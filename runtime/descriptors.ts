/**
 * File descriptors, which a process can run out of. A few are held in reserve:
 * when there are no others, they are released, and those who use many are told
 * to make do with fewer. So links, log files and the administration port find
 * descriptors even if clients take all that they can get.
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
 * After a shortage, this often in milliseconds it is tried whether there are
 * enough descriptors again. Trying takes some for a few milliseconds.
 */
export const recoveryIntervalMs = 60_000;

/** Whether an error says EMFILE or ENFILE, in the system's words. */
export function isOutOfDescriptors(error: unknown): boolean {
  return /too many open files/i.test(String(error));
}

/** A part of a server that uses descriptors, and can do with fewer. */
export interface DescriptorUser {
  /**
   * There are no descriptors left. Frees what it can do without, and takes no
   * more than it has from now on.
   *
   * @returns How many descriptors were freed.
   */
  onShortage(): number;
  /** There are enough descriptors again. */
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
  /** How many descriptors are to be held: fewer where there are few in all. */
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
   * Opens the descriptors. Where there are few in all, half of them are left.
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
   * @returns Whether one was freed: what has failed can be tried again.
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
   * Fills the reserve if as many descriptors are left besides: fewer would be
   * taken at once, and released again.
   */
  async #recover(): Promise<void> {
    const missing = this.#target - this.size;
    const wanted = missing + Math.max(this.#target, 1);
    let opened: readonly Spare[] = [];
    try {
      opened = await this.#options.open(wanted);
    } catch {
      // What is in the way may be gone at the next attempt.
    }
    this.#cancelRecovery = undefined;
    const isEnough = opened.length === wanted;
    this.#hold(opened, isEnough ? missing : 0);
    if (this.#isClosed) return;
    if (!isEnough) return this.#scheduleRecovery();
    for (const user of this.#users) user.onRecovery();
  }
}
