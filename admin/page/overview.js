/**
 * The head of the page: the name of the herd or server, its health, and the
 * state of the page's stream. When the stream is not live, the head and the
 * tab's title show the age of the data.
 *
 * @module
 */
import { byId, setText } from "./dom.js";
import {
  bytes,
  count,
  counted,
  cut,
  duration,
  isoTime,
  rate,
  timeOfDay,
} from "./format.js";

/**
 * @typedef {import("./stream.js").StreamState} StreamState
 * @typedef {import("./types.d.ts").ServerView} ServerView
 */

const streamTexts = {
  live: "Live",
  silent: "No data",
  reconnecting: "Reconnecting",
  gone: "Server gone",
  outdated: "Reload this page: the server is another version",
};

/** States of servers that run, as far as the page knows. */
const upStates = ["ready", "not ready", "stopping", "reachable"];
/** States of servers that should not have clients. */
const unreadyStates = ["not ready", "stopping"];

export class Overview {
  #clock;
  /** @type {StreamState | undefined} */
  #state;
  #title = "herd";
  /** The health in words; empty before the first status. */
  #health = "";
  #isWell = true;

  /** @param {import("./server_clock.js").ServerClock} clock */
  constructor(clock) {
    this.#clock = clock;
  }

  /** Whether what the page shows is of now. */
  get isLive() {
    return this.#state === "live";
  }

  /** @param {StreamState} state */
  showStreamState(state) {
    this.#state = state;
    const pill = byId("stream");
    pill.dataset.state = state;
    setText(pill, streamTexts[state]);
    document.body.dataset.stream = state;
    this.showAges();
  }

  /** Writes what depends on the age of the data. To be called every second. */
  showAges() {
    if (this.#health === "") return;
    const seconds = this.#clock.silentMs / 1000;
    const health = byId("health");
    const isTroubled = !this.isLive || !this.#isWell;
    health.dataset.state = !this.isLive
      ? "stale"
      : this.#isWell
      ? "well"
      : "troubled";
    const old = this.isLive ? "" : `${duration(seconds)} old: `;
    setText(health, `${isTroubled ? "▲" : "✓"} ${old}${this.#health}`);
    const ago = `${duration(seconds)} ago`;
    setText(byId("age"), this.isLive ? "" : ago);
    const mark = !this.isLive
      ? `✕ ${duration(seconds)} old · `
      : this.#isWell
      ? ""
      : "▲ ";
    const title = `${mark}${this.#title} · herd`;
    if (document.title !== title) document.title = title;
    for (const label of document.querySelectorAll(".plot-now")) {
      setText(label, this.isLive ? "now" : ago);
    }
  }

  /**
   * @param {import("./types.d.ts").HerdStatus} status
   * @param {readonly ServerView[]} servers
   * @param {readonly import("./types.d.ts").LinkView[]} links
   */
  show(status, servers, links) {
    const here = status.servers;
    const size = servers.length;
    this.#title = here.length === size
      ? `Herd of ${counted(size, "server")}`
      : here.length === 1
      ? `${cut(here[0].name, 40)}, one of ${counted(size, "server")}`
      : `${here.length} of ${counted(size, "server")}`;
    setText(byId("title"), this.#title);

    const number = (/** @type {readonly string[]} */ states) =>
      servers.filter(({ state }) => states.includes(state)).length;
    const up = number(upStates);
    const unready = number(unreadyStates);
    const unseen = number(["unseen"]);
    const seenLinks = links.filter(({ state }) => state !== "unseen");
    const upLinks = seenLinks.filter(({ state }) => state !== "down").length;
    this.#isWell = up === size - unseen && unready === 0 &&
      upLinks === seenLinks.length;
    this.#health = [
      `${up} of ${counted(size - unseen, "server")} and ${upLinks} of ` +
      `${counted(seenLinks.length, "link")} up`,
      ...(unready > 0 ? [`${unready} not ready`] : []),
      ...(unseen > 0 ? [`${unseen} not seen`] : []),
    ].join(", ");

    const open = here.reduce(
      (sum, { connections }) => sum + connections.open,
      0,
    );
    setText(byId("connections"), count(open));
    // All servers of the status are in one process.
    setText(byId("memory"), bytes(here[0]?.memoryBytes ?? 0));
    const clock = byId("clock");
    setText(clock, timeOfDay(status.time));
    clock.setAttribute("datetime", isoTime(status.time) ?? "");
    this.showAges();
  }

  /** @param {number | undefined} perSecond Undefined if it is not known yet. */
  showUpdateRate(perSecond) {
    setText(byId("updates"), perSecond === undefined ? "–" : rate(perSecond));
  }

  /** @param {number} known */
  showClientCount(known) {
    setText(byId("clients"), count(known));
  }
}
