/**
 * Reads the event stream, and reconnects. The browser's own reconnecting gives
 * up after some errors and waits long after others, so it is not used.
 *
 * @module
 */

/** The version of the stream that this page reads. */
const pageVersion = 1;
const retryMs = 500;
/** After this time without a stream the server is shown as gone. */
const goneMs = 4_000;
/**
 * After this time without data, what the page shows is stale. The server sends
 * its status every second.
 */
const staleMs = 2_500;
/** After this time without data the page reconnects. */
const silenceMs = 5_000;
/** After this time without an answer the page tries to connect again. */
const connectMs = 10_000;
const watchMs = 500;

/**
 * The state of the stream. The data is live only in the first one.
 *
 * @typedef {"live" | "silent" | "reconnecting" | "gone" | "outdated"} StreamState
 */

/**
 * Reads `/events` until the page is closed.
 *
 * @param {object} handlers
 * @param {() => void} handlers.onHello A new stream begins. Earlier data must be discarded.
 * @param {(status: import("./types.d.ts").HerdStatus) => void} handlers.onStatus
 * @param {(positions: import("./types.d.ts").Positions) => void} handlers.onPositions
 * @param {(event: import("./types.d.ts").LogEvent) => void} handlers.onLog
 * @param {(state: StreamState) => void} handlers.onState
 * @param {import("./server_clock.js").ServerClock} clock
 */
export function followEvents(handlers, clock) {
  /** @type {EventSource} */
  let source;
  let connectedAtMs = 0;
  let isSilent = false;

  const connect = () => {
    connectedAtMs = performance.now();
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
      clock.noteData();
      if (isSilent) handlers.onState("live");
      isSilent = false;
      handler(JSON.parse(data));
    });

  const reconnect = () => {
    // An answer without a stream closes it: the login may have ended.
    if (source.readyState === EventSource.CLOSED) logInAgain();
    source.close();
    isSilent = false;
    handlers.onState(clock.silentMs > goneMs ? "gone" : "reconnecting");
    setTimeout(connect, retryMs);
  };

  const watch = setInterval(() => {
    if (source.readyState === EventSource.OPEN) {
      if (clock.silentMs > silenceMs) return reconnect();
      if (clock.silentMs <= staleMs || isSilent) return;
      isSilent = true;
      handlers.onState("silent");
    } else if (source.readyState === EventSource.CONNECTING) {
      // A machine that is gone answers nothing, not even a refusal.
      if (performance.now() - connectedAtMs > connectMs) reconnect();
    }
  }, watchMs);

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

/** Shows the page for logging in if the server requires a token. */
async function logInAgain() {
  try {
    const address = new URL("status.json", document.baseURI);
    const { status } = await fetch(address, { method: "HEAD" });
    if (status === 401) location.reload();
  } catch {
    // The server is gone. The stream tries again.
  }
}
