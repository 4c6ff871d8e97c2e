/**
 * How far something is, on one line that is drawn again and again, and gone at
 * the end. Where there is no terminal, a plain line at the start and one at the
 * end.
 *
 * @module
 */
import { createPaint, isColoured, type Paint } from "./paint.ts";
import { cutToWidth, widthOf } from "./width.ts";

/** Where progress is shown: `Deno.stderr`, or what a test has in its place. */
export interface ProgressStream {
  isTerminal(): boolean;
  writeSync(bytes: Uint8Array): number;
}

/** What progress is shown of. */
export interface ProgressOptions {
  /** What is being done: `1,000 phones`. */
  readonly label: string;
  /** How much there is to do, in any unit; unknown if it is left out. */
  readonly total?: number;
  /** Where it is shown. Stderr, if it is left out. */
  readonly stream?: ProgressStream;
  /** Milliseconds that never go back. The runtime's, if it is left out. */
  readonly nowMs?: () => number;
  /** Columns of the terminal. The runtime's, if it is left out. */
  readonly columns?: () => number;
}

/** The line is drawn no more often than this, in milliseconds. */
const redrawMs = 100;

/** Columns of the bar: fewer where there is not so much room. */
const [leastBarColumns, mostBarColumns] = [8, 24];

/** Goes to the start of the line and clears it. */
const clearLine = "\r\x1b[K";

/** Something that is under way. Ends with `using`. */
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
   * Tells how far it is. May be called as often as one likes.
   *
   * @param done How much is done, in the unit of the total.
   * @param note What else to show: `12,345 answers`.
   */
  update(done: number, note = ""): void {
    this.#done = done;
    this.#note = note;
    if (!this.#isDrawn || this.#hasEnded) return;
    if (this.#nowMs() - this.#drawnMs >= redrawMs) this.#draw();
  }

  /** Writes a whole line, above the one that is drawn. */
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
    // A line that wraps could not be cleared.
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
      // What is under way goes on, though nobody can see how far it is.
    }
  }
}

/** A bar that takes the room that there is, within its bounds. */
function drawBar(share: number, room: number, paint: Paint): string {
  const columns = Math.min(Math.max(room, leastBarColumns), mostBarColumns);
  const full = Math.floor(share * columns);
  return paint.cyan("█".repeat(full)) + paint.dim("░".repeat(columns - full));
}

/** Columns of the terminal that the program runs in; 80 where there is none. */
export function terminalColumns(): number {
  try {
    // Some terminals do not know, and say 0.
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}

/** Lines of the terminal that the program runs in; 24 where there is none. */
export function terminalRows(): number {
  try {
    return Deno.consoleSize().rows || 24;
  } catch {
    return 24;
  }
}
