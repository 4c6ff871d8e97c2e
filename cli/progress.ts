/**
 * Shows progress on one line of a terminal, which is redrawn and removed at the
 * end. Without a terminal it prints one line at the start and one at the end.
 *
 * @module
 */
import { createPaint, isColoured, type Paint } from "./paint.ts";
import { cutToWidth, widthOf } from "./width.ts";

/** The stream on which progress is shown, such as `Deno.stderr`. */
export interface ProgressStream {
  isTerminal(): boolean;
  writeSync(bytes: Uint8Array): number;
}

export interface ProgressOptions {
  /** The name of the work: `1,000 phones`. */
  readonly label: string;
  /** The amount of work, in any unit; undefined if it is unknown. */
  readonly total?: number;
  /** The stream to write to. Default: stderr. */
  readonly stream?: ProgressStream;
  /** A monotonic clock, in milliseconds. Default: `performance.now`. */
  readonly nowMs?: () => number;
  /** Width of the terminal, in columns. Default: `terminalColumns`. */
  readonly columns?: () => number;
}

/** Shortest time between two drawings, in milliseconds. */
const redrawMs = 100;

/** Narrowest and widest bar, in columns. */
const [leastBarColumns, mostBarColumns] = [8, 24];

/** Moves to the start of the line and clears it. */
const clearLine = "\r\x1b[K";

/** The progress of one piece of work. To be held with `using`. */
export class Progress implements Disposable {
  readonly #label: string;
  readonly #total: number | undefined;
  readonly #stream: ProgressStream;
  readonly #nowMs: () => number;
  readonly #columns: () => number;
  readonly #isDrawn: boolean;
  readonly #startMs: number;
  #drawnMs = -Infinity;
  #done = 0;
  #note = "";
  #hasEnded = false;

  constructor(options: ProgressOptions) {
    this.#label = options.label;
    this.#total = options.total;
    this.#stream = options.stream ?? Deno.stderr;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#columns = options.columns ?? terminalColumns;
    this.#isDrawn = this.#stream.isTerminal();
    this.#startMs = this.#nowMs();
    if (this.#isDrawn) this.#draw();
    else this.#write(`${this.#label} ...\n`);
  }

  /**
   * Updates the progress. May be called at any rate.
   *
   * @param done The work done so far, in the unit of the total.
   * @param note More text to show: `12,345 answers`.
   */
  update(done: number, note = ""): void {
    this.#done = done;
    this.#note = note;
    if (!this.#isDrawn || this.#hasEnded) return;
    if (this.#nowMs() - this.#drawnMs >= redrawMs) this.#draw();
  }

  /** Writes a whole line above the progress. */
  printLine(line: string): void {
    if (!this.#isDrawn || this.#hasEnded) return this.#write(`${line}\n`);
    this.#write(`${clearLine}${line}\n`);
    this.#draw();
  }

  /** Clears the line. May be called again. */
  [Symbol.dispose](): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#isDrawn) return this.#write(clearLine);
    const note = this.#note === "" ? "" : `  ${this.#note}`;
    this.#write(`${this.#label}: ended after ${this.#elapsed()}${note}\n`);
  }

  #draw(): void {
    this.#drawnMs = this.#nowMs();
    const paint = createPaint(isColoured(this.#stream));
    // A wrapped line could not be cleared.
    const columns = this.#columns() - 1;
    const before = `${paint.bold(this.#label)}  `;
    let after = this.#elapsed();
    if (this.#note !== "") after += `  ${this.#note}`;
    if (this.#total !== undefined) {
      const share = this.#total > 0
        ? Math.min(Math.max(this.#done / this.#total, 0), 1)
        : 1;
      after = `  ${Math.floor(share * 100)}%`.padStart(6) + `  ${after}`;
      const room = columns - widthOf(before) - widthOf(after);
      after = drawBar(share, room, paint) + after;
    } else if (this.#done > 0) {
      after = `${this.#done}  ${after}`;
    }
    this.#write(clearLine + cutToWidth(before + after, columns));
  }

  #elapsed(): string {
    return `${((this.#nowMs() - this.#startMs) / 1000).toFixed(1)} s`;
  }

  #write(text: string): void {
    const bytes = new TextEncoder().encode(text);
    try {
      let written = 0;
      while (written < bytes.length) {
        written += this.#stream.writeSync(bytes.subarray(written));
      }
    } catch {
      // The work continues without visible progress.
    }
  }
}

/** A bar as wide as the room, within its bounds. */
function drawBar(share: number, room: number, paint: Paint): string {
  const columns = Math.min(Math.max(room, leastBarColumns), mostBarColumns);
  const full = Math.floor(share * columns);
  return paint.cyan("█".repeat(full)) + paint.dim("░".repeat(columns - full));
}

/** Width of the terminal, in columns; 80 without a terminal. */
export function terminalColumns(): number {
  try {
    // Some terminals report 0.
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}

/** Height of the terminal, in lines; 24 without a terminal. */
export function terminalRows(): number {
  try {
    return Deno.consoleSize().rows || 24;
  } catch {
    return 24;
  }
}
