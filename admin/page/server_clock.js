/**
 * The time of the server, and the age of the page's data. Both go on while
 * nothing arrives.
 *
 * @module
 */

export class ServerClock {
  /** The time of the last status, in POSIX seconds. */
  #time = 0;
  #uptime = 0;
  #setAtMs = 0;
  #lastDataMs = performance.now();

  /** @param {import("./types.d.ts").HerdStatus} status */
  set({ servers, time }) {
    this.#time = time;
    this.#uptime = servers[0]?.uptimeSeconds ?? 0;
    this.#setAtMs = performance.now();
  }

  /** To be called whenever data arrives. */
  noteData() {
    this.#lastDataMs = performance.now();
  }

  /** The server's time now, in POSIX seconds. */
  get now() {
    return this.#time + (performance.now() - this.#setAtMs) / 1000;
  }

  /**
   * The uptime of the servers of this process now, in seconds. Unlike the time,
   * it is not changed when the clock is set.
   */
  get uptime() {
    return this.#uptime + (performance.now() - this.#setAtMs) / 1000;
  }

  /** Since when nothing has arrived, in milliseconds. */
  get silentMs() {
    return performance.now() - this.#lastDataMs;
  }
}
