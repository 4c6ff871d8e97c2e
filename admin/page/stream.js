/**
 * The stream of events, and how the page stands with it. The browser's own way
 * to reconnect gives up at some errors and waits long at others, so it is done
 * here.
 *
 * @module
 */

/** The protocol that this page speaks. */
const pageVersion = 1;
const retryMs = 500;
/** After so long without a connection the server counts as gone. */
const goneMs = 4_000;
/** The server sends its status every second. */
const silenceMs = 5_000;

/**
 * Follows `/events` for as long as the page lives.
 *
 * @param {object} handlers
 * @param {() => void} handlers.onHello A new stream: what was heard is to be forgotten.
 * @param {(status: import("./types.d.ts").HerdStatus) => void} handlers.onStatus
 * @param {(positions: import("./types.d.ts").Positions) => void} handlers.onPositions
 * @param {(event: import("./types.d.ts").LogEvent) => void} handlers.onLog
 * @param {(state: "live" | "reconnecting" | "gone" | "outdated") => void} handlers.onState
 */
export function followEvents(handlers) {
  let lastHeardMs = performance.now();
  /** @type {EventSource} */
  let source;

  const connect = () => {
    source = new EventSource(new URL("events", document.baseURI));
    on("hello", ({ version }) => {
      if (version !== pageVersion) return outdated(version);
      handlers.onHello();
      handlers.onState("live");
    });
    on("status", handlers.onStatus);
    on("positions", handlers.onPositions);
    on("log", handlers.onLog);
    source.onerror = reconnect;
  };

  /**
   * @param {string} type
   * @param {(data: any) => void} handler
   */
  const on = (type, handler) =>
    source.addEventListener(type, ({ data }) => {
      lastHeardMs = performance.now();
      handler(JSON.parse(data));
    });

  const reconnect = () => {
    source.close();
    const isGone = performance.now() - lastHeardMs > goneMs;
    handlers.onState(isGone ? "gone" : "reconnecting");
    setTimeout(connect, retryMs);
  };

  const watch = setInterval(() => {
    const isSilent = performance.now() - lastHeardMs > silenceMs;
    if (isSilent && source.readyState === EventSource.OPEN) reconnect();
  }, 1_000);

  /** @param {unknown} version */
  const outdated = (version) => {
    source.close();
    clearInterval(watch);
    handlers.onState("outdated");
    // Once for each version: the state outlives the reload.
    if (history.state?.reloadedFor === version) return;
    history.replaceState({ reloadedFor: version }, "");
    location.reload();
  };

  connect();
}
