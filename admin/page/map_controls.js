/**
 * Moves the map by wheel, drag, pinch, keys and buttons.
 *
 * @module
 */
import { byId } from "./dom.js";

const step = 1.5;
const panPx = 60;
/** A press that moves at most this far is a tap, in CSS pixels. */
const tapPx = 6;

/**
 * @param {HTMLElement} frame
 * @param {import("./map_view.js").MapView} view
 * @param {import("./picker.js").Picker} picker
 */
export function controlMap(frame, view, picker) {
  const { viewport } = view;
  /** @param {() => void} change */
  const move = (change) => {
    change();
    view.viewChanged();
    picker.moved();
  };
  const zoomIn = () => move(() => viewport.zoomAt(step));
  const zoomOut = () => move(() => viewport.zoomAt(1 / step));
  const reset = () => move(() => viewport.reset());
  byId("zoom-in").addEventListener("click", zoomIn);
  byId("zoom-out").addEventListener("click", zoomOut);
  byId("zoom-reset").addEventListener("click", reset);

  /** @type {Readonly<Record<string, () => void>>} */
  const keys = {
    "+": zoomIn,
    "=": zoomIn,
    "-": zoomOut,
    "0": reset,
    ArrowLeft: () => move(() => viewport.panBy(panPx, 0)),
    ArrowRight: () => move(() => viewport.panBy(-panPx, 0)),
    ArrowUp: () => move(() => viewport.panBy(0, panPx)),
    ArrowDown: () => move(() => viewport.panBy(0, -panPx)),
    Enter: () => picker.pickNearest(),
    Escape: () => picker.clear(),
  };
  frame.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = keys[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });

  frame.addEventListener("wheel", (event) => {
    const isOut = event.deltaY > 0;
    // When the whole world is visible, the wheel scrolls the page.
    if (event.deltaY === 0 || (isOut && viewport.zoom === 1)) return;
    event.preventDefault();
    const [x, y] = pixelOf(frame, event);
    const notches = Math.min(Math.abs(event.deltaY) / 100, 3);
    const factor = step ** (isOut ? -notches : notches);
    move(() => viewport.zoomAt(factor, x, y));
  }, { passive: false });

  controlByPointer(frame, view, picker, move);
}

/**
 * One pointer drags, two pinch, and one that does not move taps.
 *
 * @param {HTMLElement} frame
 * @param {import("./map_view.js").MapView} view
 * @param {import("./picker.js").Picker} picker
 * @param {(change: () => void) => void} move
 */
function controlByPointer(frame, { viewport }, picker, move) {
  /** @type {Map<number, [number, number]>} */
  const pressed = new Map();
  let moved = 0;

  frame.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (pressed.size === 0) moved = 0;
    pressed.set(event.pointerId, pixelOf(frame, event));
    frame.setPointerCapture(event.pointerId);
  });

  frame.addEventListener("pointermove", (event) => {
    const now = pixelOf(frame, event);
    const before = pressed.get(event.pointerId);
    if (before === undefined) {
      if (event.pointerType === "mouse") picker.hover(...now);
      return;
    }
    const other = [...pressed].find(([id]) => id !== event.pointerId)?.[1];
    pressed.set(event.pointerId, now);
    if (other === undefined) {
      const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
      moved += Math.hypot(dx, dy);
      if (moved > tapPx) move(() => viewport.panBy(dx, dy));
    } else {
      moved = Infinity;
      const factor = distance(now, other) /
        Math.max(distance(before, other), 1);
      move(() =>
        viewport.zoomAt(
          factor,
          (now[0] + other[0]) / 2,
          (now[1] + other[1]) / 2,
        )
      );
    }
  });

  frame.addEventListener("pointerup", (event) => {
    if (pressed.delete(event.pointerId) && moved <= tapPx) {
      picker.pickAt(...pixelOf(frame, event));
    }
  });
  frame.addEventListener("pointercancel", (event) => {
    pressed.delete(event.pointerId);
  });
  frame.addEventListener("pointerleave", () => picker.leave());
}

/**
 * @param {HTMLElement} frame
 * @param {MouseEvent} event
 * @returns {[number, number]}
 */
function pixelOf(frame, event) {
  const { left, top } = frame.getBoundingClientRect();
  return [event.clientX - left, event.clientY - top];
}

/**
 * @param {readonly [number, number]} from
 * @param {readonly [number, number]} to
 */
function distance([x, y], [toX, toY]) {
  return Math.hypot(toX - x, toY - y);
}
