/**
 * The last events of the log, the newest first.
 *
 * @module
 */
import { otherServer } from "./clients.js";
import { html, setText } from "./dom.js";
import { age, cut, isoTime, timeOfDay } from "./format.js";
import { colourClass } from "./palette.js";

const maxEvents = 100;
const levels = ["info", "warning", "error"];

export class Events {
  #list;
  /** @type {Map<string, number>} */
  #servers = new Map();
  #clock;

  /**
   * @param {HTMLElement} list
   * @param {HTMLSelectElement} least Selects the lowest level that is shown.
   * @param {import("./server_clock.js").ServerClock} clock
   */
  constructor(list, least, clock) {
    this.#list = list;
    this.#clock = clock;
    const choose = () => {
      list.dataset.least = least.value;
    };
    least.addEventListener("change", choose);
    choose();
  }

  /** @param {readonly string[]} names In the order of the herd file. */
  setServers(names) {
    this.#servers = new Map(names.map((name, index) => [name, index]));
  }

  clear() {
    this.#list.replaceChildren();
  }

  /** @param {import("./types.d.ts").LogEvent} event */
  add({ server, time, uptimeSeconds, level, connection, event, fields }) {
    const index = this.#servers.get(server);
    const known = levels.includes(level) ? level : "info";
    this.#list.prepend(
      html("li", { class: `level-${known}` }, [
        html("span", {}, [
          html("time", { datetime: isoTime(time) ?? "" }, [timeOfDay(time)]),
          html("span", { class: "age", "data-uptime": `${uptimeSeconds}` }, [
            age(this.#clock.uptime - uptimeSeconds),
          ]),
        ]),
        html("span", { class: "level" }, [known]),
        html("span", {
          class: `name mark ${colourClass(index ?? otherServer)}`,
        }, [cut(server, 30)]),
        html("span", { class: "event" }, [
          html("strong", {}, [cut(event, 80)]),
          ...Object.entries(fields).map(([name, value]) =>
            html("span", { class: "field" }, [
              `${cut(name, 40)}=`,
              html("bdi", {}, [cut(textOf(value), 200)]),
            ])
          ),
          ...(connection === "" || connection === "-" ? [] : [
            html("span", { class: "field" }, [`on ${cut(connection, 60)}`]),
          ]),
        ]),
      ]),
    );
    while (this.#list.children.length > maxEvents) {
      this.#list.lastElementChild?.remove();
    }
  }

  /** Updates the ages. To be called every second. */
  showAges() {
    const { uptime } = this.#clock;
    for (const element of this.#list.querySelectorAll(".age")) {
      const { dataset } = /** @type {HTMLElement} */ (element);
      setText(element, age(uptime - Number(dataset.uptime)));
    }
  }
}

/** @param {unknown} value */
function textOf(value) {
  return typeof value === "string" ? value : JSON.stringify(value) ?? "";
}
