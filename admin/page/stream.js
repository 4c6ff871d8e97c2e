/**
 * Reads the event stream, and reconnects. The browser's own reconnecting gives
 * up after some errors and waits long after others, so it is not used.
 *
 * @module
 */

/** The version of the stream that this page reads. */
const pageVersion = 1;
const retryMs = 500;
/** After this time without data the server is shown as gone. */
const goneMs = 4_000;
/**
 * After this time without data the page reconnects. The server sends its status
 * every second.
 */
const silenceMs = 5_000;

/**
 * Reads `/events` until the page is closed.
 *
 * @param {object} handlers
 * @param {() => void} handlers.onHello A new stream begins. Earlier data must be discarded.
 * @param {(status: import("./types.d.ts").HerdStatus) => void} handlers.onStatus
 * @param {(positions: import("./types.d.ts").Positions) => void} handlers.onPositions
 * @param {(event: import("./types.d.ts").LogEvent) => void} handlers.onLog
 * @param {(state: "live" | "reconnecting" | "gone" | "outdated") => void} handlers.onState
 */
export function followEvents(handlers) {
  let lastDataMs = performance.now();
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
      lastDataMs = performance.now();
      handler(JSON.parse(data));
    });

  const reconnect = () => {
    source.close();
    const isGone = performance.now() - lastDataMs > goneMs;
    handlers.onState(isGone ? "gone" : "reconnecting");
    setTimeout(connect, retryMs);
  };

  const watch = setInterval(() => {
    const isSilent = performance.now() - lastDataMs > silenceMs;
    if (isSilent && source.readyState === EventSource.OPEN) reconnect();
  }, 1_000);

  /** @param {unknown} version */
  const outdated = (version) => {
    source.close();
    clearInterval(watch);
    handlers.onState("outdated");
    // Reloads once for each version. The state survives the reload.
    if (history.state?.reloadedFor === version) return;
    history.replaceState({ reloadedFor: version }, "");
    location.reload();
  };

  connect();
}
